"""When rows are good enough, and what is said when they are not."""

from __future__ import annotations

import pytest

from harness.client.answers import Row
from harness.errors import BackendError, DatasetError, SearchError, SPLSyntaxError, UnsupportedSPL
from harness.runner.record import Status
from harness.runner.verdict import PASSED, NeededField, fill, judge_count, judge_error, judge_rows, tokens

USER = NeededField("user", "risk object")
GOOD: Row = {"user": "ann", "dest": "host"}


def test_rows_pass_if_every_row_has_every_needed_field() -> None:
    assert judge_rows([GOOD, GOOD], [USER, NeededField("dest", "message token")]) == PASSED


@pytest.mark.parametrize("bad", [{}, {"user": ""}, {"user": " "}, {"user": "null"}, {"user": ["", "null"]}])
@pytest.mark.parametrize("position", [0, 1, 50])
def test_one_row_without_the_field_fails_wherever_it_stands(bad: Row, position: int) -> None:
    rows = [GOOD] * 50
    rows.insert(position, bad)
    verdict = judge_rows(rows, [USER])
    assert verdict.status is Status.FAIL
    first = verdict.reason.partition("\n")[0]
    assert first == f"the risk object field user has no value in 1 of 51 rows (row {position + 1} first)"


def test_values_that_only_look_empty_are_values() -> None:
    rows: list[Row] = [{"user": "unknown"}, {"user": "-"}, {"user": ["", "ann"]}, {"user": "0"}]
    verdict = judge_rows(rows, [USER])
    assert verdict.status is Status.PASS
    assert verdict.reason == "warning: the risk object field user is 'unknown' in 2 of 4 rows (row 1 first)"


def test_a_field_with_two_uses_is_complained_about_once_and_the_fields_there_are_are_listed() -> None:
    verdict = judge_rows([{"dest": "host", "src": "x"}], [USER, NeededField("user", "message token")])
    assert verdict.reason == (
        "the risk object and message token field user has no value in 1 of 1 row\nfields of the results: dest, src"
    )


def test_a_threat_object_must_have_a_value_in_some_row_only() -> None:
    threat = NeededField("process", "threat object")
    assert judge_rows([GOOD, {**GOOD, "process": "net.exe"}], [USER], [threat]).status is Status.PASS
    assert judge_rows([GOOD], [USER], [threat]).reason.startswith(
        "the threat object field process has no value in any row"
    )


@pytest.mark.parametrize(
    ("rows", "minimum", "maximum", "reason"),
    [
        (1, 1, None, ""),
        (2, 2, 2, ""),
        (0, 0, 0, ""),
        (1, 2, None, "1 row, but at least 2 expected"),
        (3, 1, 2, "3 rows, but at most 2 expected"),
        (1, 0, 0, "1 row, but no row expected"),
    ],
)
def test_the_number_of_rows_is_held_against_what_the_test_expects(
    rows: int, minimum: int, maximum: int | None, reason: str
) -> None:
    verdict = judge_count(rows, minimum, maximum)
    assert verdict.reason == reason
    assert verdict.status is (Status.FAIL if reason else Status.PASS)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (SPLSyntaxError("Unknown search command 'x'."), Status.FAIL, "the search does not run: Unknown search command"),
        (SearchError("Error in 'eval' command"), Status.FAIL, "the search does not run: Error in 'eval' command"),
        (UnsupportedSPL("the command 'x'"), Status.ERROR, "unsupported: the command 'x'"),
        (DatasetError("the dataset a does not exist"), Status.ERROR, "the dataset a does not exist"),
        (BackendError("nothing answers"), Status.ERROR, "nothing answers"),
    ],
)
def test_only_the_searchs_own_fault_is_a_failure(error: Exception, status: Status, reason: str) -> None:
    verdict = judge_error(error)  # type: ignore[arg-type]
    assert verdict.status is status
    assert verdict.reason.startswith(reason)


def test_tokens_are_found_once_each_and_filled_where_the_row_has_them() -> None:
    message = "$user$ on $dest$ ran $process$ as $user$, costs $5"
    assert tokens(message) == ["user", "dest", "process"]
    row: Row = {"user": "ann", "process": ["a", "b"]}
    assert fill(message, row) == "ann on $dest$ ran a, b as ann, costs $5"
