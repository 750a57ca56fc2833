"""Expressions from text over rows, as the tests of this folder write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.expressions import Scope, evaluate, evaluate_mask, search_mask
from harness.spl.eval_expression import parse_eval
from harness.spl.search_expression import parse_search_expression
from harness.values.column import Value
from harness.values.frame import Frame

NOW = 1_767_225_600.0

Rows = Sequence[Mapping[str, Value]]


def values(expression: str, rows: Rows = ({},), **scope: object) -> list[Value]:
    """The expression's value for each row."""
    frame = Frame.from_rows(list(rows))
    return evaluate(parse_eval(expression), frame, Scope(now=NOW, text=expression, **scope)).to_values()  # type: ignore[arg-type]


def where(condition: str, rows: Rows) -> list[int]:
    """The numbers of the rows for which the condition is true."""
    frame = Frame.from_rows(list(rows))
    scope = Scope(now=NOW, command="where", text=condition)
    return evaluate_mask(parse_eval(condition), frame, scope).nonzero()[0].tolist()


def found(search: str, rows: Rows) -> list[int]:
    """The numbers of the rows that a search expression finds."""
    return search_mask(parse_search_expression(search), Frame.from_rows(list(rows))).nonzero()[0].tolist()


def in_raw(search: str, raw: str) -> bool:
    return found(search, [{"_raw": raw}]) == [0]
