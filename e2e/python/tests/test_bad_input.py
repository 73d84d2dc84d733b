"""Bytes no client should send. Each is answered in OpenAI's envelope or closed, and the server lives."""

import contextlib
import json
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from process import DEADLINE

GOOD = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}).encode()


@pytest.fixture(autouse=True)
def alive(server):
    """Whatever a test does, the server answers after it."""
    yield
    answer = httpx.post(f"{server.base_url}/chat/completions", content=GOOD, trust_env=False)
    assert answer.status_code == 200
    assert server.process.poll() is None


def post(http, content, **headers):
    answer = http.post("/v1/chat/completions", content=content, headers=headers)
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    return answer.status_code, error


def exchange(port, request, *, close=False):
    """Everything the server says to raw bytes until it closes; `close` ends our side after them."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as connection:
        answer = b""
        try:
            connection.sendall(request)
            if close:
                with contextlib.suppress(OSError):  # closed by the other side already
                    connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer += part
        except ConnectionError:  # refused while we still sent
            pass
        return answer


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b'"text"', b"{'a': 1}", b'{"model": "gpt-4o",}', b"\x00" * 10, b"[" * 100_000, GOOD + b"x"],
)
def test_malformed_json(http, content):
    status, error = post(http, content)
    assert (status, error["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("broken", [b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80"])
def test_invalid_utf8(http, broken):
    content = GOOD.replace(b"Hi", broken)
    status, error = post(http, content)
    assert (status, error["type"]) == (400, "invalid_request_error")


def test_deep_nesting(http):
    deep = b'{"model":"gpt-4o","messages":' + b'[{"content":' * 5000 + b"1" + b"}]" * 5000 + b"}"
    assert post(http, deep)[0] == 400
    deep_extra = GOOD[:-1] + b',"metadata":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}"
    assert post(http, deep_extra)[0] == 400


def test_a_claimed_gigabyte_is_refused_unread(server):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 1073741824\r\n\r\n"
    answer = exchange(server.port, head)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"payload_too_large"' in answer


def test_a_chunked_body_is_cut_at_the_limit(start):
    server = start("--max-request-size", "65536")

    def parts():
        while True:
            yield b" " * 16384

    try:
        status = httpx.post(f"{server.base_url}/chat/completions", content=parts(), trust_env=False).status_code
    except httpx.WriteError:  # closed while we still sent
        status = 413
    assert status == 413
    assert httpx.get(f"{server.url}/health", trust_env=False).status_code == 200


def test_truncated_bodies(server):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n"
    answer = exchange(server.port, head + GOOD, close=True)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


def test_wrong_chunk_lengths(server):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"
    answer = exchange(server.port, head, close=True)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


def test_slow_headers_are_closed(start):
    server = start("--header-timeout-seconds", "0.2")
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as connection:
        connection.sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\nx-slow: ")
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer == b"" or b" 408 " in answer.split(b"\r\n")[0]
    assert httpx.get(f"{server.url}/health", trust_env=False).status_code == 200


def test_silent_connections_are_closed(start):
    server = start("--header-timeout-seconds", "0.2")
    assert exchange(server.port, b"") == b""


@pytest.mark.parametrize(
    "headers",
    [b"x-bomb: " + b"a" * 2_000_000 + b"\r\n", b"".join(b"x-%d: a\r\n" % number for number in range(50_000))],
    ids=["one large", "many small"],
)
def test_header_bombs_are_refused(server, headers):
    answer = exchange(server.port, b"GET /v1/models HTTP/1.1\r\nhost: x\r\n" + headers + b"\r\n")
    assert answer == b"" or answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


@pytest.mark.parametrize("path", ["/v1/chat/completions/", "/v1//models", "/%00", "/v1/models/%ff", "/w/x", "/" + "a" * 9000])
def test_odd_paths(http, path):
    answer = http.get(path)
    assert answer.status_code < 500
    assert answer.headers["content-type"] == "application/json"
    answer.json()


@pytest.mark.parametrize("name", ["a/b", "a b", "x" * 65, "é"])
def test_odd_workspace_names(http, name):
    answer = http.get("/v1/models", headers={"X-FakeAI-Workspace": name.encode()})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_workspace")
    assert answer.headers["x-request-id"]


def test_two_hundred_connections_of_garbage(server):
    garbage = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 64,
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n" * 5000,
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        bytes(range(256)) * 40,
        b"",
    ]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda i: exchange(server.port, garbage[i % len(garbage)], close=True), range(200)))
    assert not any(answer.startswith(b"HTTP/1.1 200") for answer in answers)
