"""The release binary as a process of its own: started, waited for, watched, stopped."""

import os
import queue
import re
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("FAKEAI_BINARY", REPOSITORY / "target/release/fakeai")).resolve()

# How long anything may take before a test gives up. Nothing is asserted about time itself.
DEADLINE = 30.0


def environment(**more):
    """The environment without what would configure the server or a client."""
    ours = ("FAKEAI_", "OPENAI_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(ours)}
    return kept | more


def run(*arguments, env=None, **more):
    """Runs a command of the binary to its end, in an empty directory unless `cwd` says otherwise."""
    with tempfile.TemporaryDirectory() as directory:
        more.setdefault("cwd", directory)
        if "input" not in more:
            more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(
            [BINARY, *map(str, arguments)],
            env=environment(**(env or {})),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            **more,
        )


class Server:
    """A running `fakeai server` on a free port, in an empty directory."""

    def __init__(self, *flags, env=None):
        self.directory = tempfile.TemporaryDirectory()
        flags = [str(flag) for flag in flags]
        if "--uds" not in flags and "--port" not in flags:
            flags += ["--port", "0"]
        self.log_path = Path(self.directory.name) / "stderr.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [BINARY, "server", *flags],
                cwd=self.directory.name,
                env=environment(**(env or {})),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.output = ""
        self.url = self.expect(r"listens on (\S+)").group(1)
        self.expect(r"stop +Ctrl-C")

    @property
    def base_url(self):
        return f"{self.url}/v1"

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    @property
    def log(self):
        return self.log_path.read_text()

    def expect(self, pattern):
        """Waits for a line of the output that matches."""
        while True:
            line = self._lines.get(timeout=DEADLINE)
            if line is None:
                raise AssertionError(f"the server ended with {self.wait()}:\n{self.output}\n{self.log}")
            self.output += line
            if found := re.search(pattern, line):
                return found

    def terminate(self):
        """Asks it to stop, as an init system does."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        return self.process.wait(DEADLINE)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.directory.cleanup()

    def _read(self):
        try:
            for line in self.process.stdout:
                self._lines.put(line)
        except ValueError:  # closed by stop()
            pass
        self._lines.put(None)


def until(holds):
    """Asks until it holds. The only way in which tests wait."""
    deadline = time.monotonic() + DEADLINE
    while not (result := holds()):
        assert time.monotonic() < deadline, "it never came to hold"
    return result
