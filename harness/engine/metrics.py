"""Data points of metric indexes: what ``mstats`` and ``mcatalog`` read and ``mcollect`` writes.

A data point holds its measurements in fields called ``metric_name:<metric>``, and dimensions in all others. One with a
single measurement may have it in ``_value``, and its name in ``metric_name`` ("Get metrics in from other sources").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from harness.engine.columns import over, where
from harness.engine.context import SearchContext
from harness.engine.retrieval import reached_indexes, timed, walk
from harness.engine.store import newest_first, part_of
from harness.expressions import search_mask
from harness.spl.nodes import Comparison, InList, SearchNode
from harness.values.column import Column, Value
from harness.values.frame import Frame, concatenate_frames
from harness.values.values import members, to_text

PREFIX: Final = "metric_name:"
NAME: Final = "metric_name"
VALUE: Final = "_value"


def data_points(node: SearchNode | None, context: SearchContext) -> Frame:
    """The data points that WHERE finds, newest first; every measurement in a ``metric_name:`` field.

    ``metric_name`` holds the names of all measurements of a data point, for WHERE to ask.
    """
    node, window = timed(node, context)
    parts = []
    for part in context.store.slices(reached_indexes(node, context, metric=True), window.earliest, window.latest):
        context.control.check()
        context.progress.scanned += len(part)
        fields = _measured(part.segment.frame)
        rows = part.rows & ~fields.column(NAME).is_null()
        if node is not None:
            rows &= search_mask(node, fields)
        if rows.any():
            parts.append(part_of(part.segment, fields, rows))
    return replace(newest_first(parts), events=False)


def metric_names(frame: Frame) -> list[str]:
    """The metrics that the data points measure."""
    return sorted(name.removeprefix(PREFIX) for name in frame.columns if name.startswith(PREFIX))


def measurements(frame: Frame) -> Frame:
    """The measurements alone, each called like its metric."""
    columns = {name: frame.column(PREFIX + name) for name in metric_names(frame)}
    return Frame({**columns, "_time": frame.column("_time")}, frame.length)


def single(frame: Frame, node: SearchNode | None) -> Frame:
    """A row for each measurement that ``metric_name`` in WHERE names, its value in ``_value``."""
    parts = []
    for name in metric_names(frame):
        values = frame.column(PREFIX + name)
        here = np.flatnonzero(~values.is_null())
        part = frame.take(here).with_columns({NAME: Column.constant(name, len(here)), VALUE: values.take(here)})
        asked = _about_names(node)
        kept = np.ones(len(here), dtype=np.bool_)
        for one in asked:
            kept &= search_mask(one, part)
        parts.append(part.take(kept))
    return concatenate_frames(parts)


def _about_names(node: SearchNode | None) -> Sequence[SearchNode]:
    """What WHERE says of ``metric_name``."""
    return [item for item in walk(node) if isinstance(item, Comparison | InList) and item.field == NAME] if node else []


def _measured(frame: Frame) -> Frame:
    """The data points with ``_value`` under the name of its metric, and all names in ``metric_name``."""
    columns = dict(frame.without([VALUE, NAME, "_raw"]).columns)
    named = frame.column(NAME)
    value = frame.column(VALUE)
    for code in np.unique(named.codes[named.codes >= 0]).tolist():
        field = PREFIX + to_text(members(named.values[code])[0])
        here = where(np.equal(named.codes, code), value)
        columns[field] = over(here, columns[field]) if field in columns else here
    found: list[list[str]] = [[] for _ in range(frame.length)]
    for field in sorted(name for name in columns if name.startswith(PREFIX)):
        for row in np.flatnonzero(~columns[field].is_null()).tolist():
            found[row].append(field.removeprefix(PREFIX))
    names: list[Value] = [tuple(each) for each in found]
    return Frame({**columns, NAME: Column.from_values(names)}, frame.length)
