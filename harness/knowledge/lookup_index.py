"""Finds the rows of a lookup table that match what is asked: exactly, by ``*`` patterns, or by networks.

A table may hold a hundred thousand patterns. A pattern can only match a text that contains its longest piece between
stars, so a large table is looked through by the pieces that a text contains instead of pattern by pattern.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

from harness.values.column import Value
from harness.values.values import has_wildcard, texts, wildcard_matcher

TableRow = Mapping[str, Value]
Test = Callable[[str], bool]

FEW: Final = 64
"""Rows that are looked through one by one."""


class Index:
    """Rows by their exact fields; the fields that match by pattern are tested within.

    ``keys`` are the table's fields that are asked by, ``match_types`` says which of them are WILDCARD or CIDR.
    """

    def __init__(
        self, rows: Iterable[TableRow], keys: tuple[str, ...], match_types: Mapping[str, str], *, case_sensitive: bool
    ) -> None:
        self._fold: Callable[[str], str] = str if case_sensitive else str.lower
        self._exact = [i for i, name in enumerate(keys) if name not in match_types]
        self._patterns = [i for i, name in enumerate(keys) if name in match_types]
        kinds = [match_types[keys[i]] for i in self._patterns]
        self._groups: dict[tuple[str, ...], _Group] = {}
        for row in rows:
            cells = [[self._fold(text) for text in texts(row.get(name))] for name in keys]
            if not all(cells):
                continue
            patterns = [cells[i] for i in self._patterns]
            for key in _combinations([cells[i] for i in self._exact]):
                group = self._groups.get(key)
                if group is None:
                    group = self._groups[key] = _Group(kinds)
                group.add(patterns, row)

    def find(self, values: tuple[str, ...]) -> list[TableRow]:
        """The rows that match all values, in the table's order."""
        group = self._groups.get(tuple(self._fold(values[i]) for i in self._exact))
        return [] if group is None else group.find([self._fold(values[i]) for i in self._patterns])


class _Group:
    """Rows with the same exact fields, each with the patterns of its other ones."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = kinds
        self._rows: list[TableRow] = []
        self._patterns: list[list[list[str]]] = []
        self._tests: dict[int, list[Test]] = {}

    def add(self, patterns: list[list[str]], row: TableRow) -> None:
        self._rows.append(row)
        self._patterns.append(patterns)

    def find(self, asked: list[str]) -> list[TableRow]:
        if not asked:
            return self._rows
        return [self._rows[at] for at in self._candidates(asked) if self._matches(at, asked)]

    def _matches(self, at: int, asked: list[str]) -> bool:
        tests = self._tests.get(at)
        if tests is None:
            tests = self._tests[at] = [
                _test(kind, cells) for kind, cells in zip(self._kinds, self._patterns[at], strict=True)
            ]
        return all(test(value) for test, value in zip(tests, asked, strict=True))

    def _candidates(self, asked: list[str]) -> Iterable[int]:
        """Rows that may match, in order."""
        if len(self._rows) <= FEW or "WILDCARD" not in self._kinds:
            return range(len(self._rows))
        by_piece, lengths, anything = self._pieces
        value = asked[self._kinds.index("WILDCARD")]
        if len(value) * len(lengths) > len(self._rows):
            return range(len(self._rows))
        found = set(anything)
        for length in lengths:
            for start in range(len(value) - length + 1):
                rows = by_piece.get(value[start : start + length])
                if rows is not None:
                    found.update(rows)
        return sorted(found)

    @cached_property
    def _pieces(self) -> tuple[dict[str, list[int]], set[int], list[int]]:
        """Rows by the longest piece of their patterns, the lengths of these, and rows with a pattern of stars alone."""
        by_piece: dict[str, list[int]] = {}
        anything: list[int] = []
        position = self._kinds.index("WILDCARD")
        for at, patterns in enumerate(self._patterns):
            for cell in patterns[position]:
                piece = _longest_piece(cell)
                if piece:
                    by_piece.setdefault(piece, []).append(at)
                else:
                    anything.append(at)
        return by_piece, set(map(len, by_piece)), anything


def _combinations(choices: Iterable[list[str]]) -> list[tuple[str, ...]]:
    """One value of each list in every combination; a row whose cell holds several is found by each of them."""
    found: list[tuple[str, ...]] = [()]
    for choice in choices:
        found = [(*before, value) for before in found for value in choice]
    return found


def _test(kind: str, cells: list[str]) -> Test:
    tests = [_cidr(cell) if kind == "CIDR" else _wildcard(cell) for cell in cells]
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _longest_piece(pattern: str) -> str:
    return max(pattern.split("*"), key=len)


def _wildcard(pattern: str) -> Test:
    """The test of a text that is folded already."""
    if not has_wildcard(pattern):
        return pattern.__eq__
    matches = wildcard_matcher(pattern, case_sensitive=True)
    # Most patterns do not match most values: look for their longest piece before anything else.
    piece = _longest_piece(pattern)
    return lambda value: piece in value and matches(value)


def _cidr(cell: str) -> Test:
    try:
        network = ipaddress.ip_network(cell.strip(), strict=False)
    except ValueError:
        return lambda _: False

    def inside(value: str) -> bool:
        try:
            return ipaddress.ip_address(value.strip()) in network
        except ValueError:
            return False

    return inside
