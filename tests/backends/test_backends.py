"""The two backends do the same, and leave nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from harness.backends.base import Backend
from harness.backends.embedded import EmbeddedBackend
from harness.backends.remote import RemoteBackend
from harness.client.hec import Target
from harness.errors import BackendError
from harness.knowledge.knowledge import Knowledge
from harness.runner.replaying import census
from harness.server.config import ServerConfig
from harness.server.server import RunningServer, Server

DATA = b"2026-01-02T03:04:05Z one\n2026-01-02T03:04:06Z two\n"


def target(session: Any) -> Target:
    return Target("s", "t", session.index, session.host)


@pytest.fixture
def server() -> Iterator[RunningServer]:
    config = ServerConfig(knowledge=Knowledge.load([]), indexes=("risk", "notable", "special"))
    with Server(config).start() as running:
        yield running


def remote(server: RunningServer) -> RemoteBackend:
    return RemoteBackend(server.rest_url, {"HARNESS_USERNAME": server.username, "HARNESS_PASSWORD": server.password})


@pytest.fixture(params=["embedded", "remote"])
def backend(request: pytest.FixtureRequest, server: RunningServer) -> Iterator[Backend]:
    found: Backend = remote(server) if request.param == "remote" else EmbeddedBackend(lambda: Knowledge.load([]))
    info = found.start()
    assert info.kind == request.param
    assert info.version
    yield found
    found.stop()
    found.stop()


def test_what_is_sent_is_found_by_a_search_that_names_no_index(backend: Backend) -> None:
    with backend.session() as session:
        session.hec.send_raw(DATA, target(session))
        assert session.client.search("search one OR two").result_count == 2
        assert session.client.count("search two") == 1
        assert session.client.ask("search one | stats count") == [{"count": "1"}]
        assert [found.events for found in census(session)] == [2]


def test_the_next_session_sees_none_of_it(backend: Backend) -> None:
    with backend.session() as session:
        session.use_index("special")
        session.hec.send_raw(DATA, target(session))
        session.hec.send_raw(DATA, Target("s", "t", "special", session.host))
        assert session.client.count("search index=* one") == 2
    with backend.session() as session:
        assert session.client.count("search index=* one") == 0


def test_a_session_that_ends_in_an_error_is_cleaned_up_too(backend: Backend) -> None:
    def broken() -> None:
        with backend.session() as session:
            session.hec.send_raw(DATA, target(session))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    with backend.session() as session:
        assert session.client.count("search index=* one") == 0


def test_a_saved_search_runs_at_the_moment_of_its_schedule(backend: Backend) -> None:
    moment = 1_767_351_600.0  # 2026-01-02T11:00:00Z
    with backend.session() as session:
        session.hec.send_raw(b"2026-01-02T10:30:00Z one\n", target(session))
        name = session.saved_search_name("Test - One - Rule")
        session.approach(moment)
        settings = {
            "is_scheduled": "1",
            "cron_schedule": "0 * * * *",
            "dispatch.earliest_time": "-70m@m",
            "dispatch.latest_time": "-10m@m",
        }
        with session.client.service() as service:
            service.saved_searches.create(name, "one | eval seen=now() | table seen", **settings)
        (sid,) = session.run_scheduled(name, moment).sids
        outcome = session.client.outcome(sid)
        assert outcome.rows == [{"seen": str(int(moment))}]
        assert (outcome.earliest, outcome.latest) == (moment - 4200, moment - 600)


def test_the_embedded_backend_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    backend = EmbeddedBackend(lambda: Knowledge.load([]))
    backend.start()
    with backend.session():
        pass
    backend.stop()
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(10)  # an idle worker of the event loop needs a moment to notice that the loop is gone
    assert [thread.name for thread in left if thread.is_alive()] == []


def everything(server: RunningServer) -> dict[str, Any]:
    """What a client can see of a server that a test might have changed."""
    from harness.client.address import parse_address
    from harness.client.rest import SplunkClient

    login = {"HARNESS_USERNAME": server.username, "HARNESS_PASSWORD": server.password}
    client = SplunkClient(parse_address(server.rest_url, login))
    return {
        "indexes": [entry.name for entry in client.get("data/indexes", count=0)],
        "tokens": [entry.name for entry in client.get("data/inputs/http", count=0)],
        "saved": [entry.name for entry in client.get("saved/searches", count=0)],
        "role": _role(client),
        "events": client.ask("| tstats count where index=* by index"),
    }


def _role(client: Any) -> dict[str, Any]:
    content = client.get("authorization/roles/admin")[0].content
    return {key: content[key] for key in ("srchIndexesDefault", "srchIndexesAllowed", "imported_roles", "capabilities")}


def test_a_remote_splunk_is_left_as_it_was_found(server: RunningServer) -> None:
    before = everything(server)
    backend = remote(server)
    backend.start()
    with backend.session() as session:
        during = everything(server)
        assert len(during["indexes"]) == len(before["indexes"]) + 1
        assert during["role"] != before["role"]
        session.use_index("special")
        session.hec.send_raw(DATA, target(session))
        session.hec.send_raw(DATA, Target("s", "t", "special", session.host))
        name = session.saved_search_name("Test - One - Rule")
        with session.client.service() as service:
            service.saved_searches.create(name, "search one")
    assert everything(server) == before


def test_an_index_that_a_remote_splunk_does_not_have_is_not_made(server: RunningServer) -> None:
    backend = remote(server)
    backend.start()
    with pytest.raises(BackendError, match="wants its data in the index nowhere"), backend.session() as session:
        session.use_index("nowhere")
