"""Tables with one field down the side and another across the top: what ``chart`` and ``timechart`` make.

Each value of the field across is a series. The best series get columns of their own, the others share one called OTHER,
and rows without the field go to one called NULL. Follows "chart" and "timechart" in the Search Reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from harness.engine.context import SearchContext
from harness.engine.fields import as_text
from harness.engine.grouping import Groups, automatic_ranks, explode, group_by
from harness.engine.statistics import Measure, aggregate, outputs
from harness.spl.arguments import Arguments, boolean, string
from harness.values.column import NULL, Column, Value
from harness.values.frame import Frame
from harness.values.values import texts, to_number

SERIES: Final = "\0series"
"""The name under which the field across stands while groups are made; no field can have it."""

_LIMIT: Final = re.compile(r"(top|bottom)?\s*([0-9]+)", re.IGNORECASE)

OPTIONS: Final[Mapping[str, Any]] = {
    "sep": string,
    "limit": string,
    "useother": boolean,
    "otherstr": string,
    "usenull": boolean,
    "nullstr": string,
}
UNSUPPORTED_OPTIONS: Final[Mapping[str, Any]] = {"format": string, "agg": string, "dedup_splitvals": boolean}


@dataclass(frozen=True, slots=True)
class Across:
    """The field across the top and how its series are chosen. ``limit`` 0 keeps all."""

    field: str
    limit: int = 10
    lowest: bool = False
    other: str | None = "OTHER"
    null: str | None = "NULL"
    separator: str = ": "


def read_across(field: str | None, options: Mapping[str, Any], arguments: Arguments) -> Across | None:
    """The options that concern the field across."""
    for name in UNSUPPORTED_OPTIONS:
        if name in options:
            raise arguments.unsupported(f"the option '{name}'")
    found = _LIMIT.fullmatch(options.get("limit", "10").strip())
    if found is None:
        raise arguments.error(f"Invalid value for option limit: '{options['limit']}'.")
    if field is None:
        return None
    return Across(
        field,
        int(found[2]),
        (found[1] or "").lower() == "bottom",
        options.get("otherstr", "OTHER") if options.get("useother", True) else None,
        options.get("nullstr", "NULL") if options.get("usenull", True) else None,
        options.get("sep", ": "),
    )


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
    groups = group_by(frame, [down, SERIES])
    return _pivot(groups, down, across, measures, context)


def _with_series(frame: Frame, across: Across) -> Frame:
    """The series of each row; a multivalue puts its row into several."""
    column = as_text(frame.column(across.field))
    if any(type(value) is tuple for value in column.values):
        known = np.flatnonzero(~column.is_null())
        rows, flat = explode(column.take(known))
        lacking = np.flatnonzero(column.is_null())
        order = np.argsort(np.concatenate([known[rows], lacking]), kind="stable")
        frame = frame.take(np.concatenate([known[rows], lacking])[order])
        column = Column(flat.values, np.append(flat.codes, np.full(len(lacking), NULL, dtype=np.int32))[order])
    return frame.with_columns({SERIES: column})


def _chosen(frame: Frame, down: str, across: Across, measures: Sequence[Measure], context: SearchContext) -> Column:
    """The column that each row's value goes to: its own series, OTHER, NULL, or none."""
    column = frame.column(SERIES)
    kept: set[Value] | None = None
    if across.limit:
        scores = _scores(frame, down, measures, context)
        if len(scores) > across.limit:
            ordered = sorted(scores, key=lambda name: scores[name], reverse=not across.lowest)
            kept = set(ordered[: across.limit])

    def place(value: Value) -> Value:
        if value is None:
            return across.null
        return value if kept is None or value in kept else across.other

    return column.map(place, nulls=True)


def _scores(frame: Frame, down: str, measures: Sequence[Measure], context: SearchContext) -> dict[Value, float]:
    """What a series is worth: the sum of its cells, or with several measures how many rows it has."""
    groups = group_by(frame, [down, SERIES])
    wanted = outputs(measures, groups.frame, [down, SERIES], context)
    if len(wanted) == 1:
        cells = aggregate(groups, wanted)[wanted[0].name].to_values()
    else:
        cells = list(np.bincount(groups.codes, minlength=groups.count).tolist())
    scores: dict[Value, float] = {}
    for (_, series), cell in zip(groups.keys(), cells, strict=True):
        scores[series] = scores.get(series, 0.0) + float(to_number(cell) or 0)
    return scores


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
            title = label if len(wanted) == 1 else f"{one.name}{across.separator}{label}"
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
