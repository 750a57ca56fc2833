"""Every heading of every conformance page is a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.engine.aggregates import aggregate_names
from harness.engine.commands import ALIASES, module_names
from tests.conformance.embedded import check
from tests.conformance.parameters import parameters
from tests.conformance.runner import PAGES, Case, cases, page_cases


@pytest.mark.parametrize("case", parameters(cases()))
def test_page(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


def test_every_statistical_function_is_on_a_page() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((PAGES / "aggregates").glob("*.md")))
    missing = [name for name in aggregate_names() if re.search(rf"\b{name}[0-9]*\(", text) is None]
    assert missing == []


def test_every_command_has_a_page_and_every_page_a_command() -> None:
    pages = {path.stem for path in (PAGES / "commands").glob("*.md")}
    assert module_names() == pages


def test_every_page_of_a_command_uses_it() -> None:
    names = {path.stem: {path.stem, *(old for old, new in ALIASES.items() if new == path.stem)} for path in _commands()}
    unused = [
        page.stem
        for page in _commands()
        if not any(
            re.search(rf"(?:^|\|)\s*(?:{'|'.join(names[page.stem])})\b", block.body, re.MULTILINE)
            or page.stem == "search"
            for case in page_cases(page.read_text(encoding="utf-8"), page.name)
            for block in case.all("spl")
        )
    ]
    assert unused == []


def _commands() -> list[Path]:
    return sorted((PAGES / "commands").glob("*.md"))
