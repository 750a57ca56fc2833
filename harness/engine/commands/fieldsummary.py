"""``fieldsummary``: a row about each field. Follows "fieldsummary" in the Search Reference.

Of a field with more than ``maxvals`` values Splunk estimates how many there are; and it is not documented what the
numbers of a field are that has other texts too. Whoever reads these is refused.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from harness.engine.aggregates import whole
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import expand, is_internal
from harness.errors import UnsupportedSPL
from harness.spl.arguments import Arguments, non_negative_integer
from harness.values.column import Column, RefusedColumn, Value
from harness.values.frame import Frame
from harness.values.values import texts, to_number

_COLUMNS: Final = (
    "field", "count", "distinct_count", "is_exact", "max", "mean", "min", "numeric_count", "stdev", "values",
)  # fmt: skip
_MANY: Final = UnsupportedSPL("The 'fieldsummary' command: more values of a field than maxvals are estimated.")
_MIXED: Final = UnsupportedSPL("The 'fieldsummary' command: statistics of a field that has numbers and other texts.")


@dataclass(frozen=True, slots=True)
class FieldSummary(SearchCommand):
    """Of all fields but internal ones, or of those that ``patterns`` name."""

    names = ("fieldsummary",)
    transforming = True

    patterns: tuple[str, ...] = ()
    most_values: int = 100

    @classmethod
    def parse(cls, arguments: Arguments) -> FieldSummary:
        options = arguments.options({"maxvals": non_negative_integer})
        patterns = tuple(arguments.field_list())
        options |= arguments.options({"maxvals": non_negative_integer})
        arguments.expect_end()
        return cls(patterns, options.get("maxvals", 100))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        wanted = expand(self.patterns, frame) if self.patterns else [n for n in frame.columns if not is_internal(n)]
        summaries = [
            summary
            for name in sorted(wanted)
            if name in frame.columns and (summary := _summary(name, frame.columns[name])) is not None
        ]
        result = Frame.from_rows([one.row for one in summaries], columns=_COLUMNS, ordered=True)
        many = np.array([bool(self.most_values) and one.distinct > self.most_values for one in summaries], np.bool_)
        mixed = np.array([one.mixed for one in summaries], np.bool_)
        doubts = {
            **dict.fromkeys(("distinct_count", "is_exact", "values"), (_MANY, many)),
            **dict.fromkeys(("max", "mean", "min", "stdev"), (_MIXED, mixed)),
        }
        doubted = {
            name: RefusedColumn(refusal, result.column(name), rows)
            for name, (refusal, rows) in doubts.items()
            if rows.any()
        }
        return result.with_columns(doubted)


@dataclass(frozen=True, slots=True)
class _Summary:
    row: dict[str, Value]
    distinct: int
    mixed: bool


def _summary(name: str, column: Column) -> _Summary | None:
    """None for a field that no row has."""
    counts: Counter[str] = Counter()
    for code, count in zip(*np.unique(column.codes[column.codes >= 0], return_counts=True), strict=True):
        for text in texts(column.values[code]):
            counts[text] += int(count)
    if not counts:
        return None
    numeric = [(float(number), times) for text, times in counts.items() if (number := to_number(text)) is not None]
    numbers = np.repeat([number for number, _ in numeric], [times for _, times in numeric]) if numeric else np.zeros(0)
    row: dict[str, Value] = {
        "field": name,
        "count": int(np.count_nonzero(column.codes >= 0)),
        "distinct_count": len(counts),
        "is_exact": 1,
        "numeric_count": len(numbers),
        "values": json.dumps(
            [{"value": text, "count": counts[text]} for text in sorted(counts, key=lambda text: (-counts[text], text))],
            separators=(",", ":"),
            ensure_ascii=False,
        ),
    }
    if len(numbers):
        row |= {"max": whole(float(numbers.max())), "min": whole(float(numbers.min()))}
        row |= {"mean": whole(float(numbers.mean()))}
        row |= {"stdev": whole(float(numbers.std(ddof=1))) if len(numbers) > 1 else 0}
    return _Summary(row, len(counts), 0 < len(numbers) < counts.total())
