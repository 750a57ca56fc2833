"""What a run shows while it goes (on standard error, to people only) and when it is over (on standard output)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from harness.cli.common import is_terminal, print_record
from harness.wording import counted

if TYPE_CHECKING:
    from harness.runner.events import Event, TestId
    from harness.runner.record import Attempt, RunRecord, TestRecord

_MARKS = {"pass": "✅", "fail": "❌", "error": "⚠️ ", "skip": "⏭️ "}


def follow(events: Iterator[Event], *, quiet: bool, verbose: bool) -> RunRecord:
    """Take in a run to its end, show it, and give back its record."""
    from harness.runner.events import RunFinished, RunStarted

    record = None
    with ExitStack() as stack:
        watcher = _watcher(stack, quiet=quiet, verbose=verbose)
        for event in events:
            if isinstance(event, RunStarted):
                if event.known:
                    _say(f"harness: going on: {event.known} of {counted(len(event.tests), 'test')} had finished before")
                watcher.start(len(event.tests))
            elif isinstance(event, RunFinished):
                record = event.record
            else:
                watcher.see(event)
    assert record is not None  # a run ends with its record, or with an error
    print_record(record, quiet=quiet)
    return record


def _watcher(stack: ExitStack, *, quiet: bool, verbose: bool) -> Silent:
    if verbose:
        return Lines()
    return stack.enter_context(Bar()) if is_terminal() and not quiet else Silent()


class Silent:
    def start(self, tests: int) -> None: ...

    def see(self, event: Event) -> None: ...


class Lines(Silent):
    """Everything that happens, a line each. Where several tests run at a time, what belongs to one stands together."""

    def __init__(self) -> None:
        self._shown: TestId | None = None

    def see(self, event: Event) -> None:
        from harness.runner.events import (
            DatasetReplayed,
            RiskLeft,
            SearchFinished,
            TestFinished,
            TestRepeated,
            TestStarted,
        )

        if isinstance(event, TestStarted):
            self._turn_to(event.test, " ...")
        elif isinstance(event, DatasetReplayed):
            self._turn_to(event.test)
            moved = f", moved by {event.dataset.moved_s:+,} s" if event.dataset.moved_s else ""
            _say(f"  {counted(event.dataset.events, 'event')} indexed from {event.dataset.data}{moved}")
        elif isinstance(event, RiskLeft):
            left = event.contributor
            self._turn_to(event.test)
            _say(f"  {counted(left.risk_events, 'risk event')} left by {left.detection} in {counted(left.runs, 'run')}")
        elif isinstance(event, SearchFinished):
            self._turn_to(event.test)
            _say(f"  {counted(event.rows, 'row')} in {event.seconds:.2f} s")
        elif isinstance(event, TestRepeated):
            self._turn_to(event.test)
            _say(f"  {_verdict(event.attempt)}: once more")
        elif isinstance(event, TestFinished):
            self._turn_to(event.test)
            _say(f"  {_verdict(event.result)} in {event.result.duration_s:.2f} s")

    def _turn_to(self, test: TestId, more: str = "") -> None:
        if self._shown != test:
            _say(f"{_name(test)}{more}")
            self._shown = test


class Bar(Silent):
    """How far the run is, and what it is at."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            transient=True,
        )

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def start(self, tests: int) -> None:
        self._task = self._progress.add_task("testing", total=tests)

    def see(self, event: Event) -> None:
        from harness.runner.events import TestFinished, TestStarted

        if isinstance(event, TestStarted):
            self._progress.update(self._task, description=_name(event.test)[:60])
        elif isinstance(event, TestFinished):
            self._progress.advance(self._task)


def _name(test: TestId) -> str:
    return f"{test.detection} [{test.level.value}]"


def _verdict(result: Attempt | TestRecord) -> str:
    first = result.reason.partition("\n")[0]
    return f"{_MARKS[result.status.value]} {result.status.value}{f': {first}' if first else ''}"


def _say(text: str) -> None:
    click.echo(text, err=True)
