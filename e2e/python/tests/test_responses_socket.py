"""The SDK's `responses.connect`: responses over one WebSocket."""

import json

import openai
import pytest
from websockets.sync.client import connect as open_socket


@pytest.fixture
def connection(server):
    client = openai.OpenAI(base_url=server.base_url, api_key="sk-socket")
    with client.responses.connect() as connection:
        yield connection


def answer(connection, **request):
    """The events of one response, up to its end."""
    connection.response.create(**{"model": "gpt-4o", "input": "Tell me about the sea."} | request)
    return until(connection, {"response.completed", "response.incomplete", "error"})


def until(connection, kinds):
    events = []
    for event in connection:
        events.append(event)
        if event.type in kinds:
            return events


def said(events):
    return "".join(event.delta for event in events if event.type == "response.output_text.delta")


def test_events_are_those_of_a_stream(connection):
    events = answer(connection)
    assert events[0].type == "response.created" and events[-1].type == "response.completed"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert said(events) == events[-1].response.output[0].content[0].text != ""


def test_a_conversation_goes_on_over_the_same_socket(connection):
    first = answer(connection, input="My boat is called Albatross.")[-1].response
    second = answer(connection, input="And now?", previous_response_id=first.id)[-1].response
    assert second.previous_response_id == first.id
    assert second.usage.input_tokens > first.usage.input_tokens


def test_lanes_run_side_by_side_and_are_named(connection):
    for lane in ["a", "b"]:
        connection.send({"type": "response.create", "stream_id": lane, "model": "gpt-4o", "input": f"lane {lane}"})
    ended = set()
    while ended != {"a", "b"}:
        [*_, last] = until(connection, {"response.completed"})
        ended.add(last.stream_id)


def test_what_is_wrong_is_an_error_event_and_the_socket_lives(server, connection):
    for request, code in [
        ({"previous_response_id": "resp_none"}, "previous_response_not_found"),
        ({"background": True}, "unsupported_parameter"),
        ({"temperature": 9}, "decimal_above_max_value"),
    ]:
        [error] = answer(connection, **request)
        assert (error.type, error.status, error.error.code) == ("error", 400, code)
    url = server.base_url.replace("http://", "ws://") + "/responses"
    with open_socket(url) as socket:
        for garbage in ["", "nonsense", "[]", "{}", '{"type": "session.update"}', '{"type": 7}', b"\x00\x01",
                        '{"type": "response.create", "stream_id": "with space"}', "{" * 10_000]:
            socket.send(garbage)
            assert json.loads(socket.recv(timeout=10))["type"] == "error"
        socket.send(json.dumps({"type": "response.create", "model": "gpt-4o", "input": "still there?"}))
        assert json.loads(socket.recv(timeout=10))["type"] == "response.created"


def test_a_plain_request_is_told_to_upgrade(http):
    answer = http.get("/v1/responses")
    assert (answer.status_code, answer.json()["error"]["code"]) == (426, "upgrade_required")


def test_a_stopping_server_closes_the_socket(start):
    server = start("--grace", "1")
    with open_socket(server.base_url.replace("http://", "ws://") + "/responses") as socket:
        server.stop()
        with pytest.raises(Exception, match="(?i)clos|1005|1000"):
            socket.recv(timeout=10)
