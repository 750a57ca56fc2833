"""``chart``: statistics by one field down the side and another across the top.

Follows "chart" in the Search Reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.engine.charting import OPTIONS, UNSUPPORTED_OPTIONS, Across, read_across, table
from harness.engine.commands import SearchCommand
from harness.engine.commands.bin import BUCKET_OPTIONS, Bin
from harness.engine.context import SearchContext
from harness.engine.grouping import group_by
from harness.engine.statistics import Measure, check_measures, outputs, read_measures, statistics_frame
from harness.spl.arguments import Arguments, boolean
from harness.values.frame import Frame

_BINNING = {**BUCKET_OPTIONS, "cont": boolean}


@dataclass(frozen=True, slots=True)
class Chart(SearchCommand):
    """Without a field down the side it is one row of statistics."""

    names = ("chart",)
    transforming = True

    measures: tuple[Measure, ...]
    down: str | None = None
    across: Across | None = None
    buckets: Bin | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> Chart:
        known = {**OPTIONS, **UNSUPPORTED_OPTIONS}
        options: dict[str, Any] = arguments.options(known)
        measures = read_measures(arguments)
        options |= arguments.options(known)
        if not measures:
            raise arguments.error("You must specify data field(s) to chart.")
        down: str | None = None
        across: str | None = None
        buckets: Bin | None = None
        if arguments.accept_keyword("OVER"):
            down, buckets = _side(arguments)
            options |= arguments.options(known)
        if arguments.accept_keyword("BY"):
            if down is None:
                down, buckets = _side(arguments)
                arguments.accept(",")
                options |= arguments.options(known)
            if arguments.at_field():
                across = arguments.field_name()
            options |= arguments.options(known)
        if arguments.at_keyword("WHERE"):
            raise arguments.unsupported("a WHERE clause")
        if arguments.option_name() in _BINNING:
            raise arguments.unsupported("buckets of the field across")
        arguments.expect_end()
        return cls(measures, down, read_across(across, options, arguments), buckets)

    def check(self, text: str) -> None:
        check_measures(self.measures, "chart", text)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.down is None:
            groups = group_by(frame, ())
            return statistics_frame(groups, (), outputs(self.measures, frame, (), context))
        if self.buckets is not None:
            frame = self.buckets.run(frame, context)
        return table(frame, self.down, self.across, self.measures, context)


def _side(arguments: Arguments) -> tuple[str, Bin | None]:
    """A field, and the buckets that its options ask for."""
    field = arguments.field_name()
    options = arguments.options(_BINNING)
    options.pop("cont", None)
    return field, Bin.of(field, field, options, arguments) if options else None
