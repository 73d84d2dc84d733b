"""Servers and clients for the tests."""

import httpx
import pytest

from process import Server
from sdk import KINDS


@pytest.fixture(scope="session")
def server():
    """One server with zero configuration, shared by every test that does not care what others did to it."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def start():
    """Starts servers with flags; they end with the test."""
    servers = []

    def start(*flags, **more):
        servers.append(Server(*flags, **more))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(params=KINDS)
def connect(request):
    """Connects the SDK to a base URL, once with its sync and once with its async client."""
    clients = []

    def connect(base_url, **options):
        clients.append(KINDS[request.param](base_url, **options))
        return clients[-1]

    connect.kind = request.param
    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def sdk(connect, server):
    """The SDK on the shared server."""
    return connect(server.base_url)


@pytest.fixture
def http(server):
    """Plain HTTP to the shared server."""
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        yield client


def pytest_report_header(config):
    import openai

    from process import BINARY

    return f"fakeai: {BINARY}, openai {openai.__version__}"
