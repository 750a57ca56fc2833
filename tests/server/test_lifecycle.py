"""Starting and stopping a server."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from harness.errors import BackendError
from harness.server.config import ServerConfig
from harness.server.server import Server
from tests.server.wire import PASSWORD, Rest


def test_it_serves_on_loopback_over_tls_with_a_password_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server().start() as running:
        assert running.rest_url.startswith("https://127.0.0.1:")
        assert running.hec_url.startswith("https://127.0.0.1:")
        assert len(running.password) >= 20
        rest = Rest(running)
        assert rest("GET", "/services/server/info", headers=rest.basic(password=running.password)).status == 200
    with Server().start() as another:
        assert another.password != running.password


def test_it_starts_and_stops_in_a_moment() -> None:
    Server().start().stop()  # imports
    started = time.perf_counter()
    for _ in range(5):
        Server().start().stop()
    assert time.perf_counter() - started < 2


def test_a_taken_port_is_an_error_that_says_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BackendError, match=f"management port {port} on 127.0.0.1 cannot be had") as found:
            Server(ServerConfig(port=port)).start()
        assert "--port" in found.value.hint
        with pytest.raises(BackendError, match=f"event collector's port {port}"):
            Server(ServerConfig(hec_port=port)).start()


def test_given_ports_are_used() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Server(ServerConfig(port=port)).start() as running:
        assert running.rest_url == f"https://127.0.0.1:{port}"


def test_it_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    with Server(ServerConfig(password=PASSWORD)).start() as running:
        Rest(running).search("| makeresults")
    assert {thread.name for thread in set(threading.enumerate()) - before if thread.name.startswith("splunk")} == set()


def test_stopping_ends_a_client_that_waits_for_a_paused_job() -> None:
    """Nobody hangs on a server that is gone."""
    running = Server(ServerConfig(password=PASSWORD, search_threads=1)).start()
    rest = Rest(running)
    release = threading.Event()
    running.instance.jobs._pool.submit(release.wait, 10)  # the only thread is busy
    sid = rest.post("/services/search/jobs", search="| makeresults").json["sid"]
    assert rest.post(f"/services/search/jobs/{sid}/control", action="pause").status == 200
    release.set()
    started = time.perf_counter()
    running.stop()
    assert time.perf_counter() - started < 2
    running.stop()  # a second time does nothing


def test_a_body_beyond_the_limit_is_refused() -> None:
    with Server(ServerConfig(password=PASSWORD, max_form_bytes=1000)).start() as running:
        assert Rest(running).post("/services/search/jobs", search="x" * 2000).status == 413
