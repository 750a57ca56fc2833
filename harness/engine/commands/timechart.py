"""``timechart``: statistics by buckets of time, with another field across the top.

Every bucket of the time range has a row, empty ones too (``cont``, ``fixedrange``). ``_span`` is the buckets' length in
seconds. Follows "timechart" in the Search Reference and M4.18.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from harness.engine.aggregates.rates import PerTime
from harness.engine.bins import TimeSpan, bin_times, is_time_span, read_time_span, time_span_for
from harness.engine.charting import OPTIONS, Across, read_across, read_where, table
from harness.engine.commands import SearchCommand
from harness.engine.commands.bin import Bin, alignment
from harness.engine.commands.chart import ACROSS, read_side
from harness.engine.context import SearchContext
from harness.engine.statistics import Measure, check_measures, read_measures
from harness.engine.store import times_of
from harness.errors import SearchError, UnsupportedSPL
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.values.column import NULL, Column
from harness.values.frame import Frame
from harness.values.values import to_number

MAX_ROWS: Final = 50_000

_OPTIONS = {
    **OPTIONS,
    "span": string,
    "bins": non_negative_integer,
    "minspan": string,
    "aligntime": string,
    "cont": boolean,
    "partial": boolean,
    "fixedrange": boolean,
}


@dataclass(frozen=True, slots=True)
class TimeChart(SearchCommand):
    """``whole_range``: rows for all of the search's time range, not only for that of its events. Without ``partial`` a
    first or last bucket that reaches beyond the range has no row. ``buckets`` are those of the field across."""

    names = ("timechart",)
    transforming = True

    measures: tuple[Measure, ...]
    across: Across | None = None
    span: TimeSpan | None = None
    bins: int = 100
    least: float = 0
    continuous: bool = True
    whole_range: bool = True
    partial: bool = True
    align: str | None = None
    buckets: Bin | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> TimeChart:
        options: dict[str, Any] = arguments.options(_OPTIONS)
        measures = read_measures(arguments)
        options |= arguments.options(_OPTIONS)
        if not measures:
            raise arguments.error("You must specify data field(s) to chart.")
        field: str | None = None
        buckets: Bin | None = None
        if arguments.accept_keyword("BY"):
            field, buckets = read_side(arguments, ACROSS)
            options |= arguments.options(OPTIONS)
        where = read_where(arguments, measures)
        options |= arguments.options(OPTIONS)
        arguments.expect_end()
        span = options.get("span", "auto")
        if span != "auto" and not is_time_span(span):
            raise arguments.error(f"The value for option span ({span}) is invalid.")
        return cls(
            measures,
            read_across(field, options, arguments, where),
            None if span == "auto" else read_time_span(span, arguments),
            options.get("bins", 100),
            read_time_span(options["minspan"], arguments).seconds if "minspan" in options else 0,
            options.get("cont", True),
            options.get("fixedrange", True),
            options.get("partial", True),
            options.get("aligntime"),
            buckets,
        )

    def check(self, text: str) -> None:
        check_measures(self.measures, "timechart", text)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        times = times_of(frame)
        known = ~np.isnan(times)
        frame = frame if known.all() else frame.take(known)
        span = self.span or time_span_for(context.progress.window, frame, self.bins, self.least)
        align = alignment(self.align, span, context, "timechart")
        limits = self._limits(times[known], span, context, align)
        if self.buckets is not None:
            frame = self.buckets.run(frame, context)
        frame = frame.with_columns({"_time": bin_times(frame, "_time", span, context, align)})
        measures = tuple(over_span(one, span) for one in self.measures)
        made = table(frame, "_time", self.across, measures, context)
        if self.continuous and limits is not None:
            made = _filled(made, list(_buckets(*limits, span, context, align)), self._counts(made))
        if not self.partial:
            made = self._whole(made, span, context)
        length = Column.constant(int(span.seconds) if span.seconds >= 1 else span.seconds, made.length)
        return made.with_columns({"_span": length})

    def _whole(self, made: Frame, span: TimeSpan, context: SearchContext) -> Frame:
        window = context.progress.window
        if window.earliest is None or window.latest is None:
            raise UnsupportedSPL("The 'timechart' command: partial=false over a time range without bounds.")
        starts = times_of(made)
        ends = np.array([span.next(start, context.timezone) for start in starts.tolist()])
        return made.take((starts >= window.earliest) & (ends <= window.latest))

    def _limits(
        self,
        times: np.ndarray[tuple[int], np.dtype[np.float64]],
        span: TimeSpan,
        context: SearchContext,
        align: float | None,
    ) -> tuple[float, float] | None:
        """The first and the last bucket's beginning; None where nothing says when."""
        window = context.progress.window
        low = float(times.min()) if len(times) else None
        high = float(times.max()) if len(times) else None
        if self.whole_range and window.earliest:
            low = window.earliest
        if self.whole_range and window.latest is not None:
            high = math.nextafter(window.latest, -math.inf)
        if low is None or high is None:
            return None
        return span.start_of(low, context.timezone, align), span.start_of(high, context.timezone, align)

    def _counts(self, made: Frame) -> set[str]:
        """The columns that show 0 where there is nothing."""
        if self.across is None:
            return {one.node.name for one in self.measures if "count" in one.function.names}
        if len(self.measures) > 1:
            counted = [one.node.name for one in self.measures if "count" in one.function.names]
            return {name for name in made.columns for one in counted if name.startswith(one + self.across.separator)}
        return set(made.columns) - {"_time"} if "count" in self.measures[0].function.names else set()


def over_span(measure: Measure, span: TimeSpan) -> Measure:
    """``per_hour`` and its kin know how long a bucket is."""
    if not isinstance(measure.function, PerTime):
        return measure
    if span.unit == "mon":
        raise UnsupportedSPL(f"The 'timechart' command: {measure.node.function} in buckets of months.")
    return replace(measure, function=measure.function.over(span.seconds))


def _buckets(
    first: float, last: float, span: TimeSpan, context: SearchContext, align: float | None
) -> Iterator[int | float]:
    if (last - first) / span.seconds > MAX_ROWS:
        raise SearchError(
            f"Error in 'timechart' command: The specified span would result in too many (>{MAX_ROWS}) rows."
        )
    moment = first
    while moment <= last:
        yield int(moment) if float(moment).is_integer() else moment
        moment = span.next(moment, context.timezone) if align is None else moment + span.seconds


def _filled(made: Frame, buckets: list[int | float], counts: set[str]) -> Frame:
    """The table with a row for every bucket."""
    row_of = {to_number(value): at for at, value in enumerate(made.column("_time").to_values())}
    rows = np.array([row_of.get(bucket, -1) for bucket in buckets], dtype=np.intp)
    columns: dict[str, Column] = {}
    for name, column in made.columns.items():
        codes = np.append(column.codes, np.int32(NULL))[rows]
        columns[name] = Column(column.values, codes)
        if name in counts:
            columns[name] = columns[name].map(lambda value: 0 if value is None else value, nulls=True)
    columns["_time"] = Column.from_values(buckets)
    columns |= {name: Column.constant(0, len(buckets)) for name in counts if name not in columns}
    return Frame(columns, len(buckets), ordered=True)
