"""Speech and transcripts as the SDK asks for them; ffprobe opens every file."""

import json
import shutil
import subprocess

import openai
import pytest

TEXT = "The quick brown fox jumps over the lazy dog. Does it? Yes, it does, again and again."
CODECS = {"mp3": "mp3", "opus": "opus", "aac": "aac", "flac": "flac", "wav": "pcm_s16le"}

needs_ffprobe = pytest.mark.skipif(not shutil.which("ffprobe"), reason="ffprobe is not here")


def probed(path):
    entries = "stream=codec_name,sample_rate,channels,nb_read_packets:format=duration"
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-count_packets", "-show_entries", entries, "-of", "json", path],
        capture_output=True,
        check=True,
    )
    told = json.loads(told.stdout)
    stream = told["streams"][0]
    if path.suffix == ".aac":
        # ADTS says nowhere how long it is, and ffprobe guesses by the rate of its beginning: what it read is counted.
        return stream, int(stream["nb_read_packets"]) * 1024 / int(stream["sample_rate"])
    return stream, float(told["format"]["duration"])


def spoken(sdk, **more):
    wish = {"model": "gpt-4o-mini-tts", "input": TEXT, "voice": "coral"} | more
    return sdk.call(lambda client: client.audio.speech.create(**wish)).content


@needs_ffprobe
@pytest.mark.parametrize("format", CODECS)
def test_ffprobe_agrees_and_the_text_comes_back(sdk, tmp_path, format):
    seconds = len(spoken(sdk, response_format="pcm")) / 48_000
    path = tmp_path / f"speech.{format}"
    path.write_bytes(spoken(sdk, response_format=format))
    stream, duration = probed(path)
    assert (stream["codec_name"], stream["channels"]) == (CODECS[format], 1)
    # Opus always plays at 48 kHz.
    assert stream["sample_rate"] == ("48000" if format == "opus" else "24000")
    assert abs(duration / seconds - 1) <= 0.02
    file = (path.name, path.read_bytes())
    answer = sdk.call(lambda client: client.audio.transcriptions.create(model="gpt-4o-transcribe", file=file))
    assert answer.text == TEXT


@needs_ffprobe
@pytest.mark.parametrize("format", ["m4a", "webm", "ogg", "mpga"])
def test_what_ffmpeg_writes_is_heard(sdk, tmp_path, format):
    source = tmp_path / "speech.wav"
    source.write_bytes(spoken(sdk, response_format="wav"))
    path = tmp_path / f"speech.{format}"
    # Vorbis has no such rate for sound of 24 kHz.
    more = {"mpga": ["-b:a", "96k", "-f", "mp3"], "ogg": ["-q:a", "6"]}.get(format, ["-b:a", "96k"])
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, *more, path], check=True)
    file = (path.name, path.read_bytes())
    answer = sdk.call(
        lambda client: client.audio.transcriptions.create(
            model="whisper-1", file=file, response_format="verbose_json", timestamp_granularities=["word", "segment"]
        )
    )
    assert abs(answer.duration / probed(source)[1] - 1) <= 0.02
    assert answer.words and answer.segments and answer.words[-1].end <= answer.duration


def test_speech_and_transcripts_are_streamed(server):
    client = openai.OpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0)
    wish = {"model": "gpt-4o-mini-tts", "input": TEXT, "voice": "nova", "response_format": "wav"}
    with client.audio.speech.with_streaming_response.create(**wish) as answer:
        pieces = list(answer.iter_bytes())
    assert len(pieces) > 1
    stream = client.audio.transcriptions.create(
        model="gpt-4o-mini-transcribe", file=("a.wav", b"".join(pieces)), stream=True, include=["logprobs"]
    )
    *deltas, done = list(stream)
    assert done.type == "transcript.text.done" and done.text == TEXT
    assert "".join(delta.delta for delta in deltas) == TEXT


def test_mistakes_are_named(sdk):
    with pytest.raises(openai.BadRequestError, match="Supported values are: 'alloy'"):
        spoken(sdk, voice="nobody")
    with pytest.raises(openai.BadRequestError, match="Invalid file format"):
        sdk.call(lambda client: client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"nothing")))
