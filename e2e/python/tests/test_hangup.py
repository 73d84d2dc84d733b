"""A client that leaves ends its generation at once, and that is written down."""

import httpx
import pytest

from process import until

HELLO = [{"role": "user", "content": "Hello"}]
# Longer than any test runs: only a hang-up ends it.
ENDLESS = {"max_tokens": 16000, "extra_body": {"ignore_eos": True, "min_tokens": 16000}}


def figures(server):
    """The samples of the Prometheus view that have no labels."""
    lines = httpx.get(f"{server.url}/metrics/prometheus", trust_env=False).text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


@pytest.fixture
def slow(start):
    return start("--itl", "50")


def test_a_stream_left_is_recorded(connect, slow):
    sdk = connect(slow.base_url)
    request = {"model": "gpt-4o-mini", "messages": HELLO, "stream": True} | ENDLESS
    stream = sdk.call(lambda client: client.chat.completions.create(**request))
    assert figures(slow)["fakeai_active_streams"] == 1
    sdk.call(lambda client: stream.close())
    until(lambda: figures(slow)["fakeai_active_streams"] == 0)
    after = figures(slow)
    assert (after["fakeai_client_closed_total"], after["fakeai_failed_streams"]) == (1, 1)
    metrics = httpx.get(f"{slow.url}/metrics", trust_env=False).json()
    assert metrics["streaming_stats"]["failed_streams"] == 1
    # What was never written is not counted.
    assert 0 <= metrics["tokens"].get("/v1/chat/completions", {"max": 0})["max"] < 1000


def test_a_whole_answer_left_is_recorded(slow):
    body = {"model": "gpt-4o-mini", "messages": HELLO, "max_tokens": 16000, "min_tokens": 16000, "ignore_eos": True}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{slow.base_url}/chat/completions", json=body, timeout=0.3, trust_env=False)
    until(lambda: figures(slow).get("fakeai_client_closed_total") == 1)
