"""Detections as scheduled searches: run once, over their own time range, leaving the alerts they must."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.runner.kinds import integration
from harness.runner.record import Level, Status, TestRecord
from harness.runner.subject import Alert, RiskObject, ThreatObject
from tests.runner.packs import a_test, detection
from tests.runner.test_run import events_of, one, record_of

HOUR_APART = """\
2024-05-06T10:40:00Z dest=host-1 user=ann process="use 1"
2024-05-06T11:45:00Z dest=host-1 user=ann process="use 2"
"""
ACROSS_TWO_RUNS = """\
2024-05-06T10:45:00Z dest=host-1 user=ann process="use 1"
2024-05-06T10:55:00Z dest=host-1 user=ann process="use 2"
"""
BOTH = "`things` process=*use* | stats dc(process) as n values(process) as process by dest user | where n > 1"


def run(root: Path, document: dict[str, Any], **files: str) -> TestRecord:
    return one(root, document, Level.INTEGRATION, **files)


@pytest.mark.parametrize("kind", ["TTP", "Anomaly", "Hunting", "Correlation"])
def test_every_type_leaves_what_it_must_and_nothing_else(tmp_path: Path, kind: str) -> None:
    rba = {"rba": None} if kind in {"Hunting", "Correlation"} else {}
    result = run(tmp_path, detection(type=kind, **rba))
    assert (result.status, result.reason) == (Status.PASS, "")
    assert result.result_count == 2
    assert [(stage.command, stage.rows) for stage in result.stages] == [("search", 2), ("stats", 2), ("search", 2)]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"risk": False}, "2 risk events for 0 rows, but 0 expected"),
        ({"notable": False}, "2 notable events, but 0 expected"),
        ({"risk_objects": (RiskObject("dest", "system", 65),)}, "missing risk event: system host-1, score 65"),
        ({"risk_objects": (RiskObject("dest", "user", 64),)}, "missing risk event: user host-1, score 64"),
        ({"risk_objects": (RiskObject("user", "system", 64),)}, "missing risk event: system ann, score 64"),
        ({"message": "$user$ ran"}, "missing risk event: system host-1, score 64: ann ran"),
        ({"threat_objects": (ThreatObject("user", "process"),)}, "on host-1 (threat objects: process ann)"),
        ({"threat_objects": (ThreatObject("process", "user"),)}, "on host-1 (threat objects: user net use)"),
        ({"threat_objects": ()}, "missing risk event: system host-1, score 64: ann ran net use on host-1\n"),
        ({"title": "Other"}, "missing notable: Other\nmissing notable: Other\nunexpected notable: Net Use"),
        (
            {"annotations": (("annotations.mitre_attack", ("T1003",)),)},
            "annotations.mitre_attack is T1049 in 2 of 2 risk events, but T1003 expected",
        ),
        (
            {"annotations": (("analyticstories", ("Story", "Other")),)},
            "analyticstories is Story in 2 of 2 notable events, but Story, Other expected",
        ),
    ],
)
def test_whatever_the_alert_leaves_that_it_should_not_have_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], complaint: str
) -> None:
    """What is expected is changed after the search was installed: the server then does something else."""
    from dataclasses import replace

    judge = integration._judge_alert

    def judged(session: Any, subject: Any, *others: Any) -> Any:
        changed: Alert = replace(subject.alert, **changes)
        return judge(session, replace(subject, alert=changed), *others)

    monkeypatch.setattr(integration, "_judge_alert", judged)
    result = run(tmp_path, detection())
    assert result.status is Status.FAIL
    assert complaint in result.reason


def test_data_of_any_age_is_found_in_the_detections_own_time_range(tmp_path: Path) -> None:
    old = '2023-07-08T23:59:59Z dest=host-1 user=ann process="use"\n'
    result = run(tmp_path, detection(search="`things` | table _time dest user process"), **{"data.log": old})
    assert result.status is Status.PASS
    assert result.rows[0]["_time"] == "2023-07-08T23:59:59.000+00:00"


def test_an_attack_that_was_recorded_across_two_runs_is_seen_by_the_schedule_half_an_hour_later(tmp_path: Path) -> None:
    result = run(tmp_path, detection(search=BOTH), **{"data.log": ACROSS_TWO_RUNS})
    assert result.status is Status.PASS
    assert result.reason == (
        "run by the schedule 30 * * * *: the attack was recorded across two runs of its own schedule"
    )


def test_a_search_that_needs_events_further_apart_than_its_time_range_fails_and_says_so(tmp_path: Path) -> None:
    result = run(tmp_path, detection(search=BOTH), **{"data.log": HOUR_APART})
    assert result.status is Status.FAIL
    assert result.reason.startswith(
        "no run of the schedule 0 * * * * finds anything, though the search over all time gives 1 row"
    )


def test_of_several_attacks_the_last_is_seen(tmp_path: Path) -> None:
    result = run(tmp_path, detection(), **{"data.log": HOUR_APART})
    assert [row["process"] for row in result.rows] == ["use 2"]


def test_the_moment_of_the_run_is_now_to_the_search(tmp_path: Path) -> None:
    search = "`things` | eval age=now()-_time | where age > 600 AND age <= 4200 | table dest user process age"
    assert run(tmp_path, detection(search=search)).status is Status.PASS


def test_throttled_rows_raise_no_risk(tmp_path: Path) -> None:
    tags = detection()["tags"] | {"throttling": {"fields": ["user"], "period": "3600s"}}
    twice = "".join(f'2026-01-02T10:00:0{n}Z dest=host-{n} user=ann process="use"\n' for n in range(3))
    result = run(tmp_path, detection(tags=tags), **{"data.log": twice})
    assert (result.status, result.reason) == (Status.PASS, "")
    assert result.result_count == 3


def test_what_the_run_after_finds_again_is_throttled_for_the_period(tmp_path: Path) -> None:
    """The time ranges of two runs overlap by half, so that the second finds the attack again."""
    own = {"scheduling": {"cron_schedule": "*/30 * * * *", "earliest_time": "-60m@m", "latest_time": "now"}}
    for period in ("3600s", "60s"):
        tags = detection()["tags"] | {"throttling": {"fields": ["user"], "period": period}}
        result = run(tmp_path / period, detection(tags=tags, deployment=own))
        assert (result.status, result.reason) == (Status.PASS, "")


def test_throttling_that_does_not_hold_in_the_run_after_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    own = {"scheduling": {"cron_schedule": "*/30 * * * *", "earliest_time": "-60m@m", "latest_time": "now"}}
    tags = detection()["tags"] | {"throttling": {"fields": ["user"], "period": "60s"}}
    judge = integration._judge_alert

    def judged(session: Any, subject: Any, *others: Any) -> Any:
        saved = replace(subject.saved_search, throttle_seconds=3600.0)
        return judge(session, replace(subject, saved_search=saved), *others)

    monkeypatch.setattr(integration, "_judge_alert", judged)
    result = run(tmp_path, detection(tags=tags, deployment=own))
    assert result.status is Status.FAIL
    assert result.reason.startswith("throttling by user: in the next run, 2 risk events for 0 rows, but 0 expected")


ORIGINAL = "%original_detection_search%"
RANGE = {"earliest_offset": "$info_min_time$", "latest_offset": "$info_max_time$"}


@pytest.mark.parametrize(
    ("search", "offsets", "status", "told"),
    [
        (f'{ORIGINAL} | search dest="$dest$"', RANGE, Status.PASS, ""),
        ('`things` dest="$dest$"', {"earliest_offset": "7d", "latest_offset": "0"}, Status.PASS, ""),
        (f"{ORIGINAL} | search dest=$dest|s$", RANGE, Status.PASS, ""),
        (f"{ORIGINAL} | search user=$dest|s$", RANGE, Status.FAIL, "finds nothing from 17"),
        (f'{ORIGINAL} | search user="$dest$"', RANGE, Status.FAIL, "finds nothing from 17"),
        (ORIGINAL, {"earliest_offset": "-1m", "latest_offset": "now"}, Status.FAIL, "finds nothing from -1m to now"),
        ("| nonsense $dest$", RANGE, Status.FAIL, "does not run: Unknown search command 'nonsense'."),
        ('index=* src="$src$"', RANGE, Status.PASS, "was not tried: the row has no src"),
        ('index=* "$dest$" | sendemail to=a', RANGE, Status.PASS, "was not tried: The 'sendemail' command"),
    ],
)  # fmt: skip
def test_drilldowns_are_followed_with_the_values_of_the_first_row(
    tmp_path: Path, search: str, offsets: dict[str, str], status: Status, told: str
) -> None:
    drilldown = {"name": "View $dest$", "search": search, **offsets}
    result = run(tmp_path, detection(drilldown_searches=[drilldown]))
    assert result.status is status
    assert result.reason.startswith(
        "the drilldown 'View host-1' " if status is Status.FAIL else "warning: " if told else ""
    )
    assert told in result.reason


def test_a_correlation_finds_the_risk_that_other_detections_left(tmp_path: Path) -> None:
    """Its data are risk events as the risk action writes them, indexed where it writes them."""
    risk = "".join(
        f'17146470{second:02d}, search_name="{name}", risk_object="{host}", risk_object_type="system", '
        f'risk_score="40", risk_message="m"\n'
        for second, (name, host) in enumerate([("A", "h1"), ("B", "h1"), ("C", "h1"), ("A", "h2")])
    )
    search = (
        "| tstats sum(All_Risk.calculated_risk_score) as score dc(source) as sources from datamodel=Risk.All_Risk "
        "where All_Risk.risk_object_type=system by All_Risk.risk_object | rename All_Risk.* as * | where score > 100"
    )
    data = {"data": "risk.log", "source": "S", "sourcetype": "stash", "custom_index": "risk"}
    test = a_test(attack_data=[data], expect={"count": 1, "rows": [{"risk_object": "h1", "score": 120}]})
    document = detection(type="Correlation", rba=None, search=search, tests=[test])
    unit, scheduled = record_of(
        events_of(tmp_path, document, levels=(Level.UNIT, Level.INTEGRATION), **{"risk.log": risk})
    ).results()
    assert (unit.status, unit.reason) == (Status.PASS, "")
    assert (scheduled.status, scheduled.reason) == (Status.PASS, "")


def test_after_a_failed_unit_test_the_schedule_is_not_tried(tmp_path: Path) -> None:
    document = detection(search="`things` process=nothing")
    unit, scheduled = record_of(events_of(tmp_path, document, levels=(Level.UNIT, Level.INTEGRATION))).results()
    assert unit.status is Status.FAIL
    assert (scheduled.status, scheduled.reason) == (Status.FAIL, "not run: the unit test did not pass")


def test_without_a_unit_test_before_it_no_rows_are_explained_too(tmp_path: Path) -> None:
    result = run(tmp_path, detection(search="`things` process=nothing"))
    assert result.status is Status.FAIL
    assert result.reason.startswith("no rows: 3 events indexed, search (command 1 of 1) dropped the last 3")


def test_a_schedule_of_its_own_is_kept(tmp_path: Path) -> None:
    own = {"scheduling": {"cron_schedule": "*/5 * * * *", "earliest_time": "-5m@m", "latest_time": "now"}}
    result = run(tmp_path, detection(deployment=own))
    assert (result.status, result.reason) == (Status.PASS, "")


def test_a_schedule_with_gaps_that_never_sees_the_attack_fails(tmp_path: Path) -> None:
    own = {"scheduling": {"cron_schedule": "30 * * * *", "earliest_time": "-5m@m", "latest_time": "now"}}
    result = run(tmp_path, detection(deployment=own, tests=[a_test()]))
    assert result.status is Status.FAIL
    assert result.reason.startswith("no run of the schedule 30 * * * * finds anything")


def test_a_real_time_schedule_is_an_error_that_says_so(tmp_path: Path) -> None:
    own = {"scheduling": {"cron_schedule": "* * * * *", "earliest_time": "rt-5m", "latest_time": "rt"}}
    result = run(tmp_path, detection(deployment=own))
    assert result.status is Status.ERROR
    assert result.reason.startswith("unsupported: Real-time searches are not supported: 'rt-5m'.")


def test_a_gap_between_runs_is_told_from_an_attack_that_is_too_long_for_one(tmp_path: Path) -> None:
    own = {"scheduling": {"cron_schedule": "30 * * * *", "earliest_time": "-5m@m", "latest_time": "now"}}
    gap = run(tmp_path / "gap", detection(deployment=own))
    assert gap.reason.splitlines()[1] == (
        "each run sees -5m@m to now only: no event lies in that of any run, as the ranges leave gaps between them"
    )
    long = run(tmp_path / "long", detection(search=BOTH), **{"data.log": HOUR_APART})
    assert "the events that the search brings together lie further apart" in long.reason


def test_what_an_alert_lacks_is_not_blamed_on_an_add_on(tmp_path: Path) -> None:
    document = detection(tests=[a_test(expect={"risk": [{"risk_score": 1}]})])
    assert run(tmp_path, document).reason.splitlines() == [
        "no risk event has risk_score=1; the nearest, risk event 1, has risk_score=64"
    ]
