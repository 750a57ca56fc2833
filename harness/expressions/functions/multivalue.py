"""Multivalue functions (Search Reference, "Multivalue eval functions")."""

from __future__ import annotations

from typing import Any

from harness.expressions.evaluate import truth
from harness.expressions.registry import Compiled, Compiler, Row, function, special
from harness.spl.nodes import Binary, Call, FieldRef, Membership, Unary
from harness.values.column import Scalar, Value, normal
from harness.values.pcre import compile_pcre
from harness.values.values import members, to_number, to_text


@function("mvcount", nulls=True, kinds=".")
def mvcount(value: Value) -> Value:
    return None if value is None else len(members(value))


@function("mvindex", 2, 3)
def mvindex(value: Value, start: Value, end: Value = None) -> Value:
    """Counts from 0, from the end if negative; both ends belong to a range (M4.45)."""
    items = members(value)
    first = to_number(start)
    if first is None:
        return None
    begin = int(first) + (len(items) if first < 0 else 0)
    if end is None:
        return items[begin] if 0 <= begin < len(items) else None
    last = to_number(end)
    if last is None:
        return None
    stop = int(last) + (len(items) if last < 0 else 0)
    return normal(items[max(begin, 0) : stop + 1]) if stop >= begin else None


@function("mvjoin", 2)
def mvjoin(value: Value, separator: Value) -> Value:
    return to_text(members(separator)[0]).join(to_text(member) for member in members(value))


@function("split", 2)
def split(value: Value, separator: Value) -> Value:
    """Without a separator hit the plain text comes back (M4.44); an empty separator splits into characters."""
    mark = to_text(members(separator)[0])
    parts: list[Scalar] = []
    for member in members(value):
        text = to_text(member)
        parts.extend(text.split(mark) if mark else list(text))
    return normal(tuple(parts))


@function("mvappend", 1, None, nulls=True)
def mvappend(*values: Value) -> Value:
    return normal(tuple(member for value in values for member in members(value)))


@function("mvdedup")
def mvdedup(value: Value) -> Value:
    return normal(tuple({to_text(member): member for member in reversed(members(value))}.values())[::-1])


@function("mvsort")
def mvsort(value: Value) -> Value:
    """By code point."""
    return normal(tuple(sorted(members(value), key=to_text)))


@function("mvfind", 2)
def mvfind(value: Value, pattern: Value) -> Value:
    """The place of the first value that the regular expression is found in."""
    regex = compile_pcre(to_text(members(pattern)[0]))
    for position, member in enumerate(members(value)):
        if regex.search(to_text(member)) is not None:
            return position
    return None


@function("mvzip", 2, 3)
def mvzip(left: Value, right: Value, separator: Value = ",") -> Value:
    mark = to_text(members(separator)[0])
    pairs = zip(members(left), members(right), strict=False)
    return normal(tuple(f"{to_text(a)}{mark}{to_text(b)}" for a, b in pairs))


@function("mvrange", 2, 3)
def mvrange(start: Value, end: Value, step: Value = 1) -> Value:
    first, last, stride = to_number(start), to_number(end), to_number(step)
    if first is None or last is None or not stride:
        return None
    count = min(max(int((last - first) / stride + 0.999999999), 0), 100_000)
    return normal(tuple(first + stride * i for i in range(count)))


def _fields(node: Any) -> set[str]:
    if isinstance(node, FieldRef):
        return {node.name}
    if isinstance(node, Call):
        return {name for argument in node.arguments for name in _fields(argument)}
    if isinstance(node, Binary):
        return _fields(node.left) | _fields(node.right)
    if isinstance(node, Unary):
        return _fields(node.operand)
    if isinstance(node, Membership):
        return _fields(node.operand).union(*(_fields(choice) for choice in node.choices))
    return set()


@special("mvfilter", 1)
def mvfilter(compiler: Compiler, call: Any) -> Compiled:
    """The values of the expression's one field for which it is true (M4.46)."""
    names = _fields(call.arguments[0])
    if len(names) != 1:
        raise compiler.argument_error(call)
    position = compiler.position(names.pop())
    condition = compiler.compile(call.arguments[0])

    def run(row: Row) -> Value:
        kept = [
            member
            for member in members(row[position])
            if truth(condition((*row[:position], member, *row[position + 1 :])))
        ]
        return normal(tuple(kept))

    return run


@special("mvmap", 2, 3)
def mvmap(compiler: Compiler, call: Any) -> Compiled:
    """The expression once for each value of the field named first."""
    field = call.arguments[0]
    if not isinstance(field, FieldRef) or len(call.arguments) != 2:
        raise compiler.argument_error(call)
    position = compiler.position(field.name)
    change = compiler.compile(call.arguments[1])

    def run(row: Row) -> Value:
        results: list[Scalar] = []
        for member in members(row[position]):
            results.extend(members(change((*row[:position], member, *row[position + 1 :]))))
        return normal(tuple(results))

    return run
