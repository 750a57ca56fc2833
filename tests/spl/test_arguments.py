"""What commands read their arguments with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import SPLSyntaxError
from harness.spl.arguments import Arguments, boolean, integer, non_negative_integer, one_of, string
from harness.spl.parser import parse_pipeline


def arguments(text: str, name: str = "x") -> Arguments:
    return Arguments(parse_pipeline(f"| {name} {text}").commands[0])


def message(read: Callable[[], Any]) -> str:
    with pytest.raises(SPLSyntaxError) as refused:
        read()
    return refused.value.message


# --- options


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1 b=t", {"a": 1, "b": True}),
        ("a = 1", {"a": 1}),
        ("A=+2", {"a": 2}),
        ('s="two words"', {"s": "two words"}),
        ("s=eval(a > 1, b)", {"s": "eval(a > 1, b)"}),
        ("s=a=b", {"s": "a=b"}),
        ("a=1 c=2", {"a": 1}),
        ("count a=1", {}),
    ],
)
def test_options_are_read_while_their_names_are_known(text: str, expected: dict[str, Any]) -> None:
    assert arguments(text).options({"a": non_negative_integer, "b": boolean, "s": string}) == expected


@pytest.mark.parametrize("word", ["true", "T", "yes", "1", "TRUE"])
def test_words_that_are_true(word: str) -> None:
    assert boolean(word) is True


@pytest.mark.parametrize("word", ["false", "F", "no", "0"])
def test_words_that_are_false(word: str) -> None:
    assert boolean(word) is False


@pytest.mark.measured("M4.66", "M4.67")
@pytest.mark.parametrize(
    ("convert", "text", "expected"),
    [
        (boolean, "maybe", "a 'boolean'"),
        (boolean, "on", "a 'boolean'"),
        (non_negative_integer, "-1", "a 'non-negative integer'"),
        (non_negative_integer, "1.5", "a 'non-negative integer'"),
        (integer, "x", "a 'integer'"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_as_splunk_names_it(
    convert: Callable[[str], Any], text: str, expected: str
) -> None:
    assert message(lambda: arguments(f"o={text}").options({"o": convert})) == (
        f"Error in 'SearchProcessor': Invalid option value. Expecting {expected} for option 'o'. Instead got '{text}'."
    )


@pytest.mark.measured("M4.68")
def test_an_option_is_given_once() -> None:
    """Also when the options are read in two goes."""
    twice = "Error in 'SearchProcessor': Option 'o' should not be specified more than once."
    assert message(lambda: arguments("o=2 o=3").options({"o": integer})) == twice

    def later() -> None:
        read = arguments("o=2 field o=3")
        read.options({"o": integer})
        read.field_name()
        read.options({"o": integer})

    assert message(later) == twice


def test_one_of_some_words() -> None:
    assert one_of("inner", "outer")("OUTER") == "outer"
    with pytest.raises(ValueError, match="one of inner, outer"):
        one_of("inner", "outer")("full")


# --- names and lists


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a, b c", ["a", "b", "c"]),
        ('a "b c",d', ["a", "b c", "d"]),
        ("a.b{}.c x:y_* -z", ["a.b{}.c", "x:y_*", "-z"]),
        ("count(x) sum(a.b)", ["count(x)", "sum(a.b)"]),
        ('"Web".* x', ["Web.*", "x"]),
        ("a limit=3", ["a"]),
        ("a AS b", ["a", "AS", "b"]),
        ("", []),
    ],
)
def test_field_lists(text: str, expected: list[str]) -> None:
    assert arguments(text).field_list() == expected


def test_a_field_list_ends_at_a_stop_word_in_any_case() -> None:
    read = arguments("host dest output user")
    assert read.field_list(stops=("OUTPUT",)) == ["host", "dest"]
    assert read.accept_keyword("OUTPUT") == "OUTPUT"
    assert read.rest() == "user"
    assert read.at_end


@pytest.mark.parametrize("text", ["a -> b", "a->b", "a AS b", "a as b"])
def test_words_between_old_and_new_names(text: str) -> None:
    read = arguments(text)
    assert read.field_name() == "a"
    assert read.accept_keyword("AS", "->")
    assert read.field_name() == "b"


def test_by_is_followed_by_a_name() -> None:
    assert arguments("by a, b").by_clause() == ["a", "b"]
    assert arguments("a").by_clause() == []
    assert "by" in message(arguments("by").by_clause)


def test_a_subsearch_keeps_its_own_commands() -> None:
    read = arguments("type=left [search a | append [search b]] rest")
    read.options({"type": string})
    inner = read.subsearch()
    assert [command.name for command in inner.pipeline.commands] == ["search", "append"]
    assert read.rest() == "rest"


def test_an_error_names_the_command_and_underlines_the_word() -> None:
    with pytest.raises(SPLSyntaxError) as refused:
        raise arguments("count nosucharg=1", "stats").error("No.")
    assert str(refused.value) == "Error in 'stats' command: No.\n| stats count nosucharg=1\n        ^^^^^"


@pytest.mark.measured("M4.88")
def test_what_is_left_over_is_an_invalid_argument() -> None:
    read = arguments("nosucharg=1 x", "stats")
    assert message(read.expect_end) == "Error in 'stats' command: The argument 'nosucharg=1' is invalid."


# --- expressions among arguments


def test_an_expression_ends_at_a_comma() -> None:
    read = arguments("a+1, b", "eval")
    read.expression()
    assert read.accept(",")


def test_a_partial_expression_leaves_the_rest() -> None:
    read = arguments("(a<5) keeplast=true", "head")
    read.expression(partial=True)
    assert read.options({"keeplast": boolean}) == {"keeplast": True}


def test_a_search_expression_ends_at_a_stop_word_outside_parentheses() -> None:
    read = arguments("a=by (b=1 OR by) by c", "tstats")
    read.search_expression(stops=("BY",))
    assert read.by_clause() == ["c"]


# --- aggregations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count", [("count", None, "count", None, None)]),
        ("count()", [("count", None, "count", None, None)]),
        ("C(x), dc(y)", [("c", "x", "C(x)", None, None), ("dc", "y", "dc(y)", None, None)]),
        ("count as total sum( x )", [("count", None, "count", "total", None), ("sum", "x", "sum(x)", None, None)]),
        ('values("a b") AS "c d"', [("values", "a b", "values(a b)", "c d", None)]),
        ("perc95(x)", [("perc", "x", "perc95(x)", None, 95.0)]),
        ("p50(x)", [("p", "x", "p50(x)", None, 50.0)]),
        ("exactperc99.9(x)", [("exactperc", "x", "exactperc99.9(x)", None, 99.9)]),
        ("upperperc5(x)", [("upperperc", "x", "upperperc5(x)", None, 5.0)]),
        ("avg(a.*) as avg_a.*", [("avg", "a.*", "avg(a.*)", "avg_a.*", None)]),
    ],
)
def test_aggregations(text: str, expected: list[tuple[Any, ...]]) -> None:
    found = arguments(text, "stats").aggregations()
    assert [(a.function, a.argument, a.label, a.alias, a.parameter) for a in found] == expected


@pytest.mark.parametrize("rest", ["by a", "BY a", "over a", "from datamodel=x", "where a=1", "limit=5", ""])
def test_aggregations_end(rest: str) -> None:
    read = arguments(f"count, sum(x) {rest}", "chart")
    assert len(read.aggregations()) == 2
    assert read.rest() == rest


def test_an_eval_in_an_aggregation_is_labelled_as_written() -> None:
    (found,) = arguments('count(eval(a > 1 AND b="x)")) as n', "stats").aggregations()
    assert found.label == 'count(eval(a > 1 AND b="x)"))'
    assert found.name == "n"


def test_a_sparkline_has_its_span_beside_its_argument() -> None:
    (found,) = arguments("sparkline(avg(x), 1h)", "stats").aggregations()
    assert (found.argument, found.further, found.label) == ("avg(x)", ("1h",), "sparkline(avg(x),1h)")


def test_an_eval_over_aggregations_is_one_aggregation() -> None:
    (found,) = arguments("eval(avg(a)/avg(b)) as ratio", "chart").aggregations()
    assert (found.function, found.label, found.name) == ("eval", "eval(avg(a)/avg(b))", "ratio")


@pytest.mark.measured("M4.88")
@pytest.mark.parametrize("text", ["sum(x", "sum(x y)", "count as"])
def test_what_is_no_aggregation_is_an_invalid_argument(text: str) -> None:
    assert "is invalid." in message(arguments(text, "stats").aggregations)
