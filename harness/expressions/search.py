"""Search expressions over frames: what ``search``, ``tstats where``, eventtypes and data-model constraints find.

Comparisons ignore case and know ``*`` (Search Reference, "search"). ``field!=x`` needs the field to be there,
``NOT field=x`` does not. Bare terms and phrases are sought in ``_raw`` between breakers (segmenters.conf).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from harness.errors import UnsupportedSPL
from harness.spl.nodes import (
    Comparison,
    Directive,
    InList,
    SearchAnd,
    SearchNode,
    SearchNot,
    SearchOr,
    Subsearch,
    Term,
    TimeModifier,
)
from harness.values.column import Column, Mask, Value
from harness.values.frame import Frame
from harness.values.values import members, search_test, to_text, wildcard_matcher

_MAJOR: Final = r"\s\[\]<>(){}|!;,'\"*&?+"
_MINOR: Final = r"/:=@.\-$#%\\_"
_ESCAPES: Final = "21 26 2526 3B 7C 20 2B 3D 2520 5D 5B 3A 0A 2C 28 29"
"""Percent signs with these digits are major breakers too, as is ``--``."""


def search_mask(node: SearchNode | None, frame: Frame) -> Mask:
    """The rows that a search expression finds; None finds all.

    Subsearches must have been replaced by their result before; time modifiers are the caller's and find everything.
    """
    if node is None:
        return np.ones(len(frame), dtype=np.bool_)
    return _Search(frame).mask(node, np.arange(len(frame)))


Rows = npt.NDArray[np.intp]


class _Search:
    """One search over one frame. Each field's values are brought to lower case once, however often it is asked for."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._folded: dict[str, Column] = {}

    def mask(self, node: SearchNode, rows: Rows) -> Mask:
        """Which of the rows the node finds; rows that are decided already are not asked again."""
        if isinstance(node, SearchAnd):
            return self._all(node, rows)
        if isinstance(node, SearchOr):
            return self._any(node, rows)
        if isinstance(node, SearchNot):
            return ~self.mask(node.item, rows)
        if isinstance(node, Comparison):
            return self._field(node.field, rows, search_test(node.operator, node.value.text))
        if isinstance(node, InList):
            tests = [search_test("=", value.text) for value in node.values]
            return self._field(node.field, rows, lambda text: any(test(text) for test in tests))
        if isinstance(node, Term):
            return self._term(node.value.text, rows)
        if isinstance(node, Directive):
            return self._directive(node, rows)
        if isinstance(node, Subsearch):
            raise UnsupportedSPL("A subsearch is not supported here.")
        assert isinstance(node, TimeModifier)
        return np.ones(len(rows), dtype=np.bool_)

    def _all(self, node: SearchAnd, rows: Rows) -> Mask:
        found = np.arange(len(rows))
        for item in node.items:
            found = found[self.mask(item, rows[found])]
        return _places(found, len(rows))

    def _any(self, node: SearchOr, rows: Rows) -> Mask:
        left = np.arange(len(rows))
        for item in node.items:
            left = left[~self.mask(item, rows[left])]
        return ~_places(left, len(rows))

    def _field(self, name: str, rows: Rows, test: Callable[[str], bool]) -> Mask:
        """Rows of which one value satisfies the test; it is given texts in lower case."""
        column = self._folded.get(name)
        if column is None:
            column = self._folded[name] = self._frame.column(name).map(_folded)
        return column.take(rows).test(lambda value: any(test(str(member)) for member in members(value)))

    def _term(self, text: str, rows: Rows) -> Mask:
        if not text.strip("*"):
            return np.ones(len(rows), dtype=np.bool_)
        needle = max(text.lower().split("*"), key=len)
        pattern = term_pattern(text)
        return self._raw(rows, lambda raw: needle in raw.lower() and pattern.search(raw) is not None)

    def _directive(self, node: Directive, rows: Rows) -> Mask:
        if node.kind == "CASE" and node.field is not None:
            matches = wildcard_matcher(node.text, case_sensitive=True)
            column = self._frame.column(node.field).take(rows)
            return column.test(lambda value: any(matches(to_text(member)) for member in members(value)))
        if node.field is not None:
            return self._field(node.field, rows, search_test("=", node.text))
        pattern = _bounded(node.text, _AFTER_MAJOR, _BEFORE_MAJOR)
        if node.kind == "CASE":
            pattern = _bounded(node.text, _AFTER_ANY, _BEFORE_ANY)
        compiled = re.compile(pattern, 0 if node.kind == "CASE" else re.IGNORECASE)
        return self._raw(rows, lambda raw: compiled.search(raw) is not None)

    def _raw(self, rows: Rows, test: Callable[[str], bool]) -> Mask:
        column = self._frame.column("_raw").take(rows)
        return column.test(lambda value: any(test(to_text(member)) for member in members(value)))


def _folded(value: Value) -> Value:
    if type(value) is str:
        return value.lower()
    return tuple(to_text(member).lower() for member in members(value))


def _places(rows: Rows, length: int) -> Mask:
    mask = np.zeros(length, dtype=np.bool_)
    mask[rows] = True
    return mask


# --- terms ----------------------------------------------------------------------------------------------------------


def _after(characters: str) -> str:
    escapes = "".join(rf"|(?<=%{code})" for code in _ESCAPES.split())
    return rf"(?:\A|(?<=[{characters}]){escapes})"


def _before(characters: str) -> str:
    escapes = "|".join(_ESCAPES.split())
    return rf"(?=\Z|[{characters}]|%(?:{escapes}))"


_AFTER_MAJOR: Final = rf"(?:{_after(_MAJOR)}|(?<=--))"
_BEFORE_MAJOR: Final = rf"(?:{_before(_MAJOR)}|(?=--))"
_AFTER_ANY: Final = _after(_MAJOR + _MINOR)
_BEFORE_ANY: Final = _before(_MAJOR + _MINOR)
_ANY: Final = re.compile(f"[{_MAJOR}{_MINOR}]")


@lru_cache(maxsize=1024)
def term_pattern(text: str) -> re.Pattern[str]:
    """A word or phrase as it is sought in ``_raw``: in any case, and between breakers at both ends unless a wildcard
    stands there. Blanks inside a phrase must be there as written."""
    return re.compile(_bounded(text, _AFTER_ANY, _BEFORE_ANY), re.IGNORECASE)


def _bounded(text: str, after: str, before: str) -> str:
    """An end of the text that is a breaker itself needs none beside it."""
    lead = "" if text.startswith("*") or _ANY.match(text) else after
    tail = "" if text.endswith("*") or _ANY.match(text[-1:]) else before
    return f"{lead}{_with_wildcards(text.strip('*'))}{tail}"


def _with_wildcards(text: str) -> str:
    """``*`` inside a term stays within the token: it does not cross a major breaker. Pieces before the last are taken
    where they first fit, so that many stars do not multiply the work."""
    first, *others = (re.escape(part) for part in text.split("*"))
    middle = "".join(rf"(?>[^{_MAJOR}]*?{part})" for part in others[:-1] if part)
    return f"{first}{middle}[^{_MAJOR}]*?{others[-1]}" if others else first
