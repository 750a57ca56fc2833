"""``makecontinuous``: rows for the values that a field skips. Follows "makecontinuous" in the Search Reference."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from harness.engine.bins import TimeSpan, is_time_span, read_time_span, time_span_for
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import SearchError, UnsupportedSPL
from harness.spl.arguments import Arguments, non_negative_integer, string
from harness.values.column import NULL, Column
from harness.values.frame import Frame
from harness.values.values import to_number

MAX_ROWS: Final = 50_000


@dataclass(frozen=True, slots=True)
class MakeContinuous(SearchCommand):
    """``span`` is a time for ``_time`` and a number for any other field."""

    names = ("makecontinuous",)
    transforming = True

    field: str = "_time"
    span: TimeSpan | float | None = None
    start: float | None = None
    end: float | None = None
    bins: int = 100

    @classmethod
    def parse(cls, arguments: Arguments) -> MakeContinuous:
        known = {
            "span": string, "start": string, "end": string, "bins": non_negative_integer, "aligntime": string,
            "minspan": string,
        }  # fmt: skip
        options: dict[str, Any] = arguments.options(known)
        field = arguments.field_name() if arguments.at_field() else "_time"
        options |= arguments.options(known)
        arguments.expect_end()
        for name in ("aligntime", "minspan"):
            if name in options:
                raise arguments.unsupported(f"the option '{name}'")
        span: TimeSpan | float | None = None
        if "span" in options:
            text = options["span"]
            number = to_number(text)
            if is_time_span(text):
                span = read_time_span(text, arguments)
            elif number is None or number <= 0:
                raise arguments.error(f"The value for option span ({text}) is invalid.")
            else:
                span = float(number)
        bounds = {name: _bound(options[name], arguments) for name in ("start", "end") if name in options}
        return cls(field, span, bounds.get("start"), bounds.get("end"), options.get("bins", 100))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        numbers = [to_number(value) for value in frame.column(self.field).to_values()]
        known = [float(number) for number in numbers if number is not None]
        if not known:
            return frame
        if len(known) < frame.length:
            raise UnsupportedSPL(f"The 'makecontinuous' command: rows without a number in '{self.field}'.")
        start_of, following = self._steps(frame, context)
        first = start_of(min(known) if self.start is None else self.start)
        last = max(known) if self.end is None else math.nextafter(self.end, -math.inf)
        rows_at: dict[float, list[int]] = {}
        for row, number in enumerate(numbers):
            if number is not None:
                rows_at.setdefault(start_of(float(number)), []).append(row)
        moments: list[float] = []
        rows: list[int] = []
        while first <= last:
            here = rows_at.get(first, [-1])
            rows += here
            moments += [first] * len(here)
            if len(rows) > MAX_ROWS + frame.length:
                raise SearchError(f"Error in 'makecontinuous' command: more than {MAX_ROWS} rows would be made.")
            first = following(first)
        places = np.array(rows, dtype=np.intp)
        columns = {
            name: Column(column.values, np.append(column.codes, np.int32(NULL))[places])
            for name, column in frame.columns.items()
        }
        columns[self.field] = Column.from_values(int(at) if float(at).is_integer() else at for at in moments)
        return Frame(columns, len(rows), ordered=frame.ordered)

    def _steps(self, frame: Frame, context: SearchContext) -> tuple[Callable[[float], float], Callable[[float], float]]:
        """What bucket a value lies in, and which comes after it."""
        span = self.span
        if span is None:
            if self.field != "_time":
                raise UnsupportedSPL("The 'makecontinuous' command: a field of numbers without a span.")
            span = time_span_for(context.progress.window, frame, self.bins)
        if isinstance(span, TimeSpan):
            bucket, zone = span, context.timezone
            return lambda at: bucket.start_of(at, zone), lambda at: bucket.next(at, zone)
        width = span
        return lambda at: round(math.floor(at / width) * width, 9), lambda at: round(at + width, 9)


def _bound(text: str, arguments: Arguments) -> float:
    number = to_number(text)
    if number is None:
        raise arguments.error(f"Invalid value '{text}' for start or end: a number is expected.")
    return float(number)
