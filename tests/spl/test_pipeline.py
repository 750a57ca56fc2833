"""Search text into commands."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SPLError, SPLSyntaxError
from harness.spl.arguments import Arguments
from harness.spl.eval_expression import parse_eval
from harness.spl.macros import Macro, expand, trace
from harness.spl.parser import parse_pipeline
from harness.spl.search_expression import parse_search_expression


def commands(text: str) -> list[tuple[str, str]]:
    return [(command.name, command.arguments.strip()) for command in parse_pipeline(text).commands]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("index=main", [("search", "index=main")]),
        ("search index=main", [("search", "index=main")]),
        ("| tstats count | where count>1", [("tstats", "count"), ("where", "count>1")]),
        ('a="x|y" | head', [("search", 'a="x|y"'), ("head", "")]),
        (r'a="x\"|y" | head', [("search", r'a="x\"|y"'), ("head", "")]),
        ("a | append [search b | head 1] | tail", [("search", "a"), ("append", "[search b | head 1]"), ("tail", "")]),
        ("a ``` a comment | with a pipe ``` | head", [("search", "a"), ("head", "")]),
        ("| STATS count", [("stats", "count")]),
    ],
)
def test_pipes_outside_quotes_brackets_and_comments_part_commands(text: str, expected: list[tuple[str, str]]) -> None:
    assert commands(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("| head || tail", "Missing a search command before '|'."),
        ("| head |", "Missing a search command before '^'."),
        ('a="x', "Unbalanced quotes."),
        ("| append [search a", "Mismatched '['."),
        ("| append search a]", "Mismatched ']'."),
        ('| "quoted" x', "Missing a search command before '\"'."),
    ],
)
def test_what_is_no_pipeline_is_refused_in_splunk_s_words(text: str, message: str) -> None:
    with pytest.raises(SPLSyntaxError, match="Error in 'SearchParser'") as refused:
        parse_pipeline(text)
    assert message in refused.value.message


def test_an_error_underlines_its_place() -> None:
    with pytest.raises(SPLSyntaxError) as refused:
        parse_eval("1 + ", offset=9, full_text="| eval x=1 + ")
    assert str(refused.value).splitlines()[-2:] == ["| eval x=1 + ", "             ^"]


TABLE = {
    ("m", 0): Macro("m", (), "index=main"),
    ("outer", 0): Macro("outer", (), "`m` a=1"),
    ("two", 2): Macro("two", ("x", "y"), "$x$=$y$"),
    ("loop", 0): Macro("loop", (), "`loop`"),
}


class Table:
    def get(self, name: str, arity: int) -> Macro | None:
        return TABLE.get((name, arity))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`m` b", "index=main b"),
        ("`outer`", "index=main a=1"),
        ('x="`m`"', 'x="`m`"'),
        ("`two(a, b)`", "a=b"),
        ('`two("a, b", c)`', "a, b=c"),
        ("`two(y=1, x=2)`", "2=1"),
        ("``` `unknown` ``` `m`", "``` `unknown` ``` index=main"),
        ('split(x, "`") | `m`', 'split(x, "`") | index=main'),
    ],
)
def test_macros_are_pasted_in_as_text(text: str, expected: str) -> None:
    assert expand(text, Table()) == expected


def test_a_macro_that_is_not_there_is_named_with_its_number_of_arguments() -> None:
    with pytest.raises(SPLSyntaxError, match=r"specifies a macro 'two\(1\)' that cannot be found"):
        expand("`two(a)`", Table())


def test_macros_that_call_themselves_come_to_an_end() -> None:
    with pytest.raises(SPLSyntaxError, match="maximum recursion depth"):
        expand("`loop`", Table())


def test_an_expansion_remembers_which_macro_a_character_came_from() -> None:
    expansion = trace("a `outer` b", Table())
    assert expansion.macros_at(expansion.text.index("main")) == ("outer", "m")
    assert expansion.macros_at(0) == ()


SPL = st.text(alphabet="ab1*=|\"'[]()`$, \\.<>!{}:-\nANDORNTIby_#+/%", max_size=60)


@given(SPL)
def test_no_text_makes_a_reader_raise_anything_but_our_errors(text: str) -> None:
    for read in (parse_pipeline, parse_eval, parse_search_expression, lambda text: expand(text, Table())):
        with contextlib.suppress(SPLError):
            read(text)


@given(SPL)
def test_reading_arguments_always_ends(text: str) -> None:
    try:
        pipeline = parse_pipeline(f"| x {text}")
        for command in pipeline.commands:
            arguments = Arguments(command)
            while not arguments.at_end:
                before = arguments.position
                arguments.next()
                assert arguments.position > before
    except SPLError:
        pass
