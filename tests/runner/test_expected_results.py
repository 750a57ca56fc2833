"""Tests that say which rows, values and risk events must come, over which time, after which baselines."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harness.content.expected import Expectation, ExpectedRow, Same
from harness.content.models import KnownFailure
from harness.runner.matching import complaints_about_rows
from harness.runner.record import Level, Status
from harness.runner.verdict import NeededField, Verdict, judge_known, judge_rows
from tests.runner.packs import a_test, detection
from tests.runner.test_run import events_of, one, record_of

ROWS: list[Any] = [{"dest": "a", "user": "x"}, {"dest": "a", "user": "y"}, {"dest": "b", "n": ["1", "2"]}]


def rows(*wanted: dict[str, str]) -> tuple[ExpectedRow, ...]:
    return tuple(ExpectedRow(tuple((name, Same((value,))) for name, value in row.items())) for row in wanted)


def test_each_expected_row_is_met_by_a_row_of_its_own_whatever_the_order() -> None:
    assert complaints_about_rows(ROWS, Expectation(rows=rows({"dest": "a"}, {"dest": "a", "user": "x"}))) == []
    assert complaints_about_rows(ROWS, Expectation(rows=rows({"user": "x"}, {"dest": "a", "user": "x"}))) == [
        "too few rows have dest=a, user=x: each expected row needs another one"
    ]


def test_a_missing_row_is_told_with_the_nearest_that_came() -> None:
    assert complaints_about_rows(ROWS, Expectation(rows=rows({"dest": "b", "n": "1"}))) == [
        "no row has dest=b, n=1; the nearest, row 3, has n=[1, 2]"
    ]
    assert complaints_about_rows([], Expectation(rows=rows({"dest": "b"}))) == ["no row has dest=b: there is no row"]


def test_what_must_hold_in_every_row_is_told_with_the_first_that_differs() -> None:
    (held,) = rows({"dest": "a"})
    assert complaints_about_rows(ROWS, Expectation(fields=held)) == [
        "every row must have dest=a, but 1 of 3 do not: row 3 has dest=b"
    ]


def expecting(**expect: Any) -> dict[str, Any]:
    return detection(tests=[a_test(expect=expect)])


def test_a_detection_passes_that_gives_the_expected_rows(tmp_path: Path) -> None:
    wanted = [{"dest": "host-2", "count": 1}, {"dest": "host-1", "process": {"like": "net*"}}]
    result = one(tmp_path, expecting(count=2, rows=wanted, fields={"count": {"number": ">=1"}}))
    assert (result.status, result.reason) == (Status.PASS, "")


@pytest.mark.parametrize(
    ("expect", "reason"),
    [
        (
            {"rows": [{"dest": "host-9", "user": "ann"}]},
            "no row has dest=host-9, user=ann; the nearest, row 1, has dest",
        ),
        ({"fields": {"user": "ann"}}, "every row must have user=ann, but 1 of 2 do not: row 2 has user=bob"),
        ({"count": 3, "rows": [{"dest": "host-9"}]}, "2 rows, but at least 3 expected\nno row has dest=host-9"),
        ({"count": "3..4"}, "2 rows, but at least 3 expected"),
    ],
)
def test_other_rows_than_the_expected_ones_fail(tmp_path: Path, expect: dict[str, Any], reason: str) -> None:
    result = one(tmp_path, expecting(**expect))
    assert result.status is Status.FAIL
    assert result.reason.startswith(reason)


def test_a_malformed_expectation_is_an_error_and_never_a_pass(tmp_path: Path) -> None:
    result = one(tmp_path, expecting(cuont=2))
    assert result.status is Status.ERROR
    assert "expect has no such key" in result.reason


def test_expected_risk_events_are_looked_for_by_their_own_fields(tmp_path: Path) -> None:
    found = {"risk_object": "host-1", "risk_score": 64, "risk_message": "ann ran net use on host-1"}
    assert one(tmp_path, expecting(risk=[found]), Level.INTEGRATION).status is Status.PASS
    result = one(tmp_path, expecting(risk=[found | {"risk_score": 65}]), Level.INTEGRATION)
    assert result.status is Status.FAIL
    assert "no risk event has risk_object=host-1, risk_score=65" in result.reason
    assert "has risk_score=64" in result.reason


# --- windows ----------------------------------------------------------------------------------------------------------


def test_a_tests_window_counts_back_from_the_end_of_its_data(tmp_path: Path) -> None:
    window = a_test(earliest_time="-7s", latest_time="now", expect={"rows": [{"dest": "host-2"}], "count": 1})
    result = one(tmp_path, detection(tests=[window]))
    assert (result.status, result.reason) == (Status.PASS, "")


def test_a_window_that_leaves_the_attack_out_fails_and_says_so(tmp_path: Path) -> None:
    result = one(tmp_path, detection(tests=[a_test(earliest="01/03/2026:00:00:00")]))
    assert result.status is Status.FAIL
    assert result.reason.splitlines()[-2] == (
        "the test's window, from 01/03/2026:00:00:00 to the end, leaves them out: over all time the search gives 2"
    )


# --- baselines --------------------------------------------------------------------------------------------------------

USUAL = "name: Usual\nid: x\nsearch: '`things` | stats count by dest | outputlookup usual'\n"
LOOKUP = {"lookups/usual.yml": "name: usual\nlookup_type: csv\n", "lookups/usual.csv": "dest,count\nhost-2,1\n"}
NEW_ONLY = "`things` | stats count by dest user process | search NOT [ | inputlookup usual | fields dest ]"


def new_ones(**changes: Any) -> dict[str, Any]:
    data = [{"data": "usual.log", "source": "things.log", "sourcetype": "things"}]
    own = {"name": "Usual", "attack_data": data}
    return detection(search=NEW_ONLY, tests=[a_test(baselines=[own], **changes)])


def test_a_baseline_with_data_of_its_own_is_run_before_the_attack_is_there(tmp_path: Path) -> None:
    files = LOOKUP | {"baselines/usual.yml": USUAL, "usual.log": "2026-01-01T10:00:00Z dest=host-1 user=a process=x\n"}
    result = one(tmp_path, new_ones(expect={"count": 1, "rows": [{"dest": "host-2"}]}), **files)
    assert (result.status, result.reason) == (Status.PASS, "")
    assert [dataset.data for dataset in result.datasets] == ["usual.log", "data.log"]


def test_what_a_baseline_writes_is_gone_with_its_test(tmp_path: Path) -> None:
    files = LOOKUP | {"baselines/usual.yml": USUAL, "usual.log": "2026-01-01T10:00:00Z dest=host-1 user=a process=x\n"}
    (with_baseline,) = new_ones()["tests"]
    without = a_test(name="Without", expect={"count": 1, "rows": [{"dest": "host-1"}]})
    document = new_ones() | {"tests": [with_baseline, without]}
    first, second = record_of(events_of(tmp_path, document, levels=(Level.UNIT,), **files)).results()
    assert (first.rows[0]["dest"], second.rows[0]["dest"]) == ("host-2", "host-1")


def test_a_baseline_that_finds_nothing_fails(tmp_path: Path) -> None:
    files = LOOKUP | {
        "baselines/usual.yml": USUAL.replace("stats", "where 1=2 | stats"),
        "usual.log": "2026-01-01T10:00:00Z x\n",
    }
    result = one(tmp_path, new_ones(), **files)
    assert result.status is Status.FAIL
    assert result.reason == "the baseline Usual gives no rows, so nothing is known to be usual"


def test_a_baseline_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    files = LOOKUP | {
        "baselines/usual.yml": USUAL.replace("stats", "fit KMeans x | stats"),
        "usual.log": "2026 x\n",
    }
    result = one(tmp_path, new_ones(), **files)
    assert result.status in {Status.ERROR, Status.FAIL}
    assert result.reason.startswith("the baseline Usual: ")


def test_a_model_that_a_baseline_trains_is_applied_by_the_detection(tmp_path: Path) -> None:
    usual = "".join(
        f"2026-01-01T{hour:02}:{minute:02}:00Z dest=host-1 user=a process={'x' * (10 + minute % 7)}\n"
        for hour in range(4)
        for minute in range(60)
    )
    search = (
        "`things` | eval length=len(process) | apply lengths threshold=0.005 "
        "| where 'IsOutlier(length)'=1 | table dest user process length"
    )
    train = "`things` | eval length=len(process) | fit DensityFunction length by dest into lengths"
    own = {"name": "Usual", "attack_data": [{"data": "usual.log", "source": "things.log", "sourcetype": "things"}]}
    files = {
        "baselines/usual.yml": f"name: Usual\nid: x\nsearch: '{train}'\n",
        "usual.log": usual,
        "data.log": f"2026-01-02T10:00:00Z dest=host-1 user=a process={'x' * 300}\n",
    }
    day = {"earliest": "01/02/2026:00:00:00", "latest": "01/03/2026:00:00:00"}
    trained = one(tmp_path / "trained", detection(search=search, tests=[a_test(baselines=[own], **day)]), **files)
    assert (trained.status, trained.reason) == (Status.PASS, "")
    assert [row["length"] for row in trained.rows] == ["300"]
    untrained = one(tmp_path / "untrained", detection(search=search, tests=[a_test(**day)]), **files)
    assert 'Failed to load model "lengths": Model does not exist.' in untrained.reason


# --- known failures ---------------------------------------------------------------------------------------------------

KNOWN = KnownFailure("the add-on drops user", date(2026, 6, 30))


def test_a_known_failure_is_borne_up_to_its_day() -> None:
    failed = Verdict(Status.FAIL, "no rows")
    borne = judge_known(failed, KNOWN, date(2026, 6, 30))
    assert borne == Verdict(Status.SKIP, "known failure until 2026-06-30: the add-on drops user\nno rows")
    late = judge_known(failed, KNOWN, date(2026, 7, 1))
    assert late.status is Status.FAIL
    assert late.reason.endswith("the known failure until 2026-06-30: the add-on drops user: that day is past")


def test_a_known_failure_that_passes_says_so_and_an_error_stays_one() -> None:
    passed = judge_known(Verdict(Status.PASS), KNOWN, date(2026, 1, 1))
    assert passed.status is Status.PASS
    assert passed.reason.startswith("it passes, though declared a known failure")
    assert judge_known(Verdict(Status.ERROR, "x"), KNOWN, date(2026, 1, 1)) == Verdict(Status.ERROR, "x")


def test_a_known_failure_counts_at_the_levels_of_its_test(tmp_path: Path) -> None:
    known = {"reason": "R", "until": "2999-01-01"}
    result = one(tmp_path, detection(search="`things` process=nothing", tests=[a_test(known_failure=known)]))
    assert result.status is Status.SKIP
    assert result.reason.splitlines()[:2][0] == "known failure until 2999-01-01: R"


# --- fields that say nothing ------------------------------------------------------------------------------------------

DEST, USER = NeededField("dest", "risk object"), NeededField("user", "risk object")


def test_risk_that_names_nobody_in_any_row_fails() -> None:
    verdict = judge_rows([{"dest": "unknown", "user": "-"}, {"dest": "-", "user": "N/A"}], [DEST, USER])
    assert verdict.status is Status.FAIL
    assert verdict.reason.startswith("no row says whose risk it is: dest, user")


def test_placeholders_beside_names_are_told_with_the_first_row() -> None:
    verdict = judge_rows([{"dest": "a", "user": "b"}, {"dest": "a", "user": "unknown"}], [DEST, USER])
    assert verdict == Verdict(
        Status.PASS, "warning: the risk object field user is 'unknown' in 1 of 2 rows (row 2 first)"
    )


def test_rows_that_lack_a_threat_object_are_told() -> None:
    threat = NeededField("process", "threat object")
    verdict = judge_rows([{"process": "x"}, {}, {}], [], [threat])
    assert verdict.status is Status.PASS
    assert verdict.reason == "warning: the threat object field process has no value in 2 of 3 rows (row 2 first)"
