"""``stats``: a table of statistics, one row per group. Follows "stats" in the Search Reference and M4.76 to M4.88."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.grouping import group_by
from harness.engine.statistics import (
    Measure,
    check_measures,
    outputs,
    read_measures,
    refuse_by_names,
    statistics_frame,
)
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Stats(SearchCommand):
    names = ("stats",)
    transforming = True

    measures: tuple[Measure, ...]
    by: tuple[str, ...] = ()
    all_numeric: bool = False
    once: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> Stats:
        known = {
            "partitions": non_negative_integer,
            "allnum": boolean,
            "delim": string,
            "dedup_splitvals": boolean,
        }
        if arguments.at_end:
            raise arguments.unsupported("the command without arguments")
        options = arguments.options(known)
        measures = read_measures(arguments)
        by = tuple(arguments.by_clause())
        options |= arguments.options(known)
        arguments.expect_end()
        if "delim" in options:
            raise arguments.unsupported("the option 'delim'")
        refuse_by_names(measures, by, arguments)
        return cls(measures, by, options.get("allnum", False), options.get("dedup_splitvals", False))

    def check(self, text: str) -> None:
        check_measures(self.measures, "stats", text)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        groups = group_by(frame, self.by, once=self.once)
        wanted = outputs(self.measures, groups.frame, self.by, context)
        return statistics_frame(groups, self.by, wanted, all_numeric=self.all_numeric)
