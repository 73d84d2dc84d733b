"""Files and uploads as the SDK sends and reads them."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

LINES = "".join(json.dumps({"line": number}) + "\n" for number in range(5000)).encode()


def test_a_file_goes_there_and_back(sdk):
    file = sdk.call(lambda client: client.files.create(file=("../lines.jsonl", LINES), purpose="fine-tune"))
    assert (file.filename, file.bytes, file.purpose) == ("lines.jsonl", len(LINES), "fine-tune")
    assert sdk.call(lambda client: client.files.retrieve(file.id)) == file
    assert file.id in [one.id for one in sdk.call(lambda client: client.files.list(purpose="fine-tune")).data]
    assert sdk.call(lambda client: client.files.content(file.id)).content == LINES
    part = sdk.call(lambda client: client.files.content(file.id, extra_headers={"Range": "bytes=10-19"}))
    assert part.content == LINES[10:20]
    assert sdk.call(lambda client: client.files.delete(file.id)).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.call(lambda client: client.files.retrieve(file.id))


def test_the_wrong_line_is_named(sdk):
    with pytest.raises(openai.BadRequestError, match="Line 2 is not a dictionary"):
        sdk.call(lambda client: client.files.create(file=("x.jsonl", b"{}\n[]\n"), purpose="batch"))


def test_files_expire(sdk):
    expires = {"anchor": "created_at", "seconds": 7200}
    file = sdk.call(
        lambda client: client.files.create(file=("x.txt", b"x"), purpose="user_data", expires_after=expires)
    )
    assert file.expires_at - file.created_at == 7200


def test_parts_become_a_file(server):
    client = openai.OpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0)
    upload = client.uploads.create(
        bytes=len(LINES), filename="lines.jsonl", mime_type="text/jsonl", purpose="fine-tune"
    )
    pieces = [LINES[start : start + 10_000] for start in range(0, len(LINES), 10_000)]
    with ThreadPoolExecutor(4) as several:
        parts = list(several.map(lambda piece: client.uploads.parts.create(upload.id, data=piece), pieces))
    ids = [part.id for part in parts]
    with pytest.raises(openai.BadRequestError, match="MD5"):
        client.uploads.complete(upload.id, part_ids=ids, md5="0" * 32)
    done = client.uploads.complete(upload.id, part_ids=ids, md5=hashlib.md5(LINES).hexdigest())
    assert done.status == "completed"
    assert client.files.content(done.file.id).content == LINES


def test_the_sdk_sends_large_files_in_parts(server, tmp_path):
    client = openai.OpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0)
    path = tmp_path / "large.jsonl"
    path.write_bytes(LINES * 20)
    done = client.uploads.upload_file_chunked(
        file=path, mime_type="text/jsonl", purpose="fine-tune", part_size=300_000
    )
    assert client.files.content(done.file.id).content == LINES * 20
