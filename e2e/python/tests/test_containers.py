"""Containers, skills and what else is kept, as the SDK sends and reads it."""

import io
import zipfile

import openai
import pytest

SKILL = b"---\nname: greeting\ndescription: Says hello.\n---\n# Greeting\n"


def test_files_go_into_a_container_and_back(sdk):
    container = sdk.call(lambda client: client.containers.create(name="box", memory_limit="4g"))
    assert (container.status, container.memory_limit) == ("running", "4g")
    put = sdk.call(lambda client: client.containers.files.create(container.id, file=("a.csv", b"a,b")))
    assert (put.path, put.bytes) == ("/mnt/data/a.csv", 3)
    upload = sdk.call(lambda client: client.files.create(file=("b.csv", b"c,d,e"), purpose="user_data"))
    copy = sdk.call(lambda client: client.containers.files.create(container.id, file_id=upload.id))
    assert copy.bytes == 5
    content = sdk.call(lambda client: client.containers.files.content.retrieve(copy.id, container_id=container.id))
    assert content.content == b"c,d,e"
    listed = sdk.call(lambda client: client.containers.files.list(container.id)).data
    assert [file.id for file in listed] == [copy.id, put.id]
    sdk.call(lambda client: client.containers.delete(container.id))
    with pytest.raises(openai.NotFoundError):
        sdk.call(lambda client: client.containers.retrieve(container.id))


def test_code_runs_in_a_container(sdk):
    tools = [{"type": "code_interpreter", "container": {"type": "auto"}}]
    response = sdk.call(
        lambda client: client.responses.create(model="gpt-4o", input="Compute 12 * 34", tools=tools)
    )
    call = next(item for item in response.output if item.type == "code_interpreter_call")
    assert sdk.call(lambda client: client.containers.retrieve(call.container_id)).status == "running"


def test_a_skill_is_an_archive_with_its_files(http):
    files = [("files[]", ("greeting/SKILL.md", SKILL)), ("files[]", ("greeting/run.py", b"print('hello')"))]
    skill = http.post("/v1/skills", files=files).json()
    assert (skill["name"], skill["default_version"]) == ("greeting", "1")
    content = http.get(f"/v1/skills/{skill['id']}/content").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.read("greeting/SKILL.md") == SKILL
