"""Batches as the SDK makes and reads them."""

import json
import time

import openai
import pytest

MODEL = "gpt-4o-mini"
ENDED = ("completed", "failed", "expired", "cancelled")


def line(name, url, body):
    return json.dumps({"custom_id": name, "method": "POST", "url": url, "body": body})


def chats(count):
    def body(number):
        return {"model": MODEL, "max_tokens": 8, "messages": [{"role": "user", "content": f"Say {number}"}]}

    return [line(f"line-{number}", "/v1/chat/completions", body(number)) for number in range(count)]


def create(sdk, lines, endpoint="/v1/chat/completions", **more):
    content = "\n".join(lines).encode()
    file = sdk.call(lambda client: client.files.create(file=("input.jsonl", content), purpose="batch"))
    return sdk.call(
        lambda client: client.batches.create(
            input_file_id=file.id, endpoint=endpoint, completion_window="24h", **more
        )
    )


def wait(sdk, batch, until=ENDED):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        batch = sdk.call(lambda client: client.batches.retrieve(batch.id))
        if batch.status in until:
            return batch
        time.sleep(0.05)
    raise AssertionError(f"still {batch.status}")


def read(sdk, file):
    text = sdk.call(lambda client: client.files.content(file)).text
    return [json.loads(line) for line in text.splitlines()]


def test_a_batch_is_answered(sdk):
    made = create(sdk, chats(12), metadata={"run": "7"})
    assert (made.status, made.request_counts.total, made.metadata) == ("validating", 0, {"run": "7"})
    done = wait(sdk, made)
    assert (done.status, done.errors, done.error_file_id) == ("completed", None, None)
    assert (done.request_counts.total, done.request_counts.completed, done.request_counts.failed) == (12, 12, 0)
    assert made.created_at <= done.in_progress_at <= done.finalizing_at <= done.completed_at <= done.expires_at
    lines = read(sdk, done.output_file_id)
    assert [line["custom_id"] for line in lines] == [f"line-{number}" for number in range(12)]
    assert done.usage.total_tokens == sum(line["response"]["body"]["usage"]["total_tokens"] for line in lines)
    answer = openai.types.chat.ChatCompletion.model_validate(lines[0]["response"]["body"])
    assert answer.choices[0].message.content
    assert done.id in [batch.id for batch in sdk.call(lambda client: client.batches.list(limit=5)).data]


def test_lines_that_fail_are_apart(sdk):
    url = "/v1/embeddings"
    lines = [line(words or "none", url, {"model": "text-embedding-3-small", "input": words}) for words in ("a", "", "b")]
    done = wait(sdk, create(sdk, lines, url))
    assert (done.request_counts.completed, done.request_counts.failed) == (2, 1)
    (failed,) = read(sdk, done.error_file_id)
    assert (failed["custom_id"], failed["response"]["status_code"], failed["error"]) == ("none", 400, None)
    assert len(read(sdk, done.output_file_id)[0]["response"]["body"]["data"][0]["embedding"]) == 1536


def test_a_broken_file_names_its_lines(sdk):
    failed = wait(sdk, create(sdk, chats(2) + chats(1)))
    assert failed.status == "failed"
    (error,) = failed.errors.data
    assert (error.code, error.line, error.param) == ("duplicate_custom_id", 3, "custom_id")


def test_a_batch_is_cancelled(connect, start):
    sdk = connect(start("--batch-speed", "1h").base_url)
    made = create(sdk, chats(100))
    cancelled = sdk.call(lambda client: client.batches.cancel(made.id))
    assert cancelled.status == "cancelling" and cancelled.cancelling_at
    with pytest.raises(openai.NotFoundError):
        sdk.call(lambda client: client.batches.retrieve("batch_none"))


def test_a_manual_clock_moves_batches(connect, start, tmp_path):
    import httpx

    server = start("--batch-speed", "24h")
    post = lambda **body: httpx.post(f"{server.url}/w/own/fakeai/clock", json=body, trust_env=False)  # noqa: E731
    post(mode="manual", unix_seconds=1_700_000_000).raise_for_status()
    sdk = connect(f"{server.url}/w/own/v1")
    made = create(sdk, chats(10))
    post(advance_ms=12 * 3600 * 1000)
    half = sdk.call(lambda client: client.batches.retrieve(made.id))
    assert (half.status, half.request_counts.completed) == ("in_progress", 5)
    post(advance_ms=12 * 3600 * 1000)
    done = sdk.call(lambda client: client.batches.retrieve(made.id))
    assert (done.status, done.completed_at - made.created_at) == ("completed", 24 * 3600)
