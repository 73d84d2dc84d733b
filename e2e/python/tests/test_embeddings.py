"""The SDK's `embeddings`."""

import base64
import math
import struct

import openai
import pytest

SMALL = "text-embedding-3-small"


def create(sdk, text, **parameters):
    parameters = {"model": SMALL, "input": text} | parameters
    return sdk.call(lambda client: client.embeddings.create(**parameters))


def vectors(sdk, texts, **parameters):
    return [item.embedding for item in create(sdk, texts, **parameters).data]


def cosine(left, right):
    return sum(a * b for a, b in zip(left, right, strict=True))


def test_the_default_is_base64_and_the_sdk_reads_it(sdk, http):
    [vector] = vectors(sdk, "The cat sits on the mat.")
    assert len(vector) == 1536
    assert math.isclose(math.hypot(*vector), 1, abs_tol=1e-4)
    body = {"model": SMALL, "input": "The cat sits on the mat.", "encoding_format": "base64"}
    raw = http.post("/v1/embeddings", json=body).json()["data"][0]["embedding"]
    assert isinstance(raw, str)
    assert list(struct.unpack("<1536f", base64.b64decode(raw))) == pytest.approx(vector)


def test_floats_are_the_same_vector(sdk):
    [packed], [plain] = vectors(sdk, "a"), vectors(sdk, "a", encoding_format="float")
    assert plain == pytest.approx(packed, abs=1e-6)


@pytest.mark.parametrize(
    ("model", "width"),
    [(SMALL, 1536), ("text-embedding-3-large", 3072), ("text-embedding-ada-002", 1536)],
)
def test_width_is_the_models(sdk, model, width):
    assert len(vectors(sdk, "a", model=model)[0]) == width


def test_dimensions_shorten_and_stay_normal(sdk):
    [vector] = vectors(sdk, "a", dimensions=256)
    assert len(vector) == 256
    assert math.isclose(math.hypot(*vector), 1, abs_tol=1e-4)
    with pytest.raises(openai.BadRequestError) as caught:
        create(sdk, "a", dimensions=5000)
    assert caught.value.param == "dimensions"
    with pytest.raises(openai.BadRequestError):
        create(sdk, "a", dimensions=256, model="text-embedding-ada-002")


def test_order_and_usage_of_a_list(sdk):
    texts = ["one", "two", "three"]
    answer = create(sdk, texts)
    assert (answer.object, answer.model) == ("list", SMALL)
    assert [(item.index, item.object) for item in answer.data] == [(i, "embedding") for i in range(3)]
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 3
    for text, item in zip(texts, answer.data, strict=True):
        assert vectors(sdk, text)[0] == pytest.approx(item.embedding)


def test_tokens_are_their_text(sdk):
    # "hello world" in cl100k_base.
    ids, text = create(sdk, [15339, 1917]), create(sdk, "hello world")
    assert ids.data[0].embedding == pytest.approx(text.data[0].embedding)
    assert ids.usage.prompt_tokens == text.usage.prompt_tokens == 2
    assert len(create(sdk, [[15339], [1917]]).data) == 2


def test_similar_texts_are_nearer(sdk):
    question, paraphrase, unrelated = vectors(
        sdk,
        [
            "How do I reset my password?",
            "How can I reset my account password?",
            "The volcano erupted at dawn over the island.",
        ],
    )
    assert cosine(question, paraphrase) > cosine(question, unrelated)
    assert cosine(question, question) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("wrong", ["", [], ["a", ""], ["a"] * 2049])
def test_wrong_input_is_openais_400(sdk, wrong):
    with pytest.raises(openai.BadRequestError) as caught:
        create(sdk, wrong)
    assert caught.value.param == "input"


def test_too_long_input_is_refused(sdk):
    with pytest.raises(openai.BadRequestError, match="maximum context length is 8192 tokens"):
        create(sdk, "word " * 9000)
