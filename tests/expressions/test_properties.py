"""Any expression over any rows gives values or one of our errors, however it is evaluated."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import SPLError
from harness.expressions import Scope, evaluate, evaluate_mask
from harness.expressions.compile import ExpressionCompiler
from harness.expressions.registry import FUNCTIONS, find
from harness.spl.eval_expression import parse_eval
from harness.spl.nodes import Expr
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.values import plain, typed
from tests.expressions.helpers import NOW

find("len")
NAMES = sorted(name for name, _ in FUNCTIONS if name not in ("random", "searchmatch", "probe"))

VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "a", "B", "5", "10", "1.50", "-3", "NaN", "x.y", '{"a":[1,2]}', "[1]", "10.0.0.1", "é", "2026-01-15"]
    ),
    st.integers(-10, 1_000_000),
    st.floats(-1e6, 1e6),
    st.just(("a", "5")),
    st.just(("1", "2", "3")),
)
ROWS = st.lists(st.fixed_dictionaries({"f": VALUES, "g": VALUES, "h": VALUES}), max_size=6)

LEAVES = st.sampled_from(
    [
        "f",
        "g",
        "h",
        "nosuch",
        "1",
        "2.50",
        "0",
        '"a"',
        '"5"',
        '""',
        '"%a_"',
        '"[0-9]+"',
        '"%Y-%m-%d"',
        '"-1d@d"',
        "null()",
        "true()",
    ]
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.sampled_from(["+", "-", "*", "/", "%", ".", "=", "!=", "<", ">=", " LIKE ", " AND ", " OR ", " XOR "])
    return st.one_of(
        st.tuples(inner, binary, inner).map(lambda p: f"({p[0]}{p[1]}{p[2]})"),
        st.tuples(st.sampled_from(NAMES), st.lists(inner, max_size=3)).map(lambda p: f"{p[0]}({','.join(p[1])})"),
        st.tuples(inner, inner, inner, inner, inner).map(
            lambda p: f'if({p[0]}={p[1]} OR match({p[2]},"a"),{p[3]},{p[4]})'
        ),
        st.tuples(inner, inner, inner).map(lambda p: f"case({p[0]}>{p[1]},{p[2]},true(),f)"),
        inner.map(lambda p: f"(NOT isnull({p}))"),
        st.tuples(inner, inner).map(lambda p: f"mvmap(f,({p[0]}).f)"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} IN ({p[1]},{p[2]}))"),
    )


EXPRESSIONS = st.recursive(LEAVES, _grown, max_leaves=8)


def parsed(text: str) -> Expr | None:
    with contextlib.suppress(SPLError):
        return parse_eval(text)
    return None


@settings(max_examples=600, deadline=None)
@given(EXPRESSIONS, ROWS)
def test_an_expression_gives_values_or_one_of_our_errors(text: str, rows: list[dict[str, Value]]) -> None:
    node = parsed(text)
    if node is None:
        return
    frame, scope = Frame.from_rows(rows, columns=["f", "g", "h"]), Scope(now=NOW, text=text)
    with contextlib.suppress(SPLError):
        column = evaluate(node, frame, scope)
        assert len(column) == len(frame)
        for value in column.to_values():
            members = value if isinstance(value, tuple) else (value,)
            assert all(type(member) in (str, int, float) or value is None for member in members)
            assert not isinstance(value, tuple) or len(value) > 1
    with contextlib.suppress(SPLError):
        assert len(evaluate_mask(node, frame, scope)) == len(frame)


@settings(max_examples=600, deadline=None)
@given(EXPRESSIONS, ROWS)
def test_evaluating_by_parts_gives_what_each_row_gives(text: str, rows: list[dict[str, Value]]) -> None:
    node = parsed(text)
    if node is None:
        return
    frame, scope = Frame.from_rows(rows, columns=["f", "g", "h"]), Scope(now=NOW, text=text)
    try:
        by_parts = [repr(value) for value in evaluate(node, frame, scope).to_values()]
    except SPLError:
        return
    compiler = ExpressionCompiler(scope)
    run = compiler.compile(node)
    columns = [typed(frame.column(name)).to_values() for name in compiler.fields]
    row_by_row = [run(row) for row in (zip(*columns, strict=True) if columns else [()] * len(frame))]
    assert by_parts == [repr(plain(value)) for value in row_by_row]
