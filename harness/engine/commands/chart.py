"""``chart``: statistics by one field down the side and another across the top.

Follows "chart" in the Search Reference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from harness.engine.charting import OPTIONS, Across, read_across, read_where, table
from harness.engine.commands import SearchCommand
from harness.engine.commands.bin import BUCKET_OPTIONS, Bin
from harness.engine.context import SearchContext
from harness.engine.grouping import group_by
from harness.engine.statistics import (
    Measure,
    check_measures,
    outputs,
    read_measures,
    statistics_frame,
)
from harness.spl.arguments import Arguments, boolean
from harness.values.frame import Frame

_BINNING = {**BUCKET_OPTIONS, "cont": boolean}
DOWN: Final = "\0down"
ACROSS: Final = "\0across"
"""Fields of buckets; no field of an event can have such names."""


@dataclass(frozen=True, slots=True)
class Chart(SearchCommand):
    """Without a field down the side it is one row of statistics."""

    names = ("chart",)
    transforming = True

    measures: tuple[Measure, ...]
    down: str | None = None
    across: Across | None = None
    buckets: Bin | None = None
    across_buckets: Bin | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> Chart:
        known = OPTIONS
        options: dict[str, Any] = arguments.options(known)
        measures = read_measures(arguments)
        options |= arguments.options(known)
        if not measures:
            raise arguments.error("You must specify data field(s) to chart.")
        down: str | None = None
        across: str | None = None
        buckets: Bin | None = None
        across_buckets: Bin | None = None
        if arguments.accept_keyword("OVER"):
            down, buckets = read_side(arguments, DOWN)
            options |= arguments.options(known)
        if arguments.accept_keyword("BY"):
            if down is None:
                down, buckets = read_side(arguments, DOWN)
                arguments.accept(",")
                options |= arguments.options(known)
            if arguments.at_field() and not arguments.at_keyword("WHERE"):
                across, across_buckets = read_side(arguments, ACROSS)
            options |= arguments.options(known)
        where = read_where(arguments, measures)
        options |= arguments.options(known)
        arguments.expect_end()
        return cls(measures, down, read_across(across, options, arguments, where), buckets, across_buckets)

    def check(self, text: str) -> None:
        check_measures(self.measures, "chart", text)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.down is None:
            groups = group_by(frame, ())
            return statistics_frame(groups, (), outputs(self.measures, frame, (), context))
        for buckets in (self.buckets, self.across_buckets):
            if buckets is not None:
                frame = buckets.run(frame, context)
        if self.buckets is None:
            return table(frame, self.down, self.across, self.measures, context)
        made = table(frame, DOWN, self.across, self.measures, context)
        return replace(made, columns={self.down if name == DOWN else name: one for name, one in made.columns.items()})


def read_side(arguments: Arguments, bucketed: str) -> tuple[str, Bin | None]:
    """A field, or ``bucketed``, the field that holds its buckets if its options ask for such: statistics see the field
    as it is."""
    field = arguments.field_name()
    options = arguments.options(_BINNING, of=bucketed)
    if options.pop("cont", None) is False:
        raise arguments.unsupported("the option cont=false")
    if not options:
        return field, None
    return (field if bucketed == DOWN else bucketed), Bin.of(field, bucketed, options, arguments)
