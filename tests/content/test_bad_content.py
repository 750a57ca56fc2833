"""Every rule has content that breaks it and nothing else, and says where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.content import Problem, load_content
from harness.content.app import content_app
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.validation.ignoring import READING
from harness.validation.rules import all_rules
from harness.validation.validate import validate

BAD = Path(__file__).parent / "bad"


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
    assert {rule.id for rule in all_rules()} | READING.keys() == {folder.name for folder in BAD.iterdir()}


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
    assert [problem.rule for problem in problems_of(tmp_path)] == ["reference-url", "ignore"]


def test_harness_yml_switches_a_rule_off_for_all_of_the_content(tmp_path: Path) -> None:
    shutil.copytree(BAD / "reference-url", tmp_path, dirs_exist_ok=True)
    (tmp_path / "harness.yml").write_text("ignore:\n  reference-url: an internal page\n", encoding="utf-8")
    assert problems_of(tmp_path) == []


def test_only_the_rules_asked_for_are_applied() -> None:
    content = load_content(BAD / "cron")
    knowledge = Knowledge([*map(load_app, shipped_apps()), content_app(content)])
    assert validate(content, knowledge, only={"version"}) == []
    assert [problem.rule for problem in validate(content, knowledge, only={"cron"})] == ["cron"]


def test_a_name_is_seen_to_clash_even_if_only_one_of_the_two_is_asked_for() -> None:
    root = BAD / "name-clash"
    content = load_content(root, [root / "detections" / "cloud"])
    assert len(content.detections) == 1
    knowledge = Knowledge([*map(load_app, shipped_apps()), content_app(content)])
    assert [problem.rule for problem in validate(content, knowledge)] == ["name-clash"]


def test_our_own_content_has_no_problem() -> None:
    assert problems_of(Path(__file__).parents[2]) == []


def test_harness_yml_switches_a_rule_off_below_a_path(tmp_path: Path) -> None:
    shutil.copytree(BAD / "reference-url", tmp_path, dirs_exist_ok=True)
    settings = tmp_path / "harness.yml"
    settings.write_text("ignore:\n  reference-url:\n    detections/endpoint: internal pages\n", encoding="utf-8")
    assert problems_of(tmp_path) == []
    (tmp_path / "detections" / "web").mkdir()
    settings.write_text("ignore:\n  reference-url:\n    detections/web: internal pages\n", encoding="utf-8")
    assert [problem.rule for problem in problems_of(tmp_path)] == ["reference-url"]


def test_harness_yml_switches_nothing_off_without_a_reason(tmp_path: Path) -> None:
    shutil.copytree(BAD / "unused-macro", tmp_path, dirs_exist_ok=True)
    (tmp_path / "harness.yml").write_text("ignore:\n  unused-macro:\n", encoding="utf-8")
    assert [(problem.rule, problem.line) for problem in problems_of(tmp_path)] == [
        ("harness-yml", 2),
        ("unused-macro", 1),
    ]
