"""``appendcols``: the fields of a subsearch's rows beside the rows so far, first beside first.

Follows "appendcols" in the Search Reference. Internal fields of the subsearch are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.columns import over
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import is_internal
from harness.engine.plan import Plan, subplan
from harness.errors import UnsupportedSPL
from harness.spl.arguments import Arguments, boolean, non_negative_integer
from harness.values.column import NULL, Column
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class AppendCols(SearchCommand):
    """``override``: a field that both have takes the subsearch's value."""

    names = ("appendcols",)
    subsearches = True

    plan: Plan
    override: bool = False
    maximum: int | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> AppendCols:
        options = arguments.options(
            {
                "override": boolean,
                "maxtime": non_negative_integer,
                "maxout": non_negative_integer,
                "timeout": non_negative_integer,
            }
        )
        subsearch = arguments.subsearch()
        arguments.expect_end()
        return cls(subplan(subsearch.pipeline), options.get("override", False), options.get("maxout"))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        limit = context.limits.append_subsearch_max_rows if self.maximum is None else self.maximum
        other = context.run_subsearch(self.plan, max_rows=limit)
        if other.length > frame.length:
            raise UnsupportedSPL(
                f"The 'appendcols' command: a subsearch with more rows ({other.length}) than there are to append to "
                f"({frame.length}) is not supported."
            )
        columns: dict[str, Column] = {}
        for name, column in other.columns.items():
            if is_internal(name):
                continue
            missing = np.full(frame.length - other.length, NULL, dtype=np.int32)
            long = Column(column.values, np.append(column.codes, missing).astype(np.int32))
            before = frame.column(name)
            columns[name] = over(long, before) if self.override else over(before, long)
        return frame.with_columns(columns)
