"""``bin``: puts numbers and times into buckets. Follows "bin" in the Search Reference, M4.110 to M4.112."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness.engine.bins import (
    TimeSpan,
    bin_numbers,
    bin_times,
    is_time_span,
    log_labels,
    number_span,
    power_of_ten,
    read_time_span,
    time_span_for,
)
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import UnsupportedSPL
from harness.spl.arguments import Arguments, non_negative_integer, string
from harness.spl.time import InvalidTimeError, resolve_time
from harness.values.column import Column, Value
from harness.values.frame import Frame
from harness.values.values import to_number

BUCKET_OPTIONS: Final[Mapping[str, Any]] = {
    "span": string,
    "bins": non_negative_integer,
    "minspan": string,
    "aligntime": string,
    "start": string,
    "end": string,
}


@dataclass(frozen=True, slots=True)
class Bin(SearchCommand):
    """``span`` is a span of time, or the text of a number or logarithm."""

    names = ("bin", "bucket")
    streaming = True

    field: str
    target: str
    span: TimeSpan | str | None = None
    bins: int = 100
    minimum: float | None = None
    align: str | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> Bin:
        known = BUCKET_OPTIONS
        options = arguments.options(known)
        field: str | None = None
        target: str | None = None
        while not arguments.at_end:
            if (name := arguments.option_name()) is not None and name.lower() not in known:
                raise arguments.error(f"Invalid argument: '{name}={_value(arguments)}'")
            if field is None:
                field = arguments.field_name()
            elif target is None and arguments.accept_keyword("AS"):
                target = arguments.field_name()
            elif found := arguments.options(known):
                options |= found
            else:
                raise arguments.error(f"Invalid argument: '{arguments.next().text}'")
            options |= arguments.options(known)
        if field is None:
            raise arguments.error("You must specify a field to discretize.")
        return cls.of(field, target or field, options, arguments)

    @classmethod
    def of(cls, field: str, target: str, options: Mapping[str, Any], arguments: Arguments) -> Bin:
        """The buckets that options ask for."""
        for name in ("start", "end"):
            if name in options:
                raise arguments.unsupported(f"the option '{name}'")
        span: TimeSpan | str | None = options.get("span")
        if isinstance(span, str):
            span = _read_span(span, arguments)
        minimum = options.get("minspan")
        if minimum is not None and to_number(minimum) is None:
            raise arguments.unsupported(f"the minspan '{minimum}'")
        least = None if minimum is None else float(to_number(minimum) or 0)
        return cls(field, target, span, options.get("bins", 100), least, options.get("aligntime"))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.field not in frame.columns:
            return frame
        return frame.with_columns({self.target: self._buckets(frame, context)})

    def _buckets(self, frame: Frame, context: SearchContext) -> Column:
        column = frame.column(self.field)
        if isinstance(self.span, TimeSpan) or (self.span is None and self.field == "_time"):
            span = self.span if isinstance(self.span, TimeSpan) else None
            span = span or time_span_for(context.progress.window, frame, self.bins)
            return bin_times(frame, self.field, span, context, alignment(self.align, span, context, "bin"))
        if self.align is not None:
            raise UnsupportedSPL("The 'bin' command: aligntime for a field other than _time is not supported.")
        if isinstance(self.span, str):
            labels = log_labels(self.span)
            if labels is not None:
                return column.map(labels)
            return bin_numbers(column, float(to_number(self.span) or 1), self.span)
        if any(not _is_whole(value) for value in column.values):
            raise UnsupportedSPL("The 'bin' command: choosing a span for numbers that are not whole is not supported.")
        span_of_numbers = number_span(column, self.bins)
        if self.minimum is not None:
            span_of_numbers = max(span_of_numbers, power_of_ten(self.minimum))
        return bin_numbers(column, span_of_numbers, "")


def alignment(text: str | None, span: TimeSpan, context: SearchContext, command: str) -> float | None:
    """The moment that ``aligntime`` names, None for no alignment: days and longer are those of the calendar."""
    if text is None or span.unit != "s":
        return None
    window = context.progress.window
    edges = {"earliest": window.earliest, "latest": window.latest}
    if text in edges:
        return edges[text]
    try:
        return resolve_time(text, context.now, context.timezone)
    except InvalidTimeError:
        raise UnsupportedSPL(f"The '{command}' command: aligntime={text} is not supported.") from None


def _read_span(text: str, arguments: Arguments) -> TimeSpan | str:
    try:
        if log_labels(text) is not None:
            return text
    except ValueError:
        raise arguments.error(f"The value for option span ({text}) is invalid.") from None
    if is_time_span(text) or to_number(text) is None:
        return read_time_span(text, arguments)
    if float(to_number(text) or 0) <= 0:
        raise arguments.error(f"The value for option span ({text}) is invalid.")
    return text


def _value(arguments: Arguments) -> str:
    arguments.next()
    arguments.accept("=")
    return arguments.value()


def _is_whole(value: Value) -> bool:
    number = to_number(value)
    return number is None or float(number).is_integer()
