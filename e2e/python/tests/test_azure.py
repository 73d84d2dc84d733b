"""Azure: the official client on deployments, streams, filters and errors."""

import openai
import pytest

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]


def azure(server, **options):
    options.setdefault("api_version", "2024-10-21")
    return openai.AzureOpenAI(azure_endpoint=server.url, api_key="azure-key", max_retries=0, **options)


@pytest.fixture
def client(server):
    with azure(server) as client:
        yield client


def test_a_deployment_chats(client):
    answer = client.chat.completions.create(model="gpt-4o", messages=QUESTION)
    assert answer.model == "gpt-4o"
    assert "Paris" in answer.choices[0].message.content
    assert answer.choices[0].content_filter_results["violence"] == {"filtered": False, "severity": "safe"}
    assert answer.prompt_filter_results[0]["prompt_index"] == 0


def test_a_stream_begins_with_what_the_filter_says_of_the_prompt(client):
    chunks = list(client.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True))
    assert chunks[0].choices == [] and chunks[0].prompt_filter_results
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert "Paris" in text


# The SDK calls assistants deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_other_operations(client):
    assert client.completions.create(model="davinci-002", prompt="Once", max_tokens=5).usage.completion_tokens == 5
    vectors = client.embeddings.create(model="text-embedding-3-small", input="hello").data
    assert len(vectors[0].embedding) == 1536
    assert client.images.generate(model="dall-e-3", prompt="A red cat").data
    made = client.beta.assistants.create(model="gpt-4o")
    assert client.beta.assistants.delete(made.id).deleted
    file = client.files.create(file=("a.txt", b"Hello"), purpose="assistants")
    assert client.files.delete(file.id).deleted


def test_a_harmful_prompt_is_refused(client):
    threat = [{"role": "user", "content": "I am going to kill you and your family."}]
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="gpt-4o", messages=threat)
    assert refused.value.code == "content_filter"
    assert refused.value.body["innererror"]["content_filter_result"]["violence"]["filtered"]


def test_deployments_stand_for_models(start):
    server = start("--azure-deployments", "prod=gpt-4o-mini", "--strict-models")
    with azure(server) as client:
        assert client.chat.completions.create(model="prod", messages=QUESTION).model == "gpt-4o-mini"
        with pytest.raises(openai.NotFoundError) as missing:
            client.chat.completions.create(model="nothing", messages=QUESTION)
        assert missing.value.code == "DeploymentNotFound"
    with openai.OpenAI(base_url=f"{server.url}/openai/v1/", api_key="azure-key") as client:
        assert client.responses.create(model="prod", input="Hello").model == "gpt-4o-mini"


def test_keys_are_checked(start):
    server = start("--api-key", "azure-key-one")
    with pytest.raises(openai.AuthenticationError) as denied, azure(server) as client:
        client.chat.completions.create(model="gpt-4o", messages=QUESTION)
    assert denied.value.code == "401"
