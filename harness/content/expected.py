"""What a test expects of its results: how many, which values, and what its alert must leave.

A value is compared with a cell as Splunk's JSON results have it: a text, a list of texts (multivalue), or nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cached_property
from typing import Final, Protocol, TypeAlias

Cell: TypeAlias = str | list[str] | None


class ExpectedValue(Protocol):
    def holds(self, cell: Cell) -> bool: ...


@dataclass(frozen=True)
class Same:
    """These values and no others, in any order; without any, the field must be absent or empty."""

    values: tuple[str, ...]

    def holds(self, cell: Cell) -> bool:
        return sorted(values_of(cell)) == sorted(self.values)

    def __str__(self) -> str:
        return shown(list(self.values))


@dataclass(frozen=True)
class Like:
    """Every value matches the pattern, in which ``*`` stands for anything; in any case, as ``search`` compares."""

    pattern: str

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        # Only the star is special: brackets and question marks stand for themselves.
        literal = re.sub(r"[\[?]", r"[\g<0>]", self.pattern)
        return re.compile(translate(literal), re.IGNORECASE)

    def holds(self, cell: Cell) -> bool:
        values = values_of(cell)
        return bool(values) and all(self._regex.match(value) for value in values)

    def __str__(self) -> str:
        return f"like {self.pattern}"


@dataclass(frozen=True)
class Within:
    """One number, not less than ``low`` and not more than ``high``. ``exclusive`` bounds are not reached."""

    low: float | None = None
    high: float | None = None
    exclusive: bool = False

    def holds(self, cell: Cell) -> bool:
        values = values_of(cell)
        if len(values) != 1 or not NUMBER.fullmatch(values[0]):
            return False
        number = float(values[0])
        if self.exclusive and number in (self.low, self.high):
            return False
        return (self.low is None or number >= self.low) and (self.high is None or number <= self.high)

    def __str__(self) -> str:
        if self.low == self.high and self.low is not None:
            return f"{self.low:g}"
        if self.low is not None and self.high is not None:
            return f"{self.low:g}..{self.high:g}"
        sign, bound = (">", self.low) if self.high is None else ("<", self.high)
        return f"{sign}{'' if self.exclusive else '='}{bound:g}"


@dataclass(frozen=True, slots=True)
class ExpectedRow:
    """Fields with what each must hold. Other fields of a row do not matter."""

    cells: tuple[tuple[str, ExpectedValue], ...] = ()
    line: int = 1

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.cells)


@dataclass(frozen=True, slots=True)
class Expectation:
    """How many rows a test must give: ``minimum`` to ``maximum`` (None: no bound); and what they must hold.

    Each of ``rows`` is met by a result row of its own. ``fields`` hold in every result row. Each of ``risk`` is met by
    a risk event of its own, by that event's fields.
    """

    minimum: int = 1
    maximum: int | None = None
    rows: tuple[ExpectedRow, ...] = ()
    fields: ExpectedRow = field(default_factory=ExpectedRow)
    risk: tuple[ExpectedRow, ...] = ()


NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_RANGE: Final = re.compile(
    r"\s*(?:(?P<exact>{n})|(?P<sign>>=|<=|>|<)\s*(?P<bound>{n})|(?P<low>{n})\s*\.\.\s*(?P<high>{n}))\s*".replace(
        "{n}", NUMBER.pattern
    )
)


def parse_range(text: str) -> Within | None:
    """``"3"``, ``">=2"``, ``"<5"``, ``"2..4"``; None for what asks for no possible number."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    if found["exact"] is not None:
        return Within(float(found["exact"]), float(found["exact"]))
    if found["low"] is not None:
        low, high = float(found["low"]), float(found["high"])
        return Within(low, high) if low <= high else None
    bound, exclusive = float(found["bound"]), found["sign"] in "<>"
    return Within(low=bound, exclusive=exclusive) if found["sign"][0] == ">" else Within(None, bound, exclusive)


def parse_count(text: str) -> tuple[int, int | None] | None:
    """As :func:`parse_range`, for a number of rows: the least and the most; None for what no number of rows is."""
    found = parse_range(text)
    if found is None or not all(bound is None or bound.is_integer() for bound in (found.low, found.high)):
        return None
    off = int(found.exclusive)
    low = 0 if found.low is None else int(found.low) + off
    high = None if found.high is None else int(found.high) - off
    return None if low < 0 or (high is not None and high < low) else (low, high)


def values_of(cell: Cell) -> list[str]:
    """The values of a cell that are not empty."""
    values = cell if isinstance(cell, list) else [cell]
    return [value for value in values if value]


def shown(cell: Cell) -> str:
    values = values_of(cell)
    if not values:
        return "nothing"
    return values[0] if len(values) == 1 else f"[{', '.join(values)}]"
