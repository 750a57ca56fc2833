"""Coercion and comparison: what search and eval make of the same values."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.values.column import Column, Value
from harness.values.numbers import NumericText
from harness.values.values import eval_compare, plain, search_matcher, to_number, typed, wildcard_matcher

PATTERNS = st.text("ab*", max_size=8)
TEXTS = st.text("abAB", max_size=12)


@given(PATTERNS, TEXTS)
def test_a_wildcard_matches_as_the_obvious_regular_expression(pattern: str, text: str) -> None:
    oracle = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE | re.DOTALL)
    assert wildcard_matcher(pattern)(text) == (oracle.fullmatch(text) is not None)
    assert wildcard_matcher(pattern, case_sensitive=True)(text) == (re.fullmatch(oracle.pattern, text) is not None)


def test_many_stars_take_no_time() -> None:
    assert not wildcard_matcher("*a" * 500 + "b")("a" * 20_000)


@pytest.mark.parametrize(
    ("symbol", "pattern", "value", "holds"),
    [
        ("=", "admin", "ADMIN", True),
        ("=", "*min", "admin", True),
        ("=", "", "", True),
        ("=", "", "a", False),
        ("=", "1", "1.0", False),
        ("=", "1", 1, True),
        ("=", "*", "anything", True),
        ("=", "a", None, False),
        ("!=", "a", None, False),
        ("!=", "*", "a", False),
        ("!=", "a", "b", True),
        ("!=", "a", "A", False),
        ("=", "b", ("a", "b"), True),
        ("!=", "b", ("a", "b"), True),
        ("!=", "b", ("b", "b"), False),
        ("=", "10.0.0.0/8", "10.1.2.3", True),
        ("=", "10.0.0.0/8", "11.1.2.3", False),
        ("=", "10.0.0.0/8", "10.0.0.0/8", True),
        ("!=", "10.0.0.0/8", "10.1.2.3", False),
        ("=", "2001:db8::/32", "2001:DB8::1", True),
        ("=", "a/b", "a/b", True),
        (">", "9", "10", True),
        (">", "9", "x", True),
        ("<", "b", "A", True),
        (">=", "1.5", "1.50", True),
        ("<", "5", ("9", "3"), True),
    ],
)
def test_a_search_comparison(symbol: str, pattern: str, value: Value, holds: bool) -> None:
    assert search_matcher(symbol, pattern)(value) is holds


@pytest.mark.parametrize("text", ["1_000", " 1", "1 ", "nan", "inf", "0x1", "１", "", "+", "1e", "--1"])
def test_what_python_takes_for_a_number_and_splunk_does_not(text: str) -> None:
    assert to_number(text) is None


def test_a_field_is_typed_value_by_value() -> None:
    column = typed(Column.from_values(["10", "x", None, 5, ("1", "2")]))
    assert [type(value) for value in column.values] == [NumericText, str, int, tuple]
    assert column.to_values() == ["10", "x", None, 5, ("1", "2")]


def test_results_hold_only_what_fields_hold() -> None:
    assert [type(plain(value)) for value in (NumericText("1", 1), float("inf"), 1.5, 2)] == [str, str, float, int]


SCALARS: st.SearchStrategy[Value] = st.one_of(
    st.integers(-5, 5), st.sampled_from(["a", "b", "5"]), st.sampled_from([NumericText("5", 5), NumericText("7", 7)])
)


@given(SCALARS, SCALARS)
def test_not_equal_is_the_opposite_of_equal_where_one_of_them_holds(left: Value, right: Value) -> None:
    equal, unequal = eval_compare("==", left, right), eval_compare("!=", left, right)
    assert (equal is None) == (unequal is None)
    assert equal is None or equal is not unequal
    assert eval_compare("<", left, right) == eval_compare(">", right, left)
