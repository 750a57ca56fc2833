"""Data into lines and lines into events, beyond what tests/parsing has recorded."""

from __future__ import annotations

import pytest

from harness.errors import KnowledgeError
from harness.knowledge.line_breaking import LineRules, break_events


def broken(text: str, **settings: str) -> list[str]:
    """The events; a line has a date if it begins with a digit."""
    warnings: list[KnowledgeError] = []
    rules = LineRules.read({"SHOULD_LINEMERGE": "false", **settings}, warnings.append)
    assert not warnings
    return [event for event, _ in break_events(text, rules, lambda line: line[:1].isdigit())]


def test_without_settings_every_kind_of_line_end_breaks_and_blank_lines_vanish() -> None:
    assert broken("a\r\nb\n\n \nc\rd") == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("x end\nbegin y", ["x end", "begin y"]),  # rule 1: the first group
        ("x end2\nbegin2 y", ["x end2", "begin2 y"]),  # rule 2: the leftmost group that took part
        ("x begin3 y", ["x ", "begin3 y"]),  # rule 3: none did, a break before the match
        ("x end\ny", ["x end\ny"]),
    ],
)
def test_a_branched_breaker_breaks_by_the_group_that_took_part(text: str, events: list[str]) -> None:
    """The example of the props.conf specification."""
    assert broken(text, LINE_BREAKER=r"end(\n)begin|end2(\n)begin2|begin3") == events


def test_what_stands_around_the_group_stays() -> None:
    assert broken("a}{b}{c", LINE_BREAKER=r"\}()\{") == ["a}", "{b}", "{c"]


def test_lines_are_cut_before_they_are_merged() -> None:
    text = "1 " + "x" * 20 + "\nsecond " + "y" * 20
    assert broken(text, SHOULD_LINEMERGE="true", TRUNCATE="10") == ["1 xxxxxxxx\nsecond yyy"]


def test_max_events_breaks_a_span_that_is_held_together() -> None:
    settings = {"SHOULD_LINEMERGE": "true", "MUST_NOT_BREAK_AFTER": "open", "MAX_EVENTS": "2"}
    assert broken("1 open\n2\n3\n4\n5", **settings) == ["1 open\n2\n3", "4\n5"]


def test_a_pattern_that_does_not_compile_is_reported_and_the_other_rules_hold() -> None:
    warnings: list[KnowledgeError] = []
    rules = LineRules.read({"BREAK_ONLY_BEFORE": "(", "LINE_BREAKER": "=", "TRUNCATE": "4"}, warnings.append)
    assert [warning.message for warning in warnings] == [
        "LINE_BREAKER has no group: lines break at line ends",
        "BREAK_ONLY_BEFORE is not used: Regex: missing closing parenthesis",
    ]
    assert list(break_events("1abcdef\n2", rules, lambda line: True)) == [("1abc", True), ("2", False)]
