"""Comparison and conditional functions (Search Reference, "Comparison and Conditional functions")."""

from __future__ import annotations

import ipaddress
from typing import Any

from harness.errors import UnsupportedSPL
from harness.expressions.evaluate import like_matcher, truth
from harness.expressions.registry import Compiled, Compiler, Row, function, special
from harness.values.column import Value
from harness.values.pcre import compile_pcre
from harness.values.values import eval_compare, members, texts, to_text


@special("if", 3)
def if_(compiler: Compiler, call: Any) -> Compiled:
    condition, yes, no = (compiler.compile(argument) for argument in call.arguments)
    return lambda row: yes(row) if truth(condition(row)) else no(row)


@special("case", 2, None)
def case(compiler: Compiler, call: Any) -> Compiled:
    """The value beside the first condition that holds; null if none does."""
    if len(call.arguments) % 2:
        raise compiler.argument_error(call)
    parts = [compiler.compile(argument) for argument in call.arguments]
    pairs = list(zip(parts[::2], parts[1::2], strict=True))

    def run(row: Row) -> Value:
        for condition, value in pairs:
            if truth(condition(row)):
                return value(row)
        return None

    return run


@special("validate", 2, None)
def validate(compiler: Compiler, call: Any) -> Compiled:
    """The value beside the first condition that is false (M4.52)."""
    if len(call.arguments) % 2:
        raise compiler.argument_error(call)
    parts = [compiler.compile(argument) for argument in call.arguments]
    pairs = list(zip(parts[::2], parts[1::2], strict=True))

    def run(row: Row) -> Value:
        for condition, value in pairs:
            if condition(row) is False:
                return value(row)
        return None

    return run


@special("coalesce", 1, None)
def coalesce(compiler: Compiler, call: Any) -> Compiled:
    parts = [compiler.compile(argument) for argument in call.arguments]

    def run(row: Row) -> Value:
        for part in parts:
            value = part(row)
            if value is not None:
                return value
        return None

    return run


@function("nullif", 2, nulls=True)
def nullif(value: Value, other: Value) -> Value:
    if value is None or other is None or type(value) is tuple or type(other) is tuple:
        return None if value == other else value
    return None if eval_compare(value, other) == 0 else value  # type: ignore[arg-type]


@function("null", 0)
def null() -> Value:
    return None


@function("true", 0, boolean=True)
def true() -> Value:
    return True


@function("false", 0, boolean=True)
def false() -> Value:
    return False


@function("in", 2, None, nulls=True, boolean=True)
def in_(value: Value, *choices: Value) -> Value:
    if value is None:
        return None
    return any(
        eval_compare(member, choice) == 0 for member in members(value) for each in choices for choice in members(each)
    )


@function("like", 2, kinds="ss", boolean=True)
def like(value: Value, pattern: Value) -> Value:
    test = like_matcher(to_text(members(pattern)[0]))
    return any(test(text) for text in texts(value))


@function("match", 2, boolean=True, kinds="ss")
def match(value: Value, pattern: Value) -> Value:
    """Whether the regular expression is found anywhere in the value, or in one of its values."""
    regex = compile_pcre(to_text(members(pattern)[0]))
    return any(regex.search(text) is not None for text in texts(value))


@function("cidrmatch", 2, boolean=True)
def cidrmatch(network: Value, address: Value) -> Value:
    """Whether the address lies in the network; a bad network or address is false, not an error (M4.63)."""
    try:
        inside = ipaddress.ip_network(to_text(members(network)[0]), strict=False)
    except ValueError:
        return False
    for text in texts(address):
        try:
            if ipaddress.ip_address(text) in inside:
                return True
        except ValueError:
            continue
    return False


@special("searchmatch", 1, boolean=True)
def searchmatch(compiler: Compiler, call: Any) -> Compiled:
    raise UnsupportedSPL("The eval function searchmatch() is not supported.")


@special("lookup", 3, None)
def lookup(compiler: Compiler, call: Any) -> Compiled:
    raise UnsupportedSPL("The eval function lookup() is not supported.")
