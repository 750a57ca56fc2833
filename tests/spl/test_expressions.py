"""What search and eval expressions mean, as trees."""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import SPLSyntaxError
from harness.spl import nodes
from harness.spl.eval_expression import parse_eval
from harness.spl.search_expression import parse_search_expression


def shape(node: Any) -> Any:
    """A tree as nested tuples, short enough to read."""
    match node:
        case nodes.SearchAnd(items):
            return ("AND", *map(shape, items))
        case nodes.SearchOr(items):
            return ("OR", *map(shape, items))
        case nodes.SearchNot(item):
            return ("NOT", shape(item))
        case nodes.Comparison(field, operator, value):
            return f"{field}{operator}{value.text}"
        case nodes.InList(field, values):
            return (field, *(value.text for value in values))
        case nodes.Term(value):
            return value.text
        case nodes.Directive(kind, text, field):
            return f"{field or ''}{kind}({text})"
        case nodes.TimeModifier(name, value):
            return f"{name}@{value}"
        case nodes.Literal(value):
            return value
        case nodes.FieldRef(name):
            return f"${name}"
        case nodes.Call(name, arguments):
            return (name, *map(shape, arguments))
        case nodes.Unary(operator, operand):
            return (operator, shape(operand))
        case nodes.Binary(operator, left, right):
            return (operator, shape(left), shape(right))
        case nodes.Membership(operand, choices):
            return ("IN", shape(operand), *map(shape, choices))
    raise AssertionError(node)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", ("AND", "a", "b")),
        ("a OR b c", ("AND", ("OR", "a", "b"), "c")),
        ("a AND b OR c", ("AND", "a", ("OR", "b", "c"))),
        ("NOT a b", ("AND", ("NOT", "a"), "b")),
        ("NOT (a OR b)", ("NOT", ("OR", "a", "b"))),
        ("a or b", ("AND", "a", "or", "b")),
        ("x = 1 y!=2 z >= 3", ("AND", "x=1", "y!=2", "z>=3")),
        ("x IN (a, b*, )", ("x", "a", "b*")),
        ("x NOT IN (a)", ("NOT", ("x", "a"))),
        ('"a b" x="c d"', ("AND", "a b", "x=c d")),
        ('"Some Field"=1', "Some Field=1"),
        (r'p="C:\\Windows\\*"', r"p=C:\Windows\*"),
        ("a{}.b=1 tag::host=x", ("AND", "a{}.b=1", "tag::host=x")),
        ("TERM(10.0.0.1) x=CASE(Ab)", ("AND", "TERM(10.0.0.1)", "xCASE(Ab)")),
        ("earliest=-1h index=main", ("AND", "earliest@-1h", "index=main")),
    ],
)
def test_search_expressions(text: str, expected: Any) -> None:
    assert shape(parse_search_expression(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1+2*3", ("+", 1, ("*", 2, 3))),
        ("a-b-c", ("-", ("-", "$a", "$b"), "$c")),
        ('a."x".b', (".", (".", "$a", "x"), "$b")),
        ("NOT a=1 AND b=2", ("AND", ("NOT", ("==", "$a", 1)), ("==", "$b", 2))),
        ("a=1 OR b=2 AND c=3", ("OR", ("==", "$a", 1), ("AND", ("==", "$b", 2), ("==", "$c", 3)))),
        ("a AND .25 > b", ("AND", "$a", (">", 0.25, "$b"))),
        ("-a*2", ("*", ("-", "$a"), 2)),
        ("'a b'+'c.d{}'", ("+", "$a b", "$c.d{}")),
        ('x LIKE "a%"', ("LIKE", "$x", "a%")),
        ('x IN ("a", 1)', ("IN", "$x", "a", 1)),
        ('if(isnull(a), "x", b)', ("if", ("isnull", "$a"), "x", "$b")),
        (r'replace(a, "\d+\\", "\"")', ("replace", "$a", "\\d+\\", '"')),
    ],
)
def test_eval_expressions(text: str, expected: Any) -> None:
    assert shape(parse_eval(text)) == expected


@pytest.mark.parametrize("text", ["(", "1 +", "f(1", "a b", ")", '"open', "a ==", "1 2"])
def test_what_is_no_eval_expression_is_refused(text: str) -> None:
    with pytest.raises(SPLSyntaxError, match="Error in 'EvalCommand'"):
        parse_eval(text)


@pytest.mark.parametrize("text", ["(a", "a)", "a OR", "x=", "=1", "a | b", "NOT", "x IN (a"])
def test_what_is_no_search_expression_is_refused(text: str) -> None:
    with pytest.raises(SPLSyntaxError, match="Unable to parse the search"):
        parse_search_expression(text)
