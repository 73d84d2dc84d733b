"""The SDK's `models`."""

import openai
import pytest
from openai.types import Model


def test_list_is_full_of_typed_models(connect, start):
    sdk = connect(start().base_url)
    models = sdk.call(lambda client: client.models.list()).data
    assert len(models) >= 80
    assert all(isinstance(model, Model) and model.object == "model" and model.created > 0 for model in models)
    ids = [model.id for model in models]
    assert len(ids) == len(set(ids))
    assert {"gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-5", "text-embedding-3-small", "dall-e-3", "whisper-1"} <= set(ids)


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-4o-mini-2024-07-18", "openai/gpt-oss-120b"])
def test_retrieve_answers_by_the_name_asked(sdk, name):
    model = sdk.call(lambda client: client.models.retrieve(name))
    assert (model.id, model.object) == (name, "model")


@pytest.mark.parametrize("name", ["acme/deep/model", "somebody's own", "ft:gpt-4o-mini:acme:suffix:abc123"])
def test_unknown_models_are_answered_but_not_listed(sdk, name):
    assert sdk.call(lambda client: client.models.retrieve(name)).id == name
    assert name not in [model.id for model in sdk.call(lambda client: client.models.list()).data]


def test_a_fine_tuned_model_inherits_its_base(sdk):
    tuned = sdk.call(lambda client: client.models.retrieve("ft:gpt-4o-mini:acme:suffix:abc123"))
    base = sdk.call(lambda client: client.models.retrieve("gpt-4o-mini"))
    assert tuned.context_window == base.context_window


def test_a_model_made_by_use_is_listed_until_it_is_deleted(sdk):
    name = f"acme/made-by-{type(sdk).__name__}"
    sdk.call(
        lambda client: client.chat.completions.create(
            model=name, messages=[{"role": "user", "content": "Hello"}], max_tokens=1
        )
    )
    assert name in [model.id for model in sdk.call(lambda client: client.models.list()).data]
    deleted = sdk.call(lambda client: client.models.delete(name))
    assert (deleted.id, deleted.object, deleted.deleted) == (name, "model", True)
    assert name not in [model.id for model in sdk.call(lambda client: client.models.list()).data]


def test_the_catalogs_models_cannot_be_deleted(sdk):
    with pytest.raises(openai.PermissionDeniedError):
        sdk.call(lambda client: client.models.delete("gpt-4o"))
    with pytest.raises(openai.NotFoundError):
        sdk.call(lambda client: client.models.delete("nobody-made-this"))


def test_capabilities(http):
    answer = http.get("/v1/models/openai/gpt-oss-120b/capabilities").json()
    assert answer["id"] == "openai/gpt-oss-120b"
    assert answer["capabilities"]["streaming"] is True
    assert "text" in answer["modalities"]
