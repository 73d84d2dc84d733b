"""The SDK's legacy `completions`."""

import openai
import pytest
from openai.types import Completion

MODEL = "gpt-3.5-turbo-instruct"


def create(sdk, **parameters):
    parameters = {"model": MODEL, "prompt": "Once upon a time"} | parameters
    return sdk.call(lambda client: client.completions.create(**parameters))


def chunks(sdk, **parameters):
    parameters = {"model": MODEL, "prompt": "Once upon a time", "stream": True} | parameters
    return sdk.stream(lambda client: client.completions.create(**parameters))


def test_an_answer_has_every_typed_field(sdk):
    answer = create(sdk)
    assert isinstance(answer, Completion)
    assert answer.id.startswith("cmpl-")
    assert (answer.object, answer.model) == ("text_completion", MODEL)
    [choice] = answer.choices
    assert (choice.index, choice.finish_reason, choice.logprobs) == (0, "length", None)
    # Sixteen tokens unless said otherwise.
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (4, 16)


def test_each_prompt_has_its_choices(sdk):
    answer = create(sdk, prompt=["One", "Two two", "Three"], n=2, max_tokens=5)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3, 4, 5]
    assert answer.usage.completion_tokens == 30


def test_prompts_may_be_tokens(sdk):
    # "hello world" in cl100k_base.
    hello = [15339, 1917]
    by_text, by_ids = create(sdk, prompt="hello world", seed=1), create(sdk, prompt=hello, seed=1)
    assert by_text.choices[0].text == by_ids.choices[0].text
    assert by_ids.usage.prompt_tokens == 2
    assert len(create(sdk, prompt=[hello, hello]).choices) == 2


@pytest.mark.parametrize("logprobs", [None, 2])
def test_echo_repeats_the_prompt(sdk, logprobs):
    choice = create(sdk, echo=True, max_tokens=4, logprobs=logprobs).choices[0]
    assert choice.text.startswith("Once upon a time")
    if logprobs:
        assert "".join(choice.logprobs.tokens) == choice.text
        offsets = choice.logprobs.text_offset
        assert offsets[0] == 0 and offsets == sorted(offsets)
        assert len(choice.logprobs.token_logprobs) == len(choice.logprobs.top_logprobs) == 8


def test_a_stream_says_what_the_whole_answer_says(sdk):
    parameters = {"max_tokens": 24, "seed": 5, "prompt": ["One", "Two"]}
    stream = chunks(sdk, stream_options={"include_usage": True}, **parameters)
    for choice in create(sdk, **parameters).choices:
        said = "".join(c.text for chunk in stream for c in chunk.choices if c.index == choice.index)
        assert said == choice.text
    assert stream[-1].choices == []
    assert stream[-1].usage.completion_tokens == 48
    assert {chunk.object for chunk in stream} == {"text_completion"}


def test_echo_streams_the_prompt_first(sdk):
    said = "".join(chunk.choices[0].text for chunk in chunks(sdk, echo=True, max_tokens=3))
    assert said.startswith("Once upon a time")


def test_best_of_gives_the_best(sdk):
    answer = create(sdk, best_of=3, n=1, max_tokens=5)
    assert len(answer.choices) == 1
    assert answer.usage.completion_tokens == 15
    with pytest.raises(openai.BadRequestError) as caught:
        create(sdk, best_of=1, n=2)
    assert caught.value.param == "best_of"


def test_suffix_stop_and_limits(sdk):
    assert create(sdk, suffix=" and they lived.", max_tokens=3).usage.completion_tokens == 3
    whole = create(sdk, seed=2, max_tokens=50).choices[0].text
    stop = whole[20:24]
    choice = create(sdk, seed=2, max_tokens=50, stop=stop).choices[0]
    assert (choice.text, choice.finish_reason) == (whole[: whole.index(stop)], "stop")
