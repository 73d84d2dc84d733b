"""The SDK's `realtime.connect`: spoken conversations with functions and interruptions, over one WebSocket."""

import asyncio
import base64
import json

import openai
import pytest
from websockets.exceptions import InvalidStatus

MODEL = "gpt-realtime"
# 100 ms of 24 kHz, two bytes a sample.
PIECE = 4800
SILENCE = bytes(PIECE)
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def session(**more):
    audio = {"input": {"transcription": {"model": "gpt-4o-transcribe"}}, "output": {"voice": "marin"}}
    return {"type": "realtime", "audio": audio} | more


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=server.base_url, api_key="sk-realtime", max_retries=0) as client:
        yield client


def spoken(client, text):
    """The sound of somebody who says it."""
    return client.audio.speech.create(model="gpt-4o-mini-tts", voice="ash", input=text, response_format="pcm").content


def pieces(sound, quiet=10):
    """Sound as clients send it, and silence after it."""
    for start in range(0, len(sound), PIECE):
        yield base64.b64encode(sound[start : start + PIECE]).decode()
    for _ in range(quiet):
        yield base64.b64encode(SILENCE).decode()


def until(connection, kind):
    events = []
    for event in connection:
        events.append(event)
        assert event.type != "error", event
        if event.type == kind:
            return events


def say(connection, client, text, quiet=10):
    for piece in pieces(spoken(client, text), quiet):
        connection.input_audio_buffer.append(audio=piece)


def sound_of(events):
    deltas = (event.delta for event in events if event.type == "response.output_audio.delta")
    return b"".join(base64.b64decode(delta) for delta in deltas)


HEARD = "conversation.item.input_audio_transcription.completed"


def is_turn(events):
    """Whether what was said has been answered and written down, whichever is first."""
    return {HEARD, "response.done"} <= {event.type for event in events}


def turn(connection):
    events = []
    for event in connection:
        events.append(event)
        assert event.type != "error", event
        if is_turn(events):
            return events


def transcript_of(events):
    [done] = [event for event in events if event.type == HEARD]
    return done.transcript


def response_of(events):
    [done] = [event for event in events if event.type == "response.done"]
    return done.response


def answer_of(events):
    return response_of(events).output[0].content[0].transcript


def test_a_spoken_exchange_of_two_turns_with_a_function_and_an_interruption(start):
    # Sound leaves as fast as it is spoken, so that there is something to interrupt.
    server = start("--speech-rtf", "1")
    client = openai.OpenAI(base_url=server.base_url, api_key="sk-realtime", max_retries=0)
    with client, client.realtime.connect(model=MODEL) as connection:
        assert connection.recv().type == "session.created"
        connection.session.update(session=session(tools=[WEATHER]))
        assert connection.recv().session.audio.output.voice == "marin"

        # First turn: a function is called, its result is spoken about.
        say(connection, client, "What is the weather in Paris?")
        events = turn(connection)
        kinds = [event.type for event in events]
        assert kinds.index("input_audio_buffer.speech_started") < kinds.index("input_audio_buffer.speech_stopped")
        assert transcript_of(events) == "What is the weather in Paris?"
        [call] = response_of(events).output
        assert (call.type, call.name) == ("function_call", "get_weather")
        assert json.loads(call.arguments)["city"] == "Paris"
        result = {"type": "function_call_output", "call_id": call.call_id, "output": '{"temperature": 21}'}
        connection.conversation.item.create(item=result)
        connection.response.create()
        events = until(connection, "response.done")
        assert "21" in answer_of(events)
        sound = sound_of(events)
        usage = events[-1].response.usage
        assert usage.output_token_details.audio_tokens == -(-len(sound) // 2400)
        # What is heard is what was written down.
        heard = client.audio.transcriptions.create(
            model="gpt-4o-transcribe", file=("answer.wav", wav(sound), "audio/wav")
        )
        assert heard.text == answer_of(events).strip()

        # Second turn: the answer is interrupted.
        say(connection, client, "Tell me a long story about a dragon.")
        until(connection, "response.output_audio.delta")
        say(connection, client, "Stop. What is the capital of France?")
        events = until(connection, "response.done")
        response = events[-1].response
        assert response.status == "cancelled" and response.status_details.reason == "turn_detected"
        [story] = response.output
        connection.conversation.item.truncate(item_id=story.id, content_index=0, audio_end_ms=100)
        events = until(connection, "response.done")
        assert "conversation.item.truncated" in [event.type for event in events]
        assert "Paris" in answer_of(events)


def wav(sound):
    import io
    import wave

    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(24000)
        out.writeframes(sound)
    return file.getvalue()


def test_the_async_client_holds_a_conversation(server):
    async def talk():
        async with openai.AsyncOpenAI(base_url=server.base_url, api_key="sk-realtime") as client:
            speech = await client.audio.speech.create(
                model="gpt-4o-mini-tts", voice="ash", input="What is 7 plus 5?", response_format="pcm"
            )
            async with client.realtime.connect(model=MODEL) as connection:
                await connection.session.update(session=session())
                for piece in pieces(speech.content):
                    await connection.input_audio_buffer.append(audio=piece)
                events = []
                async for event in connection:
                    assert event.type != "error", event
                    events.append(event)
                    if is_turn(events):
                        return events

    events = asyncio.run(talk())
    assert transcript_of(events) == "What is 7 plus 5?"
    assert "12" in answer_of(events)
    assert len(sound_of(events)) > PIECE


def test_words_are_answered_in_words(client):
    with client.realtime.connect(model=MODEL) as connection:
        connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        content = [{"type": "input_text", "text": "What is the capital of Japan?"}]
        connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
        connection.response.create()
        events = until(connection, "response.done")
        said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        assert "Tokyo" in said == events[-1].response.output[0].content[0].text or "Tokyo" in said


def test_the_session_outlives_what_is_wrong(client):
    with client.realtime.connect(model=MODEL) as connection:
        assert connection.recv().type == "session.created"
        connection.send({"type": "no.such", "event_id": "mine"})
        error = connection.recv().error
        assert (error.code, error.param, error.event_id) == ("invalid_value", "type", "mine")
        connection.response.cancel()
        assert connection.recv().error.code == "response_cancel_not_active"
        connection.response.create(response={"output_modalities": ["text"]})
        assert until(connection, "response.done")[-1].response.status == "completed"


def test_the_beta_has_its_own_names(server):
    # The SDK's beta takes wss for granted.
    websocket = server.base_url.replace("http", "ws", 1)
    client = openai.OpenAI(base_url=server.base_url, websocket_base_url=websocket, api_key="sk-realtime")
    with client, client.beta.realtime.connect(model="gpt-4o-realtime-preview") as connection:
        created = json.loads(connection.recv_bytes())
        assert created["session"]["modalities"] == ["audio", "text"]
        update = {"type": "session.update", "session": {"modalities": ["text"], "turn_detection": None}}
        connection.send(update)
        connection.send({"type": "response.create"})
        kinds = []
        while "response.done" not in kinds:
            kinds.append(json.loads(connection.recv_bytes())["type"])
        assert {"response.text.delta", "response.text.done"} < set(kinds)


def test_a_session_needs_a_key(start):
    server = start("--api-key", "sk-mine")
    for key, is_good in [("sk-mine", True), ("sk-other", False)]:
        client = openai.OpenAI(base_url=server.base_url, api_key=key)
        if is_good:
            with client.realtime.connect(model=MODEL) as connection:
                assert connection.recv().type == "session.created"
        else:
            with pytest.raises(InvalidStatus) as refused, client.realtime.connect(model=MODEL):
                pass
            assert refused.value.response.status_code == 401


def test_a_key_for_a_session_is_good_for_that_only(start):
    server = start("--api-key", "sk-mine")
    with openai.OpenAI(base_url=server.base_url, api_key="sk-mine") as client:
        wish = {"type": "realtime", "model": "gpt-realtime-mini", "output_modalities": ["text"], "instructions": "Be kind."}
        secret = client.realtime.client_secrets.create(session=wish, expires_after={"anchor": "created_at", "seconds": 60})
    assert secret.value.startswith("ek_") and secret.session.instructions == "Be kind."
    with openai.OpenAI(base_url=server.base_url, api_key=secret.value, max_retries=0) as client:
        with client.realtime.connect(model="gpt-realtime-mini") as connection:
            assert connection.recv().session.instructions == "Be kind."
        with pytest.raises(openai.AuthenticationError):
            client.models.list()


def test_a_transcription_session_writes_down_what_is_said(client):
    with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
        assert connection.recv().session.type == "transcription"
        transcription = {"model": "gpt-4o-transcribe", "language": "en"}
        connection.session.update(session={"type": "transcription", "audio": {"input": {"transcription": transcription}}})
        say(connection, client, "The quick brown fox jumps over the lazy dog.")
        events = until(connection, HEARD)
        deltas = [event.delta for event in events if event.type.endswith("transcription.delta")]
        assert "".join(deltas) == events[-1].transcript == "The quick brown fox jumps over the lazy dog."
        assert events[-1].usage.input_token_details.audio_tokens > 10


def test_a_call_that_rings_is_answered(client, http):
    call = http.post("/fakeai/realtime/calls", json={"from": "sip:ada@example.com"}).json()
    client.realtime.calls.accept(call["id"], type="realtime", instructions="Answer the telephone.")
    with client.realtime.connect(call_id=call["id"]) as connection:
        assert connection.recv().session.instructions == "Answer the telephone."
        client.realtime.calls.hangup(call["id"])
        with pytest.raises(Exception, match="call_ended"):
            connection.recv()
