"""Vector stores and file search as the SDK sees them."""

import io

import openai
import pytest

REFUNDS = b"Refunds are paid within fourteen days after the goods came back. You need the receipt."
CATS = b"Cats sleep for most of the day and hunt at night. They like fish."


def upload(sdk, name, content):
    return sdk.call(lambda client: client.files.create(file=(name, content), purpose="assistants"))


def test_a_store_is_filled_and_searched(sdk):
    store = sdk.call(lambda client: client.vector_stores.create(name="Docs", metadata={"a": "b"}))
    file = upload(sdk, "refunds.txt", REFUNDS)
    added = sdk.call(
        lambda client: client.vector_stores.files.create_and_poll(
            file.id, vector_store_id=store.id, attributes={"kind": "policy", "year": 2024}
        )
    )
    assert (added.status, added.attributes) == ("completed", {"kind": "policy", "year": 2024})
    store = sdk.call(lambda client: client.vector_stores.retrieve(store.id))
    assert (store.status, store.file_counts.completed, store.metadata) == ("completed", 1, {"a": "b"})
    page = sdk.call(
        lambda client: client.vector_stores.search(
            store.id,
            query="When do I get my money back?",
            filters={"type": "gte", "key": "year", "value": 2024},
            ranking_options={"ranker": "auto", "score_threshold": 0.1},
        )
    )
    found = page.data[0]
    assert (found.file_id, found.filename, found.content[0].text) == (file.id, "refunds.txt", REFUNDS.decode())
    changed = sdk.call(
        lambda client: client.vector_stores.files.update(file.id, vector_store_id=store.id, attributes={"kind": "x"})
    )
    assert changed.attributes == {"kind": "x"}
    content = sdk.call(lambda client: client.vector_stores.files.content(file.id, vector_store_id=store.id))
    assert content.data[0].text == REFUNDS.decode()
    listed = sdk.call(lambda client: client.vector_stores.files.list(store.id, filter="completed"))
    assert [one.id for one in listed.data] == [file.id]
    assert sdk.call(lambda client: client.vector_stores.files.delete(file.id, vector_store_id=store.id)).deleted
    assert sdk.call(lambda client: client.vector_stores.delete(store.id)).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.call(lambda client: client.vector_stores.retrieve(store.id))


def test_batches_are_uploaded_and_polled(sdk):
    store = sdk.call(lambda client: client.vector_stores.create())
    files = [("refunds.txt", io.BytesIO(REFUNDS)), ("cats.md", io.BytesIO(CATS)), ("x.bin", io.BytesIO(b"\0\1\2"))]
    batch = sdk.call(
        lambda client: client.vector_stores.file_batches.upload_and_poll(store.id, files=files, poll_interval_ms=20)
    )
    assert (batch.status, batch.file_counts.completed, batch.file_counts.failed) == ("completed", 2, 1)
    failed = sdk.call(
        lambda client: client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id, filter="failed")
    )
    assert failed.data[0].last_error.code == "unsupported_file"


def test_a_response_cites_the_file(sdk):
    file = upload(sdk, "cats.txt", CATS)
    store = sdk.call(lambda client: client.vector_stores.create(file_ids=[file.id]))
    sdk.call(lambda client: client.vector_stores.files.poll(file.id, vector_store_id=store.id))
    answer = sdk.call(
        lambda client: client.responses.create(
            model="gpt-4o",
            input="What do cats like to eat?",
            tools=[{"type": "file_search", "vector_store_ids": [store.id]}],
            include=["file_search_call.results"],
        )
    )
    assert answer.output[0].results[0].file_id == file.id
    citation = answer.output[1].content[0].annotations[0]
    assert (citation.type, citation.file_id) == ("file_citation", file.id)
    assert "They like fish." in answer.output_text[: citation.index]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_searches_an_attached_file(sdk):
    file = upload(sdk, "cats.txt", CATS)
    assistant = sdk.call(lambda client: client.beta.assistants.create(model="gpt-4o", tools=[{"type": "file_search"}]))
    attachment = {"file_id": file.id, "tools": [{"type": "file_search"}]}
    message = {"role": "user", "content": "What do cats like to eat?", "attachments": [attachment]}
    run = sdk.call(
        lambda client: client.beta.threads.create_and_run_poll(
            assistant_id=assistant.id, thread={"messages": [message]}, poll_interval_ms=20
        )
    )
    assert run.status == "completed"
    messages = sdk.call(lambda client: client.beta.threads.messages.list(run.thread_id, run_id=run.id))
    text = messages.data[0].content[0].text
    assert text.annotations[0].file_citation.file_id == file.id
    assert text.annotations[0].text in text.value


def test_stores_survive_a_restart(start, connect, tmp_path):
    first = start("--store", tmp_path / "data.redb", "--ingest-ms", "0")
    sdk = connect(first.base_url)
    file = upload(sdk, "cats.txt", CATS)
    store = sdk.call(lambda client: client.vector_stores.create(file_ids=[file.id]))
    first.stop()
    sdk = connect(start("--store", tmp_path / "data.redb").base_url)
    page = sdk.call(lambda client: client.vector_stores.search(store.id, query="What do kittens eat?"))
    assert page.data[0].content[0].text == CATS.decode()
