"""Macros: text in place of text (what they do to searches is on tests/conformance/search/macros.md)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SPLError, SPLSyntaxError, UnsupportedSPL
from harness.spl.macros import Macro, expand, split_call, trace

TABLE = {
    (macro.name, len(macro.arguments)): macro
    for macro in (
        Macro("m", (), "index=main"),
        Macro("outer", (), "`m` a=1"),
        Macro("quoted", (), 'x="a\\b"'),
        Macro("two", ("x", "y"), "$x$=$y$"),
        Macro("loop", (), "`loop`"),
        Macro("grow", (), "`grow2` `grow2`"),
        Macro("grow2", (), "x" * 3_000_000),
        Macro("broken", (), "`gone`"),
        Macro("made", ("n",), '"x$n$"', is_eval=True),
        Macro("checked", ("n",), "$n$", validation="$n$>1", error_message="Too small."),
    )
}


class Table:
    def get(self, name: str, arity: int) -> Macro | None:
        return TABLE.get((name, arity))


class Evaluator:
    def definition(self, expression: str) -> str:
        return expression.strip('"')

    def validation(self, expression: str, arguments: Mapping[str, str]) -> bool:
        return int(expression.partition(">")[0]) > 1


@pytest.mark.parametrize(
    ("call", "name", "arguments"),
    [
        ("m", "m", []),
        ("m()", "m", []),
        ("m(a)", "m", ["a"]),
        ("m(a, b ,c)", "m", ["a", "b", "c"]),
        ('m("a, b", c)', "m", ["a, b", "c"]),
        (r'm("say \"hi\"")', "m", ['say "hi"']),
        ("m(f(x))", "m", ["f(x)"]),
        ("m(a,)", "m", ["a", ""]),
    ],
)
def test_a_call_is_a_name_and_arguments(call: str, name: str, arguments: list[str]) -> None:
    assert split_call(call) == (name, arguments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('| map search="search `m` x"', '| map search="search index=main x"'),
        ('| map maxsearches=3 search = "`outer`"', '| map maxsearches=3 search = "index=main a=1"'),
        ('| map search="`quoted`"', r'| map search="x=\"a\\b\""'),
        ('| eval search="`m`"', '| eval search="`m`"'),
        ('| map x="`m`"', '| map x="`m`"'),
    ],
)
def test_only_the_quoted_search_of_map_is_expanded(text: str, expected: str) -> None:
    assert expand(text, Table()) == expected


def test_an_expansion_remembers_where_characters_came_from() -> None:
    expansion = trace('a `outer` | map search="`quoted` `m`"', Table())
    text = expansion.text
    assert expansion.macros_at(text.index("main")) == ("outer", "m")
    assert expansion.macros_at(text.index("a=1")) == ("outer",)
    assert expansion.macros_at(text.index(r"a\\b") + 3) == ("quoted",)
    assert expansion.macros_at(text.rindex("main")) == ("m",)
    assert expansion.macros_at(0) == ()


def test_what_is_missing_in_a_macro_is_shown_where_the_search_calls_it() -> None:
    with pytest.raises(SPLSyntaxError) as refused:
        expand("a | `broken` | b", Table())
    assert "'gone'" in refused.value.message
    assert str(refused.value).splitlines()[-3:] == [
        "a | `broken` | b",
        "    ^^^^^^^^",
        "It is called by the macro 'broken'.",
    ]


def test_definitions_and_validations_are_evaluated_by_whoever_can() -> None:
    assert expand("`made(1)` `checked(2)`", Table(), Evaluator()) == "x1 2"
    with pytest.raises(SPLSyntaxError, match="Too small"):
        expand("`checked(1)`", Table(), Evaluator())
    with pytest.raises(UnsupportedSPL, match="made"):
        expand("`made(1)`", Table())


@pytest.mark.parametrize("text", ["`loop`", "`grow`"])
def test_expansion_comes_to_an_end(text: str) -> None:
    with pytest.raises(SPLError):
        expand(text, Table())


@given(st.text(alphabet='`"m(, )=\\$|map serch', max_size=40))
def test_no_text_makes_expansion_fail_otherwise(text: str) -> None:
    try:
        expansion = trace(text, Table(), Evaluator())
    except SPLError:
        return
    assert all(0 <= piece.start <= piece.end <= len(expansion.text) for piece in expansion.pieces)
