"""One content root within a pytest run: its plan, and a Splunk to run it on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.backends.base import Session
from harness.content import load_content
from harness.errors import UsageError
from harness.replay.download import Downloads
from harness.runner.draft import Tools
from harness.runner.plan import plan_run
from harness.runner.record import Level, TestRecord
from harness.runner.setup import Setup
from harness.runner.subject import PlannedTest
from harness.runner.work import Work, perform, without_running


class Pack:
    """Content is read when the pack is made; the Splunk is started when a test first needs it.

    ``options`` are pytest's; ``named`` files are tested whatever their status.
    """

    def __init__(self, root: Path, options: Any, named: Collection[Path]) -> None:
        self._content = load_content(root)
        names = [name.strip() for name in options.harness_level.split(",") if name.strip()]
        if not names or set(names) - set(Level):
            raise UsageError(f"--harness-level {options.harness_level!r}: the levels are {', '.join(Level)}")
        self.plan = plan_run(
            self._content,
            levels=[Level(name) for name in names],
            named=[path for path in named if path.is_file()],
            data_root=options.harness_data_root,
        )
        self.markers: set[str] = set()
        self._options = options
        self._results: dict[int, TestRecord] = {}
        self._started = False
        self.selected: set[int] = set(range(len(self.plan)))
        """Positions in the plan of what this pytest run will run, here or in another of its processes."""

    def tests_of(self, file: Path) -> list[int]:
        return self._by_file.get(file.resolve(), [])

    @cached_property
    def _by_file(self) -> dict[Path, list[int]]:
        found: defaultdict[Path, list[int]] = defaultdict(list)
        for position, test in enumerate(self.plan):
            found[test.subject.path.resolve()].append(position)
        return found

    @cached_property
    def _tools(self) -> Tools:
        indexes = {data.index for test in self.plan for data in test.all_data() if data.index}
        options = self._options
        return Setup(
            self._content,
            options.harness_backend,
            tuple(options.harness_app),
            tuple(sorted(indexes)),
            Downloads(offline=options.harness_offline),
            options.harness_data_root,
        ).tools()

    @property
    def locator(self) -> Any:
        return self._tools.locator

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A clean Splunk, with the apps and the content in it."""
        self._start()
        with self._tools.backend.session() as session:
            yield session

    def _start(self) -> None:
        if not self._started:
            self._tools.backend.start()
            self._started = True

    def result(self, position: int) -> TestRecord:
        """Run a test, and the detection's tests before it that this pytest run runs too: verdicts rest on them."""
        if position not in self._results:
            test = self.plan[position]
            self._results[position] = without_running(test) or self._run(test, self._earlier(position))
        return self._results[position]

    def _earlier(self, position: int) -> list[TestRecord]:
        test = self.plan[position]
        if test.level is Level.VALIDATION:
            return []
        same = [other for other in self.tests_of(test.subject.path) if other < position and other in self.selected]
        return [self.result(other) for other in same if self.plan[other].level is not Level.VALIDATION]

    def _run(self, test: PlannedTest, earlier: Sequence[TestRecord]) -> TestRecord:
        if test.needs_backend:
            self._start()
        (done,) = perform(Work((test,), tuple(earlier)), self._tools)
        return done.result

    def close(self) -> None:
        if self._started:
            self._tools.backend.stop()
