"""Text functions (Search Reference, "Text functions")."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote

from harness.expressions.json_texts import MISSING, extracted, native, parse
from harness.expressions.registry import InvalidArguments, NotImplementedExactly, function
from harness.values.column import Value
from harness.values.numbers import NumericText
from harness.values.pcre import compile_pcre
from harness.values.values import number_of, to_text

_BLANKS: Final = " \t"


def text(value: Value) -> str:
    """A single value as text."""
    return to_text(value)  # type: ignore[arg-type]


@function("upper", kinds="s", multivalues=True, result="s")
def upper(value: Value) -> Value:
    """Of a multivalue, each value."""
    return tuple(text(member).upper() for member in value) if type(value) is tuple else text(value).upper()


@function("lower", kinds="s", multivalues=True, result="s")
def lower(value: Value) -> Value:
    """Of a multivalue, each value."""
    return tuple(text(member).lower() for member in value) if type(value) is tuple else text(value).lower()


@function("length", kinds="s", result="n")
@function("len", kinds="s", result="n")
def length(value: Value) -> Value:
    """The number of code points."""
    return len(text(value))


def _stripped(value: Value, characters: Value, *, left: bool, right: bool) -> Value:
    """A number is given back as it is (M4.31)."""
    if not isinstance(value, str):
        return value
    strip = text(characters)
    if not strip:
        return value
    result = text(value)
    result = result.lstrip(strip) if left else result
    result = result.rstrip(strip) if right else result
    return value if type(value) is NumericText and result == value else result


@function("trim", 1, 2, kinds="!s")
def trim(value: Value, characters: Value = _BLANKS) -> Value:
    return _stripped(value, characters, left=True, right=True)


@function("ltrim", 1, 2, kinds="!s")
def ltrim(value: Value, characters: Value = _BLANKS) -> Value:
    return _stripped(value, characters, left=True, right=False)


@function("rtrim", 1, 2, kinds="!s")
def rtrim(value: Value, characters: Value = _BLANKS) -> Value:
    return _stripped(value, characters, left=False, right=True)


@function("substr", 2, 3, kinds="snn", result="s", nulls=True)
def substr(value: Value, start: Value, *count: Value) -> Value:
    """Counts from 1, or from the end if negative; a start before the first character gives null."""
    first = number_of(start)
    size = number_of(count[0]) if count else None
    if value is None or first is None or (count and size is None):
        return None
    whole = text(value)
    begin = int(first)
    if begin < -len(whole):
        return None
    offset = len(whole) + begin if begin < 0 else max(begin - 1, 0)
    return whole[offset:] if size is None else whole[offset : offset + max(int(size), 0)]


@function("urldecode", kinds="s", result="s")
def urldecode(value: Value) -> Value:
    return unquote(text(value))


_REFERENCE: Final = re.compile(r"\\(?:(\d+)|(\\))")


@function("replace", 3, kinds="sss", result="s")
def replace(value: Value, pattern: Value, replacement: Value) -> Value:
    r"""Every match of the regular expression; ``\1`` in the replacement is the first group, ``\0`` the whole match."""
    regex = compile_pcre(text(pattern))
    template = text(replacement)
    if "\\" not in template:
        return regex.sub(lambda _: template, text(value))

    def expand(found: Any) -> str:
        return _REFERENCE.sub(lambda reference: _group(found, reference, regex.groups), template)

    return regex.sub(expand, text(value))


def _group(found: Any, reference: re.Match[str], groups: int) -> str:
    """The longest run of digits that names a group; digits after it are plain, as is a reference to no group."""
    digits = reference[1]
    if digits is None:
        return "\\"
    for end in range(len(digits), 0, -1):
        if int(digits[:end]) <= groups:
            return (found[int(digits[:end])] or "") + digits[end:]
    return f"\\{digits}"


@function("spath", 2, kinds="ss")
def spath(value: Value, path: Value) -> Value:
    """A value of a JSON text by its path, read as ``json_extract`` reads it (M4.50)."""
    if not isinstance(path, str):
        raise InvalidArguments
    document = text(value)
    if document.lstrip().startswith("<"):
        raise NotImplementedExactly("The eval function spath() over XML")
    if "{}" in path:
        raise NotImplementedExactly("The eval function spath() with a path through all elements of an array")
    tree = parse(document)
    if tree is MISSING or not isinstance(tree, dict | list):
        return None
    return native(extracted(tree, str(path)))
