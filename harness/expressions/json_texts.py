"""JSON as eval handles it: texts that are decoded, searched by paths, changed, and written compactly again."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from harness.expressions.registry import NotImplementedExactly
from harness.values.column import Value
from harness.values.numbers import Measured, NumericText, read_number
from harness.values.values import to_text

MISSING: Final = object()
"""Decoded from what is no JSON, or found where there is nothing (JSON's null is None)."""

Step = str | int | None
"""A key, the index of an array (from 0), or None for all elements of an array."""

_STEP: Final = re.compile(r"\.?([^.{}]+)|\{(\d*)\}")
_JSON_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


def parse(text: str) -> Any:
    """The decoded document, or MISSING."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return MISSING


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def document(value: Value) -> Any:
    """The decoded document that a value holds as text; MISSING if it is none or no object or array."""
    tree = parse(value) if isinstance(value, str) else MISSING
    return tree if isinstance(tree, dict | list) else MISSING


def is_json(value: Value, kind: type) -> bool:
    return isinstance(value, str) and isinstance(parse(value), kind)


def write(tree: Any) -> str:
    """Compact, keys in their order, no character escaped that need not be; 1.00 is written 1."""
    return json.dumps(_simple(tree), ensure_ascii=False, separators=(",", ":"))


def _simple(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _simple(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_simple(value) for value in tree]
    if isinstance(tree, float):
        return json.loads(to_text(tree)) if _JSON_NUMBER.fullmatch(to_text(tree)) else None
    return tree


def native(tree: Any) -> Value:
    """A decoded value as a field holds it: text, a number, ``true`` and ``false`` as text, containers as JSON; null
    and MISSING are null."""
    if tree is None or tree is MISSING:
        return None
    if isinstance(tree, bool):
        return "true" if tree else "false"
    if isinstance(tree, dict | list):
        return write(tree)
    if isinstance(tree, str):
        number = read_number(tree)
        return tree if number is None else NumericText(tree, number)
    return float(tree) if isinstance(tree, float) else int(tree)


def element(value: Value) -> Any:
    """A value of an expression as part of a document: a text that is an object or an array becomes that, any other
    text a string; a number and what a field holds of one a number."""
    if type(value) is tuple:
        return [element(member) for member in value]
    if isinstance(value, str):
        tree = document(value)
        if tree is not MISSING:
            return tree
        if type(value) is NumericText and _JSON_NUMBER.fullmatch(value):
            return json.loads(value)
        return str(value)
    return float(value) if type(value) is Measured else value


def steps(path: str) -> list[Step]:
    """``a.b{1}.c{}``: keys separated by dots, ``{n}`` an element of an array, ``{}`` all of them."""
    found: list[Step] = []
    position = 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None or (step[0].startswith(".") and not found):
            raise NotImplementedExactly(f"The JSON path '{path}'")
        found.append(step[1] if step[1] is not None else int(step[2]) if step[2] else None)
        position = step.end()
    return found


def extracted(tree: Any, path: str) -> Any:
    """What a path leads to; a list of all that it leads to if it goes through all elements of an array. MISSING if it
    leads nowhere."""
    taken = steps(path)
    if taken[:1] == [None] and isinstance(tree, dict):
        if len(taken) == 1:
            return tree  # "{}" of an object is the object (Search Reference, "json_extract", first example)
        raise NotImplementedExactly(f"The JSON path '{path}' of an object")
    found = list(_walk(tree, taken))
    if None in taken:
        return found if found else MISSING
    return found[0] if found else MISSING


def _walk(tree: Any, taken: list[Step]) -> Iterator[Any]:
    if not taken:
        yield tree
        return
    step, rest = taken[0], taken[1:]
    if step is None:
        for item in tree if isinstance(tree, list) else ():
            yield from _walk(item, rest)
    elif isinstance(step, int):
        if isinstance(tree, list) and step < len(tree):
            yield from _walk(tree[step], rest)
    elif isinstance(tree, dict) and step in tree:
        yield from _walk(tree[step], rest)


def changed(tree: Any, path: str, change: Callable[[Any], Any], *, create: bool) -> Any:
    """A copy of the document in which what the path leads to is ``change`` of what it was (MISSING if a last key was
    not there). ``create``: keys that are not there are made; otherwise nothing changes."""
    taken = steps(path)
    if not taken:
        raise NotImplementedExactly("An empty JSON path where the document is changed")
    made = copy.deepcopy(tree)
    _change(made, taken, change, create)
    return made


def _change(node: Any, taken: list[Step], change: Callable[[Any], Any], create: bool) -> None:
    step, rest = taken[0], taken[1:]
    for key in _keys(node, step, create):
        present = key in node if isinstance(node, dict) else True
        if not rest:
            if present or create:
                node[key] = change(node[key] if present else MISSING)
            continue
        if not present:
            if not create or not isinstance(rest[0], str):
                continue
            node[key] = {}
        _change(node[key], rest, change, create)


def _keys(node: Any, step: Step, create: bool) -> list[Any]:
    if isinstance(node, dict) and isinstance(step, str):
        return [step]
    if isinstance(node, list) and not isinstance(step, str):
        if step is None:
            return list(range(len(node)))
        if step < len(node):
            return [step]
    if create:
        # Splunk skips such an update; whether the function then gives the document or nothing is not clear.
        raise NotImplementedExactly("A JSON path that does not fit the document")
    return []
