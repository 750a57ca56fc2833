"""``contingency``: how often the values of two fields come together. Follows "contingency" in the Search Reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import as_text
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.values.column import Column, Value
from harness.values.frame import Frame
from harness.values.values import texts, to_number

_LIMIT: Final = 1000
"""limits.conf, ``[ctable] maxvalues``."""


@dataclass(frozen=True, slots=True)
class Contingency(SearchCommand):
    """The values of ``down`` by the side, those of ``across`` at the top, the most frequent first."""

    names = ("contingency",)
    transforming = True

    down: str
    across: str
    rows: int = _LIMIT
    columns: int = _LIMIT
    row_cover: float = 1.0
    column_cover: float = 1.0
    total: str | None = "TOTAL"

    @classmethod
    def parse(cls, arguments: Arguments) -> Contingency:
        known = {
            "maxrows": non_negative_integer,
            "maxcols": non_negative_integer,
            "minrowcover": _share,
            "mincolcover": _share,
            "usetotal": boolean,
            "totalstr": string,
        }
        options: dict[str, Any] = arguments.options(known)
        fields: list[str] = []
        while not arguments.at_end:
            fields += arguments.field_list()
            found = arguments.options(known)
            options |= found
            if not found and not arguments.at_end:
                raise arguments.invalid_argument()
        if len(fields) != 2:
            raise arguments.error("Exactly two fields are expected.")
        return cls(
            fields[0],
            fields[1],
            options.get("maxrows", _LIMIT) or _LIMIT,
            options.get("maxcols", _LIMIT) or _LIMIT,
            options.get("minrowcover", 1.0),
            options.get("mincolcover", 1.0),
            options.get("totalstr", "TOTAL") if options.get("usetotal", True) else None,
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        pairs: Counter[tuple[str, str]] = Counter()
        down, across = as_text(frame.column(self.down)).to_values(), as_text(frame.column(self.across)).to_values()
        for first, second in zip(down, across, strict=True):
            pairs.update((one, other) for one in texts(first) for other in texts(second))
        rows = _kept(((one, count) for (one, _), count in pairs.items()), self.rows, self.row_cover)
        columns = _kept(((other, count) for (_, other), count in pairs.items()), self.columns, self.column_cover)
        cells: dict[str, list[int]] = {name: [pairs[row, name] for row in rows] for name in columns}
        if self.total is not None and rows:
            cells[self.total] = [sum(cells[name][at] for name in columns) for at in range(len(rows))]
            for numbers in cells.values():
                numbers.append(sum(numbers))
            rows = [*rows, self.total]
        made: dict[str, list[Value]] = {self.down: list(rows), **{name: list(each) for name, each in cells.items()}}
        return Frame({name: Column.from_values(each) for name, each in made.items()}, len(rows), ordered=True)


def _kept(counted: Iterable[tuple[str, int]], limit: int, cover: float) -> list[str]:
    """The most frequent values, as many as ``limit`` allows and as cover that share of all."""
    counts: Counter[str] = Counter()
    for name, count in counted:
        counts[name] += count
    wanted, covered = cover * counts.total(), 0
    found: list[str] = []
    for name, count in counts.most_common(limit):
        if covered >= wanted:
            break
        found.append(name)
        covered += count
    return found


def _share(text: str) -> float:
    number = to_number(text)
    if number is None or not 0 <= number <= 1:
        raise ValueError("a number between 0 and 1")
    return float(number)
