"""What search expressions find."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.expressions.search import term_matcher
from tests.expressions.helpers import found, in_raw

ROWS = [
    {"user": "admin", "code": "200", "m": ("a", "b")},
    {"user": "Bob", "code": "404", "m": ("b", "c")},
    {"code": "1000"},
    {"user": "", "code": "x"},
]


@pytest.mark.parametrize(
    ("search", "rows"),
    [
        ("user=ADMIN", [0]),
        ("user=*b*", [1]),
        ("user=*", [0, 1, 3]),
        ('user=""', [3]),
        ("user!=admin", [1, 3]),
        ("user!=*", []),
        ("NOT user=admin", [1, 2, 3]),
        ("NOT user=*", [2]),
        ("NOT user!=admin", [0, 2]),
        ("code>300", [1, 2, 3]),
        ("code<1000", [0, 1]),
        ("code=200.0", []),
        ("code IN (200, 4*)", [0, 1]),
        ("code NOT IN (200, 4*)", [2, 3]),
        ("NOT code IN (200, 4*)", [2, 3]),
        ("nosuch=*", []),
        ("NOT nosuch=x", [0, 1, 2, 3]),
        # A multivalue satisfies a comparison if one of its values does.
        ("m=a", [0]),
        ("m!=b", [0, 1]),
        ("NOT m=b", [2, 3]),
        # OR binds tighter than AND (Search Reference, "search").
        ("code=200 OR code=404 user=bob", [1]),
        ("code=404 user=bob OR user=admin", [1]),
        ("(code=200 user=admin) OR code=1000", [0, 2]),
        ("NOT (code=200 OR code=404)", [2, 3]),
        ("user=CASE(Bob)", [1]),
        ("user=CASE(bob)", []),
        ("user=TERM(bob)", [1]),
    ],
)
def test_comparisons(search: str, rows: list[int]) -> None:
    assert found(search, ROWS) == rows


@pytest.mark.parametrize(
    ("search", "raw", "holds"),
    [
        ("error", "an ERROR occurred", True),
        ("error", "errors", False),
        ("error", "myerror", False),
        ("error*", "errors", True),
        ("*error", "myerror", True),
        ("*rro*", "errors", True),
        ("er*r", "error", True),
        ("er*r", "er or", False),
        ("e*r*s", "errors", True),
        ("admin", r"domain\admin", True),
        ("admin", "user=admin,", True),
        ("admin", "user_admin", True),
        ("admin", "(admin)", True),
        ("admin", "%20admin%3D1", True),
        ("192.168.1.1", "src=192.168.1.1 x", True),
        ("192.168.1.1", "src=192.168.1.10", False),
        ('"failed password"', "Failed password for root", True),
        ('"failed password"', "failed  password", False),
        ('"failed password"', "failed passwords", False),
        ('"for r*t from"', "for root from", True),
        ('"[error]"', "x[error]y", True),
        ("NOT error", "fine", True),
        ("NOT error", "error", False),
        ("error fine", "fine error", True),
        ("error fine", "fine", False),
        ("CASE(Error)", "an Error", True),
        ("CASE(Error)", "an error", False),
        ("TERM(10.0.0.6)", "ip 10.0.0.6 x", True),
        ("TERM(10.0.0.6)", "ip=10.0.0.6 x", False),
        ("TERM(a=b)", "x,a=b;", True),
        ("TERM(b)", "a--b", True),
        ("TERM(b)", "a-b", False),
    ],
)
def test_terms_stand_between_breakers(search: str, raw: str, holds: bool) -> None:
    assert in_raw(search, raw) is holds


def test_terms_are_sought_in_the_raw_text_only() -> None:
    assert found("error", [{"message": "error"}, {"_raw": "error", "message": "x"}]) == [1]


def test_a_star_finds_every_row() -> None:
    assert found("*", [{"a": "1"}, {"_raw": "x"}]) == [0, 1]


def test_tags_and_event_types_are_fields() -> None:
    rows = [{"tag": ("attack", "process"), "eventtype": "ids"}, {"tag": "process"}]
    assert found("tag=attack", rows) == [0]
    assert found("tag!=attack", rows) == [0, 1]
    assert found("NOT tag=attack", rows) == [1]
    assert found("eventtype=i*", rows) == [0]


def test_an_indexed_field_is_compared_like_any() -> None:
    assert found("sourcetype::xml*", [{"sourcetype": "XmlWinEventLog"}, {"sourcetype": "json"}]) == [0]


@given(st.text("ab -._=", max_size=12), st.text("ab", min_size=1, max_size=3))
def test_a_word_is_found_where_its_breakers_part_it_off(raw: str, word: str) -> None:
    parted = raw.translate(str.maketrans("-._=", "    ")).split()
    assert term_matcher(word)(raw) == (word in parted)


@given(st.text("aA b*.", max_size=10), st.text("aA b*.", min_size=1, max_size=6))
def test_wildcards_in_terms_agree_with_the_obvious_regular_expression(raw: str, term: str) -> None:
    import re

    if not term.strip("*") or " " in term:
        return
    inner = r"[^\s*]*".join(map(re.escape, term.strip("*").split("*")))
    edge = r"[\s.*]"
    lead = "" if term.startswith("*") or re.match(edge, term) else rf"(?:\A|(?<={edge}))"
    tail = "" if term.endswith("*") or re.match(edge, term[-1]) else rf"(?:\Z|(?={edge}))"
    assert term_matcher(term)(raw) == (re.search(lead + inner + tail, raw, re.IGNORECASE) is not None)


def test_many_stars_in_a_term_take_no_time() -> None:
    assert not term_matcher("a*" * 200 + "b")("a" * 5_000)
