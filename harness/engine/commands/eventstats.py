"""``eventstats``: statistics of a row's group, added to the row. Follows "eventstats" and M4.89."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.columns import either
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.grouping import group_by
from harness.engine.statistics import Measure, aggregate, check_measures, outputs, read_measures, refuse_by_names
from harness.spl.arguments import Arguments, boolean
from harness.values.column import NULL, Column
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class EventStats(SearchCommand):
    names = ("eventstats",)

    measures: tuple[Measure, ...]
    by: tuple[str, ...] = ()
    all_numeric: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> EventStats:
        options = arguments.options({"allnum": boolean})
        measures = read_measures(arguments)
        by = tuple(arguments.by_clause())
        options |= arguments.options({"allnum": boolean})
        arguments.expect_end()
        refuse_by_names(measures, by, arguments)
        return cls(measures, by, options.get("allnum", False))

    def check(self, text: str) -> None:
        check_measures(self.measures, "eventstats", text)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        groups = group_by(frame, self.by)
        wanted = outputs(self.measures, groups.frame, self.by, context)
        computed = aggregate(groups, wanted, all_numeric=self.all_numeric)
        # A row with a multivalue in a by-field is in several groups; it shows the last of them.
        group_of_row = np.full(frame.length, NULL, dtype=np.int32)
        group_of_row[groups.rows] = groups.codes
        return frame.with_columns(
            {name: _spread(column, group_of_row, frame.column(name)) for name, column in computed.items()}
        )


def _spread(column: Column, groups: np.ndarray[tuple[int], np.dtype[np.int32]], before: Column) -> Column:
    """The group's value in each row; a row in no group keeps what it had."""
    spread = Column(column.values, np.append(column.codes, np.int32(NULL))[groups])
    return either(groups != NULL, spread, before)
