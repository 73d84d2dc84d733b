"""Starting, stopping, refusing to start, and what must never be logged."""

import json

import httpx
import openai
import pytest

from process import run, until

HELLO = [{"role": "user", "content": "Hello"}]
LONG = {"model": "gpt-4o-mini", "messages": HELLO, "stream": True, "ignore_eos": True}
SECRET = "sk-verysecret0123456789"


def events(lines):
    """The payloads of a stream's events."""
    return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]


def stream_and_stop(server, **request):
    """Terminates the server once the first token is there; the payloads of the whole stream."""
    with httpx.stream("POST", f"{server.base_url}/chat/completions", json=LONG | request, trust_env=False) as answer:
        assert answer.status_code == 200
        lines = answer.iter_lines()
        first = next(lines)
        server.terminate()
        server.expect("stopping")
        return events([first, *lines])


def refused(port):
    try:
        httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
    except httpx.ConnectError:
        return True
    return False


def test_a_running_stream_ends_in_its_own_time(start):
    server = start("--itl", "5", "--grace", "60")
    payloads = stream_and_stop(server, min_tokens=60, max_tokens=60)
    assert payloads[-1] == "[DONE]"
    assert json.loads(payloads[-2])["choices"][0]["finish_reason"] == "length"
    assert len(payloads) == 60 + 3
    assert server.wait() == 0


def test_new_connections_are_refused_while_streams_end(start):
    server = start("--itl", "50", "--grace", "60")
    with httpx.stream("POST", f"{server.base_url}/chat/completions", json=LONG, trust_env=False) as answer:
        next(answer.iter_lines())
        server.terminate()
        until(lambda: refused(server.port))
    # The only stream has been left: nothing is waited for.
    assert server.wait() == 0


def test_after_the_grace_streams_end_with_an_error(start):
    server = start("--itl", "50", "--grace", "0.2")
    payloads = stream_and_stop(server, min_tokens=16000, max_tokens=16000)
    error = json.loads(payloads[-1])["error"]
    assert (error["code"], error["type"]) == ("server_shutdown", "server_error")
    assert server.wait() == 0


def test_the_sdk_sees_the_shutdown_as_an_error(start, connect):
    server = start("--itl", "50", "--grace", "0.2")
    sdk = connect(server.base_url)
    request = {"model": "gpt-4o-mini", "messages": HELLO, "stream": True, "max_tokens": 16000}
    endless = {"extra_body": {"min_tokens": 16000, "ignore_eos": True}}
    stream = sdk.call(lambda client: client.chat.completions.create(**request, **endless))
    server.terminate()
    with pytest.raises(openai.APIError, match="shutting down"):
        sdk.drain(stream)


def test_idle_connections_do_not_hold_up_the_end(start):
    server = start("--grace", "60")
    with httpx.Client(base_url=server.url, trust_env=False) as http:
        assert http.get("/health").status_code == 200
        server.terminate()
        assert server.wait() == 0


def test_a_port_in_use_is_said(server):
    outcome = run("server", "--port", server.port)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith(f"error: can't listen on 127.0.0.1:{server.port}: ")
    assert outcome.stderr.count("Address already in use") == 1


@pytest.mark.parametrize(
    ("flags", "env", "words"),
    [
        (["--no-such-flag"], {}, ["--no-such-flag"]),
        (["--ttft-m", "5"], {}, ["--ttft-m", "--ttft"]),
        (["--port", "99999"], {}, ["--port", "99999", "65535"]),
        (["--latency", "fast"], {}, ["--latency", "fast", "instant"]),
        ([], {"FAKEAI_TTFT": "5"}, ["FAKEAI_TTFT", "FAKEAI_TTFT_MS"]),
        ([], {"FAKEAI_GENERATION__ITL_MS": "quick"}, ["FAKEAI_GENERATION__ITL_MS", "quick"]),
        (["--config-file", "missing.toml"], {}, ["missing.toml"]),
        (["--ssl-certfile", "missing.pem"], {}, ["ssl_keyfile"]),
    ],
)
def test_bad_configuration_refuses_to_start(flags, env, words):
    outcome = run("server", "--port", "0", *flags, env=env) if "--port" not in flags else run("server", *flags, env=env)
    assert outcome.returncode == 2
    assert outcome.stdout == ""
    for word in words:
        assert word in outcome.stderr


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("fakeai.toml", "[generation]\nttft_msec = 5\n", ["ttft_msec", "fakeai.toml:2", "ttft_ms"]),
        ("fakeai.yaml", "generation:\n  seed: abc\n", ["seed", "fakeai.yaml:2"]),
        ("fakeai.json", '{"server": {"port": "x"}}', ["port", "fakeai.json"]),
        ("fakeai.toml", "[generation", ["fakeai.toml"]),
    ],
)
def test_bad_files_refuse_to_start(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    outcome = run("server", cwd=tmp_path)
    assert outcome.returncode == 2
    for word in words:
        assert word in outcome.stderr


def test_environment_and_flags_reach_the_server(start):
    server = start("--reply", "fixed:from the flag", env={"FAKEAI_REPLY": "fixed:from the environment", "FAKEAI_SEED": "7"})
    body = {"model": "gpt-4o", "messages": HELLO}
    answer = httpx.post(f"{server.base_url}/chat/completions", json=body, trust_env=False).json()
    assert answer["choices"][0]["message"]["content"] == "from the flag"
    assert "7: the same requests" in server.output


def test_the_card_says_what_a_newcomer_needs(start):
    output = start("--seed", "9").output
    for words in ("base_url=", "baseURL:", "/metrics", "Ctrl-C", "auth", "latency", "9:"):
        assert words in output


def test_nothing_secret_is_logged_or_shown(start):
    server = start("--log-level", "debug")
    headers = {"authorization": f"Bearer {SECRET}", "api-key": SECRET, "cookie": f"key={SECRET}"}
    shown = ""
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as http:
        for body in (b"{", b'{"model": 7}', b'{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"temperature":9}'):
            shown += http.post("/v1/chat/completions", content=body).text
        for path in ("/nowhere", "/v1/chat/completions", "/v1/models/x", "/metrics", "/metrics/prometheus", "/health/detailed"):
            shown += http.get(path).text
        shown += http.get("/fakeai/requests").text
    server.terminate()
    assert server.wait() == 0
    assert "DEBUG" in server.log
    assert "\x1b" not in server.log, "colours are for terminals"
    assert "verysecret" not in server.log + server.output + shown
