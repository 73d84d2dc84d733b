"""Keys, quotas, bans and faults, as the official SDK meets them."""

import socket

import httpx
import openai
import pytest
from openai import OpenAI

HELLO = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def client():
    """Makes clients that try nothing again unless told so; they are closed with the test."""
    made = []

    def client(server, **options):
        made.append(OpenAI(**({"base_url": server.base_url, "api_key": "sk-good", "max_retries": 0} | options)))
        return made[-1]

    yield client
    for one in made:
        one.close()


def fault(rule):
    return {"X-FakeAI-Fault": rule}


def test_keys_are_checked(start, client):
    server = start("--api-key", "sk-good", "--hash-api-keys")
    assert client(server).models.list().data
    with pytest.raises(openai.AuthenticationError) as refused:
        client(server, api_key="sk-wrong").models.list()
    assert refused.value.code == "invalid_api_key"
    assert httpx.get(f"{server.url}/metrics").status_code == 401
    assert httpx.get(f"{server.url}/metrics", auth=("", "sk-good")).status_code == 200
    assert httpx.get(f"{server.url}/health").status_code == 200


def test_the_sdk_retries_what_a_rule_breaks(start, client):
    server = start("--fault", "service_unavailable;first=2", "--latency", "instant")
    answer = client(server, max_retries=2).chat.completions.create(**HELLO)
    assert answer.choices[0].message.content


def test_the_sdk_waits_as_long_as_it_is_told(start, client):
    server = start("--fault", "rate_limit=300ms;first=1", "--latency", "instant")
    assert client(server, max_retries=1).chat.completions.create(**HELLO).choices
    # Without a retry it is what it says.
    with pytest.raises(openai.RateLimitError) as refused:
        client(server).chat.completions.create(**HELLO, extra_headers=fault("rate_limit=300ms"))
    assert refused.value.response.headers["retry-after-ms"] == "300"


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ("internal_error", openai.InternalServerError),
        ("gateway_timeout", openai.InternalServerError),
        ("rate_limit_quota", openai.RateLimitError),
        ("context_length_exceeded", openai.BadRequestError),
        ("reset", openai.APIConnectionError),
    ],
)
def test_faults_are_the_sdks_errors(server, client, rule, error):
    with pytest.raises(error):
        client(server).chat.completions.create(**HELLO, extra_headers=fault(rule))


def test_streams_break(server, client):
    def read(rule):
        stream = client(server).chat.completions.create(**HELLO, stream=True, extra_headers=fault(rule))
        return [chunk for chunk in stream]

    assert len(read("cut;after=3")) == 3
    with pytest.raises(openai.APIError):
        read("error_event;after=2")
    with pytest.raises(ValueError):
        read("malformed_chunk;after=2")
    with pytest.raises(openai.APIConnectionError):
        read("reset;after=2")
    # The server is none the worse for it.
    assert client(server).models.list().data


def test_a_reset_is_a_reset(server):
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\nx-fakeai-fault: reset\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(100)


def test_quotas_are_told_and_held(start, client):
    server = start("--rate-limit-enabled", "--rate-limit-tier", "free", "--latency", "instant")
    asked = client(server)
    first = asked.chat.completions.with_raw_response.create(**HELLO)
    assert first.headers["x-ratelimit-limit-requests"] == "3"
    assert first.headers["x-ratelimit-remaining-requests"] == "2"
    for _ in range(2):
        asked.chat.completions.create(**HELLO)
    with pytest.raises(openai.RateLimitError) as refused:
        asked.chat.completions.create(**HELLO)
    assert refused.value.code == "rate_limit_exceeded"
    assert int(refused.value.response.headers["retry-after"]) <= 20
    assert client(server, api_key="sk-other").chat.completions.create(**HELLO).choices


def test_who_guesses_keys_is_banned(start, client):
    server = start("--api-key", "sk-good", "--enable-abuse-detection", "--public-metrics")
    for _ in range(5):
        with pytest.raises(openai.AuthenticationError):
            client(server, api_key="sk-guess").models.list()
    with pytest.raises(openai.PermissionDeniedError) as banned:
        client(server).models.list()
    assert banned.value.code == "ip_banned"
    assert httpx.get(f"{server.url}/metrics").status_code == 200
