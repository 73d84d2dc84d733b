"""LangChain's ChatOpenAI: tools, loops of them, structured output, streams."""

import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel


@tool
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is 21 degrees and sunny in {city}."


class User(BaseModel):
    """A user."""

    name: str
    age: int


@pytest.fixture
def chat(server):
    return ChatOpenAI(model="gpt-4o", base_url=server.base_url, api_key="sk-test", max_retries=0)


def test_a_loop_of_tools_ends(chat):
    chat = chat.bind_tools([get_weather])
    messages = [HumanMessage("What's the weather in Paris and Tokyo?")]
    answer = chat.invoke(messages)
    assert [call["args"] for call in answer.tool_calls] == [{"city": "Paris"}, {"city": "Tokyo"}]
    messages.append(answer)
    messages += [ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]) for call in answer.tool_calls]
    answer = chat.invoke(messages)
    assert not answer.tool_calls
    assert "21" in answer.text
    assert answer.usage_metadata["total_tokens"] > 0


def test_streamed_calls_add_up(chat):
    chunks = list(chat.bind_tools([get_weather]).stream("What's the weather in Paris?"))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert [call["args"] for call in whole.tool_calls] == [{"city": "Paris"}]


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
def test_output_is_structured(chat, method):
    ask = "Extract as JSON with the keys `name` and `age`: Jason is 25 years old."
    assert chat.with_structured_output(User, method=method).invoke(ask) == User(name="Jason", age=25)


def test_responses_are_spoken_too(server, needs):
    needs("/v1/responses")
    chat = ChatOpenAI(
        model="gpt-4o", base_url=server.base_url, api_key="sk-test", max_retries=0, use_responses_api=True
    )
    answer = chat.bind_tools([get_weather]).invoke("What's the weather in Paris?")
    assert [call["args"] for call in answer.tool_calls] == [{"city": "Paris"}]
    assert "".join(chunk.text for chunk in chat.stream("Tell me about the sea."))


def test_embeddings_compare(server):
    # With the check it would fetch a vocabulary from elsewhere.
    embeddings = OpenAIEmbeddings(
        model="text-embedding-3-small", base_url=server.base_url, api_key="sk-test", check_embedding_ctx_length=False
    )
    [cat] = embeddings.embed_documents(["a cat"])
    assert len(cat) == len(embeddings.embed_query("a kitten")) == 1536
