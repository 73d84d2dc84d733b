"""Pictures and moderations as the SDK asks for them; Pillow opens every one."""

import base64
import io

import openai
import pytest
from PIL import Image


def opened(one):
    picture = Image.open(io.BytesIO(base64.b64decode(one.b64_json)))
    picture.load()
    return picture


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_every_format_is_opened(sdk, format):
    answer = sdk.call(
        lambda client: client.images.generate(
            model="gpt-image-1", prompt="A cute baby sea otter", size="1536x1024", quality="low", output_format=format
        )
    )
    picture = opened(answer.data[0])
    assert (picture.size, picture.format) == ((1536, 1024), format.upper())
    assert len(picture.convert("RGB").resize((64, 64)).getcolors(4096)) > 100
    assert answer.usage.output_tokens == 400


def test_a_transparent_background_lets_through(sdk):
    answer = sdk.call(
        lambda client: client.images.generate(
            model="gpt-image-1", prompt="A cat", background="transparent", size="1024x1024"
        )
    )
    assert opened(answer.data[0]).getpixel((0, 0))[3] == 0


def test_urls_give_pictures(sdk, server):
    import httpx

    answer = sdk.call(lambda client: client.images.generate(model="dall-e-3", prompt="A city at night", size="1792x1024"))
    assert "city at night" in answer.data[0].revised_prompt
    got = httpx.get(answer.data[0].url)
    assert Image.open(io.BytesIO(got.content)).size == (1792, 1024)
    assert httpx.get(answer.data[0].url, headers={"If-None-Match": got.headers["etag"]}).status_code == 304


def png(picture):
    out = io.BytesIO()
    picture.save(out, "PNG")
    return ("picture.png", out.getvalue(), "image/png")


def test_an_edit_stays_inside_its_mask(server):
    client = openai.OpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0)
    source = Image.new("RGB", (1024, 1024), (60, 120, 200))
    mask = Image.new("RGBA", (1024, 1024), (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (256, 256, 768, 768))
    answer = client.images.edit(
        model="gpt-image-1", image=png(source), mask=png(mask), prompt="an orange fox", size="1024x1024", quality="low"
    )
    edited = opened(answer.data[0]).convert("RGB")
    assert edited.getpixel((100, 100)) == (60, 120, 200)
    assert edited.crop((256, 256, 768, 768)).getcolors(1 << 20) != [(512 * 512, (60, 120, 200))]
    # OpenAI means to end it.
    with pytest.deprecated_call():
        varied = client.images.create_variation(image=png(source), n=2, size="512x512", response_format="b64_json")
    assert [opened(one).size for one in varied.data] == [(512, 512)] * 2


def test_pictures_are_streamed(server):
    client = openai.OpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0)
    stream = client.images.generate(
        model="gpt-image-1", prompt="A lighthouse", size="1024x1024", quality="low", stream=True, partial_images=2
    )
    events = list(stream)
    assert [event.type for event in events] == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    assert [opened(event).size for event in events] == [(1024, 1024)] * 3


def test_mistakes_are_named(sdk):
    with pytest.raises(openai.BadRequestError, match="You must provide n=1 for this model"):
        sdk.call(lambda client: client.images.generate(model="dall-e-3", prompt="x", n=2))


def test_moderation_tells_threats_from_processes(sdk):
    answer = sdk.call(
        lambda client: client.moderations.create(input=["I want to kill them.", "How do I kill the process?"])
    )
    assert [result.flagged for result in answer.results] == [True, False]
    assert answer.results[0].categories.harassment_threatening
    assert answer.results[0].category_applied_input_types.violence == ["text"]
