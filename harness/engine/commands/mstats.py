"""``mstats``: statistics of the measurements in metric indexes. Follows "mstats" in the Search Reference.

``avg(_value)`` is about the metric that WHERE names; ``avg(cpu.*)`` gives a column for each metric that it matches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from harness.engine.bins import TimeSpan, bin_times, read_time_span
from harness.engine.columns import filled
from harness.engine.commands import SearchCommand
from harness.engine.commands.tstats import check_prestats_reader
from harness.engine.context import SearchContext
from harness.engine.fields import expand
from harness.engine.grouping import group_by
from harness.engine.metrics import NAME, VALUE, data_points, measurements, single
from harness.engine.plan import Plan
from harness.engine.retrieval import walk
from harness.engine.statistics import Measure, outputs, read_measures, refuse_by_names, statistics_frame
from harness.engine.subsearch import plan_subsearches, resolve
from harness.errors import SplPlace
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.spl.nodes import Comparison, InList, SearchAnd, SearchNode, Subsearch
from harness.values.column import Mask
from harness.values.frame import Frame, concatenate_frames

_OPTIONS: Final = {
    "prestats": boolean,
    "append": boolean,
    "chart": boolean,
    "backfill": boolean,
    "update_period": non_negative_integer,
    "fillnull_value": string,
    "chunk_size": non_negative_integer,
    "span": string,
    "every": string,
}


@dataclass(frozen=True, slots=True)
class MStats(SearchCommand):
    """With ``span``, rows are grouped by ``_time`` first."""

    names = ("mstats",)
    subsearches = True
    generating = True
    transforming = True

    measures: tuple[Measure, ...]
    node: SearchNode | None
    plans: dict[Subsearch, Plan]
    by: tuple[str, ...] = ()
    span: TimeSpan | None = None
    fill: str | None = None
    prestats: bool = False
    append: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> MStats:
        options: dict[str, Any] = arguments.options(_OPTIONS)
        measures = read_measures(arguments)
        options |= arguments.options(_OPTIONS)
        node = None
        if arguments.accept_keyword("WHERE"):
            node, options["span"] = _without_span(arguments.search_expression(stops=("BY", "GROUPBY")))
            options = {name: value for name, value in options.items() if value is not None}
        options |= arguments.options(_OPTIONS)
        by: list[str] = []
        if arguments.accept_keyword("BY", "GROUPBY"):
            while not arguments.at_end:
                fields = arguments.field_list()
                found = arguments.options(_OPTIONS)
                if not fields and not found:
                    break
                by += fields
                options |= found
        arguments.expect_end()
        cls._check(measures, node, by, options, arguments)
        text = options.get("span", "auto")
        if text == "auto" and "span" in options:
            raise arguments.unsupported("span=auto")
        span = None if text == "auto" else read_time_span(f"{text}s" if text.isdigit() else text, arguments)
        return cls(
            measures,
            node,
            plan_subsearches(node),
            tuple(by),
            span,
            options.get("fillnull_value"),
            options.get("prestats", False),
            options.get("append", False),
        )

    @staticmethod
    def _check(
        measures: tuple[Measure, ...],
        node: SearchNode | None,
        by: Sequence[str],
        options: dict[str, Any],
        arguments: Arguments,
    ) -> None:
        for name in ("chart", "every"):
            if options.get(name):
                raise arguments.unsupported(f"the option '{name}'")
        if options.get("append") and not options.get("prestats"):
            raise arguments.error("The 'append' option requires 'prestats=true'.")
        if not measures:
            raise arguments.error("Missing aggregation function.")
        refuse_by_names(measures, by, arguments)
        values = [one for one in measures if one.field == VALUE]
        for one in measures:
            if one.field is None or (one.expression is not None and one.node.argument is not None):
                raise arguments.unsupported("an aggregation of anything but a metric", one.node.span)
            if one.node.function in ("rate", "earliest_time", "latest_time"):
                raise arguments.unsupported(f"the function '{one.node.function}'", one.node.span)
        if values and (len(values) != len(measures) or not _names_metrics(node)):
            raise arguments.error("Aggregations of _value need the metric's name in the WHERE clause, and no others.")

    def placed(self, *, first: bool, where: SplPlace | None = None) -> SearchCommand:
        return self if self.append else SearchCommand.placed(self, first=first, where=where)

    def check_next(self, following: SearchCommand | None) -> None:
        if self.prestats:
            check_prestats_reader(self.measures, self.by, following)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        node = resolve(self.node, self.plans, context)
        rows = data_points(node, context)
        named = any(one.field == VALUE for one in self.measures)
        rows = single(rows, node) if named else rows.take(self._asked(rows))
        by = self.by
        if self.span is not None:
            by = ("_time", *(name for name in by if name != "_time"))
            rows = rows.with_columns({"_time": bin_times(rows, "_time", self.span, context)})
        if self.fill is not None:
            rows = rows.with_columns({name: filled(rows.column(name), self.fill) for name in by})
        groups = group_by(rows, by)
        asked = measurements(groups.frame)
        if VALUE in groups.frame.columns:
            asked = asked.with_columns({VALUE: groups.frame.column(VALUE)})
        if self.prestats:
            kept = {one.field for one in self.measures if one.field is not None}
            dimensions = {name: groups.frame.column(name) for name in (*self.by, "_time")}
            points = Frame(
                {**{name: column for name, column in asked.columns.items() if name in kept}, **dimensions},
                groups.frame.length,
            )
            return concatenate_frames([frame, points]) if self.append else points
        if not rows.length:
            return Frame()
        return statistics_frame(groups, by, outputs(self.measures, asked.without(["_time"]), by, context))

    def _asked(self, rows: Frame) -> Mask:
        """The data points that measure what is asked for."""
        measured = measurements(rows).without(["_time"])
        names = expand([one.field for one in self.measures if one.field is not None], measured)
        found = np.zeros(rows.length, dtype=np.bool_)
        for name in names:
            found |= ~measured.column(name).is_null()
        return found


def _without_span(node: SearchNode | None) -> tuple[SearchNode | None, str | None]:
    """WHERE reads ``span=1m`` after it as a comparison: the expression without it, and the span."""
    if isinstance(node, Comparison) and node.field.lower() == "span" and node.operator == "=":
        return None, node.value.text
    if not isinstance(node, SearchAnd):
        return node, None
    parts = [_without_span(item) for item in node.items]
    kept = tuple(item for item, _ in parts if item is not None)
    span = next((span for _, span in parts if span is not None), None)
    return (kept[0] if len(kept) == 1 else SearchAnd(kept)) if kept else None, span


def _names_metrics(node: SearchNode | None) -> bool:
    return node is not None and any(isinstance(item, Comparison | InList) and item.field == NAME for item in walk(node))
