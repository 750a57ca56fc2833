"""What a test has come to know while it runs, so that a test that stops half-way still tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.backends.base import Backend
from harness.client.answers import Row
from harness.client.rest import SplunkClient
from harness.clock import Clock, SystemClock
from harness.knowledge.knowledge import Knowledge
from harness.replay.locate import Locator
from harness.runner.events import TestId
from harness.runner.record import MAX_ROWS, ContributorRecord, DatasetRecord, StageRecord, Status, TestRecord
from harness.runner.stages import Macros
from harness.runner.subject import PlannedTest, Subject
from harness.runner.verdict import Verdict


@dataclass(slots=True)
class Tools:
    """What the kinds of tests work with. ``validate`` gives the verdict of the static rules on a detection;
    ``knowledge`` are the rules by which data is moved in time."""

    backend: Backend
    locator: Locator
    validate: Callable[[Subject], Verdict]
    knowledge: Callable[[], Knowledge]
    clock: Clock = field(default_factory=SystemClock)
    _macros: Macros | None = None

    def macros(self, client: SplunkClient) -> Macros:
        """The backend's macros, asked for once: no test changes them."""
        if self._macros is None:
            self._macros = Macros(client.macros())
        return self._macros


@dataclass(slots=True)
class Draft:
    """The test record in the making. ``earlier`` are the statuses of the detection's tests before this one."""

    test: PlannedTest
    id: TestId
    earlier: tuple[TestRecord, ...] = ()
    datasets: list[DatasetRecord] = field(default_factory=list)
    risk_from: list[ContributorRecord] = field(default_factory=list)
    search: str = ""
    rows: list[Row] = field(default_factory=list)
    stages: tuple[StageRecord, ...] = ()
    now: int | None = None
    """The test's own moment (epoch seconds), if data is moved in time for it."""

    def finish(self, verdict: Verdict, seconds: float) -> TestRecord:
        return TestRecord(
            level=self.test.level,
            test=self.test.name,
            status=verdict.status,
            reason=verdict.reason,
            datasets=tuple(self.datasets),
            search=self.search,
            result_count=len(self.rows),
            rows=tuple(self.rows[:MAX_ROWS]),
            stages=self.stages,
            duration_s=round(seconds, 3),
            risk_from=tuple(self.risk_from),
        )

    def skipped(self) -> TestRecord:
        return self.finish(Verdict(Status.SKIP, self.test.skip), 0.0)
