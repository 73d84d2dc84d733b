"""The SDK's `responses`: created, streamed, parsed, retrieved, and agents that go round."""

import base64
import io
import json
import time

import openai
import pytest
from openai.types.responses import Response
from PIL import Image
from pydantic import BaseModel

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


def create(sdk, **parameters):
    parameters = {"model": "gpt-4o", "input": "Tell me about the sea."} | parameters
    return sdk.call(lambda client: client.responses.create(**parameters))


def test_an_answer_has_every_typed_field(sdk):
    answer = create(sdk, metadata={"k": "v"})
    assert isinstance(answer, Response)
    assert answer.id.startswith("resp_")
    assert (answer.object, answer.status, answer.model) == ("response", "completed", "gpt-4o")
    [message] = answer.output
    assert (message.type, message.role, message.status) == ("message", "assistant", "completed")
    assert answer.output_text == message.content[0].text != ""
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert answer.usage.input_tokens_details.cached_tokens == 0
    assert answer.usage.output_tokens_details.reasoning_tokens == 0
    assert answer.metadata == {"k": "v"}
    assert answer.error is None and answer.incomplete_details is None


def test_the_limit_makes_it_incomplete(sdk):
    answer = create(sdk, max_output_tokens=16)
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert answer.usage.output_tokens == 16


def test_a_stream_is_typed_and_says_the_whole(sdk):
    events, final = sdk.events(
        lambda client: client.responses.stream(model="gpt-4o", input="Tell me about the sea."), "get_final_response"
    )
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert said == final.output_text != ""
    assert [event.sequence_number for event in events if hasattr(event, "sequence_number")] == sorted(
        {event.sequence_number for event in events if hasattr(event, "sequence_number")}
    )
    assert events[0].type == "response.created" and events[-1].type == "response.completed"


def test_raw_events_have_no_gaps(sdk):
    events = sdk.stream(
        lambda client: client.responses.create(model="gpt-5-mini", input="Why?", reasoning={"summary": "auto"}, stream=True)
    )
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = {event.type for event in events}
    assert {"response.reasoning_summary_text.delta", "response.output_text.delta"} <= kinds


class City(BaseModel):
    name: str
    population: int
    landmarks: list[str]


def test_answers_are_parsed(sdk):
    answer = sdk.call(lambda client: client.responses.parse(model="gpt-4o", input="Describe a city.", text_format=City))
    assert isinstance(answer.output_parsed, City)


def test_a_chain_remembers(sdk):
    first = create(sdk, input="My name is Ada.")
    second = create(sdk, input="What is my name?", previous_response_id=first.id)
    assert second.usage.input_tokens > first.usage.input_tokens + first.usage.output_tokens
    items = sdk.call(lambda client: client.responses.input_items.list(second.id))
    assert [item.content[0].text for item in items.data] == ["What is my name?"]
    with pytest.raises(openai.BadRequestError) as error:
        create(sdk, previous_response_id="resp_none")
    assert error.value.code == "previous_response_not_found"


def test_an_agent_comes_to_its_end(sdk):
    items = [{"role": "user", "content": "What is the weather in Paris and Rome?"}]
    for _ in range(5):
        answer = create(sdk, input=items, tools=[WEATHER], store=False)
        calls = [item for item in answer.output if item.type == "function_call"]
        items += [item.model_dump(exclude_none=True) for item in answer.output]
        if not calls:
            break
        for call in calls:
            city = json.loads(call.arguments)["city"]
            output = json.dumps({"city": city, "celsius": 21})
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": output})
    assert not calls and "21" in answer.output_text


def test_thoughts_travel_sealed(sdk):
    wish = {"model": "gpt-5", "include": ["reasoning.encrypted_content"], "store": False}
    first = create(sdk, **wish)
    thoughts = first.output[0]
    assert thoughts.type == "reasoning" and thoughts.encrypted_content
    items = [item.model_dump(exclude_none=True) for item in first.output] + [{"role": "user", "content": "Go on."}]
    assert create(sdk, input=items, **wish).output_text
    items[0]["encrypted_content"] = items[0]["encrypted_content"][:-8] + "AAAAAAA="
    with pytest.raises(openai.BadRequestError) as error:
        create(sdk, input=items, **wish)
    assert error.value.code == "invalid_encrypted_content"


def test_a_search_is_cited(sdk):
    answer = create(sdk, input="Search the web for sea otters.", tools=[{"type": "web_search"}])
    assert [item.type for item in answer.output] == ["web_search_call", "message"]
    [citation] = answer.output[1].content[0].annotations
    assert citation.url in answer.output_text[citation.start_index : citation.end_index]


def test_a_made_picture_is_a_whole_png(sdk):
    answer = create(sdk, input="Draw a fox.", tools=[{"type": "image_generation", "size": "1024x1536"}])
    picture = base64.b64decode(answer.output[0].result)
    with Image.open(io.BytesIO(picture)) as opened:
        opened.load()
        assert (opened.format, opened.size, opened.mode) == ("PNG", (1024, 1536), "RGB")
        assert len(opened.tobytes()) == 1024 * 1536 * 3


def test_background_goes_on_without_anyone(sdk):
    answer = create(sdk, background=True)
    assert (answer.status, answer.output) == ("queued", [])
    deadline = time.monotonic() + 20
    while answer.status in ("queued", "in_progress") and time.monotonic() < deadline:
        time.sleep(0.05)
        answer = sdk.call(lambda client: client.responses.retrieve(answer.id))
    assert answer.status == "completed" and answer.output_text
    with pytest.raises(openai.BadRequestError):
        sdk.call(lambda client: client.responses.cancel(answer.id))


def test_a_stream_is_taken_up_where_it_broke_off(sdk):
    events = sdk.stream(lambda client: client.responses.create(model="gpt-4o", input="Hi", stream=True, background=True))
    id = events[0].response.id
    rest = sdk.stream(lambda client: client.responses.retrieve(id, stream=True, starting_after=3))
    assert [event.model_dump() for event in rest] == [event.model_dump() for event in events[4:]]
    sdk.call(lambda client: client.responses.delete(id))
    with pytest.raises(openai.NotFoundError):
        sdk.call(lambda client: client.responses.retrieve(id))


def test_input_is_counted_and_compacted(sdk):
    count = sdk.call(lambda client: client.responses.input_tokens.count(model="gpt-4o", input="Tell me about the sea."))
    assert count.input_tokens == create(sdk).usage.input_tokens
    compact = sdk.call(lambda client: client.responses.compact(model="gpt-4o", input="Remember 17."))
    assert [item.type for item in compact.output] == ["message", "compaction"]
    # The SDK knows messages of users only as input.
    items = [item.model_dump(exclude_none=True, warnings=False) for item in compact.output]
    assert create(sdk, input=items + [{"role": "user", "content": "Which number?"}]).output_text


def test_conversations_are_kept(sdk):
    made = sdk.call(
        lambda client: client.conversations.create(
            metadata={"topic": "sea"}, items=[{"type": "message", "role": "user", "content": "My name is Ada."}]
        )
    )
    create(sdk, input="What is my name?", conversation=made.id)
    items = sdk.call(lambda client: client.conversations.items.list(made.id, order="asc")).data
    assert [item.role for item in items] == ["user", "user", "assistant"]
    one = sdk.call(lambda client: client.conversations.items.retrieve(items[0].id, conversation_id=made.id))
    assert one.content[0].text == "My name is Ada."
    sdk.call(lambda client: client.conversations.items.delete(items[0].id, conversation_id=made.id))
    updated = sdk.call(lambda client: client.conversations.update(made.id, metadata={"topic": "sky"}))
    assert updated.metadata == {"topic": "sky"}
    assert sdk.call(lambda client: client.conversations.delete(made.id)).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.call(lambda client: client.conversations.retrieve(made.id))
