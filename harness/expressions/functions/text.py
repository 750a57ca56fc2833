"""Text functions (Search Reference, "Text functions"). A multivalue is treated value by value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from harness.expressions.registry import function
from harness.values.column import Scalar, Value
from harness.values.pcre import compile_pcre
from harness.values.values import members, to_number, to_text


def each(value: Value, change: Callable[[str], Scalar]) -> Value:
    """Apply a change of text to a value, or to each of several."""
    if type(value) is tuple:
        return tuple(change(to_text(member)) for member in value)
    return change(to_text(value))  # type: ignore[arg-type]


@function("upper", kinds="s")
def upper(value: Value) -> Value:
    return each(value, str.upper)


@function("lower", kinds="s")
def lower(value: Value) -> Value:
    return each(value, str.lower)


@function("len", kinds="s")
def length(value: Value) -> Value:
    """The number of characters; of a multivalue there is none."""
    return None if type(value) is tuple else len(to_text(value))  # type: ignore[arg-type]


@function("trim", 1, 2)
def trim(value: Value, characters: Value = " \t") -> Value:
    strip = to_text(members(characters)[0])
    return each(value, lambda text: text.strip(strip))


@function("ltrim", 1, 2)
def ltrim(value: Value, characters: Value = " \t") -> Value:
    strip = to_text(members(characters)[0])
    return each(value, lambda text: text.lstrip(strip))


@function("rtrim", 1, 2)
def rtrim(value: Value, characters: Value = " \t") -> Value:
    strip = to_text(members(characters)[0])
    return each(value, lambda text: text.rstrip(strip))


@function("substr", 2, 3)
def substr(value: Value, start: Value, count: Value = None) -> Value:
    """Counts from 1; a negative start counts from the end."""
    first = to_number(start)
    if first is None:
        return None
    size = to_number(count)
    begin = int(first)

    def cut(text: str) -> str:
        offset = max(len(text) + begin, 0) if begin < 0 else max(begin - 1, 0)
        return text[offset:] if size is None else text[offset : offset + max(int(size), 0)]

    return each(value, cut)


@function("urldecode")
def urldecode(value: Value) -> Value:
    return each(value, unquote)


_GROUP: Final = re.compile(r"\\(\d+)|\\(.)", re.DOTALL)


@function("replace", 3)
def replace(value: Value, pattern: Value, replacement: Value) -> Value:
    r"""Every match of the regular expression; ``\1`` in the replacement is the first group."""
    regex = compile_pcre(to_text(members(pattern)[0]))
    template = to_text(members(replacement)[0])
    if "\\" not in template:
        return each(value, lambda text: regex.sub(lambda _: template, text))

    def expand(found: re.Match[str]) -> str:
        def part(reference: re.Match[str]) -> str:
            if reference[1] is None:
                return str(reference[2])
            number = int(reference[1])
            return (found[number] or "") if number <= regex.groups else ""

        return _GROUP.sub(part, template)

    return each(value, lambda text: regex.sub(expand, text))
