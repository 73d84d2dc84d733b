"""LiteLLM: completion with tools, its loop, its streams."""

import json

import litellm
import pytest

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
def complete(server):
    def complete(messages, **more):
        return litellm.completion(
            model="openai/gpt-4o", api_base=server.base_url, api_key="sk-test", messages=messages, num_retries=0, **more
        )

    return complete


def test_a_loop_of_tools_ends(complete):
    messages = [{"role": "user", "content": "What's the weather in Paris and Tokyo?"}]
    message = complete(messages, tools=[WEATHER]).choices[0].message
    assert [json.loads(call.function.arguments) for call in message.tool_calls] == [{"city": "Paris"}, {"city": "Tokyo"}]
    messages.append(message.model_dump())
    for call in message.tool_calls:
        messages.append({"role": "tool", "tool_call_id": call.id, "content": "21 degrees and sunny"})
    choice = complete(messages, tools=[WEATHER]).choices[0]
    assert choice.finish_reason == "stop"
    assert "21" in choice.message.content


def test_streams_add_up(complete):
    messages = [{"role": "user", "content": "What's the weather in Paris?"}]
    chunks = list(complete(messages, tools=[WEATHER], stream=True))
    whole = litellm.stream_chunk_builder(chunks, messages=messages)
    [call] = whole.choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Paris"}


def test_what_is_said_has_its_tokens(complete):
    answer = complete([{"role": "user", "content": "Hello!"}], max_tokens=7)
    assert answer.choices[0].finish_reason in ("length", "stop")
    assert 0 < answer.usage.completion_tokens <= 7
