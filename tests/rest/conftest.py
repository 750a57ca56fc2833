"""Exchanges that only read share one server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.server.config import ServerConfig
from harness.server.server import Server
from tests.server.wire import PASSWORD, Rest


@pytest.fixture(scope="session")
def reader() -> Iterator[Rest]:
    with Server(ServerConfig(password=PASSWORD)).start() as running:
        yield Rest(running)
