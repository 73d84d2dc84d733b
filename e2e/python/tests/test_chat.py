"""The SDK's `chat.completions.create`, whole answers."""

import json
import math

import pytest
from openai.types.chat import ChatCompletion

HELLO = [{"role": "user", "content": "Hello! Tell me something about the sea."}]


def create(sdk, **parameters):
    parameters = {"model": "gpt-4o-mini", "messages": HELLO, "max_tokens": 20} | parameters
    return sdk.call(lambda client: client.chat.completions.create(**parameters))


def test_an_answer_has_every_typed_field(sdk):
    answer = create(sdk)
    assert isinstance(answer, ChatCompletion)
    assert answer.id.startswith("chatcmpl-")
    assert (answer.object, answer.model, answer.service_tier) == ("chat.completion", "gpt-4o-mini", "default")
    assert answer.created > 0
    assert answer.system_fingerprint.startswith("fp_")
    [choice] = answer.choices
    assert (choice.index, choice.logprobs, choice.message.role, choice.message.refusal) == (0, None, "assistant", None)
    assert choice.message.content
    assert choice.message.annotations == []
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.prompt_tokens_details.cached_tokens == 0
    assert usage.completion_tokens_details.reasoning_tokens == 0


def test_prompt_tokens_are_openais_count(sdk):
    messages = [{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": "Hello!"}]
    # 3 a message and 1 a role, "You are a helpful assistant." is 6, "Hello!" is 2, and 3 prime the answer.
    assert create(sdk, messages=messages).usage.prompt_tokens == 2 * (3 + 1) + 6 + 2 + 3


@pytest.mark.parametrize("parameter", ["max_tokens", "max_completion_tokens"])
def test_the_limit_is_exact_and_said(sdk, parameter):
    parameters = {"max_tokens": 7} if parameter == "max_tokens" else {"max_tokens": None, "max_completion_tokens": 7}
    if parameter == "max_completion_tokens":
        answer = sdk.call(
            lambda client: client.chat.completions.create(model="gpt-4o", messages=HELLO, max_completion_tokens=7)
        )
    else:
        answer = create(sdk, **parameters)
    assert (answer.choices[0].finish_reason, answer.usage.completion_tokens) == ("length", 7)


def test_n_choices_differ(sdk):
    answer = create(sdk, n=3, temperature=1)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in answer.choices}) > 1
    assert answer.usage.completion_tokens <= 3 * 20


def test_a_seed_and_temperature_zero_repeat(sdk):
    say = lambda **parameters: create(sdk, **parameters).choices[0].message.content
    assert say(seed=7) == say(seed=7)
    assert say(temperature=0) == say(temperature=0)
    assert len({say(seed=seed) for seed in range(8)}) > 1


def test_stop_ends_before_the_sequence(sdk):
    whole = create(sdk, seed=3, max_tokens=60).choices[0].message.content
    stop = whole[len(whole) // 2 : len(whole) // 2 + 4]
    for given in (stop, ["never said", stop]):
        choice = create(sdk, seed=3, max_tokens=60, stop=given).choices[0]
        assert (choice.finish_reason, choice.message.content) == ("stop", whole[: whole.index(stop)])


def test_logprobs_are_of_the_text(sdk):
    [choice] = create(sdk, logprobs=True, top_logprobs=4).choices
    content = choice.logprobs.content
    assert b"".join(bytes(token.bytes) for token in content).decode(errors="ignore").startswith(choice.message.content[:9])
    for token in content:
        assert token.logprob <= 0
        assert len(token.top_logprobs) == 4
        ordered = [top.logprob for top in token.top_logprobs]
        assert ordered == sorted(ordered, reverse=True)
        assert sum(math.exp(top) for top in ordered) <= 1 + 1e-6


def test_logit_bias_bans_a_token(sdk):
    say = lambda **parameters: create(sdk, seed=5, max_tokens=40, logprobs=True, **parameters).choices[0]
    # " the" in o200k_base.
    the = 290
    assert " the" not in [token.token for token in say(logit_bias={str(the): -100}).logprobs.content]


def test_json_object(sdk):
    ask = [{"role": "user", "content": "A recipe as JSON, with name and servings."}]
    answer = create(sdk, messages=ask, response_format={"type": "json_object"}, max_tokens=1000)
    assert answer.choices[0].finish_reason == "stop"
    assert isinstance(json.loads(answer.choices[0].message.content), dict)


def test_everything_else_is_accepted(sdk):
    answer = create(
        sdk,
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "name": "ada", "content": [{"type": "text", "text": "Hello"}]},
            {"role": "assistant", "content": "Hi."},
            {"role": "user", "content": "Again"},
        ],
        user="ada",
        metadata={"run": "7"},
        store=False,
        service_tier="flex",
        verbosity="low",
        presence_penalty=1.5,
        frequency_penalty=-1.5,
        top_p=0.9,
        parallel_tool_calls=True,
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        tool_choice="none",
        extra_body={"min_tokens": 5, "ignore_eos": True, "top_k": 5, "unheard_of": {"of": 1}},
    )
    assert answer.service_tier == "flex"
    assert answer.usage.completion_tokens == 20


def test_image_parts_are_counted(sdk):
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}
    text = {"type": "text", "text": "What is this?"}
    tokens = lambda *parts: create(
        sdk, model="gpt-4o", messages=[{"role": "user", "content": list(parts)}]
    ).usage.prompt_tokens
    # A picture in low detail is 85 tokens of gpt-4o.
    assert tokens(text, image) - tokens(text) == 85


@pytest.mark.parametrize("suffix", ["/v1", "", "/v1/", "/"])
def test_base_url_with_and_without_v1(connect, server, suffix):
    assert create(connect(server.url + suffix)).choices[0].message.content


def test_headers_are_openais(server, sdk):
    raw = sdk.call(
        lambda client: client.chat.completions.with_raw_response.create(
            model="gpt-4o-mini", messages=HELLO, max_tokens=2
        )
    )
    assert raw.headers["x-request-id"].startswith("req_")
    assert int(raw.headers["openai-processing-ms"]) >= 1
    assert raw.headers["openai-version"] == "2020-10-01"
    assert raw.headers["openai-organization"]
    assert raw.headers["openai-model"] == "gpt-4o-mini"
    assert raw.headers["content-type"] == "application/json"
    parsed = raw.parse()
    assert parsed._request_id == raw.headers["x-request-id"]


def test_request_ids_are_of_their_own(sdk):
    first, second = create(sdk), create(sdk)
    assert first.id != second.id
    assert first._request_id != second._request_id
