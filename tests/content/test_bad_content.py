"""Every rule has content that breaks it and nothing else, and says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.content import Problem, load_content
from harness.content.app import content_app
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.validation.rules import all_rules
from harness.validation.validate import validate

BAD = Path(__file__).parent / "bad"
READING = {"yaml", "duplicate-key", "missing-key", "unknown-key", "schema", "lookup-file"}
"""What reading the files finds, before any rule."""


def problems_of(root: Path) -> list[Problem]:
    content = load_content(root)
    return validate(content, Knowledge([*map(load_app, shipped_apps()), content_app(content)]))


@pytest.mark.parametrize("folder", sorted(BAD.iterdir()), ids=lambda path: path.name)
def test_bad_content_breaks_the_rule_it_is_named_after_and_no_other(folder: Path) -> None:
    found = problems_of(folder)
    assert {problem.rule for problem in found} == {folder.name}
    for problem in found:
        lines = problem.file.read_text(encoding="utf-8").splitlines()
        assert 1 <= problem.line <= len(lines)
        assert problem.message


def test_every_rule_has_bad_content() -> None:
    assert {rule.id for rule in all_rules()} | READING == {folder.name for folder in BAD.iterdir()}


def test_every_rule_says_what_it_asks_for() -> None:
    assert all(rule.summary.endswith(".") for rule in all_rules())


def test_a_rule_is_switched_off_with_a_reason_only(tmp_path: Path) -> None:
    text = (BAD / "reference-url/detections/endpoint/suspicious_thing.yml").read_text(encoding="utf-8")
    file = tmp_path / "detections" / "suspicious_thing.yml"
    file.parent.mkdir()
    (file.parent / "suspicious.log").write_text("suspicious=yes\n", encoding="utf-8")
    file.write_text(f"{text}harness:\n  ignore:\n    reference-url: an internal page\n", encoding="utf-8")
    assert problems_of(tmp_path) == []
    file.write_text(f"{text}harness:\n  ignore:\n    reference-url: ''\n", encoding="utf-8")
    assert [problem.rule for problem in problems_of(tmp_path)] == ["reference-url"]


def test_our_own_content_has_no_problem() -> None:
    assert problems_of(Path(__file__).parents[2]) == []
