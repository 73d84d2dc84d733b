"""The SDK's `beta.assistants` and `beta.threads`: polling, streaming, loops of calls and outputs."""

import openai
import pytest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get current temperature for a given location.",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string"}},
            "required": ["location"],
            "additionalProperties": False,
        },
    },
}


def assistant(sdk, *tools):
    parameters = {"model": "gpt-4o-mini", "instructions": "Be brief.", "tools": list(tools)}
    return sdk.call(lambda client: client.beta.assistants.create(**parameters)).id


def thread(sdk, text):
    messages = [{"role": "user", "content": text}]
    return sdk.call(lambda client: client.beta.threads.create(messages=messages)).id


def poll(sdk, thread, assistant, **more):
    more = {"thread_id": thread, "assistant_id": assistant, "poll_interval_ms": 20} | more
    return sdk.call(lambda client: client.beta.threads.runs.create_and_poll(**more))


def last_text(sdk, thread):
    messages = sdk.call(lambda client: client.beta.threads.messages.list(thread))
    return messages.data[0].content[0].text.value


def names(events):
    return [event.event for event in events]


def said(events):
    [message] = [event.data for event in events if event.event == "thread.message.completed"]
    return message.content[0].text.value


def outputs(run):
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": '{"temperature": 14, "sky": "cloudy"}'} for call in calls]


def test_a_run_is_polled_to_its_end(sdk):
    where = thread(sdk, "What is the capital of France?")
    run = poll(sdk, where, assistant(sdk))
    assert (run.status, run.thread_id, run.last_error) == ("completed", where, None)
    assert run.usage.total_tokens == run.usage.prompt_tokens + run.usage.completion_tokens
    assert run.started_at >= run.created_at and run.completed_at >= run.started_at
    assert last_text(sdk, where)
    steps = sdk.call(lambda client: client.beta.threads.runs.steps.list(run.id, thread_id=where))
    assert [step.type for step in steps.data] == ["message_creation"]


def test_calls_are_answered_and_the_run_ends(sdk):
    where = thread(sdk, "What's the weather in Paris and Tokyo?")
    run = poll(sdk, where, assistant(sdk, WEATHER))
    assert run.status == "requires_action"
    assert len(run.required_action.submit_tool_outputs.tool_calls) == 2
    parameters = {"run_id": run.id, "thread_id": where, "tool_outputs": outputs(run), "poll_interval_ms": 20}
    run = sdk.call(lambda client: client.beta.threads.runs.submit_tool_outputs_and_poll(**parameters))
    assert run.status == "completed"
    assert "14" in last_text(sdk, where) and "cloudy" in last_text(sdk, where)


def test_a_stream_gathers_what_is_stored(sdk):
    where, who = thread(sdk, "Tell me about the sea."), assistant(sdk)
    events, run, steps = sdk.runs(
        lambda client: client.beta.threads.runs.stream(thread_id=where, assistant_id=who)
    )
    assert names(events)[:3] == ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
    assert names(events)[-1] == "thread.run.completed"
    assert said(events) == last_text(sdk, where)
    assert run == sdk.call(lambda client: client.beta.threads.runs.retrieve(run.id, thread_id=where))
    stored = sdk.call(lambda client: client.beta.threads.runs.steps.list(run.id, thread_id=where)).data
    assert [event.data for event in events if event.event == "thread.run.step.completed"] == stored
    assert [step.id for step in steps] == [step.id for step in stored]


def test_streamed_calls_and_outputs(sdk):
    where, who = thread(sdk, "What's the weather in Paris?"), assistant(sdk, WEATHER)
    events, run, steps = sdk.runs(lambda client: client.beta.threads.runs.stream(thread_id=where, assistant_id=who))
    assert names(events)[-1] == "thread.run.requires_action"
    [call] = run.required_action.submit_tool_outputs.tool_calls
    [gathered] = steps[0].step_details.tool_calls
    assert (gathered.id, gathered.function.arguments) == (call.id, call.function.arguments)
    parameters = {"thread_id": where, "run_id": run.id, "tool_outputs": outputs(run)}
    events, run, _ = sdk.runs(lambda client: client.beta.threads.runs.submit_tool_outputs_stream(**parameters))
    assert (names(events)[0], names(events)[-1]) == ("thread.run.step.completed", "thread.run.completed")
    assert "14" in said(events)


def test_a_thread_is_made_and_run_in_one(sdk):
    who = assistant(sdk, {"type": "code_interpreter"})
    messages = {"messages": [{"role": "user", "content": "Calculate 12 * 34."}]}
    events, run, steps = sdk.runs(
        lambda client: client.beta.threads.create_and_run_stream(assistant_id=who, thread=messages)
    )
    assert (names(events)[0], run.status) == ("thread.created", "completed")
    code = steps[0].step_details.tool_calls[0].code_interpreter
    assert (code.input, code.outputs[0].logs) == ("print(12 * 34)", "408\n")
    assert "408" in said(events)


def test_a_run_is_cancelled_once(connect, start):
    sdk = connect(start("--ttft", "60000").base_url)
    where, who = thread(sdk, "Tell me about the sea."), assistant(sdk)
    run = sdk.call(lambda client: client.beta.threads.runs.create(where, assistant_id=who))
    with pytest.raises(openai.BadRequestError, match="already has an active run"):
        sdk.call(lambda client: client.beta.threads.runs.create(where, assistant_id=who))
    with pytest.raises(openai.BadRequestError, match="while a run"):
        sdk.call(lambda client: client.beta.threads.messages.create(where, role="user", content="And?"))
    assert sdk.call(lambda client: client.beta.threads.runs.cancel(run.id, thread_id=where)).status == "cancelling"
    with pytest.raises(openai.BadRequestError, match="Cannot cancel run"):
        sdk.call(lambda client: client.beta.threads.runs.cancel(run.id, thread_id=where))


def test_lists_are_paged_through(sdk):
    made = [assistant(sdk) for _ in range(3)]
    listed = sdk.call(lambda client: client.beta.assistants.list(limit=2))
    assert [item.id for item in listed.data] == made[:0:-1]
    assert listed.has_next_page()
    after = sdk.call(lambda client: client.beta.assistants.list(limit=1, after=made[1]))
    assert [item.id for item in after.data] == made[:1]
    before = sdk.call(lambda client: client.beta.assistants.list(limit=1, before=made[0]))
    assert [item.id for item in before.data] == made[1:2]
    for known in made:
        assert sdk.call(lambda client: client.beta.assistants.delete(known)).deleted
    with pytest.raises(openai.NotFoundError, match="No assistant found with id"):
        sdk.call(lambda client: client.beta.assistants.retrieve(made[0]))
