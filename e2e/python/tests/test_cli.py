"""Every command of the command line against a real server."""

import csv
import io
import json
import os
import pty
import re
import select
import subprocess
import tempfile
import time

import httpx
import pytest

from process import BINARY, DEADLINE, environment, run


def ours(server, *arguments, **more):
    """Runs a command that finds the server through the environment."""
    outcome = run(*arguments, env={"FAKEAI_URL": server.url}, **more)
    assert outcome.returncode == 0, outcome.stderr
    return outcome


def test_status(start):
    # The errors that other tests cause would make a shared server unhealthy.
    server = start()
    text = ours(server, "status").stdout
    assert re.search(r"^status +healthy$", text, re.M)
    assert re.search(rf"^url +{re.escape(server.url)}$", text, re.M)
    assert json.loads(ours(server, "status", "--json").stdout)["status"] == "healthy"


def test_models(server):
    head, *rows = ours(server, "models").stdout.splitlines()
    assert head.split()[:2] == ["id", "owner"]
    assert len(rows) >= 80
    models = json.loads(ours(server, "models", "--json", "gpt-4o").stdout)
    assert models and all("gpt-4o" in model["id"] for model in models)
    nothing = run("models", "no-such-model", "--url", server.url)
    assert nothing.returncode == 1


def test_chat_asks_once(server):
    outcome = ours(server, "chat", "What is a token?", "--set", "max_tokens=5", "--set", "seed=1")
    assert outcome.stdout.strip()
    assert "5 answer tokens" in outcome.stderr
    whole = ours(server, "chat", "What is a token?", "--set", "max_tokens=5", "--set", "seed=1", "--no-stream")
    assert whole.stdout == outcome.stdout


def test_chat_reads_a_pipe(start):
    server = start("--reply", "echo")
    assert ours(server, "chat", "Summarise:", input="the notes\n").stdout.strip() == "Summarise:\n\nthe notes"
    assert ours(server, "chat", input="only the pipe").stdout.strip() == "only the pipe"
    assert run("chat", "--url", server.url, input="").returncode == 2


class Conversation:
    """`fakeai chat` at a terminal."""

    def __init__(self, server):
        self.terminal, theirs = pty.openpty()
        self.directory = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [BINARY, "chat", "--url", server.url],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=self.directory.name,
            env=environment(TERM="dumb"),
        )
        os.close(theirs)
        self.until_prompt()

    def until_prompt(self):
        """What is printed before the next prompt, or before the end."""
        text, deadline = "", time.monotonic() + DEADLINE
        while not re.search(r"(^|\n)> $", text):
            ready, _, _ = select.select([self.terminal], [], [], deadline - time.monotonic())
            assert ready, f"no prompt after: {text}"
            try:
                part = os.read(self.terminal, 4096)
            except OSError:  # the other end has closed
                part = b""
            if not part:
                return text
            text += part.decode().replace("\r\n", "\n")
        return text

    def say(self, line):
        os.write(self.terminal, f"{line}\n".encode())
        return self.until_prompt().removeprefix(f"{line}\n")

    def end(self):
        code = self.process.wait(DEADLINE)
        os.close(self.terminal)
        self.directory.cleanup()
        return code


def test_chat_converses(start):
    server = start("--reply", "echo", "--latency", "instant")
    talk = Conversation(server)
    assert "/model NAME" in talk.say("/help")
    assert "Hello there" in talk.say("Hello there")
    talk.say("/model gpt-4o")
    assert talk.say("/model").startswith("gpt-4o\n")
    talk.say("/system Be brief.")
    talk.say("Again")
    history = talk.say("/history")
    assert [word for word in ("Hello there", "Again") if word not in history] == []
    talk.say("/clear")
    assert "Again" not in talk.say("/history")
    assert "gpt-4o-mini" in talk.say("/models")
    assert "there is no command /nonsense" in talk.say("/nonsense")
    talk.say("/set temperature 9")
    assert "error: the server answered 400" in talk.say("Too hot")
    os.write(talk.terminal, b"/exit\n")
    assert talk.end() == 0
    seen = httpx.get(f"{server.url}/fakeai/requests", trust_env=False).json()["data"]
    bodies = [json.loads(entry["body"]) for entry in seen]
    assert [body["model"] for body in bodies] == ["gpt-4o-mini", "gpt-4o", "gpt-4o"]
    assert bodies[1]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert [message["content"] for message in bodies[1]["messages"]][1:] == ["Hello there", "Hello there", "Again"]


@pytest.mark.parametrize("format", ["pretty", "json", "prometheus"])
def test_metrics(server, format):
    ours(server, "chat", "Hi", "--set", "max_tokens=1")
    text = ours(server, "metrics", "--format", format).stdout
    if format == "json":
        assert json.loads(text)["streaming_stats"]["active_streams"] == 0
    elif format == "prometheus":
        assert 'fakeai_requests_total{endpoint="/v1/chat/completions"' in text
    else:
        assert "/v1/chat/completions" in text


def test_metrics_as_csv_are_rows_or_an_honest_error(server):
    outcome = run("metrics", "--format", "csv", "--url", server.url)
    if outcome.returncode == 0:
        rows = list(csv.reader(io.StringIO(outcome.stdout)))
        assert len(rows) > 1 and len({len(row) for row in rows}) == 1
    else:
        assert outcome.returncode == 1
        assert "404" in outcome.stderr


def test_metrics_watch_goes_on_until_interrupted(server):
    with subprocess.Popen(
        [BINARY, "metrics", "--format", "json", "--watch", "0.1", "--url", server.url],
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as process:
        ends = 0
        while ends < 2:
            ends += process.stdout.readline() == "}\n"
        process.send_signal(2)
        assert process.wait(DEADLINE) == 0


def test_cache_stats_are_the_servers_figures(server):
    outcome = run("cache-stats", "--url", server.url)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "cache_hit_rate" in outcome.stdout and "num_workers" in outcome.stdout
    figures = json.loads(run("cache-stats", "--json", "--url", server.url).stdout)
    assert figures["smart_router"]["config"] == {"block_size": None, "num_workers": 0}


def test_config_says_value_and_source(tmp_path):
    (tmp_path / "fakeai.toml").write_text("[generation]\nitl_ms = 15\n")
    outcome = run("config", "--seed", "9", env={"FAKEAI_TTFT_MS": "200"}, cwd=tmp_path)
    assert outcome.returncode == 0
    rows = {line.split()[0]: line.split()[1:] for line in outcome.stdout.splitlines()[1:]}
    assert rows["generation.itl_ms"] == ["15", "fakeai.toml:2"]
    assert rows["generation.ttft_ms"] == ["200", "env", "FAKEAI_TTFT_MS"]
    assert rows["generation.seed"] == ["9", "--seed"]
    assert rows["server.port"] == ["8000", "default"]
    listed = json.loads(run("config", "--format", "json").stdout)
    assert {"key": "server.port", "value": 8000, "source": "default"} in listed


def test_config_schema_is_a_schema(tmp_path):
    schema = json.loads(run("config", "schema").stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert {"server", "generation", "models", "security"} <= set(schema["properties"])
    port = schema["properties"]["server"]["properties"]["port"]
    assert (port["minimum"], port["maximum"], port["default"]) == (0, 65535, 8000)


@pytest.mark.parametrize("mode", ["--stream", "--no-stream"])
def test_bench(server, mode):
    arguments = ("bench", "--requests", "50", "--max-tokens", "5", mode)
    text = ours(server, *arguments).stdout
    assert text.startswith("50 answered, 0 failed in ")
    report = json.loads(ours(server, *arguments, "--json").stdout)
    assert (report["answered"], report["failed"], report["stream"]) == (50, 0, mode == "--stream")
    assert ("ttft_ms" in report) == (mode == "--stream")


def test_bench_says_what_failed(start):
    server = start("--strict-models")
    outcome = run("bench", "--requests", "5", "--model", "gpt-99", "--url", server.url)
    assert outcome.returncode == 1
    assert "404 model_not_found" in outcome.stdout
    assert "5 requests failed" in outcome.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions(shell):
    outcome = run("completions", shell)
    assert outcome.returncode == 0
    assert "cache-stats" in outcome.stdout and "fakeai" in outcome.stdout
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=outcome.stdout, text=True).returncode == 0


@pytest.mark.parametrize("command", ["status", "models", "chat hi", "metrics", "cache-stats", "bench -n 1"])
def test_without_a_server_commands_say_how_to_start_one(command):
    outcome = run(*command.split(), "--url", "http://127.0.0.1:1")
    assert outcome.returncode == 1
    assert "127.0.0.1:1" in outcome.stderr + outcome.stdout


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["status", "--nonsense"], ["metrics", "--format", "xml"], ["bench", "-n", "0"]])
def test_wrong_calls_exit_with_2(arguments):
    outcome = run(*arguments)
    assert (outcome.returncode, outcome.stdout) == (2, "")


@pytest.mark.parametrize(
    "command", ["", "server", "status", "models", "chat", "metrics", "cache-stats", "config", "bench", "completions"]
)
def test_help_has_examples(command):
    outcome = run(*command.split(), "--help")
    assert outcome.returncode == 0
    assert "Usage: fakeai" in outcome.stdout
    if command:
        assert f"fakeai {command}" in outcome.stdout.split("Examples:")[1]


def test_version():
    assert re.fullmatch(r"fakeai \d+\.\d+\.\d+\n", run("--version").stdout)
