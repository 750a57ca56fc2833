"""Search expressions over frames: what ``search``, ``tstats where``, eventtypes and data-model constraints ask of a row.

Comparisons ignore case and know ``*`` (Search Manual, "Use the search command"). ``field!=x`` needs the field to be
there, ``NOT field=x`` does not. Bare terms and phrases are sought in ``_raw`` between breakers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np

from harness.errors import UnsupportedSPL
from harness.expressions.scope import Scope
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
from harness.values.column import Mask, Value
from harness.values.frame import Frame
from harness.values.values import members, search_matcher, to_text, wildcard_matcher

TagResolver = Callable[[Frame, str], Mask]

MAJOR_BREAKERS: Final = "[]<>(){}|!;,'\"*\n\r\t&?+"
"""Characters that end a token of ``_raw`` (segmenters.conf, [full]); the blank and some escapes belong to them."""
MINOR_BREAKERS: Final = "/:=@.-$#%\\_"
"""Characters that end a token's parts, so that ``admin`` is found in ``domain\\admin`` (segmenters.conf)."""

_BREAKER: Final = r"[\s\[\]<>(){}|!;,'\"*&?+/:=@.\-$#%\\_]"
_MAJOR: Final = r"[\s\[\]<>(){}|!;,'\"*&?+]"


def search_mask(node: SearchNode | None, frame: Frame, scope: Scope | None = None) -> Mask:
    """The rows that a search expression finds; None finds all.

    Subsearches must have been replaced by their result before; time modifiers are the caller's and find everything.
    """
    if node is None or isinstance(node, TimeModifier):
        return np.ones(len(frame), dtype=np.bool_)
    if isinstance(node, SearchAnd):
        mask = search_mask(node.items[0], frame)
        for item in node.items[1:]:
            if not mask.any():
                break
            mask = mask & search_mask(item, frame)
        return mask
    if isinstance(node, SearchOr):
        mask = search_mask(node.items[0], frame)
        for item in node.items[1:]:
            mask = mask | search_mask(item, frame)
        return mask
    if isinstance(node, SearchNot):
        return ~search_mask(node.item, frame)
    if isinstance(node, Comparison):
        return _comparison(node, frame)
    if isinstance(node, InList):
        tests = [search_matcher("=", value.text) for value in node.values]
        return frame.column(node.field).test(lambda value: any(test(value) for test in tests))
    if isinstance(node, Term):
        return _term(node, frame)
    if isinstance(node, Directive):
        return _directive(node, frame)
    assert isinstance(node, Subsearch)
    raise UnsupportedSPL("A subsearch is not supported here.")


def _comparison(node: Comparison, frame: Frame) -> Mask:
    column = frame.column(node.field)
    if node.operator == "=" and node.value.text == "*":
        return ~column.is_null()
    if node.operator == "!=" and node.value.text == "*":
        return np.zeros(len(frame), dtype=np.bool_)
    if node.operator == "!=":
        equal = search_matcher("=", node.value.text)
        return column.test(lambda value: not equal(value))
    return column.test(search_matcher(node.operator, node.value.text))


def _term(node: Term, frame: Frame) -> Mask:
    text = node.value.text
    if text == "*" or not text:
        return np.ones(len(frame), dtype=np.bool_)
    return _raw_test(frame, term_pattern(text))


def _directive(node: Directive, frame: Frame) -> Mask:
    if node.field is not None:
        if node.kind == "CASE":
            matches = wildcard_matcher(node.text, case_sensitive=True)
            return frame.column(node.field).test(lambda value: any(matches(to_text(m)) for m in members(value)))
        return frame.column(node.field).test(search_matcher("=", node.text))
    if node.kind == "TERM":
        pattern = re.compile(rf"(?:(?<={_MAJOR})|\A){_wildcards(node.text)}(?={_MAJOR}|\Z)", re.IGNORECASE)
    else:
        pattern = re.compile(_between_breakers(node.text))
    return _raw_test(frame, pattern)


def _raw_test(frame: Frame, pattern: re.Pattern[str]) -> Mask:
    def found(value: Value) -> bool:
        return any(pattern.search(to_text(member)) is not None for member in members(value))

    return frame.column("_raw").test(found)


def term_pattern(text: str) -> re.Pattern[str]:
    """A word or phrase as it is sought in ``_raw``: in any case, and between breakers at both ends unless a wildcard
    stands there. Blanks inside a phrase must be there as written."""
    return re.compile(_between_breakers(text), re.IGNORECASE)


def _between_breakers(text: str) -> str:
    lead = "" if text.startswith("*") or re.match(_BREAKER, text) else rf"(?:(?<={_BREAKER})|\A)"
    tail = "" if text.endswith("*") or re.match(_BREAKER, text[-1]) else rf"(?={_BREAKER}|\Z)"
    return lead + _wildcards(text.strip("*")) + tail


def _wildcards(text: str) -> str:
    r"""``*`` inside a term stays within the token: it does not cross a major breaker."""
    return r"[^\s\[\]<>(){}|!;,'\"&?+]*?".join(re.escape(part) for part in text.split("*"))
