"""Functions that look beyond the row's own fields: ``searchmatch`` and ``lookup`` (Search Reference, "Comparison and
Conditional functions")."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import SPLError
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
from harness.expressions.search import search_mask
from harness.spl.nodes import Call, Literal
from harness.spl.search_expression import parse_search_expression
from harness.values.column import Column, Value
from harness.values.frame import Frame


def _search_column(call: Call, frame: Frame, _: Scope) -> Column:
    mask = search_mask(parse_search_expression(_search_text(call)), frame)
    return Column([False, True], mask.astype("int32"))


def _search_text(call: Call) -> str:
    (argument,) = call.arguments
    assert isinstance(argument, Literal)
    return str(argument.value)


@special("searchmatch", 1, result="b", frame=_search_column)
def searchmatch(compiler: Compiler, call: Call) -> Compiled:
    """Whether the row matches a search expression."""
    (argument,) = call.arguments
    if not isinstance(argument, Literal):
        raise compiler.unsupported("searchmatch() with a search that is not written out", call)
    if not isinstance(argument.value, str):
        raise compiler.argument_error(call)
    try:
        parse_search_expression(argument.value)
    except SPLError as problem:
        raise compiler.unsupported(f"searchmatch() with this search ({problem.message})", call) from None

    def run(_: Row) -> Value:
        # The evaluation takes the call's value from the whole frame; only inside a function that goes through the
        # values of a field can a row come here.
        raise compiler.unsupported("searchmatch() inside a function that goes through values", call)

    return run


@function("lookup", 3, kinds="s", nulls=True, scoped=True)
def lookup(scope: Scope, table: Value, inputs: Value, outputs: Value) -> Value:
    """``lookup("table", json_object("field", value, ...), json_array("field", ...))``: the output fields of the rows
    that match, as a JSON object; null if none does."""
    if scope.lookup is None:
        raise NotImplementedExactly("lookup() here")
    wanted, given = _decoded(outputs), _decoded(inputs)
    if not isinstance(wanted, list) or not isinstance(given, dict) or not isinstance(table, str):
        raise InvalidArguments
    if any(isinstance(value, dict | list) for value in given.values()):
        raise NotImplementedExactly("lookup() of a multivalue field")
    if any(value is None for value in given.values()):
        return None
    found = scope.lookup(
        str(table), {name: str(value) for name, value in given.items()}, [str(name) for name in wanted]
    )
    return None if found is None else _encoded(found, wanted)


def _decoded(value: Value) -> Any:
    try:
        return json.loads(value, parse_int=str, parse_float=str) if isinstance(value, str) else None
    except ValueError:
        return None


def _encoded(found: Mapping[str, Value], wanted: Sequence[str]) -> Value:
    shown = {
        name: list(v) if isinstance(v := found[name], tuple) else v for name in wanted if found.get(name) is not None
    }
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
