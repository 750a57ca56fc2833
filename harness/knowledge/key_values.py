"""Automatic field extraction: ``KV_MODE`` auto, json and xml (props.conf specification).

Each function takes one event's text and gives its fields; a field met more than once is a multivalue in JSON and XML,
and keeps its first value in ``auto`` (N10.30).
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any, Final
from xml.parsers import expat

from harness.values.column import Scalar, Value, normal

Fields = dict[str, Value]

MAX_DEPTH: Final = 64
"""Nested objects or elements that are looked into."""

# --- names ------------------------------------------------------------------------------------------------------------

_UNCLEAN: Final = re.compile(r"[^A-Za-z0-9_]")


def clean_key(name: str) -> str:
    """A field name as ``CLEAN_KEYS`` makes it: other characters become ``_``, then leading digits and ``_`` go
    (N10.31, N10.37)."""
    return _UNCLEAN.sub("_", name).lstrip("0123456789_")


# --- auto -------------------------------------------------------------------------------------------------------------

_PAIR: Final = re.compile(
    r"""(?<![^\s,;|&{(\[?"':])(?P<key>[A-Za-z0-9_][A-Za-z0-9_.\-]*)=(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'"""
    r"""|(?P<bare>[^\s,;|&"']+))""",
)


def automatic(text: str) -> Fields:
    """``key=value`` pairs. Quotes around a value go, a backslash escapes nothing, an empty value gives no field, and
    of a repeated key the first value counts (N10.29, N10.30)."""
    fields: Fields = {}
    for found in _PAIR.finditer(text):
        value = found["double"] or found["single"] or found["bare"]
        key = clean_key(found["key"])
        if value and key:
            fields.setdefault(key, value)
    return fields


# --- json -------------------------------------------------------------------------------------------------------------


def from_json(text: str) -> Fields:
    """``a.b`` for members, ``a{}`` for elements; texts, numbers as written, ``true``, ``false`` and ``null`` as
    words (N10.32, N10.33). Text before the first brace is passed over. What is no JSON gives no fields."""
    start = min((position for mark in "{[" if (position := text.find(mark)) >= 0), default=-1)
    if start < 0:
        return {}
    try:
        document, _ = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return {}
    found: dict[str, list[Scalar]] = {}
    _walk_json(document, "", found, 0)
    return {name: normal(tuple(values)) for name, values in found.items()}


class _Number(str):
    """A number kept as it was written."""

    __slots__ = ()


_DECODER: Final = json.JSONDecoder(parse_int=_Number, parse_float=_Number, parse_constant=_Number)
_WORDS: Final = {True: "true", False: "false", None: "null"}


def _walk_json(node: Any, path: str, found: dict[str, list[Scalar]], depth: int) -> None:
    if depth > MAX_DEPTH:
        return
    if isinstance(node, dict):
        for key, value in node.items():
            _walk_json(value, f"{path}.{key}" if path else key, found, depth + 1)
    elif isinstance(node, list):
        for value in node:
            _walk_json(value, path + "{}", found, depth + 1)
    else:
        text = str(node) if isinstance(node, str) else _WORDS[node]
        found.setdefault(path or "_", []).append(text)


# --- xml --------------------------------------------------------------------------------------------------------------


def from_xml(text: str) -> Fields:
    """The path from the root for an element's text (``event.user``), and ``path{@name}`` for an attribute. Text that is
    no whole XML document gives the fields up to where it breaks."""
    start = text.find("<")
    if start < 0:
        return {}
    found: dict[str, list[Scalar]] = {}
    for name, value in _walk_xml(text[start:]):
        found.setdefault(name, []).append(value)
    return {name: normal(tuple(values)) for name, values in found.items()}


def _walk_xml(text: str) -> Iterator[tuple[str, str]]:
    parser = expat.ParserCreate()
    path: list[str] = []
    texts: list[list[str]] = []
    pairs: list[tuple[str, str]] = []

    def open_element(name: str, attributes: dict[str, str]) -> None:
        if len(path) >= MAX_DEPTH:
            raise _TooDeep
        path.append(name)
        texts.append([])
        pairs.extend((f"{'.'.join(path)}{{@{key}}}", value) for key, value in attributes.items())

    def close_element(_: str) -> None:
        value = "".join(texts.pop()).strip()
        if value:
            pairs.append((".".join(path), value))
        path.pop()

    def refuse_entity(*_: object) -> None:
        raise _TooDeep

    parser.StartElementHandler = open_element
    parser.EndElementHandler = close_element
    parser.CharacterDataHandler = lambda data: texts[-1].append(data) if texts else None
    parser.EntityDeclHandler = refuse_entity  # no entity of the data's own is ever expanded
    with contextlib.suppress(expat.ExpatError, _TooDeep):
        parser.Parse(text, True)
    return iter(pairs)


class _TooDeep(Exception):
    pass
