"""Runs a plan: one clean Splunk per test, events all along, and no test that stops another."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from datetime import UTC, datetime

from msgspec.structs import replace

from harness import __version__
from harness.backends.base import Backend, BackendInfo
from harness.errors import HarnessError
from harness.fidelity import fidelity_hash
from harness.runner.draft import Draft, Tools
from harness.runner.events import Event, RunFinished, RunStarted, TestFinished, TestId, TestStarted
from harness.runner.kinds import kind_of
from harness.runner.record import (
    AppRecord,
    BackendRecord,
    DetectionRecord,
    Level,
    RunRecord,
    Status,
    TestRecord,
    Tool,
    summarise,
)
from harness.runner.subject import PlannedTest
from harness.runner.verdict import Verdict, judge_error, judge_known


def run(plan: list[PlannedTest], tools: Tools, *, fail_fast: bool = False) -> Iterator[Event]:
    """Run the tests in order and yield what happens, a :class:`RunFinished` with the record last.

    Raises :class:`~harness.errors.BackendError` if the backend cannot be had at all; a backend that is not needed is
    not started. With ``fail_fast`` the run ends after the first test that neither passed nor was skipped.
    """
    started = datetime.now(UTC)
    clock = time.monotonic()
    backend = _start(plan, tools.backend)
    yield RunStarted(len(plan), backend)
    results: dict[str, list[TestRecord]] = {}
    headers: dict[str, DetectionRecord] = {}
    try:
        for test in plan:
            header = test.subject.header
            headers.setdefault(header.file, header)
            done = results.setdefault(header.file, [])
            result = yield from _one(test, tools, tuple(done))
            done.append(result)
            if fail_fast and result.status in {Status.FAIL, Status.ERROR}:
                break
    finally:
        tools.backend.stop()
    detections = tuple(replace(header, results=tuple(results[file])) for file, header in headers.items())
    yield RunFinished(
        RunRecord(
            tool=Tool("harness", __version__, fidelity_hash()),
            backend=backend,
            started=started.isoformat(timespec="seconds"),
            duration_s=round(time.monotonic() - clock, 3),
            summary=summarise(detections),
            detections=detections,
        )
    )


def _start(plan: list[PlannedTest], backend: Backend) -> BackendRecord:
    needed = any(test.level is not Level.VALIDATION and not test.skip for test in plan)
    info = backend.start() if needed else BackendInfo(backend.kind, "", ())
    return BackendRecord(info.kind, info.version, tuple(AppRecord(app.name, app.version) for app in info.apps))


def _one(test: PlannedTest, tools: Tools, earlier: tuple[TestRecord, ...]) -> Generator[Event, None, TestRecord]:
    draft = Draft(test, TestId(test.subject.name, test.level, test.name), earlier)
    yield TestStarted(draft.id)
    clock = time.monotonic()
    if test.skip:
        result = draft.skipped()
    elif test.unreadable:
        result = draft.finish(Verdict(Status.ERROR, test.unreadable), 0.0)
    else:
        try:
            verdict = yield from kind_of(test.level).run(draft, tools)
        except HarnessError as error:
            verdict = judge_error(error)
        except Exception as error:  # noqa: BLE001 - the door of a test: a defect of ours must not take the others along
            verdict = Verdict(Status.ERROR, f"internal error: {error!r}")
        verdict = judge_known(verdict, test.known_failure, datetime.now(UTC).date())
        result = draft.finish(verdict, time.monotonic() - clock)
    yield TestFinished(draft.id, result)
    return result
