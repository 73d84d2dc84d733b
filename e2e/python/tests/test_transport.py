"""TLS with HTTP/2 and HTTP/1.1, HTTP/2 without TLS, unix sockets."""

import datetime
import ipaddress
import ssl

import httpx
import openai
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from process import run

CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 5}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 that it signed itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fakeai test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def secure(start, certificate):
    cert, key = certificate
    return lambda *flags: start("--ssl-certfile", cert, "--ssl-keyfile", key, *flags)


def ask(server, **client):
    """A whole answer and a stream over one connection; the protocol they came by."""
    with httpx.Client(base_url=server.url, trust_env=False, **client) as http:
        whole = http.post("/v1/chat/completions", json=CHAT)
        streamed = http.post("/v1/chat/completions", json=CHAT | {"stream": True})
    assert whole.status_code == streamed.status_code == 200
    assert whole.json()["usage"]["completion_tokens"] <= 5
    assert streamed.text.endswith("data: [DONE]\n\n")
    assert whole.http_version == streamed.http_version
    return whole.http_version


@pytest.mark.parametrize(("http2", "version"), [(True, "HTTP/2"), (False, "HTTP/1.1")])
def test_tls_speaks_what_the_client_offers(secure, certificate, http2, version):
    server = secure()
    assert server.url.startswith("https://127.0.0.1:")
    trusting = ssl.create_default_context(cafile=certificate[0])
    assert ask(server, verify=trusting, http2=http2) == version


def test_tls_without_http2(secure, certificate):
    trusting = ssl.create_default_context(cafile=certificate[0])
    assert ask(secure("--no-http2"), verify=trusting, http2=True) == "HTTP/1.1"


def test_the_sdk_over_tls(secure, certificate, connect):
    server = secure()
    trusting = ssl.create_default_context(cafile=certificate[0])
    # The SDK's own transport may not be httpx, so it is given the certificate by its default client.
    kind = openai.DefaultAsyncHttpxClient if connect.kind == "async" else openai.DefaultHttpxClient
    sdk = connect(server.base_url, http_client=kind(verify=trusting))
    assert sdk.call(lambda client: client.chat.completions.create(**CHAT)).object == "chat.completion"


def test_plain_http_to_a_tls_port_harms_nobody(secure, certificate):
    server = secure()
    with pytest.raises(httpx.HTTPError):
        httpx.get(server.url.replace("https", "http"), trust_env=False)
    trusting = ssl.create_default_context(cafile=certificate[0])
    assert httpx.get(f"{server.url}/health", verify=trusting, trust_env=False).status_code == 200


def test_http2_without_tls_by_prior_knowledge(server):
    assert ask(server, http1=False, http2=True) == "HTTP/2"


def test_http11_is_the_default_without_tls(server):
    assert ask(server) == "HTTP/1.1"


def test_a_unix_socket(start, tmp_path):
    path = tmp_path / "fakeai.sock"
    server = start("--uds", path)
    assert server.url == f"http+unix://{path}"
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://localhost") as http:
        assert http.post("/v1/chat/completions", json=CHAT).status_code == 200
    server.terminate()
    assert server.wait() == 0
    assert not path.exists()


def test_a_stale_unix_socket_is_replaced_and_a_live_one_is_not(start, tmp_path):
    path = tmp_path / "fakeai.sock"
    first = start("--uds", path)
    taken = run("server", "--uds", path)
    assert taken.returncode == 1
    assert f"can't listen on {path}" in taken.stderr
    first.process.kill()
    first.wait()
    assert path.exists()
    start("--uds", path)


@pytest.mark.parametrize("wrong", ["missing", "no certificate", "another's key"])
def test_wrong_tls_files_stop_the_start(certificate, tmp_path, wrong):
    cert, key = certificate
    if wrong == "missing":
        cert = tmp_path / "missing.pem"
    elif wrong == "no certificate":
        cert = tmp_path / "empty.pem"
        cert.write_text("nothing")
    else:
        other = ec.generate_private_key(ec.SECP256R1())
        pem = other.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        key = tmp_path / "other.pem"
        key.write_bytes(pem)
    outcome = run("server", "--port", 0, "--ssl-certfile", cert, "--ssl-keyfile", key)
    assert outcome.returncode in (1, 2)
    named = key if wrong == "another's key" else cert
    assert str(named) in outcome.stderr
