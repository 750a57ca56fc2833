"""Comparison and conditional functions (Search Reference, "Comparison and Conditional functions")."""

from __future__ import annotations

from collections.abc import Iterator

from harness.expressions.operators import compare, truth
from harness.expressions.operators import like as like_
from harness.expressions.registry import Compiled, Compiler, Row, function, special
from harness.spl.nodes import Call
from harness.values.column import Value
from harness.values.pcre import compile_pcre
from harness.values.values import in_network, members, network_of, texts, to_text


def _pairs(compiler: Compiler, call: Call) -> Iterator[tuple[Compiled, Compiled]]:
    if len(call.arguments) % 2:
        raise compiler.argument_error(call)
    for position in range(0, len(call.arguments), 2):
        condition, value = call.arguments[position : position + 2]
        yield compiler.condition(condition, call), compiler.compile(value)


@special("if", 3, result=lambda count: range(1, 3))
def if_(compiler: Compiler, call: Call) -> Compiled:
    """A condition that is neither true nor false takes the second value."""
    condition = compiler.condition(call.arguments[0], call)
    yes, no = compiler.compile(call.arguments[1]), compiler.compile(call.arguments[2])
    return lambda row: yes(row) if truth(condition(row)) else no(row)


@special("case", 2, None, result=lambda count: range(1, count, 2))
def case(compiler: Compiler, call: Call) -> Compiled:
    """The value beside the first condition that holds; null if none does."""
    pairs = list(_pairs(compiler, call))

    def run(row: Row) -> Value:
        for condition, value in pairs:
            if truth(condition(row)):
                return value(row)
        return None

    return run


@special("validate", 2, None, result=lambda count: range(1, count, 2))
def validate(compiler: Compiler, call: Call) -> Compiled:
    """The value beside the first condition that is false (M4.52)."""
    pairs = list(_pairs(compiler, call))

    def run(row: Row) -> Value:
        for condition, value in pairs:
            if truth(condition(row)) is False:
                return value(row)
        return None

    return run


@special("coalesce", 1, None, result=range)
def coalesce(compiler: Compiler, call: Call) -> Compiled:
    """The first value that is not null; an empty text is a value."""
    parts = [compiler.compile(argument) for argument in call.arguments]

    def run(row: Row) -> Value:
        for part in parts:
            value = part(row)
            if value is not None:
                return value
        return None

    return run


@special("nullif", 2, result=lambda count: range(1))
def nullif(compiler: Compiler, call: Call) -> Compiled:
    """The first value, or null if the second equals it."""
    first, second = (compiler.compile(argument) for argument in call.arguments)

    def run(row: Row) -> Value:
        value = first(row)
        return None if compare("==", value, second(row)) is True else value

    return run


@function("null", 0, result="0")
def null() -> Value:
    return None


@function("true", 0, result="b")
def true() -> Value:
    return True


@function("false", 0, result="b")
def false() -> Value:
    return False


@function("in", 2, None, nulls=True, multivalues=True, result="b")
def in_(value: Value, *choices: Value) -> Value:
    """Whether the value, or one of a multivalue's, is one of the choices; null for a null."""
    if value is None:
        return None
    return any(compare("==", value, choice) is True for choice in choices)


@function("like", 2, kinds="ss", multivalues=True, result="b")
def like(value: Value, pattern: Value) -> Value:
    return like_(value, pattern)


@function("match", 2, kinds="ss", multivalues=True, result="b")
def match(value: Value, pattern: Value) -> Value:
    """Whether the regular expression is found anywhere in the value, or in one of a multivalue's."""
    regex = compile_pcre(to_text(members(pattern)[0]))
    return any(regex.search(text) is not None for text in texts(value))


@function("cidrmatch", 2, kinds="ss", result="b")
def cidrmatch(network: Value, address: Value) -> Value:
    """Whether the address lies in the network; a bad network or address is false, not an error (M4.63)."""
    found = network_of(to_text(network))  # type: ignore[arg-type]
    return found is not None and in_network(to_text(address), found)  # type: ignore[arg-type]
