"""``sparkline``: a statistic bucket by bucket of time, in one field ("sparkline" in "Statistical and charting
functions", "Add sparklines to search results").

The field is a multivalue that begins with a mark. Buckets are those of the search's time range, or of its rows' times
where that is open, and as fine as fit into a hundred (limits.conf, ``sparkline_maxsize``, ``sparkline_time_steps``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Self

import numpy as np

from harness.engine.aggregates import Accumulator, Aggregate, Numbers, Samples, find_aggregate
from harness.errors import UnsupportedSPL
from harness.values.column import NULL, Column, Value, normal

MARK: Final = "##__SPARKLINE__##"
MAXIMUM: Final = 100

_INNER: Final = re.compile(r"([a-z]+)(?:\((.*)\))?", re.IGNORECASE | re.DOTALL)
_KNOWN: Final = frozenset(
    ["c", "count", "dc", "mean", "avg", "stdev", "stdevp", "var", "varp", "sum", "sumsq", "min", "max", "range"]
)


def inner_function(text: str) -> tuple[type[Aggregate], str | None] | None:
    """The function inside ``sparkline(...)`` and its field: ``avg(x)``; None if there can be no such."""
    found = _INNER.fullmatch(text.strip())
    function = find_aggregate(found[1].lower()) if found is not None and found[1].lower() in _KNOWN else None
    if found is None or function is None or (not found[2] and "count" not in function.names):
        return None
    return function, (found[2] or "").strip() or None


class Sparkline(Aggregate):
    """Not among the functions by name: it is made for its buckets."""

    names = ("sparkline",)
    timed = True

    inner: Aggregate
    edges: Numbers | None = None
    """The beginnings of the buckets, in epoch seconds."""

    def over(self, inner: Aggregate, edges: Sequence[float]) -> Self:
        """The function for these buckets."""
        found = type(self)()
        found.inner = inner
        found.edges = np.array(edges, dtype=np.float64)
        return found

    def accumulator(self) -> Accumulator:
        raise UnsupportedSPL("sparkline is supported in stats and chart only.")

    def grouped(self, samples: Samples) -> Column:
        assert self.edges is not None
        known = np.flatnonzero(~np.isnan(samples.times))
        width = len(self.edges)
        if not len(known) or not width:
            return Column(list[Value](), np.full(samples.count, NULL, dtype=np.int32))
        buckets = np.clip(np.searchsorted(self.edges, samples.times[known], side="right") - 1, 0, width - 1)
        cells = (samples.groups[known] * width + buckets).astype(np.int32)
        parts = Samples(samples.values, samples.codes[known], cells, samples.times[known], samples.count * width)
        values = self.inner.grouped(parts).to_values()
        if any(value is None for value in values):
            raise UnsupportedSPL("A sparkline with buckets in which its function has no value is not supported.")
        lines = [values[group * width : (group + 1) * width] for group in range(samples.count)]
        return Column.from_values(normal((MARK, *line)) for line in lines)  # type: ignore[arg-type]
