"""What is wrong becomes the SDK's own exceptions, with status, param and code."""

import openai
import pytest

HELLO = [{"role": "user", "content": "Hello"}]


def refused(sdk, kind, **parameters):
    parameters = {"model": "gpt-4o", "messages": HELLO} | parameters
    with pytest.raises(kind) as caught:
        sdk.call(lambda client: client.chat.completions.create(**parameters))
    error = caught.value
    assert error.request_id.startswith("req_")
    assert error.type == "invalid_request_error"
    return error


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [*HELLO, {"role": "tool", "content": "x"}]}, "messages[1].tool_call_id"),
        ({"messages": "hello"}, "messages"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens"),
        ({"stop": list("abcde")}, "stop"),
        ({"logit_bias": {"5": 101}}, "logit_bias.5"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"service_tier": "royal"}, "service_tier"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"tool_choice": "auto"}, "tool_choice"),
    ],
)
def test_bad_requests_name_the_parameter(sdk, parameters, param):
    error = refused(sdk, openai.BadRequestError, **parameters)
    assert (error.status_code, error.param) == (400, param)
    assert error.message


def test_codes_people_match_on(sdk):
    assert refused(sdk, openai.BadRequestError, temperature=3).code == "decimal_above_max_value"
    assert refused(sdk, openai.BadRequestError, n=0).code == "integer_below_min_value"
    assert refused(sdk, openai.BadRequestError, messages=[]).code == "empty_array"
    assert refused(sdk, openai.BadRequestError, temperature="x").code == "invalid_type"
    long = [{"role": "user", "content": "word " * 9000}]
    error = refused(sdk, openai.BadRequestError, model="gpt-4", messages=long)
    assert (error.code, error.param) == ("context_length_exceeded", "messages")
    assert "maximum context length is 8192 tokens" in error.message


def test_unknown_models_are_404_when_strict(connect, start):
    sdk = connect(start("--strict-models").base_url)
    error = refused(sdk, openai.NotFoundError, model="gpt-99")
    assert error.code == "model_not_found"
    assert error.body == {
        "message": "The model `gpt-99` does not exist or you do not have access to it.",
        "type": "invalid_request_error",
        "param": None,
        "code": "model_not_found",
    }
    with pytest.raises(openai.NotFoundError):
        sdk.call(lambda client: client.models.retrieve("gpt-99"))
    assert sdk.call(lambda client: client.models.retrieve("gpt-4o")).id == "gpt-4o"


def test_validation_status_may_be_422(connect, start):
    sdk = connect(start("--validation-status", "422").base_url)
    error = refused(sdk, openai.UnprocessableEntityError, temperature=3)
    assert error.param == "temperature"


def test_bodies_over_the_limit_are_413(connect, start):
    sdk = connect(start("--max-request-size", "4096").base_url)
    error = refused(sdk, openai.APIStatusError, messages=[{"role": "user", "content": "x" * 5000}])
    assert error.status_code == 413


def test_paths_that_are_not_there_are_404(sdk):
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.call(lambda client: client.post("/no/such/path", cast_to=object, body={}))
    assert "Invalid URL (POST /v1/no/such/path)" in caught.value.message


def test_wrong_methods_are_405(http):
    answer = http.put("/v1/chat/completions")
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"].split(",")
    error = answer.json()["error"]
    assert error["message"].startswith("Not allowed to PUT on /v1/chat/completions.")


def test_wrong_content_types_are_415(http):
    answer = http.post("/v1/chat/completions", content="<a/>", headers={"content-type": "text/xml"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_content_type")


def test_streams_refuse_before_they_begin(sdk):
    error = refused(sdk, openai.BadRequestError, stream=True, temperature=9)
    assert error.param == "temperature"
