"""Videos as the SDK makes and fetches them."""

import json
import shutil
import subprocess

import pytest

# The SDK says that OpenAI's own videos end.
pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


def test_a_video_is_made_and_plays(sdk, tmp_path):
    video = sdk.call(
        lambda client: client.videos.create_and_poll(prompt="A cat", size="1280x720", seconds="4", poll_interval_ms=200)
    )
    assert (video.status, video.progress, video.seconds) == ("completed", 100, "4")
    content = sdk.call(lambda client: client.videos.download_content(video.id)).content
    assert content[4:8] == b"ftyp"
    picture = sdk.call(lambda client: client.videos.download_content(video.id, variant="thumbnail")).content
    assert picture[8:12] == b"WEBP"
    remix = sdk.call(lambda client: client.videos.remix(video.id, prompt="At night"))
    assert remix.remixed_from_video_id == video.id
    assert sdk.call(lambda client: client.videos.delete(video.id)).deleted
    if not shutil.which("ffprobe"):
        pytest.skip("ffprobe is not installed")
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(path)]
    probed = subprocess.run(command, capture_output=True, check=True, text=True)
    assert probed.stderr == ""
    (stream,) = json.loads(probed.stdout)["streams"]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", 1280, 720)
    assert (stream["r_frame_rate"], stream["nb_read_frames"], float(stream["duration"])) == ("30/1", "120", 4.0)
