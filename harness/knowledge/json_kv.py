"""Fields of JSON events: ``KV_MODE = json``, JSON in ``auto``, and ``INDEXED_EXTRACTIONS = JSON``.

``a.b`` for members and ``a{}`` for elements; texts, numbers as they are written, and ``true``, ``false`` and ``null``
as words (N10.32, N10.33). An empty text is a value, an empty object or array gives no field. What is met more than once
is a multivalue. JSON that breaks off gives the fields before the place where it breaks, as Splunk reads an event that
``TRUNCATE`` has cut.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from harness.knowledge.automatic_kv import Fields
from harness.values.column import normal

MAX_DEPTH: Final = 100
"""Nested objects and arrays that are looked into."""

Found = dict[str, list[str]]


class _Pairs(list[tuple[str, Any]]):
    """The members of an object in the order written; a name may repeat."""


# A number is kept as it was written.
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=str, parse_float=str, parse_constant=str, strict=False
)
_WORDS: Final = {True: "true", False: "false", None: "null"}

_TOKEN: Final = re.compile(
    r"""[ \t\r\n]*(?:(?P<mark>[{}\[\],:])|"(?P<text>(?:[^"\\]|\\.)*)\""""
    r"""|(?P<word>-?\d[\d.eE+-]*|true|false|null)(?=[ \t\r\n,}\]]))""",
    re.DOTALL,
)


def is_json(text: str) -> bool:
    """Whether an event begins like a JSON object or array."""
    return text.lstrip()[:1] in ("{", "[")


def from_json(text: str, *, braces: bool = True) -> Fields:
    """The fields of one event; none if it does not begin like JSON. ``braces``: whether names of elements show ``{}``
    (``JSON_TRIM_BRACES_IN_ARRAY_NAMES``)."""
    if not is_json(text):
        return {}
    found: Found = {}
    element = "{}" if braces else ""
    try:
        document, _ = _DECODER.raw_decode(text.lstrip())
        _walk(document, "", element, found, 0)
    except (ValueError, RecursionError):
        found = _up_to_the_break(text, element)
    return {name: normal(tuple(values)) for name, values in found.items()}


def _walk(node: Any, path: str, element: str, found: Found, depth: int) -> None:
    if depth > MAX_DEPTH:
        return
    if type(node) is _Pairs:
        for key, value in node:
            _walk(value, f"{path}.{key}" if path else key, element, found, depth + 1)
    elif type(node) is list:
        for value in node:
            _walk(value, path + element, element, found, depth + 1)
    elif path:
        found.setdefault(path, []).append(node if type(node) is str else _WORDS[node])


def _up_to_the_break(text: str, element: str) -> Found:
    """The complete values before the first thing that is no JSON."""
    found: Found = {}
    stack: list[tuple[bool, str]] = []  # whether it is an object, and its path
    key: str | None = None
    position = 0

    def path() -> str:
        if not stack:
            return ""
        is_object, base = stack[-1]
        if not is_object:
            return base + element
        return f"{base}.{key}" if base else key or ""

    while (token := _TOKEN.match(text, position)) is not None and len(stack) <= MAX_DEPTH:
        position = token.end()
        mark = token["mark"]
        if mark in ("{", "["):
            stack.append((mark == "{", path()))
            key = None
        elif mark in ("}", "]"):
            if not stack or stack[-1][0] != (mark == "}"):
                break
            stack.pop()
        elif mark == ",":
            key = None
        elif mark is None:
            value = token["word"] if token["text"] is None else _unescaped(token["text"])
            if not stack:
                break
            if stack[-1][0] and key is None:
                key = value
            else:
                found.setdefault(path(), []).append(value)
    return found


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False)) if "\\" in text else text
    except ValueError:
        return text
