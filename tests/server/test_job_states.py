"""Jobs on their way: paused, cancelled, queued."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from harness.server.config import ServerConfig
from harness.server.jobs import State
from harness.server.server import Server
from tests.server.wire import PASSWORD, Rest

JOBS = "/services/search/v2/jobs"


RUNNING = {
    "canSummarize", "dropCount", "eventAvailableCount", "eventCount", "eventFieldCount", "eventIsStreaming",
    "eventIsTruncated", "eventSearch", "eventSorting", "fieldMetadataResults", "fieldMetadataStatic",
    "indexEarliestTime", "indexLatestTime", "isBatchModeSearch", "isRealTimeSearch", "isRemoteTimeline",
    "isTimeCursored", "is_prjob", "keywords", "normalizedSearch", "optimizedSearch", "phase0", "phase1",
    "remoteSearch", "reportSearch", "resultCount", "resultIsStreaming", "runDuration", "scanCount",
    "searchCanBeEventType", "searchTelemetry", "searchTotalBucketsCount", "searchTotalEliminatedBucketsCount",
}  # fmt: skip
"""What a job has from the moment that it runs. Splunk also tells ``fieldMetadataEvents``."""


@pytest.fixture
def busy() -> Iterator[tuple[Rest, threading.Event]]:
    """A server whose only search thread is busy until the event is set."""
    with Server(ServerConfig(password=PASSWORD, search_threads=1)).start() as running:
        release = threading.Event()
        running.instance.jobs._pool.submit(release.wait, 20)
        yield Rest(running), release
        release.set()


def content(rest: Rest, sid: str) -> dict[str, object]:
    return dict(rest.get(f"{JOBS}/{sid}").json["entry"][0]["content"])


@pytest.mark.measured("M3.11", "M3.12", "M3.13", "M3.24")
def test_a_job_that_waits_has_the_early_members_only(busy: tuple[Rest, threading.Event]) -> None:
    rest, _ = busy
    sid = rest.post(JOBS, search="| makeresults").json["sid"]
    found = content(rest, sid)
    assert found["dispatchState"] == "QUEUED"
    assert found["isDone"] is False
    assert len(found) == 36
    assert RUNNING.isdisjoint(found)
    assert rest.get(f"{JOBS}/{sid}/results").status == 204


def test_a_job_that_is_done_has_all_members(rest: Rest) -> None:
    rest.post(JOBS, search="search index=main", exec_mode="blocking", id="whole")
    found = content(rest, "whole")
    assert found.keys() >= RUNNING
    assert len(found) == 36 + len(RUNNING)


@pytest.mark.measured("M3.32")
def test_a_paused_job_is_not_done_until_it_goes_on(busy: tuple[Rest, threading.Event]) -> None:
    rest, release = busy
    sid = rest.post(JOBS, search="| makeresults").json["sid"]
    rest.post(f"{JOBS}/{sid}/control", action="pause")
    release.set()
    rest.post(JOBS, search="| makeresults", exec_mode="blocking")  # the thread has passed the paused job
    found = content(rest, sid)
    assert (found["dispatchState"], found["isPaused"], found["isDone"]) == ("PAUSE", True, False)
    rest.post(f"{JOBS}/{sid}/control", action="unpause")
    rest.post(JOBS, search="| makeresults", exec_mode="blocking")
    found = content(rest, sid)
    assert (found["dispatchState"], found["isPaused"], found["resultCount"]) == ("DONE", False, 1)


@pytest.mark.measured("N3.14")
def test_a_job_whose_rows_are_there_is_finalizing_with_all_of_its_progress(rest: Rest) -> None:
    rest.post(JOBS, search="| makeresults", exec_mode="blocking", id="ending")
    job = rest.server.instance.jobs.get("ending")
    job.state = State.FINALIZING
    found = content(rest, "ending")
    assert (found["dispatchState"], found["doneProgress"], found["isDone"]) == ("FINALIZING", 1, False)
    job.state = State.DONE
    assert content(rest, "ending")["dispatchState"] == "DONE"


@pytest.mark.measured("M3.31")
def test_a_cancelled_job_ends_who_waits_for_it(busy: tuple[Rest, threading.Event]) -> None:
    rest, release = busy
    waiting = threading.Thread(
        target=rest.post, args=(JOBS,), kwargs={"search": "| makeresults", "exec_mode": "blocking", "id": "mine"}
    )
    waiting.start()
    deadline = 200
    while rest.get(f"{JOBS}/mine").status == 404 and deadline:
        deadline -= 1
    assert rest.post(f"{JOBS}/mine/control", action="cancel").status == 200
    release.set()
    waiting.join(10)
    assert not waiting.is_alive()


def test_blocking_clients_do_not_keep_others_from_being_answered(busy: tuple[Rest, threading.Event]) -> None:
    """A blocking dispatch waits without a thread: many more of them than threads, and the server still answers."""
    rest, release = busy
    threads = [
        threading.Thread(target=rest.post, args=(JOBS,), kwargs={"search": "| makeresults", "exec_mode": "blocking"})
        for _ in range(60)
    ]
    for thread in threads:
        thread.start()
    assert rest.get("/services/server/info").status == 200
    release.set()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
