"""`--deterministic`: one script, two servers, the same bytes. And what workspaces keep to themselves."""

import httpx
import pytest

CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Name three rivers."}], "max_tokens": 30}
SCRIPT = [
    ("GET", "/v1/models", None),
    ("POST", "/v1/chat/completions", CHAT),
    ("POST", "/v1/chat/completions", CHAT),
    ("POST", "/v1/chat/completions", CHAT | {"n": 3, "logprobs": True, "top_logprobs": 2}),
    ("POST", "/v1/chat/completions", CHAT | {"stream": True, "stream_options": {"include_usage": True}}),
    ("POST", "/v1/chat/completions", CHAT | {"stream": True, "n": 2, "model": "acme/new"}),
    ("POST", "/v1/chat/completions", CHAT | {"temperature": 9}),
    ("POST", "/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": ["a", "b"], "echo": True}),
    ("POST", "/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 8}),
    ("GET", "/v1/models/acme/new", None),
    ("DELETE", "/v1/models/acme/new", None),
    ("GET", "/nowhere", None),
]


def play(server, prefix="", headers=None):
    """Status, headers and body of every answer of the script."""
    with httpx.Client(base_url=server.url, trust_env=False, headers=headers, timeout=30) as client:
        answers = [client.request(method, prefix + path, json=body) for method, path, body in SCRIPT]
    return [(answer.status_code, answer.headers.raw, answer.content) for answer in answers]


@pytest.fixture
def deterministic(start):
    return lambda *flags: start("--deterministic", *flags)


def test_two_servers_give_identical_bytes(deterministic):
    first, second = play(deterministic()), play(deterministic())
    for (method, path, _), one, two in zip(SCRIPT, first, second, strict=True):
        assert one == two, f"{method} {path}"


def test_timing_changes_nothing_but_the_order_of_choices(deterministic):
    at_once, paced = play(deterministic("--latency", "instant")), play(deterministic("--itl", "1"))
    for (method, path, body), one, two in zip(SCRIPT, at_once, paced, strict=True):
        if body and body.get("stream"):
            one, two = sorted(one[2].split(b"\n\n")), sorted(two[2].split(b"\n\n"))
        assert one == two, f"{method} {path}"


def test_another_seed_says_something_else(deterministic):
    first, second = play(deterministic()), play(deterministic("--seed", "43"))
    assert first[1] != second[1]
    # But lists the same models.
    assert first[0][2] == second[0][2]


def test_workspaces_and_reset_begin_alike(deterministic):
    server = deterministic()
    first = play(server)
    # The server's own history is not theirs.
    assert play(server, headers={"X-FakeAI-Workspace": "one"}) == first
    assert play(server, prefix="/w/two") == first
    assert play(server, prefix="/w/two") != first
    reset = httpx.post(f"{server.url}/w/two/fakeai/workspace/reset", json={}, trust_env=False)
    assert reset.status_code == 200
    assert play(server, prefix="/w/two") == first


def test_workspaces_by_header_and_by_base_url(connect, server):
    name = f"of-{id(connect)}"
    by_header = connect(server.base_url, default_headers={"X-FakeAI-Workspace": name})
    by_path = connect(f"{server.url}/w/{name}/v1")
    outside = connect(server.base_url)
    made = f"acme/only-in-{name}"
    by_header.call(lambda client: client.chat.completions.create(**CHAT | {"model": made}))
    listed = lambda sdk: made in [model.id for model in sdk.call(lambda client: client.models.list()).data]
    assert (listed(by_header), listed(by_path), listed(outside)) == (True, True, False)
    seen = httpx.get(f"{server.url}/w/{name}/fakeai/requests", trust_env=False).json()["data"]
    assert [(entry["method"], entry["path"]) for entry in seen] == [("POST", "/v1/chat/completions")]
    assert httpx.delete(f"{server.url}/fakeai/workspaces/{name}", trust_env=False).status_code == 200
    assert not listed(by_path)


def test_a_fresh_server_repeats_its_words_but_not_its_ids(start):
    first, second = (httpx.post(f"{start().base_url}/chat/completions", json=CHAT, trust_env=False).json() for _ in "12")
    assert first["choices"] == second["choices"]
    assert first["id"] != second["id"]
