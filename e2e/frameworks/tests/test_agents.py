"""The OpenAI Agents SDK: tools, handoffs, structured output, streams. Each run must end by itself."""

from dataclasses import dataclass

import pytest
from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool, set_tracing_disabled
from openai import AsyncOpenAI
from pydantic import BaseModel

KEY = "sk-test"
MODELS = {"chat": OpenAIChatCompletionsModel, "responses": OpenAIResponsesModel}

set_tracing_disabled(True)


@pytest.fixture(params=MODELS)
async def model(request, server, needs):
    """Makes the SDK's model, once over chat completions and once over responses."""
    if request.param == "responses":
        needs("/v1/responses")
    async with AsyncOpenAI(base_url=server.base_url, api_key=KEY, max_retries=0) as client:
        yield lambda name="gpt-4o": MODELS[request.param](model=name, openai_client=client)


@dataclass
class Log:
    """Which tools were called, with what."""

    calls: list


@pytest.fixture
def log():
    return Log([])


def weather(log):
    @function_tool
    def get_weather(city: str) -> str:
        """Get the current weather in a city."""
        log.calls.append(("get_weather", city))
        return f"It is 21 degrees and sunny in {city}."

    return get_weather


def currency(log):
    @function_tool
    def convert_currency(amount: float, currency: str) -> str:
        """Convert an amount of euros to another currency."""
        log.calls.append(("convert_currency", amount, currency))
        return f"{amount} EUR are {amount * 2} {currency}."

    return convert_currency


async def test_one_tool_is_called_twice_and_the_run_ends(model, log):
    agent = Agent(name="Guide", instructions="Help travellers.", model=model(), tools=[weather(log), currency(log)])
    result = await Runner.run(agent, "What's the weather in Paris and Tokyo?")
    assert log.calls == [("get_weather", "Paris"), ("get_weather", "Tokyo")]
    assert "21" in result.final_output


async def test_the_other_tool_is_called_when_it_fits(model, log):
    agent = Agent(name="Guide", model=model(), tools=[weather(log), currency(log)])
    result = await Runner.run(agent, "Convert an amount of 20 euros to the currency USD.")
    [call] = log.calls
    assert call == ("convert_currency", 20, "USD")
    assert "40" in result.final_output


async def test_no_tool_is_called_where_none_fits(model, log):
    agent = Agent(name="Guide", model=model(), tools=[weather(log), currency(log)])
    result = await Runner.run(agent, "Write a poem about friendship.")
    assert log.calls == []
    assert result.final_output


async def test_an_agent_hands_over_to_another(model, log):
    forecaster = Agent(name="Weather expert", handoff_description="Answers questions about the weather.", model=model(), tools=[weather(log)])
    poet = Agent(name="Poet", handoff_description="Writes poems.", model=model())
    triage = Agent(name="Triage", instructions="Hand the user to the right agent.", model=model(), handoffs=[forecaster, poet])
    result = await Runner.run(triage, "What's the weather in Oslo?")
    assert result.last_agent.name == "Weather expert"
    assert log.calls == [("get_weather", "Oslo")]
    assert "21" in result.final_output


class Event(BaseModel):
    name: str
    date: str
    participants: list[str]


async def test_the_output_has_the_type_that_was_asked_for(model):
    agent = Agent(name="Extractor", instructions="Extract the calendar event.", model=model(), output_type=Event)
    result = await Runner.run(agent, "Alice and Bob go to the science fair on Friday.")
    assert isinstance(result.final_output, Event)


async def test_tools_and_a_type_go_together(model, log):
    class Forecast(BaseModel):
        city: str
        temperature: int

    agent = Agent(name="Forecaster", model=model(), tools=[weather(log)], output_type=Forecast)
    result = await Runner.run(agent, "What's the weather in Lima?")
    assert log.calls == [("get_weather", "Lima")]
    assert isinstance(result.final_output, Forecast)
    assert result.final_output.city == "Lima"
    assert result.final_output.temperature == 21


async def test_a_streamed_run_tells_its_steps_and_ends(model, log):
    agent = Agent(name="Guide", model=model(), tools=[weather(log)])
    result = Runner.run_streamed(agent, "What's the weather in Rome?")
    items, deltas = [], []
    async for event in result.stream_events():
        if event.type == "run_item_stream_event":
            items.append(event.name)
        elif event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
            deltas.append(event.data.delta)
    assert items == ["tool_called", "tool_output", "message_output_created"]
    assert log.calls == [("get_weather", "Rome")]
    assert "".join(deltas) == result.final_output


async def test_a_model_that_thinks_runs_too(model, log):
    agent = Agent(name="Guide", model=model("gpt-5"), tools=[weather(log)])
    result = await Runner.run(agent, "What's the weather in Cairo?")
    assert log.calls == [("get_weather", "Cairo")]
    assert "21" in result.final_output


async def test_a_conversation_goes_on(model, log):
    agent = Agent(name="Guide", model=model(), tools=[weather(log)])
    first = await Runner.run(agent, "What's the weather in Paris?")
    second = await Runner.run(agent, first.to_input_list() + [{"role": "user", "content": "And what's the weather in Rome?"}])
    assert log.calls == [("get_weather", "Paris"), ("get_weather", "Rome")]
    assert second.final_output
