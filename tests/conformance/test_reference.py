"""The page of all that the search language has here is that of the code as it is."""

from __future__ import annotations

from harness.engine.commands import module_names
from tests.conformance.reference import PAGE, command_options, page


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "the language has changed: write it anew with `make spl-reference`"
    )


def test_options_are_those_that_parsers_ask_for() -> None:
    options = command_options()
    assert options["iplocation"] == {"allfields": "true or false", "lang": "text", "prefix": "text"}
    assert "low" not in options["rangemap"]  # a range that the author of a search names
    assert options.keys() <= module_names()
