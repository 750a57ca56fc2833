"""Each rule of the gate: what it lets through, and what it refuses, in whose words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from harness.content.models import AttackData, Detection, DetectionTest, Dialect
from harness.gate.decision import decide
from harness.gate.policy import Policy, Waiver
from harness.gate.rules import RULES, Case, Change, Evidence
from harness.runner.record import Attempt, Level, Status, TestRecord

TODAY = date(2026, 3, 10)
DATA = AttackData("a.log", "source", "sourcetype", line=9)
DETECTION = Detection(
    name="Suspicious Thing",
    id="11111111-2222-3333-4444-555555555555",
    version=3,
    date="2026-01-01",
    author="A",
    status="production",
    type="Hunting",
    description="D",
    search="search index=main",
    file=Path("detections/suspicious_thing.yml"),
    sha256="0" * 64,
    dialect=Dialect.RBA,
    tests=(DetectionTest("T", (DATA,), line=8),),
)


def _result(level: Level, status: Status = Status.PASS, reason: str = "") -> TestRecord:
    return TestRecord(level=level, test="T", status=status, reason=reason)


GREEN = tuple(_result(level) for level in Level)


def _evidence(*results: TestRecord, current: bool = True, backend: str = "embedded") -> dict[str, Evidence]:
    return {backend: Evidence(backend, "10.4.2", "2026-03-10T00:00:00+00:00", "d" * 64, current, results or GREEN)}


def _case(before: Detection | None, after: Detection | None, **given: Any) -> Case:
    given.setdefault("policy", Policy())
    given.setdefault("evidence", _evidence())
    return Case("detections/suspicious_thing.yml", before, after, today=TODAY, **given)


def _said(rule: str, case: Case) -> list[str]:
    return list(RULES[rule](case))


def _changed(**values: Any) -> Detection:
    return replace(DETECTION, **values)


# --- flaky ------------------------------------------------------------------------------------------------------------


def test_a_flaky_test_is_refused_unless_the_policy_allows_it() -> None:
    attempt = Attempt(Status.FAIL, "no rows", 0.1)
    flaky = structs.replace(_result(Level.UNIT, reason="flaky: passed in run 2\nmore"), attempts=(attempt,))
    evidence = _evidence(flaky)
    (said,) = _said("flaky", _case(DETECTION, DETECTION, evidence=evidence))
    assert said.endswith("(unit) on embedded is flaky: passed in run 2")
    assert _said("unit", _case(DETECTION, DETECTION, evidence=evidence)) == []
    assert _said("flaky", _case(DETECTION, DETECTION, evidence=evidence, policy=Policy(flaky="allow"))) == []
    assert _said("flaky", _case(DETECTION, DETECTION)) == []


# --- version and date -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"search": "search index=other"},
        {"type": "TTP"},
        {"tests": (DetectionTest("T", (replace(DATA, data="b.log"),)),)},
        {"tests": ()},
        {"document": {"schedule": "hourly"}},
    ],
)
def test_what_a_detection_does_or_how_it_is_tested_does_not_change_without_a_new_version(values: Any) -> None:
    assert "still 3; raise it" in _said("version", _case(DETECTION, _changed(**values)))[0]
    assert _said("version", _case(DETECTION, _changed(version=4, **values))) == []


@pytest.mark.parametrize(
    "values",
    [
        {"description": "Better"},
        {"references": ("https://example.com",)},
        {"search": "search index=main\n"},
        {"tests": (DetectionTest("T", (replace(DATA, line=20),), line=19),)},
        {"file": Path("detections/endpoint/suspicious_thing.yml")},
    ],
)
def test_what_only_describes_it_or_moves_lines_needs_no_new_version(values: Any) -> None:
    assert _said("version", _case(DETECTION, _changed(**values))) == []


def test_a_version_never_falls_whatever_else_changed() -> None:
    assert _said("version", _case(DETECTION, _changed(version=2))) == ["the version fell from 3 to 2"]


@pytest.mark.parametrize(
    ("day", "refused"),
    [
        ("2026-03-10", ""),
        ("2026-02-01", ""),
        ("2026-01-01", "still 2026-01-01"),
        ("2025-12-31", "went back from 2026-01-01 to 2025-12-31"),
        ("2026-03-11", "lies ahead"),
        ("10.3.2026", "not written YYYY-MM-DD"),
    ],
)
def test_a_new_version_has_a_new_date(day: str, refused: str) -> None:
    said = _said("date", _case(DETECTION, _changed(version=4, date=day)))
    assert (refused in said[0]) if refused else said == []


def test_a_second_version_of_one_day_keeps_the_date_of_that_day() -> None:
    before = _changed(date="2026-03-10")
    assert _said("date", _case(before, replace(before, version=4))) == []


def test_without_a_new_version_the_date_is_nobodys_concern() -> None:
    assert _said("date", _case(DETECTION, _changed(description="Better"))) == []


# --- identity and end -------------------------------------------------------------------------------------------------


def test_a_detection_keeps_its_id_whatever_the_case_it_is_written_in() -> None:
    other = "99999999-2222-3333-4444-555555555555"
    assert len(_said("id", _case(DETECTION, _changed(id=other)))) == 1
    lower = _changed(id="AAAAAAAA-2222-3333-4444-555555555555")
    assert _said("id", _case(lower, replace(lower, id=lower.id.lower()))) == []


@pytest.mark.parametrize("after", [None, _changed(status="removed")])
def test_what_is_in_production_is_deprecated_before_it_is_removed(after: Detection | None) -> None:
    assert "deprecate it first" in _said("deprecation", _case(DETECTION, after))[0]
    assert _said("deprecation", _case(_changed(status="deprecated"), after)) == []
    assert _said("deprecation", _case(_changed(status="experimental"), after)) == []


def test_a_removed_detection_needs_no_evidence() -> None:
    case = _case(_changed(status="deprecated"), None, evidence={})
    assert case.change is Change.REMOVED
    assert decide([case], Policy()).released


# --- evidence ---------------------------------------------------------------------------------------------------------


def test_a_new_detection_that_is_green_on_all_levels_is_released() -> None:
    release = decide([_case(None, DETECTION)], Policy())
    assert release.released
    assert release.decisions[0].objections == ()


def test_evidence_is_needed_of_every_backend_that_the_policy_names() -> None:
    policy = Policy(backends=("embedded", "docker"))
    assert _said("evidence", _case(None, DETECTION, policy=policy)) == ["not tested on docker"]
    both = _evidence() | _evidence(backend="docker")
    assert _said("evidence", _case(None, DETECTION, policy=policy, evidence=both)) == []


def test_our_own_server_in_a_container_is_no_evidence_of_a_splunk() -> None:
    policy = Policy(backends=("docker",))
    own = {"docker": replace(_evidence(backend="docker")["docker"], version="10.4.2 (harness 0.1.0)")}
    (said,) = _said("evidence", _case(None, DETECTION, policy=policy, evidence=own))
    assert said == "what answered as docker was 10.4.2 (harness 0.1.0), not a Splunk"


def test_evidence_of_other_content_is_none_and_its_failures_are_not_repeated() -> None:
    failed = _evidence(_result(Level.UNIT, Status.FAIL), current=False)
    release = decide([_case(None, DETECTION, evidence=failed)], Policy())
    assert [each.rule for each in release.decisions[0].objections] == ["evidence"]


def test_a_level_that_was_not_run_is_missing() -> None:
    case = _case(None, DETECTION, evidence=_evidence(*GREEN[:1]))
    assert _said("evidence", case) == ["no unit test was run on embedded", "no integration test was run on embedded"]


def test_a_detection_that_nobody_is_alerted_by_needs_validation_only() -> None:
    experimental = _changed(status="experimental")
    assert decide([_case(None, experimental, evidence=_evidence(*GREEN[:1]))], Policy()).released
    bad = _evidence(_result(Level.VALIDATION, Status.FAIL, "no such macro"))
    assert not decide([_case(None, experimental, evidence=bad)], Policy()).released


@pytest.mark.parametrize("level", list(Level))
def test_a_failed_test_refuses_the_release_with_the_first_line_of_its_reason(level: Level) -> None:
    results = [_result(each, Status.FAIL, "no rows\nmore") if each is level else _result(each) for each in Level]
    (objection,) = decide([_case(None, DETECTION, evidence=_evidence(*results))], Policy()).decisions[0].objections
    assert (objection.rule, objection.message) == (level.value, "'T' failed on embedded: no rows")


def test_an_undecided_test_refuses_the_release_but_is_told_from_a_failure() -> None:
    evidence = _evidence(GREEN[0], _result(Level.UNIT, Status.ERROR, "unsupported"), GREEN[2])
    (decision,) = decide([_case(None, DETECTION, evidence=evidence)], Policy()).decisions
    assert decision.undecided
    assert not decision.released
    (worse,) = decide([_case(DETECTION, _changed(version=2), evidence=evidence)], Policy()).decisions
    assert not worse.undecided


def test_a_detection_tested_by_hand_is_not_green_until_somebody_answers_for_it() -> None:
    evidence = _evidence(GREEN[0], _result(Level.UNIT, Status.SKIP, "manual test"), _result(Level.INTEGRATION))
    (objection,) = decide([_case(None, DETECTION, evidence=evidence)], Policy()).decisions[0].objections
    assert (objection.rule, objection.message) == ("unit", "nothing was tested on embedded: manual test")


def test_integration_may_be_skipped_as_it_is_for_a_detection_that_alerts_nobody() -> None:
    evidence = _evidence(*GREEN[:2], _result(Level.INTEGRATION, Status.SKIP, "leaves neither risk nor a notable"))
    assert decide([_case(None, DETECTION, evidence=evidence)], Policy()).released


# --- waivers ----------------------------------------------------------------------------------------------------------


def _waived(until: date, detection: str = DETECTION.name, rule: str = "unit") -> Policy:
    waiver = Waiver(detection=detection, rule=rule, owner="jane", reason="until 4.2", until=until)
    return Policy(waivers=(waiver,))


FAILED = _evidence(GREEN[0], _result(Level.UNIT, Status.FAIL, "no rows"), GREEN[2])


def test_a_waiver_covers_its_rule_for_its_detection_up_to_its_last_day() -> None:
    policy = _waived(TODAY)
    release = decide([_case(None, DETECTION, policy=policy, evidence=FAILED)], policy)
    assert release.released
    assert release.decisions[0].objections[0].waiver == policy.waivers[0]


@pytest.mark.parametrize(
    "policy",
    [_waived(date(2026, 3, 9)), _waived(TODAY, detection="Other Thing"), _waived(TODAY, rule="version")],
    ids=["ended yesterday", "of another detection", "of another rule"],
)
def test_no_other_waiver_covers_it(policy: Policy) -> None:
    assert not decide([_case(None, DETECTION, policy=policy, evidence=FAILED)], policy).released


def test_waivers_that_ended_or_that_nothing_needs_are_told() -> None:
    ended, unused = _waived(date(2026, 3, 9)), _waived(TODAY)
    assert decide([_case(None, DETECTION, policy=ended)], ended).expired == ended.waivers
    assert decide([_case(None, DETECTION, policy=unused)], unused).unused == unused.waivers
    other = _waived(TODAY, detection="Unchanged Thing")
    assert decide([_case(None, DETECTION, policy=other)], other).unused == ()
