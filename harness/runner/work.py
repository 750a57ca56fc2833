"""What is handed to a worker and what comes back, and the worker that is this process itself."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from msgspec.structs import replace

from harness.errors import HarnessError
from harness.runner.draft import Draft, Tools
from harness.runner.events import Event, TestId, TestRepeated
from harness.runner.kinds import kind_of
from harness.runner.record import Attempt, BackendRecord, Level, Status, TestRecord
from harness.runner.subject import PlannedTest
from harness.runner.verdict import Verdict, judge_attempts, judge_error, judge_known


@dataclass(frozen=True, slots=True)
class Work:
    """Tests to run one after another. ``earlier`` are the results of the detection's tests before them. What does
    not pass is run again, up to ``reruns`` times."""

    tests: tuple[PlannedTest, ...]
    earlier: tuple[TestRecord, ...] = ()
    reruns: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """A test's result, and what happened until then. ``settled``: run again it would end the same way."""

    result: TestRecord
    events: tuple[Event, ...] = ()
    settled: bool = False


class WorkerDied(Exception):
    """The process that ran a test is gone; its text says how it ended."""


class Workers(Protocol):
    """Whoever runs tests. A future brings a :class:`Done` for each test, or raises WorkerDied or a BackendError.

    Any executor of ``concurrent.futures`` can stand behind it: :func:`perform` does the work, wherever it is.
    """

    slots: int
    """How many pieces of work are run at a time."""

    def begin(self, backend: BackendRecord) -> None:
        """Told once, before the first work, what the record will say of the backend. Raises BackendError where a worker
        has another."""

    def submit(self, work: Work) -> Future[list[Done]]:
        """Have it run."""

    def stop(self, *, kill: bool) -> None:
        """Let the workers go; with ``kill`` whatever they are doing is given up."""


class Here:
    """This process is the one worker: nothing is started, nothing copied."""

    slots = 1

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def begin(self, backend: BackendRecord) -> None:
        """The backend is the one that was started."""

    def submit(self, work: Work) -> Future[list[Done]]:
        future: Future[list[Done]] = Future()
        try:
            future.set_result(perform(work, self._tools))
        except HarnessError as error:
            future.set_exception(error)
        return future

    def stop(self, *, kill: bool) -> None:
        """Nothing runs any more when ``submit`` has returned."""


def perform(work: Work, tools: Tools) -> list[Done]:
    return [_until_passed(test, tools, work) for test in work.tests]


def _until_passed(test: PlannedTest, tools: Tools, work: Work) -> Done:
    """The rules say the same however often they are asked."""
    done = _perform_one(test, tools, work.earlier)
    events, attempts = list(done.events), []
    for _ in range(0 if test.level is Level.VALIDATION else work.reruns):
        if done.settled or done.result.status not in {Status.FAIL, Status.ERROR}:
            break
        attempts.append(Attempt(done.result.status, done.result.reason, done.result.duration_s))
        events.append(TestRepeated(id_of(test), attempts[-1]))
        done = _perform_one(test, tools, work.earlier)
        events += done.events
    result = replace(done.result, attempts=tuple(attempts))
    return Done(replace(result, reason=judge_attempts(result)), tuple(events))


def _perform_one(test: PlannedTest, tools: Tools, earlier: Sequence[TestRecord]) -> Done:
    draft = Draft(test, id_of(test), tuple(earlier))
    events: list[Event] = []
    clock = time.monotonic()
    try:
        verdict = _drive(kind_of(test.level).run(draft, tools), events)
    except HarnessError as error:
        verdict = judge_error(error)
    except Exception as error:  # noqa: BLE001 - the door of a test: a defect of ours must not take the others along
        verdict = Verdict(Status.ERROR, f"internal error: {error!r}")
    verdict = judge_known(verdict, test.known_failure, datetime.now(UTC).date())
    return Done(draft.finish(verdict, time.monotonic() - clock), tuple(events), verdict.settled)


def _drive(running: Generator[Event, None, Verdict], events: list[Event]) -> Verdict:
    while True:
        try:
            events.append(next(running))
        except StopIteration as stop:
            verdict: Verdict = stop.value
            return verdict


def without_running(test: PlannedTest) -> TestRecord | None:
    """The result of a test that is not run at all; None for one that is."""
    draft = Draft(test, id_of(test))
    if test.skip:
        return draft.skipped()
    if test.unreadable:
        return draft.finish(Verdict(Status.ERROR, test.unreadable), 0.0)
    return None


def given_up(test: PlannedTest, reason: str) -> TestRecord:
    return Draft(test, id_of(test)).finish(Verdict(Status.ERROR, reason), 0.0)


def id_of(test: PlannedTest) -> TestId:
    return TestId(test.subject.header.file, test.subject.name, test.level, test.name)
