"""A running server per module."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from splunklib import client

from harness.server.config import ServerConfig
from harness.server.server import RunningServer, Server
from tests.server.wire import PASSWORD, Rest


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with Server(ServerConfig(password=PASSWORD)).start() as running:
        yield running


@pytest.fixture(scope="module")
def rest(server: RunningServer) -> Rest:
    return Rest(server)


@pytest.fixture(scope="module")
def service(server: RunningServer) -> client.Service:
    url = urlsplit(server.rest_url)
    return client.connect(
        host=url.hostname, port=url.port, username=server.username, password=server.password, autologin=True
    )
