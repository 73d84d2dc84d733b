"""What clients store outlives a server that is killed, when it is told where to keep it."""

import httpx
import openai
import pytest

from process import run

# The SDK calls assistants deprecated; they are stored all the same.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

MODEL = "gpt-4o-mini"
HELLO = [{"role": "user", "content": "Hello"}]


def write(client):
    """One of everything that is stored, as the server shows it."""
    chat = client.chat.completions.create(
        model=MODEL, messages=HELLO, max_tokens=8, store=True, metadata={"made": "before"}
    )
    conversation = client.conversations.create(items=[{"role": "user", "content": "Remember 42."}])
    response = client.responses.create(model=MODEL, input="Hi", max_output_tokens=16, conversation=conversation.id)
    background = client.responses.create(model=MODEL, input="Count", max_output_tokens=400, background=True)
    assistant = client.beta.assistants.create(model=MODEL, name="Ada", instructions="Be brief.")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "What is up?"}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=50)
    assert run.status == "completed"
    return read(client, chat.id, response.id, conversation.id, assistant.id, thread.id, run.id), background.id


def read(client, chat, response, conversation, assistant, thread, run):
    """The stored things of these ids."""
    lists = [
        client.chat.completions.list(),
        client.chat.completions.messages.list(chat),
        client.responses.input_items.list(response),
        client.conversations.items.list(conversation),
        client.beta.assistants.list(),
        client.beta.threads.messages.list(thread),
        client.beta.threads.runs.list(thread),
        client.beta.threads.runs.steps.list(run, thread_id=thread),
    ]
    ones = [
        client.chat.completions.retrieve(chat),
        client.responses.retrieve(response),
        client.conversations.retrieve(conversation),
        client.beta.assistants.retrieve(assistant),
        client.beta.threads.retrieve(thread),
        client.beta.threads.runs.retrieve(run, thread_id=thread),
    ]
    return (chat, response, conversation, assistant, thread, run), [one.to_dict() for one in [*lists, *ones]]


def connect(server, path="/v1"):
    return openai.OpenAI(base_url=f"{server.url}{path}", api_key="sk-test", max_retries=0)


def test_everything_stored_outlives_a_kill(start, tmp_path):
    flags = ("--store", tmp_path / "data.redb", "--ttft", "30", "--itl", "3")
    server = start(*flags)
    (ids, before), background = write(connect(server))
    (own_ids, own), _ = write(connect(server, "/w/other/v1"))
    server.process.kill()
    server.process.wait()

    server = start(*flags)
    client = connect(server)
    assert read(client, *ids) == (ids, before)
    assert read(connect(server, "/w/other/v1"), *own_ids) == (own_ids, own)
    with pytest.raises(openai.NotFoundError):
        client.beta.threads.retrieve(own_ids[4])
    assert client.responses.retrieve(background).status in ("queued", "in_progress", "completed")
    # Life goes on where it was.
    again = client.responses.create(model=MODEL, input="And now?", max_output_tokens=16, previous_response_id=ids[1])
    assert again.previous_response_id == ids[1]
    client.beta.threads.messages.create(ids[4], role="user", content="More")
    assert len(client.beta.threads.messages.list(ids[4]).data) == 3
    assert client.chat.completions.delete(ids[0]).deleted
    assert httpx.post(f"{server.url}/w/other/fakeai/workspace/reset", json={}, trust_env=False).status_code == 200
    server.stop()

    server = start(*flags)
    client = connect(server)
    assert client.chat.completions.list().data == []
    assert client.responses.retrieve(again.id).output_text == again.output_text
    with pytest.raises(openai.NotFoundError):
        connect(server, "/w/other/v1").beta.threads.retrieve(own_ids[4])


def test_a_deterministic_server_does_not_overwrite_what_it_has_stored(start, tmp_path):
    flags = ("--store", tmp_path / "data.redb", "--deterministic", "--latency", "instant")
    ids = []
    for _ in range(3):
        server = start(*flags)
        client = connect(server)
        ids.append(client.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=4, store=True).id)
        assert [one.id for one in client.chat.completions.list()] == ids
        server.process.kill()
        server.process.wait()
    assert len(set(ids)) == 3


def test_a_file_that_another_server_uses_is_named(start, tmp_path):
    path = tmp_path / "data.redb"
    start("--store", path)
    refused = run("server", "--port", 0, "--store", path)
    assert refused.returncode == 1
    assert f"can't open the store {path}: another process is using it" in refused.stderr
    path = tmp_path / "diary.txt"
    path.write_text("dear diary" * 1000)
    refused = run("server", "--port", 0, "--store", path)
    assert (refused.returncode, path.read_text()) == (1, "dear diary" * 1000)
    assert str(path) in refused.stderr
