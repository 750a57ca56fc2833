"""Runs a plan: one clean Splunk per test, events all along, and no test that stops another."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import UTC, datetime

from msgspec.structs import replace

from harness import __version__
from harness.backends.base import Backend, BackendInfo
from harness.fidelity import fidelity_hash
from harness.runner.draft import Tools
from harness.runner.events import Event, RunFinished, RunStarted, TestFinished, TestStarted
from harness.runner.journal import Journal
from harness.runner.record import (
    AppRecord,
    BackendRecord,
    DetectionRecord,
    Level,
    RunRecord,
    Status,
    Summary,
    TestRecord,
    Tool,
    summarise,
)
from harness.runner.subject import PlannedTest
from harness.runner.work import Done, Here, Work, WorkerDied, Workers, given_up, id_of, without_running

ATTEMPTS = 2
"""How often a test is begun whose worker dies: the first time it may be the machine, the second time it is the test."""


def run(
    plan: list[PlannedTest],
    tools: Tools,
    *,
    workers: Workers | None = None,
    journal: Journal | None = None,
    shard: str = "",
    fail_fast: bool = False,
    reruns: int = 0,
) -> Iterator[Event]:
    """Run the tests and yield what happens, a :class:`RunFinished` with the record last.

    The record is in the order of the plan, whoever finishes first. Raises :class:`~harness.errors.BackendError` if the
    backend cannot be had at all; a backend that is not needed is not started. With ``fail_fast`` the run ends after the
    first test that neither passed nor was skipped. Without ``workers`` everything happens in this process. What is
    finished goes into the ``journal``, and what it already holds is not run again. ``shard`` goes into the record.
    A test that does not pass is run again, up to ``reruns`` times.
    """
    started = datetime.now(UTC)
    clock = time.monotonic()
    results: dict[int, TestRecord] = {}
    staff = workers or Here(tools)
    finished = False
    try:
        backend = _start(plan, tools.backend)
        staff.begin(backend)
        known = journal.begin(plan, backend) if journal else {}
        headers = tuple({test.subject.header.file: test.subject.header for test in plan}.values())
        record = RunRecord(
            tool=Tool("harness", __version__, fidelity_hash()),
            backend=backend,
            started=started.isoformat(timespec="seconds"),
            duration_s=0.0,
            summary=Summary(),
            detections=headers,
            shard=shard,
        )
        yield RunStarted(record, tuple(map(id_of, plan)), len(known))
        for event in _Course(plan, staff, results, known, journal, reruns).events():
            yield event
            if fail_fast and isinstance(event, TestFinished) and event.result.status in {Status.FAIL, Status.ERROR}:
                break
        else:
            finished = True
    finally:
        staff.stop(kill=not finished)
        tools.backend.stop()
        if journal:
            journal.close(finished=finished)
    detections = _detections(plan, results)
    yield RunFinished(
        replace(
            record,
            duration_s=round(time.monotonic() - clock, 3),
            summary=summarise(detections),
            detections=detections,
        )
    )


def _start(plan: list[PlannedTest], backend: Backend) -> BackendRecord:
    needed = any(test.needs_backend for test in plan)
    info = backend.start() if needed else BackendInfo(backend.kind, "", ())
    return BackendRecord(info.kind, info.version, tuple(AppRecord(app.name, app.version) for app in info.apps))


def _detections(plan: list[PlannedTest], results: dict[int, TestRecord]) -> tuple[DetectionRecord, ...]:
    """Each detection with those of its results that there are; one without any is left out."""
    headers: dict[str, DetectionRecord] = {}
    found: dict[str, list[TestRecord]] = {}
    for position, test in enumerate(plan):
        if position in results:
            header = test.subject.header
            headers.setdefault(header.file, header)
            found.setdefault(header.file, []).append(results[position])
    return tuple(replace(header, results=tuple(found[file])) for file, header in headers.items())


class _Course:
    """The way through a plan: who is given which tests when, and what comes of it.

    Validation is one piece of work, as the static rules look at the whole content. Else a test is one, and the next
    test of a detection waits for the one before it. Workers get no more than they have hands for, so that it is known
    what each of them is at.
    """

    def __init__(
        self,
        plan: list[PlannedTest],
        workers: Workers,
        results: dict[int, TestRecord],
        known: dict[int, TestRecord],
        journal: Journal | None,
        reruns: int,
    ) -> None:
        self._plan = plan
        self._workers = workers
        self._results = results
        self._known = known
        self._journal = journal
        self._reruns = reruns
        self._ready: deque[tuple[int, ...]] = deque()
        self._waiting: dict[str, deque[int]] = {}
        self._running: dict[Future[list[Done]], tuple[int, ...]] = {}
        self._attempts: dict[tuple[int, ...], int] = {}
        self._earlier: defaultdict[str, list[TestRecord]] = defaultdict(list)

    def events(self) -> Iterator[Event]:
        for position, test in enumerate(self._plan):
            result = self._known.get(position) or without_running(test)
            if result is not None:
                yield from self._begun((position,))
                yield from self._ended(position, Done(result))
            elif test.level is not Level.VALIDATION:
                self._waiting.setdefault(test.subject.header.file, deque()).append(position)
        rules = [
            position
            for position, test in enumerate(self._plan)
            if test.level is Level.VALIDATION and position not in self._results
        ]
        if rules:
            self._ready.append(tuple(rules))
        self._ready.extend((positions.popleft(),) for positions in self._waiting.values())
        while self._ready or self._running:
            while self._ready and len(self._running) < self._workers.slots:
                positions = self._ready.popleft()
                yield from self._begun(positions)
                self._running[self._workers.submit(self._work(positions))] = positions
            for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                yield from self._taken(future)

    def _begun(self, positions: tuple[int, ...]) -> Iterator[Event]:
        """Of several tests each is told when its result is known: the rules are asked about all of them at once."""
        if len(positions) == 1:
            yield TestStarted(id_of(self._plan[positions[0]]))

    def _work(self, positions: tuple[int, ...]) -> Work:
        tests = tuple(self._plan[position] for position in positions)
        return Work(tests, tuple(self._earlier[tests[0].subject.header.file]), self._reruns)

    def _taken(self, future: Future[list[Done]]) -> Iterator[Event]:
        positions = self._running.pop(future)
        try:
            done = future.result()
        except WorkerDied as error:
            self._attempts[positions] = self._attempts.get(positions, 0) + 1
            if self._attempts[positions] < ATTEMPTS:
                self._ready.appendleft(positions)
                return
            reason = f"the process that ran the test died {ATTEMPTS} times: {error}"
            done = [Done(given_up(self._plan[position], reason)) for position in positions]
        for position, item in zip(positions, done, strict=True):
            if len(positions) > 1:
                yield TestStarted(id_of(self._plan[position]))
            yield from self._ended(position, item)
            rest = self._waiting.get(self._plan[position].subject.header.file)
            if rest and self._plan[position].level is not Level.VALIDATION:
                self._ready.appendleft((rest.popleft(),))

    def _ended(self, position: int, done: Done) -> Iterator[Event]:
        test = self._plan[position]
        self._results[position] = done.result
        if test.level is not Level.VALIDATION:
            self._earlier[test.subject.header.file].append(done.result)
            if self._journal and position not in self._known:
                self._journal.add(position, test, done.result)
        yield from done.events
        yield TestFinished(id_of(test), done.result)
