"""``streamstats``: statistics of the rows so far, added to each row. Follows "streamstats" in the Search Reference and
M4.90 to M4.95.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from harness.engine.aggregates import Accumulator
from harness.engine.bins import read_time_span
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import as_text
from harness.engine.statistics import Measure, Output, check_measures, outputs, read_measures, refuse_by_names
from harness.engine.store import times_of
from harness.errors import SearchError, UnsupportedSPL
from harness.expressions import evaluate_mask
from harness.expressions.compile import fields_of
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.spl.eval_expression import parse_eval
from harness.spl.nodes import Expr
from harness.values.column import Column, Mask, Value, combine
from harness.values.frame import Frame
from harness.values.values import members

_OPTIONS: Final = {
    "current": boolean,
    "window": non_negative_integer,
    "global": boolean,
    "allnum": boolean,
    "reset_on_change": boolean,
    "reset_before": string,
    "reset_after": string,
    "time_window": string,
}
_UNSORTED: Final = (
    "time_window can only be used on input that is sorted in time order (both ascending and descending order are ok)."
)

Sample = tuple[tuple[Value, ...], float]
"""The arguments' values in one row, and its time."""

Ends = Callable[[int, "Sequence[Value] | None"], bool]
"""Asked with the number of a row and its statistics, None for a row without the by-field."""


@dataclass(frozen=True, slots=True)
class StreamStats(SearchCommand):
    """``window`` rows at most, 0 for all; ``whole`` windows run over all rows and not over each group's own."""

    names = ("streamstats",)

    measures: tuple[Measure, ...]
    by: tuple[str, ...] = ()
    current: bool = True
    window: int = 0
    whole: bool = True
    reset_on_change: bool = False
    reset_before: Expr | None = None
    reset_after: Expr | None = None
    seconds: float | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> StreamStats:
        options: dict[str, Any] = arguments.options(_OPTIONS)
        measures = read_measures(arguments)
        options |= arguments.options(_OPTIONS)
        by = tuple(arguments.by_clause())
        options |= arguments.options(_OPTIONS)
        arguments.expect_end()
        if options.get("allnum"):
            raise arguments.unsupported("the option 'allnum'")
        refuse_by_names(measures, by, arguments)
        span = options.get("time_window")
        return cls(
            measures,
            by,
            options.get("current", True),
            options.get("window", 0),
            options.get("global", True),
            options.get("reset_on_change", False),
            _condition(options.get("reset_before")),
            _condition(options.get("reset_after")),
            None if span is None else read_time_span(span, arguments).seconds,
        )

    def check(self, text: str) -> None:
        check_measures(self.measures, "streamstats", text)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        wanted = outputs(self.measures, frame, self.by, context)
        codes, known = self._groups(frame)
        before, after = self._resets(frame, context, codes, known), self._ends(frame, context, wanted)
        times = times_of(frame)
        if self.seconds is not None and not _is_sorted(times):
            raise SearchError(f"Error in 'streamstats' command: {_UNSORTED}")
        rows: list[Sample] = list(zip(_arguments(wanted, frame.length), times.tolist(), strict=True))
        results = _Running(self, wanted).over(rows, codes.tolist(), known, before, after)
        columns = {}
        for at, one in enumerate(wanted):
            old = frame.column(one.name)
            # A row without the by-field is left as it was (M4.93).
            column = Column.from_values(
                old[row] if result is None else result[at] for row, result in enumerate(results)
            )
            if not bool(column.is_null().all()) or one.name in frame.columns:
                columns[one.name] = column
        return frame.with_columns(columns)

    def _groups(self, frame: Frame) -> tuple[np.ndarray[tuple[int], np.dtype[np.int32]], Mask]:
        known = np.ones(frame.length, dtype=np.bool_)
        if not self.by:
            return np.zeros(frame.length, dtype=np.int32), known
        columns = [as_text(frame.column(name)) for name in self.by]
        for column in columns:
            known &= ~column.is_null()
        return combine(columns)[0], known

    def _resets(
        self, frame: Frame, context: SearchContext, codes: np.ndarray[tuple[int], np.dtype[np.int32]], known: Mask
    ) -> list[bool]:
        """Before which rows everything begins anew."""
        before = np.zeros(frame.length, dtype=np.bool_)
        if self.reset_before is not None:
            before = evaluate_mask(self.reset_before, frame, context.scope())
        if self.reset_on_change and frame.length:
            changed = np.append([False], (codes[1:] != codes[:-1]) | ~known[1:] | ~known[:-1])
            before = before | changed
        return before.tolist()

    def _ends(self, frame: Frame, context: SearchContext, wanted: Sequence[Output]) -> Ends:
        """Whether everything begins anew after a row, for which the statistics of that row may be asked."""
        made = {one.name for one in wanted}
        if self.reset_before is not None and made & fields_of(self.reset_before):
            raise UnsupportedSPL("The 'streamstats' command: reset_before that reads what the command writes.")
        condition = self.reset_after
        if condition is None:
            return lambda row, found: False
        if not made & fields_of(condition):
            ends = evaluate_mask(condition, frame, context.scope()).tolist()
            return lambda row, found: ends[row]
        columns = {name: frame.column(name) for name in fields_of(condition)}

        def reached(row: int, found: Sequence[Value] | None) -> bool:
            values = {name: column[row] for name, column in columns.items()}
            if found is not None:
                values |= dict(zip((one.name for one in wanted), found, strict=True))
            return bool(evaluate_mask(condition, Frame.from_rows([values]), context.scope())[0])

        return reached


def _condition(text: str | None) -> Expr | None:
    """``reset_before="(n>2)"``: an eval expression, in quotes, in parentheses, or in parentheses of which each is in
    quotes."""
    return None if text is None else parse_eval(text, subject="'streamstats' command")


def _arguments(wanted: Sequence[Output], length: int) -> Iterator[tuple[Value, ...]]:
    """The value of each output's argument, row by row; rows are counted by 1."""
    columns = [[1] * length if one.argument is None else one.argument.to_values() for one in wanted]
    return zip(*columns, strict=True) if columns else iter([()] * length)


def _is_sorted(times: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    """Strictly in the order of time, one way or the other: rows made all at once are not (M4.95)."""
    steps = np.diff(times)
    return len(times) < 2 or bool(np.all(steps >= 0) and np.any(steps)) or bool(np.all(steps <= 0) and np.any(steps))


class _Running:
    """Counts up the rows of each group, or of a window over them."""

    def __init__(self, command: StreamStats, wanted: Sequence[Output]) -> None:
        self._command = command
        self._wanted = wanted
        self._windowed = bool(command.window) or command.seconds is not None
        self._accumulators: dict[int, list[Accumulator]] = {}
        self._kept: dict[int, deque[tuple[int, Sample]]] = {}

    def over(
        self, rows: Sequence[Sample], codes: Sequence[int], known: Mask, before: list[bool], after: Ends
    ) -> list[list[Value] | None]:
        results: list[list[Value] | None] = []
        for row, (sample, code) in enumerate(zip(rows, codes, strict=True)):
            if before[row]:
                self._reset()
            if known[row]:
                results.append(self._row(code, sample))
            else:
                results.append(None)
            if after(row, results[-1]):
                self._reset()
        return results

    def _reset(self) -> None:
        self._accumulators.clear()
        self._kept.clear()

    def _row(self, code: int, sample: Sample) -> list[Value]:
        if self._windowed:
            return self._in_window(code, sample)
        running = self._accumulators.get(code)
        if running is None:
            running = self._accumulators[code] = self._fresh()
        if self._command.current:
            _add(running, sample)
        found = [one.result() for one in running]
        if not self._command.current:
            _add(running, sample)
        return found

    def _in_window(self, code: int, sample: Sample) -> list[Value]:
        """A window over all rows holds other groups' rows too, which count for its size only."""
        command = self._command
        kept = self._kept.setdefault(0 if command.whole and command.seconds is None else code, deque())
        if command.current:
            kept.append((code, sample))
        if command.window:
            while len(kept) > command.window:
                kept.popleft()
        if command.seconds is not None:
            while kept and abs(sample[1] - kept[0][1][1]) >= command.seconds:
                kept.popleft()  # the far end does not belong to the window (M4.94)
        running = self._fresh()
        for other, each in kept:
            if other == code:
                _add(running, each)
        if not command.current:
            kept.append((code, sample))
        return [one.result() for one in running]

    def _fresh(self) -> list[Accumulator]:
        return [one.function.accumulator() for one in self._wanted]


def _add(running: Sequence[Accumulator], sample: Sample) -> None:
    values, time = sample
    for one, value in zip(running, values, strict=True):
        for member in members(value):
            one.add(member, time)
