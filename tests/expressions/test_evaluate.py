"""How expressions are evaluated over frames: checked first, asked once per distinct value, refused with their place."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest

from harness.errors import SplPlace, SPLSyntaxError, UnsupportedSPL
from harness.expressions import Scope, check, evaluate, evaluate_mask
from harness.expressions.registry import FUNCTIONS, find, function
from harness.spl.eval_expression import parse_eval
from harness.values.column import Column
from harness.values.frame import Frame
from tests.conformance.runner import PAGES
from tests.expressions.helpers import NOW, values, where

ASKED: list[object] = []


@pytest.fixture(scope="module", autouse=True)
def _probe() -> None:
    find("len")  # the families first
    if "probe" not in FUNCTIONS:
        function("probe", multivalues=True)(lambda value: ASKED.append(value) or value)


def test_a_function_is_asked_once_per_distinct_value() -> None:
    ASKED.clear()
    rows = [{"a": f"x{i % 3}", "b": str(i % 7)} for i in range(100)]
    assert values("probe(a)", rows)[:4] == ["x0", "x1", "x2", "x0"]
    assert sorted(map(str, ASKED)) == ["x0", "x1", "x2"]


def test_a_part_over_fewer_fields_is_asked_once_per_value_of_those() -> None:
    ASKED.clear()
    rows = [{"a": f"x{i % 3}", "b": str(i % 7), "c": str(i)} for i in range(100)]
    values('if(probe(a)="x1" AND b="2", c, a.b)', rows)
    assert sorted(map(str, ASKED)) == ["x0", "x1", "x2"]


def test_a_branch_that_no_row_takes_raises_nothing() -> None:
    rows = [{"a": "x", "m": ("1", "2"), "pattern": "["}]
    assert values('if(a="x", 1, len(m))', rows) == [1]
    assert values('if(a="x", 1, replace(a, pattern, ""))', rows) == [1]
    assert where('a="y" AND match(a, pattern)', rows) == []
    with pytest.raises(UnsupportedSPL):
        values('if(a="y", 1, len(m))', rows)


def test_what_a_row_makes_impossible_is_refused_only_if_a_row_does() -> None:
    assert values("len(m)", [{"m": "ab"}]) == [2]
    with pytest.raises(UnsupportedSPL, match="multivalue"):
        values("len(m)", [{"m": "ab"}, {"m": ("a", "b")}])


def test_errors_underline_their_place() -> None:
    text = 'if(a="x", len(123), 1)'
    with pytest.raises(SPLSyntaxError) as refused:
        check(parse_eval(text), Scope(now=0, text=text))
    where_ = refused.value.where
    assert isinstance(where_, SplPlace)
    assert text[where_.start : where_.end] == "len(123)"


def test_an_expression_is_checked_even_over_no_rows() -> None:
    for expression in ('"1"+1', "1==1", "nosuch(1)", "upper(null())", "abs(if())", "f+nullif()"):
        with pytest.raises(SPLSyntaxError):
            evaluate(parse_eval(expression), Frame(), Scope(now=0))
    with pytest.raises(SPLSyntaxError):
        evaluate_mask(parse_eval("nosuch(1)"), Frame(), Scope(now=0))


def test_hundreds_of_alternatives_are_not_nested_hundreds_deep() -> None:
    choices = " OR ".join(f'a="{number}"' for number in range(2_000))
    assert where(choices, [{"a": "7"}, {"a": "x"}]) == [0]
    assert values(".".join(["a"] * 2_000), [{"a": "7"}]) == ["7" * 2_000]


def test_what_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(UnsupportedSPL, match="nested this deep"):
        values("+".join(["1"] * 2_000))


def test_check_gives_the_fields() -> None:
    assert check(parse_eval("if(a>1,'b c',mvmap(d,d.e))"), Scope(now=0)) == ["a", "b c", "d", "e"]


def test_a_missing_field_is_null_in_every_row() -> None:
    assert values("nosuch", [{"a": "1"}, {"a": "2"}]) == [None, None]
    assert where("nosuch=1 OR isnull(nosuch)", [{"a": "1"}, {"a": "2"}]) == [0, 1]


def test_random_is_drawn_for_each_row() -> None:
    drawn = values("random()", [{"a": "1"}] * 50, random=random.Random(1))
    assert len(set(drawn)) == 50
    assert drawn == values("random()", [{"a": "1"}] * 50, random=random.Random(1))


def test_results_are_plain_values() -> None:
    (row,) = [values("mvappend(1.50, 2, b)", [{"b": "07"}])]
    assert row == [("1.50", 2, "07")]
    assert [type(value) for value in row[0]] == [str, int, str]  # type: ignore[union-attr]


def test_a_lookup_answers_with_json() -> None:
    table = {("404", "HTTP"): {"text": "Not found", "kind": ("client", "error")}}

    def lookup(name: str, inputs: dict[str, str], outputs: list[str]) -> object:
        assert (name, outputs) == ("codes.csv", ["text", "kind"])
        return table.get((inputs["status"], inputs["app"]))

    expression = 'lookup("codes.csv", json_object("status", status, "app", "HTTP"), json_array("text", "kind"))'
    rows = [{"status": "404"}, {"status": "200"}, {}]
    assert values(expression, rows, lookup=lookup) == ['{"text":"Not found","kind":["client","error"]}', None, None]
    with pytest.raises(UnsupportedSPL):
        values(expression, rows)


def test_searchmatch_sees_the_whole_row() -> None:
    rows = [{"_raw": "login failed", "user": "Ann"}, {"_raw": "login ok", "user": "Bob"}]
    assert values('if(searchmatch("failed user=ann"), "y", "n")', rows) == ["y", "n"]
    assert where('searchmatch("login") AND user="Bob"', rows) == [1]
    with pytest.raises(UnsupportedSPL):
        values('mvfilter(searchmatch("x") AND user="a")', rows)


@pytest.mark.parametrize("symbol", ["==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"])
def test_arrays_give_what_single_values_give(symbol: str) -> None:
    generator = random.Random(2)
    pool = [0, 1, -1, 2**53, 0.5, 1e300, *(generator.uniform(-100, 100) for _ in range(600)), *range(600)]
    rows = [{"a": generator.choice([*pool, None]), "b": generator.choice([*pool, None])} for _ in range(3_000)]
    for expression in (f"a {symbol} b", f"a {symbol} 7", f"7 {symbol} b"):
        shown = f"if({expression},1,0)" if symbol in ("==", "!=", "<", "<=", ">", ">=") else expression
        at_once = values(shown, rows)
        one_by_one = [values(shown, [row])[0] for row in rows[:300]]
        assert [repr(value) for value in at_once[:300]] == [repr(value) for value in one_by_one]


def test_two_hundred_thousand_distinct_numbers_are_no_burden() -> None:
    """Counted in calls of Python functions, not in seconds: arrays take none per row."""
    frame = Frame({"_time": Column.from_values([1.7e9 + i * 0.37 for i in range(200_000)])}, 200_000)
    mask = evaluate_mask(parse_eval("_time - 300 > 1700001000 AND _time != 0"), frame, Scope(now=NOW))
    assert int(np.count_nonzero(mask)) == 200_000 - 3514


def test_every_function_is_on_a_page() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (PAGES / "functions").glob("*.md")).lower()
    missing = [name for name, _ in FUNCTIONS if not re.search(rf"\b{name}\(", text) and name != "probe"]
    assert missing == []


def test_time_is_the_start_of_the_search() -> None:
    assert values("time()") == ["1767225600.000000"]
