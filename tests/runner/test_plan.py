"""What is tested, in which order, and what is skipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.content import load_content
from harness.errors import UsageError
from harness.runner.keywords import Keywords
from harness.runner.plan import plan_run
from harness.runner.record import Level
from harness.runner.subject import PlannedTest
from tests.runner.packs import a_test, detection, write, write_pack

ALL = tuple(Level)


def plan(root: Path, *documents: dict[str, Any], **options: Any) -> list[PlannedTest]:
    return plan_run(load_content(write_pack(root, *documents)), **{"levels": ALL, **options})


def told(tests: list[PlannedTest]) -> list[tuple[str, str, str, str]]:
    return [(test.subject.name, test.level.value, test.name, test.skip) for test in tests]


def test_detections_come_by_file_and_levels_from_the_cheapest_up(tmp_path: Path) -> None:
    tests = [a_test(name="one"), a_test(name="two")]
    assert told(plan(tmp_path, detection("B"), detection("A", tests=tests))) == [
        ("A", "validation", "Validation", ""),
        ("A", "unit", "one", ""),
        ("A", "unit", "two", ""),
        ("A", "integration", "one", ""),
        ("A", "integration", "two", ""),
        ("B", "validation", "Validation", ""),
        ("B", "unit", "True Positive Test", ""),
        ("B", "integration", "True Positive Test", ""),
    ]


def test_only_the_asked_levels_are_planned(tmp_path: Path) -> None:
    assert [test.level for test in plan(tmp_path, detection(), levels=[Level.UNIT])] == [Level.UNIT]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "experimental"}, "the detection is experimental, not production"),
        ({"tests": None}, "the detection declares no test"),
        ({"tests": [a_test(attack_data=[])]}, "the test has no attack data"),
        ({"tags": {"manual_test": "needs a lookup"}}, "to be tested by hand: needs a lookup"),
    ],
)
def test_what_cannot_be_tested_is_skipped_with_its_reason_but_still_validated(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    validation, unit, integration = plan(tmp_path, detection(**changes))
    assert validation.skip == ""
    assert unit.skip.startswith(reason)
    assert integration.skip.startswith(reason)


def test_a_detection_that_is_named_by_its_file_is_tested_whatever_its_status(tmp_path: Path) -> None:
    named = tmp_path / "detections" / "net_use.yml"
    assert not any(test.skip for test in plan(tmp_path, detection(status="experimental"), named=[named]))


def test_a_test_that_expects_no_rows_has_no_alert_to_check(tmp_path: Path) -> None:
    negative = a_test(expect={"count": 0})
    _, unit, integration = plan(tmp_path, detection(tests=[negative]))
    assert (unit.skip, unit.expect.minimum, unit.expect.maximum) == ("", 0, 0)
    assert "expects no rows" in integration.skip


def test_a_file_that_is_no_yaml_is_planned_as_unreadable_and_the_others_as_usual(tmp_path: Path) -> None:
    write(tmp_path / "detections" / "broken.yml", "name: [\n")
    write(tmp_path / "macros" / "broken_macro.yml", "name: [\n")
    first, *others = plan(tmp_path, detection())
    assert first.subject.header.file == "detections/broken.yml"
    assert "broken.yml:" in first.unreadable
    assert [test.level for test in others] == list(Level)


def test_the_saved_search_has_the_name_and_schedule_that_a_content_pack_gives_it(tmp_path: Path) -> None:
    saved = plan(tmp_path, detection())[0].subject.saved_search
    assert saved.name == "ESCU - Net Use - Rule"
    assert (saved.schedule.cron, saved.schedule.earliest, saved.schedule.latest) == ("0 * * * *", "-70m@m", "-10m@m")
    write(tmp_path / "contentctl.yml", "app: {label: Mine}\n")
    assert plan(tmp_path, detection())[0].subject.saved_search.name == "Mine - Net Use - Rule"


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("net", ["Net Use", "Net View"]),
        ("NET and not view", ["Net Use"]),
        ("use or ttp", ["Net Use", "Net View", "Whoami"]),
        ("not (use or view)", ["Whoami"]),
        ('"net v"', ["Net View"]),
        ("net view", ["Net View"]),
        ("not net view", ["Net Use", "Whoami"]),
        ("true positive", ["Net Use", "Net View", "Whoami"]),
        ("(net", None),
        ("net or", None),
        ('"net', None),
        ("", None),
    ],
)
def test_keywords_choose_by_name_type_file_or_test(tmp_path: Path, expression: str, names: list[str] | None) -> None:
    if names is None:
        with pytest.raises(UsageError, match="-k "):
            Keywords(expression)
        return
    documents = [detection("Net Use"), detection("Net View"), detection("Whoami")]
    found = plan(tmp_path, *documents, keywords=Keywords(expression), levels=[Level.UNIT])
    assert [test.subject.name for test in found] == names
