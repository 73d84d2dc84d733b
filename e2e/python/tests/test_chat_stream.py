"""The SDK's chat streams."""

import pytest
from openai.types.chat import ChatCompletionChunk

HELLO = [{"role": "user", "content": "Hello! Tell me something about the sea."}]
WITH_USAGE = {"include_usage": True}


def chunks(sdk, **parameters):
    parameters = {"model": "gpt-4o-mini", "messages": HELLO, "max_tokens": 20, "stream": True} | parameters
    return sdk.stream(lambda client: client.chat.completions.create(**parameters))


def whole(sdk, **parameters):
    parameters = {"model": "gpt-4o-mini", "messages": HELLO, "max_tokens": 20} | parameters
    return sdk.call(lambda client: client.chat.completions.create(**parameters))


def text(chunks, index=0):
    choices = [choice for chunk in chunks for choice in chunk.choices if choice.index == index]
    return "".join(choice.delta.content or "" for choice in choices)


def test_every_chunk_is_typed(sdk):
    stream = chunks(sdk)
    assert all(isinstance(chunk, ChatCompletionChunk) for chunk in stream)
    heads = {(chunk.id, chunk.object, chunk.created, chunk.model, chunk.system_fingerprint) for chunk in stream}
    [(id, kind, _, model, fingerprint)] = heads
    assert id.startswith("chatcmpl-") and fingerprint.startswith("fp_")
    assert (kind, model) == ("chat.completion.chunk", "gpt-4o-mini")


def test_role_then_tokens_then_finish(sdk):
    first, *tokens, last = chunks(sdk)
    assert (first.choices[0].delta.role, first.choices[0].delta.content) == ("assistant", "")
    for chunk in tokens:
        [choice] = chunk.choices
        assert (choice.delta.role, choice.finish_reason) == (None, None)
        assert choice.delta.content is not None
    assert last.choices[0].delta.content is None
    assert last.choices[0].finish_reason == "length"
    assert all(chunk.usage is None for chunk in [first, *tokens, last])


def test_one_chunk_for_each_token_and_a_usage_chunk(sdk):
    *stream, last = chunks(sdk, stream_options=WITH_USAGE, max_tokens=33)
    assert last.choices == []
    assert last.usage.completion_tokens == 33 == len(stream) - 2
    assert last.usage.total_tokens == last.usage.prompt_tokens + 33
    assert all(chunk.usage is None for chunk in stream)


def test_usage_is_null_before_its_chunk(http):
    body = {"model": "gpt-4o", "messages": HELLO, "max_tokens": 3, "stream": True, "stream_options": WITH_USAGE}
    answer = http.post("/v1/chat/completions", json=body)
    events = answer.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all('"usage":null' in event for event in events[:-3])
    assert '"choices":[],"usage":{' in events[-3]
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert "usage" not in http.post("/v1/chat/completions", json=body | {"stream_options": None}).text


def test_a_stream_says_what_the_whole_answer_says(sdk):
    for parameters in ({"seed": 11}, {"seed": 12, "stop": ["a"], "max_tokens": 50}, {"temperature": 0, "n": 2}):
        stream, answer = chunks(sdk, **parameters), whole(sdk, **parameters)
        for choice in answer.choices:
            assert text(stream, choice.index) == choice.message.content


def test_two_choices_come_interleaved(sdk):
    stream = chunks(sdk, n=2, max_tokens=30, stream_options=WITH_USAGE)
    order = [choice.index for chunk in stream for choice in chunk.choices]
    assert set(order) == {0, 1}
    # Neither waits for the other to end.
    assert order != sorted(order) and order != sorted(order, reverse=True)
    finishes = [c.index for chunk in stream for c in chunk.choices if c.finish_reason]
    assert sorted(finishes) == [0, 1]
    assert stream[-1].usage.completion_tokens == 60
    assert text(stream, 0) != text(stream, 1)


def test_stop_sequences_never_leak(sdk):
    said = text(chunks(sdk, seed=3, max_tokens=60))
    stop = said[len(said) // 2 : len(said) // 2 + 5]
    stream = chunks(sdk, seed=3, max_tokens=60, stop=stop, stream_options=WITH_USAGE)
    assert text(stream) == said[: said.index(stop)]
    assert [c.finish_reason for chunk in stream for c in chunk.choices if c.finish_reason] == ["stop"]


def test_logprobs_come_with_their_token(sdk):
    tokens = [chunk.choices[0] for chunk in chunks(sdk, logprobs=True, top_logprobs=2)][1:-1]
    for choice in tokens:
        [token] = choice.logprobs.content
        assert token.token == choice.delta.content
        assert bytes(token.bytes).decode() == token.token
        assert len(token.top_logprobs) == 2


def test_many_scripts_survive_one_token_a_chunk(start, connect):
    text_of_many = "Grüße, 世界! 🦀🇪🇺 “quoted” \\ \"x\"\n\tتم"
    sdk = connect(start("--reply", f"fixed:{text_of_many}", "--latency", "instant").base_url)
    stream = chunks(sdk, max_tokens=200, stream_options=WITH_USAGE)
    assert text(stream) == text_of_many
    assert stream[-1].usage.completion_tokens == len(stream) - 3


def test_the_stream_helper_assembles_the_answer(start, connect):
    # The helper refuses answers cut by a limit, so this one ends by itself.
    sdk = connect(start("--output-tokens", "20", "--latency", "instant").base_url)
    events, final = sdk.events(
        lambda client: client.chat.completions.stream(model="gpt-4o-mini", messages=HELLO, seed=1)
    )
    deltas = [event.delta for event in events if event.type == "content.delta"]
    [done] = [event for event in events if event.type == "content.done"]
    said = final.choices[0].message.content
    assert ("".join(deltas), done.content) == (said, said)
    assert len(deltas) >= 20
    assert final.choices[0].finish_reason == "stop"
    assert said == whole(sdk, seed=1).choices[0].message.content


def test_streams_have_the_same_headers(http):
    body = {"model": "gpt-4o", "messages": HELLO, "max_tokens": 1, "stream": True}
    answer = http.post("/v1/chat/completions", json=body)
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.headers["cache-control"] == "no-cache"
    assert int(answer.headers["openai-processing-ms"]) >= 1


@pytest.mark.parametrize("model", ["claude-sonnet-4", "meta-llama/Llama-3.1-8B-Instruct", "never/heard-of-it"])
def test_any_model_streams(sdk, model):
    assert chunks(sdk, model=model)[0].model == model
