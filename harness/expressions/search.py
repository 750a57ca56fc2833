"""Search expressions over frames: what ``search``, ``tstats where``, eventtypes and data-model constraints find.

Comparisons ignore case and know ``*`` (Search Reference, "search"). ``field!=x`` needs the field to be there,
``NOT field=x`` does not. Bare terms and phrases are sought in ``_raw`` between breakers (segmenters.conf).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
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
    SearchValue,
    Subsearch,
    Term,
    TimeModifier,
)
from harness.values.column import Column, Mask, RefusedColumn, Value
from harness.values.frame import Frame
from harness.values.values import members, search_test, to_text, wildcard_matcher

_MAJOR: Final = r"\s\[\]<>(){}|!;,'\"*&?+"
_MINOR: Final = r"/:=@.\-$#%\\_"
_ESCAPES: Final = "21 26 2526 3B 7C 20 2B 3D 2520 5D 5B 3A 0A 2C 28 29"
"""Percent signs with these digits are major breakers too, as is ``--``."""


def search_mask(node: SearchNode | None, frame: Frame) -> Mask:
    """The rows that a search expression finds; None finds all.

    Subsearches must have been replaced by their result before; time modifiers are the caller's and find everything.
    A field that cannot be told raises its refusal if a row is found or not by what it is.
    """
    surely, perhaps, refusal = search_bounds(node, frame)
    if refusal is not None and not np.array_equal(surely, perhaps):
        raise copy(refusal)
    return surely


def search_bounds(node: SearchNode | None, frame: Frame) -> tuple[Mask, Mask, Exception | None]:
    """The rows that are found whatever the fields are that cannot be told, those that may be found, and why the two
    differ."""
    rows = np.arange(len(frame))
    if node is None:
        everything = np.ones(len(frame), dtype=np.bool_)
        return everything, everything, None
    surely = _Search(frame, doubt=False)
    found = surely.mask(node, rows)
    if surely.refusal is None:
        return found, found, None
    return found, _Search(frame, doubt=True).mask(node, rows), surely.refusal


Rows = npt.NDArray[np.intp]


class _Search:
    """One search over one frame. Each field's values are brought to lower case once, however often it is asked for.

    ``doubt`` is what a row is taken for where it cannot be told; ``refusal`` says why there was such a row.
    """

    def __init__(self, frame: Frame, *, doubt: bool) -> None:
        self._frame = frame
        self._doubt = doubt
        self._folded: dict[str, Column] = {}
        self.refusal: Exception | None = None

    def mask(self, node: SearchNode, rows: Rows) -> Mask:
        """Which of the rows the node finds; rows that are decided already are not asked again."""
        if isinstance(node, SearchAnd):
            return self._all(node, rows)
        if isinstance(node, SearchOr):
            return self._any(node, rows)
        if isinstance(node, SearchNot):
            return self._not(node, rows)
        if isinstance(node, Comparison):
            return self._field(node.field, rows, _value_test(node.operator, node.value))
        if isinstance(node, InList):
            # What is not clear last: it does not matter where another value matches.
            values = sorted(node.values, key=lambda value: bool(value.readings))
            tests = [_value_test("=", value) for value in values]
            return self._field(node.field, rows, lambda text: any(test(text) for test in tests))
        if isinstance(node, Term):
            if not node.value.text.strip("*"):
                return np.ones(len(rows), dtype=np.bool_)
            return self._raw(rows, term_matcher(node.value.text))
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

    def _not(self, node: SearchNot, rows: Rows) -> Mask:
        self._doubt = not self._doubt
        found = self.mask(node.item, rows)
        self._doubt = not self._doubt
        return ~found

    def _field(self, name: str, rows: Rows, test: Callable[[str], bool]) -> Mask:
        """Rows of which one value satisfies the test; it is given texts in lower case."""
        column = self._folded.get(name)
        if column is None:
            found = self._frame.column(name)
            known = found.known if isinstance(found, RefusedColumn) else found
            column = self._folded[name] = known.map(_folded)
        return self._tested(name, column, rows, test, _folded)

    def _tested(
        self, name: str, known: Column, rows: Rows, test: Callable[[str], bool], reading: Callable[[Value], Value]
    ) -> Mask:
        found = known.take(rows).test(lambda value: any(test(to_text(member)) for member in members(value)))
        column = self._frame.columns.get(name)
        if not isinstance(column, RefusedColumn):
            return found
        doubtful = column.doubtful[rows] & ~found
        why: Exception | None = column.refusal
        if column.candidates is not None:
            why = next((refusal for value, refusal in column.candidates.items() if test(str(reading(value)))), None)
        if why is None or not doubtful.any():
            return found
        self.refusal = self.refusal or why
        return found | doubtful if self._doubt else found

    def _directive(self, node: Directive, rows: Rows) -> Mask:
        if node.field is None:
            found = term_matcher(node.text, major=node.kind == "TERM", case_sensitive=node.kind == "CASE")
            return self._raw(rows, found)
        if node.kind == "TERM":
            return self._field(node.field, rows, search_test("=", node.text))
        column = self._frame.column(node.field)
        known = column.known if isinstance(column, RefusedColumn) else column
        return self._tested(
            node.field, known, rows, wildcard_matcher(node.text, case_sensitive=True), lambda value: value
        )

    def _raw(self, rows: Rows, test: Callable[[str], bool]) -> Mask:
        column = self._frame.column("_raw").take(rows)
        return column.test(lambda value: any(test(to_text(member)) for member in members(value)))


def _value_test(operator: str, value: SearchValue) -> Callable[[str], bool]:
    """The test of a text in lower case. Where it is not known how Splunk reads the value, a text for which it matters
    raises UnsupportedSPL."""
    if not value.readings:
        return search_test(operator, value.text)
    readings = [[search_test(operator, text) for text in reading] for reading in value.readings]

    def test(text: str) -> bool:
        answers = {any(matches(text) for matches in reading) for reading in readings}
        if len(answers) > 1:
            raise UnsupportedSPL(
                f"It is not known how Splunk reads '{value.text}', and for the value '{text}' it matters: put what is "
                "meant in double quotes."
            )
        return answers.pop()

    return test


def _folded(value: Value) -> Value:
    if type(value) is str:
        return value.lower()
    return tuple(to_text(member).lower() for member in members(value))


def _places(rows: Rows, length: int) -> Mask:
    mask = np.zeros(length, dtype=np.bool_)
    mask[rows] = True
    return mask


# --- terms ----------------------------------------------------------------------------------------------------------


def major_terms(raw: str) -> list[str]:
    """The terms of a text between major breakers, in lower case, as the index holds them."""
    return [term for term in _MAJORS.split(raw.lower()) if term]


def term_matcher(text: str, *, major: bool = False, case_sensitive: bool = False) -> Callable[[str], bool]:
    """A word or phrase as it is sought in ``_raw``: between breakers at both ends unless a wildcard stands there, or an
    end of it is a breaker itself. Blanks inside a phrase must be there as written.

    ``major``: only major breakers count, as for ``TERM()``.
    """
    if not text.strip("*"):
        return lambda raw: True
    text = text if case_sensitive else text.lower()
    head, *others = text.strip("*").split("*")
    before, after = (_MAJOR_BEFORE, _MAJOR_AFTER) if major else (_ANY_BEFORE, _ANY_AFTER)
    free_start = text.startswith("*") or _BREAKER.match(head) is not None
    tail = re.compile(
        _through_token(others) + ("" if text.endswith("*") or _BREAKER.match(text[-1]) else rf"(?:\Z|{after})")
    )

    def found(raw: str) -> bool:
        raw = raw if case_sensitive else raw.lower()
        at = raw.find(head)
        while at >= 0:
            bounded = free_start or at == 0 or before.search(raw, max(0, at - _LONGEST_BREAKER), at) is not None
            if bounded and tail.match(raw, at + len(head)):
                return True
            at = raw.find(head, at + 1)
        return False

    return found


def _through_token(pieces: list[str]) -> str:
    """``*`` inside a term stays within the token: it does not cross a major breaker. Pieces before the last are taken
    where they first fit, so that many stars do not multiply the work."""
    if not pieces:
        return ""
    middle = "".join(rf"(?>[^{_MAJOR}]*?{re.escape(piece)})" for piece in pieces[:-1] if piece)
    return rf"{middle}[^{_MAJOR}]*?{re.escape(pieces[-1])}"


_ESCAPED: Final = "|".join(f"%{code}" for code in _ESCAPES.split())
_LONGEST_BREAKER: Final = len("%2526")
_BREAKER: Final = re.compile(f"[{_MAJOR}{_MINOR}]")
_ANY_AFTER: Final = rf"[{_MAJOR}{_MINOR}]"  # a percent sign is one already
_MAJOR_AFTER: Final = rf"(?i:[{_MAJOR}]|--|{_ESCAPED})"
_ANY_BEFORE: Final = re.compile(rf"(?:[{_MAJOR}{_MINOR}]|{_ESCAPED})\Z", re.IGNORECASE)
_MAJORS: Final = re.compile(_MAJOR_AFTER)
_MAJOR_BEFORE: Final = re.compile(rf"(?:[{_MAJOR}]|--|{_ESCAPED})\Z", re.IGNORECASE)
