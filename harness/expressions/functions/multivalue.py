"""Multivalue functions (Search Reference, "Multivalue eval functions")."""

from __future__ import annotations

import math

from harness.errors import SPLError
from harness.expressions.compile import fields_of
from harness.expressions.operators import truth
from harness.expressions.registry import (
    Compiled,
    Compiler,
    InvalidArguments,
    NotImplementedExactly,
    Row,
    function,
    special,
)
from harness.expressions.scope import Scope
from harness.spl.nodes import Call
from harness.spl.parser import parse_pipeline
from harness.spl.time import resolve_time
from harness.values.column import Scalar, Value, normal
from harness.values.numbers import NumericText, read_number
from harness.values.pcre import compile_pcre
from harness.values.values import members, number_of, plain, to_text

_MOST_VALUES = 100_000


def one(member: Scalar) -> Value:
    """A value of a multivalue on its own, typed by its content like any field."""
    number = read_number(member) if type(member) is str else None
    return member if number is None else NumericText(str(member), number)


def several(values: list[Value]) -> Value:
    """The values as one field, nulls and multivalues among them resolved."""
    return normal(tuple(plain(member) for value in values for member in members(value)))  # type: ignore[misc]


@function("mvcount", nulls=True, multivalues=True, kinds="!", result="n")
def mvcount(value: Value) -> Value:
    return None if value is None else len(members(value))


@function("mvindex", 2, 3, kinds="!nn", multivalues=True)
def mvindex(value: Value, start: Value, *end: Value) -> Value:
    """Counts from 0, or from the end if negative; both ends belong to a range (M4.45). Null out of range."""
    items = members(value)
    first = _index(start, len(items))
    last = _index(end[0], len(items)) if end else first
    if first is None or last is None:
        return None
    inside = 0 <= first < len(items), 0 <= last < len(items)
    if first <= last and any(inside) != all(inside):
        raise NotImplementedExactly("mvindex() with a range of which one end is out of range")
    if not all(inside) or first > last:
        return None
    found = items[first : last + 1]
    return one(found[0]) if len(found) == 1 else found


def _index(value: Value, count: int) -> int | None:
    number = number_of(value)
    if number is None or number != number // 1:
        return None
    return int(number) + count if number < 0 else int(number)


@function("mvjoin", 2, kinds="!s", multivalues=True, result="s")
def mvjoin(value: Value, separator: Value) -> Value:
    return to_text(members(separator)[0]).join(to_text(member) for member in members(value))


@function("split", 2, kinds="ss")
def split(value: Value, separator: Value) -> Value:
    """Without a separator hit the plain text comes back (M4.44); an empty separator splits into characters."""
    text, mark = to_text(value), to_text(separator)  # type: ignore[arg-type]
    if mark:
        return normal(tuple(text.split(mark)))
    if not text.isascii():
        raise NotImplementedExactly("split() into characters that are not ASCII")
    return normal(tuple(text))


@function("mvappend", 1, None, nulls=True, multivalues=True)
def mvappend(*values: Value) -> Value:
    """All values one after another; nulls add none."""
    return several(list(values))


@function("mvdedup", multivalues=True, kinds="!")
def mvdedup(value: Value) -> Value:
    """The first of equal values stays."""
    return normal(tuple(dict.fromkeys(map(to_text, members(value)))))


@function("mvsort", multivalues=True, kinds="!")
def mvsort(value: Value) -> Value:
    """By code point, which is the order of UTF-8."""
    return normal(tuple(sorted(map(to_text, members(value)))))


@function("mvreverse", multivalues=True, kinds="!")
def mvreverse(value: Value) -> Value:
    return normal(members(value)[::-1])


@function("mvfind", 2, kinds="!s", multivalues=True, result="n")
def mvfind(value: Value, pattern: Value) -> Value:
    """The place of the first value that the regular expression is found in, from 0."""
    regex = compile_pcre(to_text(members(pattern)[0]))
    for position, member in enumerate(members(value)):
        if regex.search(to_text(member)) is not None:
            return position
    return None


@function("mvzip", 2, 3, kinds="!!s", multivalues=True)
def mvzip(left: Value, right: Value, separator: Value = ",") -> Value:
    """The first with the first and so on, up to the end of the shorter field."""
    mark = to_text(members(separator)[0])
    pairs = zip(members(left), members(right), strict=False)
    return normal(tuple(f"{to_text(a)}{mark}{to_text(b)}" for a, b in pairs))


@function("mvrange", 2, 3, scoped=True)
def mvrange(scope: Scope, start: Value, end: Value, step: Value = 1) -> Value:
    """Numbers from a start to before an end; a step like ``7d`` goes by the calendar."""
    first, last = number_of(start), number_of(end)
    if first is None or last is None:
        return None
    stride = number_of(step)
    if stride is None:
        return _times(scope, float(first), float(last), to_text(step))  # type: ignore[arg-type]
    if stride <= 0:
        raise NotImplementedExactly("mvrange() with a step that is not positive")
    count = max(math.ceil((last - first) / stride), 0)
    if count > _MOST_VALUES:
        raise NotImplementedExactly(f"mvrange() with more than {_MOST_VALUES} values")
    return several([first + stride * position for position in range(count)])


def _times(scope: Scope, moment: float, end: float, step: str) -> Value:
    found: list[Value] = []
    while moment < end:
        if len(found) == _MOST_VALUES:
            raise NotImplementedExactly(f"mvrange() with more than {_MOST_VALUES} values")
        found.append(int(moment) if moment.is_integer() else moment)
        try:
            following = resolve_time(f"+{step}", moment, scope.timezone)
        except (SPLError, ValueError, OverflowError):
            raise InvalidArguments from None
        if following <= moment:
            raise InvalidArguments
        moment = following
    return several(found)


@function("commands", kinds="s")
def commands(value: Value) -> Value:
    """The names of the commands of a search."""
    text = to_text(value)  # type: ignore[arg-type]
    if "[" in text:
        raise NotImplementedExactly("commands() of a search with brackets")
    try:
        pipeline = parse_pipeline(text)
    except SPLError:
        raise NotImplementedExactly("commands() of what is no search") from None
    return normal(tuple(command.name for command in pipeline.commands))


@special("mvfilter", 1, binds=True)
def mvfilter(compiler: Compiler, call: Call) -> Compiled:
    """The values of the expression's one field for which it is true (M4.46)."""
    names = fields_of(call.arguments[0])
    if len(names) != 1:
        raise compiler.argument_error(call)
    position = compiler.position(names.pop())
    condition = compiler.condition(call.arguments[0], call)

    def run(row: Row) -> Value:
        before, after = row[:position], row[position + 1 :]
        kept = [m for m in members(row[position]) if truth(condition((*before, one(m), *after)))]
        return normal(tuple(kept))

    return run


@special("mvmap", 2, binds=True)
def mvmap(compiler: Compiler, call: Call) -> Compiled:
    """The expression once for each value of the field named first, or of what is made of that one field."""
    names = fields_of(call.arguments[0])
    if len(names) != 1:
        raise compiler.argument_error(call)
    position = compiler.position(names.pop())
    values = compiler.compile(call.arguments[0])
    change = compiler.compile(call.arguments[1])
    if compiler.kind(call.arguments[1]) == "b":
        raise compiler.unsupported("mvmap() with a condition", call)

    def run(row: Row) -> Value:
        before, after = row[:position], row[position + 1 :]
        return several([change((*before, one(member), *after)) for member in members(values(row))])

    return run
