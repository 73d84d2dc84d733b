"""One server for the frameworks, and what each of them needs to find it."""

import os

import httpx
import pytest

from process import Server

# Nothing may be told to anybody but the server under test, and nobody's own keys and addresses may leak in.
for name in [name for name in os.environ if name.startswith(("OPENAI_", "LANGCHAIN_", "LANGSMITH_"))]:
    del os.environ[name]
os.environ |= {
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
    "NO_PROXY": "127.0.0.1",
}


@pytest.fixture(scope="session")
def server():
    """One server with zero configuration."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def needs(server):
    """Skips a test whose routes are not there."""

    def needs(path):
        answer = httpx.post(f"{server.url}{path}", json={}, trust_env=False)
        if answer.status_code == 404 and answer.json()["error"]["message"].startswith("Invalid URL"):
            pytest.skip(f"{path} is not built")

    return needs
