"""Tables with one field down the side and another across the top: what ``chart`` and ``timechart`` make.

Each value of the field across is a series. The best series get columns of their own, the others share one called OTHER,
and rows without the field go to one called NULL. Follows "chart" and "timechart" in the Search Reference.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from harness.engine.aggregates import Accumulator, Aggregate, find_aggregate
from harness.engine.context import SearchContext
from harness.engine.fields import as_text
from harness.engine.grouping import Groups, automatic_ranks, explode, group_by
from harness.engine.statistics import Measure, aggregate, outputs
from harness.spl.arguments import Arguments, boolean, string
from harness.values.column import NULL, Column, Value
from harness.values.frame import Frame
from harness.values.values import members, texts, to_number

SERIES: Final = "\0series"
"""The name under which the field across stands while groups are made; no field can have it."""

_LIMIT: Final = re.compile(r"(top|bottom)?\s*([0-9]+)", re.IGNORECASE)

OPTIONS: Final[Mapping[str, Any]] = {
    "sep": string,
    "format": string,
    "limit": string,
    "agg": string,
    "useother": boolean,
    "otherstr": string,
    "usenull": boolean,
    "nullstr": string,
    "dedup_splitvals": boolean,
}
_SCORES: Final = frozenset(("sum", "max", "min", "avg", "mean", "median", "range", "stdev", "stdevp", "var", "varp"))
"""What series can be chosen by: statistics of their cells."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which series get columns of their own: by a statistic of their cells, the ``count`` highest (or ``lowest``) of
    them, all but these (``not_in``), or those above or below a bound. ``count`` 0 keeps all."""

    score: Aggregate
    count: int = 10
    lowest: bool = False
    not_in: bool = False
    above: float | None = None
    below: float | None = None

    def kept(self, scores: Mapping[Value, float]) -> set[Value] | None:
        """The series that are kept; None for all of them."""
        if self.above is not None:
            return {name for name, score in scores.items() if score > self.above}
        if self.below is not None:
            return {name for name, score in scores.items() if score < self.below}
        if not self.count:
            return None
        ordered = sorted(scores, key=lambda name: scores[name], reverse=not self.lowest)
        return set(ordered[self.count :] if self.not_in else ordered[: self.count])


@dataclass(frozen=True, slots=True)
class Across:
    """The field across the top, how its series are chosen, and how their columns are called."""

    field: str
    choice: Choice
    other: str | None = "OTHER"
    null: str | None = "NULL"
    separator: str = ": "
    format: str | None = None
    once: bool = False

    def title(self, measure: str, series: str) -> str:
        """The column of a series, where there are several measures."""
        if self.format is None:
            return f"{measure}{self.separator}{series}"
        return self.format.replace("$AGG$", measure).replace("$VAL$", series)


def read_across(
    field: str | None, options: Mapping[str, Any], arguments: Arguments, where: Choice | None = None
) -> Across | None:
    """The options that concern the field across; ``where`` is what a WHERE clause says instead of a limit."""
    found = _LIMIT.fullmatch(options.get("limit", "10").strip())
    if found is None:
        raise arguments.error(f"Invalid value for option limit: '{options['limit']}'.")
    if field is None:
        return None
    score = _score(options.get("agg", "sum"), arguments)
    return Across(
        field,
        where or Choice(score, int(found[2]), (found[1] or "").lower() == "bottom"),
        options.get("otherstr", "OTHER") if options.get("useother", True) else None,
        options.get("nullstr", "NULL") if options.get("usenull", True) else None,
        options.get("sep", ": "),
        options.get("format"),
        options.get("dedup_splitvals", False),
    )


def read_where(arguments: Arguments, measures: Sequence[Measure]) -> Choice | None:
    """``WHERE max in top5``, ``avg notin bottom3``, ``sum > 100``: which series are kept."""
    if not arguments.accept_keyword("WHERE"):
        return None
    if len(measures) > 1:
        raise arguments.unsupported("a WHERE clause about several statistics")
    score = _score(arguments.next().text, arguments)
    token = arguments.next()
    if token.text in ("<", ">"):
        bound = to_number(arguments.value())
        if bound is None:
            raise arguments.error("The WHERE clause compares with a number.", token)
        limit = float(bound)
        return Choice(score, above=limit) if token.text == ">" else Choice(score, below=limit)
    word = token.text.lower()
    name = arguments.next().text if word in ("in", "notin") and not arguments.at_end else ""
    if name.lower() in ("top", "bottom") and not arguments.at_end:
        name += arguments.next().text
    found = _LIMIT.fullmatch(name)
    if found is None or found[1] is None:
        raise arguments.error("The WHERE clause is <function> in|notin top<n>|bottom<n>, or <function> <|> <number>.")
    return Choice(score, int(found[2]), found[1].lower() == "bottom", not_in=word == "notin")


def _score(name: str, arguments: Arguments) -> Aggregate:
    function = find_aggregate(name.lower()) if name.lower() in _SCORES else None
    if function is None:
        raise arguments.unsupported(f"choosing series by '{name}'")
    return function()


def table(frame: Frame, down: str, across: Across | None, measures: Sequence[Measure], context: SearchContext) -> Frame:
    """A row per value of ``down``, in order; a column per measure, or per measure and series."""
    if across is None:
        groups = group_by(frame, [down])
        wanted = outputs(measures, groups.frame, [down], context)
        cells = aggregate(groups, wanted)
        return Frame({down: _keys(groups, down), **cells}, groups.count, ordered=True)
    frame = _with_series(frame, across)
    frame = frame.with_columns({SERIES: _chosen(frame, down, across, measures, context)})
    frame = frame.take(~frame.column(SERIES).is_null())
    groups = group_by(frame, [down, SERIES], once=across.once)
    return _pivot(groups, down, across, measures, context)


def _with_series(frame: Frame, across: Across) -> Frame:
    """The series of each row; a multivalue puts its row into several."""
    column = as_text(frame.column(across.field))
    if any(type(value) is tuple for value in column.values):
        known = np.flatnonzero(~column.is_null())
        rows, flat = explode(column.take(known), once=across.once)
        lacking = np.flatnonzero(column.is_null())
        order = np.argsort(np.concatenate([known[rows], lacking]), kind="stable")
        frame = frame.take(np.concatenate([known[rows], lacking])[order])
        column = Column(flat.values, np.append(flat.codes, np.full(len(lacking), NULL, dtype=np.int32))[order])
    return frame.with_columns({SERIES: column})


def _chosen(frame: Frame, down: str, across: Across, measures: Sequence[Measure], context: SearchContext) -> Column:
    """The column that each row's value goes to: its own series, OTHER, NULL, or none."""
    column = frame.column(SERIES)
    kept = across.choice.kept(_scores(frame, down, across.choice.score, measures, context))

    def place(value: Value) -> Value:
        if value is None:
            return across.null
        return value if kept is None or value in kept else across.other

    return column.map(place, nulls=True)


def _scores(
    frame: Frame, down: str, score: Aggregate, measures: Sequence[Measure], context: SearchContext
) -> dict[Value, float]:
    """What a series is worth: a statistic of its cells, or with several measures how many rows it has."""
    groups = group_by(frame, [down, SERIES])
    wanted = outputs(measures, groups.frame, [down, SERIES], context)
    if len(wanted) == 1:
        cells = aggregate(groups, wanted)[wanted[0].name].to_values()
    else:
        cells = list(np.bincount(groups.codes, minlength=groups.count).tolist())
    running: dict[Value, Accumulator] = {}
    for (_, series), cell in zip(groups.keys(), cells, strict=True):
        found = running.setdefault(series, score.accumulator())
        for member in members(cell):
            found.add(member, math.nan)
    return {series: float(to_number(one.result()) or 0) for series, one in running.items()}


def _pivot(groups: Groups, down: str, across: Across, measures: Sequence[Measure], context: SearchContext) -> Frame:
    keys = groups.keys()
    rows = list(dict.fromkeys(key[0] for key in keys))
    row_of = {value: at for at, value in enumerate(rows)}
    series = _series_order({key[1] for key in keys}, across)
    wanted = outputs(measures, groups.frame, [down, SERIES], context)
    cells = aggregate(groups, wanted)
    columns: dict[str, Column] = {down: _moments(down, rows)}
    for one in wanted:
        empty = 0 if "count" in one.function.names else None
        values: dict[Value, list[Value]] = {name: [empty] * len(rows) for name in series}
        for (row, name), cell in zip(keys, cells[one.name].to_values(), strict=True):
            values[name][row_of[row]] = cell
        for name in series:
            label = "\n".join(texts(name))
            if label.startswith("_"):
                label = f"VALUE{label}"  # so that it is not taken for an internal field
            title = label if len(wanted) == 1 else across.title(one.name, label)
            columns[title] = Column.from_values(values[name])
    return Frame(columns, len(rows), ordered=True)


def _series_order(names: set[Value], across: Across) -> list[Value]:
    """By value; what is shared comes last."""
    last = [name for name in (across.null, across.other) if name in names]
    own = [name for name in names if name not in last]
    ranks = automatic_ranks(["\n".join(texts(name)) for name in own])
    return [*(own[at] for at in np.argsort(ranks)), *last]


def _keys(groups: Groups, down: str) -> Column:
    return _moments(down, groups.columns[0].to_values())


def _moments(down: str, values: Sequence[Value]) -> Column:
    """Values of the field down the side; times are numbers."""
    if down == "_time":
        return Column.from_values(value if (number := to_number(value)) is None else number for value in values)
    return Column.from_values(values)
