"""Whatever is read, printed and read again is the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SPLError
from harness.spl.arguments import Arguments
from harness.spl.eval_expression import parse_eval
from harness.spl.nodes import Aggregation
from harness.spl.parser import parse_pipeline
from harness.spl.printer import to_text
from harness.spl.search_expression import parse_search_expression


def aggregations(text: str) -> list[Aggregation]:
    return Arguments(parse_pipeline(f"| stats {text}").commands[0]).aggregations()


def assert_reads_back(read: Callable[[str], Any], text: str) -> None:
    try:
        node = read(text)
    except SPLError:
        return
    if node is not None:
        assert read(to_text(node)) == node


# --- texts that are mostly good SPL

NAMES = st.sampled_from(["a", "b_1", "user", "_time", "x2"])
STRINGS = st.text(alphabet='ab \\"*%|[]()$`é', max_size=6).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
SPACE = st.sampled_from(["", " ", "\n"])


def joined(*parts: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    return st.tuples(*(part if isinstance(part, st.SearchStrategy) else st.just(part) for part in parts)).map("".join)


def eval_step(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "%", ".", "=", "==", "!=", "<", ">="])
    words = st.sampled_from([" AND ", " or ", " XOR ", " like ", " LIKE "])
    return st.one_of(
        joined(inner, SPACE, operators, SPACE, inner),
        joined(inner, words, inner),
        joined("(", inner, ")"),
        joined("NOT ", inner),
        joined("-", inner),
        joined(st.sampled_from(["len", "IF", "coalesce"]), "(", inner, ", ", inner, ")"),
        joined(inner, " IN (", inner, ",", inner, ")"),
    )


EVALS = st.recursive(
    st.one_of(NAMES, STRINGS, st.sampled_from(["1", "1.50", ".5", "2e3", "'a b{}.c'", r"'it\'s'", "now()"])),
    eval_step,
    max_leaves=12,
)


def search_step(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        joined(inner, st.sampled_from([" ", " AND ", " OR "]), inner),
        joined("NOT ", inner),
        joined("(", inner, ")"),
    )


SEARCHES = st.recursive(
    st.one_of(
        NAMES,
        STRINGS,
        joined(NAMES, SPACE, st.sampled_from(["=", "!=", "<", ">="]), SPACE, st.one_of(NAMES, STRINGS)),
        joined(STRINGS, "=", NAMES),
        joined(NAMES, st.sampled_from([" IN (", " NOT IN("]), NAMES, ", ", STRINGS, st.sampled_from([")", ", )"])),
        st.sampled_from(["TERM(1.2.3.4)", "a=CASE(Xy)", "earliest=-1h@h", "tag::host=web", "source::x*y", "()", "*"]),
        st.sampled_from([r"p=C:\\Windows\x*", "[search a | fields b]", "a{}.b.c=1", "or", "not"]),
    ),
    search_step,
    max_leaves=12,
)


@given(EVALS)
def test_eval_expressions_read_back(text: str) -> None:
    assert_reads_back(parse_eval, text)


@given(SEARCHES)
def test_search_expressions_read_back(text: str) -> None:
    assert_reads_back(parse_search_expression, text)


@given(st.lists(joined(st.sampled_from(["search ", "where ", "x "]), SEARCHES), min_size=1, max_size=4))
def test_pipelines_read_back(commands: list[str]) -> None:
    assert_reads_back(parse_pipeline, " | ".join(commands))


NOISE = st.text(alphabet="abN1*=|\"'[]()`$, \\.<>!{}:-\nIORDT_#+/%", max_size=40)


@given(NOISE)
def test_noise_that_reads_at_all_reads_back(text: str) -> None:
    for read in (parse_pipeline, parse_eval, parse_search_expression):
        assert_reads_back(read, text)


@pytest.mark.parametrize(
    "text",
    [
        "count",
        "c(x) AS total",
        'dc("a b") as "c d"',
        "perc95(x) p50(y) exactperc99.9(z)",
        "avg(*) as avg_*",
        'count(eval(a>1 AND b="x")) as n',
        "sparkline(count, 1h) as trend, sparkline(avg(x), 1d)",
    ],
)
def test_aggregations_read_back(text: str) -> None:
    read = aggregations(text)
    assert aggregations(", ".join(map(to_text, read))) == read


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("(a + b) * -c", "(a + b) * -c"),
        ("((a))-(b-c)", "a - (b - c)"),
        ("not (a=1 and b=2)", "NOT (a == 1 AND b == 2)"),
        ("a.(b+1)", "a . (b + 1)"),
        ("'user name' in (\"x\")", "'user name' IN (\"x\")"),
    ],
)
def test_parentheses_are_printed_where_they_are_needed(text: str, printed: str) -> None:
    assert to_text(parse_eval(text)) == printed


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a AND (b OR c) d", "a b OR c d"),
        ("(a b) OR c", "(a b) OR c"),
        ("NOT(a OR b) x IN(1,2,)", "NOT (a OR b) x IN (1, 2)"),
        (r'path="C:\\x" [search b]', r'path="C:\\x" [| search b]'),
    ],
)
def test_search_expressions_are_printed_with_few_words(text: str, printed: str) -> None:
    node = parse_search_expression(text)
    assert node is not None
    assert to_text(node) == printed
