"""Tests that are run again because they did not pass."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.content import load_content
from harness.runner import work
from harness.runner.events import Event, TestFinished, TestRepeated
from harness.runner.plan import plan_run
from harness.runner.record import Attempt, Level, Status, TestRecord
from harness.runner.run import run
from harness.runner.verdict import Verdict
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE, record_of, tools_for

PASS, FAIL, ERROR = (Verdict(status, status.value) for status in (Status.PASS, Status.FAIL, Status.ERROR))
SKIP = Verdict(Status.SKIP, "known")


def ran(
    root: Path, monkeypatch: pytest.MonkeyPatch, *verdicts: Verdict, reruns: int, level: Level = Level.UNIT
) -> tuple[TestRecord, list[Event]]:
    """One test, whose runs end with these verdicts one after another."""
    coming: Iterator[Verdict] = iter(verdicts)

    def judged(*_: object) -> Generator[Event, None, Verdict]:
        yield from ()
        return next(coming)

    monkeypatch.setattr(work, "kind_of", lambda level: SimpleNamespace(run=judged))
    content = load_content(write_pack(root, detection(), **{"data.log": NET_USE}))
    events = list(run(plan_run(content, levels=[level]), tools_for(content), reruns=reruns))
    (result,) = record_of(events).results()
    assert next(coming, None) is None, "a run is missing"
    return result, events


@pytest.mark.parametrize("first", [FAIL, ERROR])
def test_a_test_that_passes_when_it_is_run_again_is_flaky(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: Verdict
) -> None:
    result, events = ran(tmp_path, monkeypatch, first, PASS, reruns=3)
    assert (result.status, result.flaky) == (Status.PASS, True)
    assert result.reason == f"flaky: passed in run 2, but not before: {first.reason}\npass"
    (attempt,) = result.attempts
    assert attempt == Attempt(first.status, first.reason, attempt.duration_s)
    assert [event.attempt for event in events if isinstance(event, TestRepeated)] == [attempt]
    assert [event.result for event in events if isinstance(event, TestFinished)] == [result]


def test_a_test_that_passes_in_no_run_fails_and_says_how_often_it_was_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, _ = ran(tmp_path, monkeypatch, ERROR, FAIL, FAIL, reruns=2)
    assert (result.status, result.flaky, len(result.attempts)) == (Status.FAIL, False, 2)
    assert result.reason == "fail\nrun 3 times, and passed in none"


NO_MATTER = Verdict(Status.ERROR, "unsupported", settled=True)


@pytest.mark.parametrize("verdict", [PASS, SKIP, NO_MATTER])
def test_what_passes_or_would_end_the_same_way_is_run_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdict: Verdict
) -> None:
    result, _ = ran(tmp_path, monkeypatch, verdict, reruns=2)
    assert (result.attempts, result.reason) == ((), verdict.reason)


def test_without_reruns_a_failure_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = ran(tmp_path, monkeypatch, FAIL, reruns=0)
    assert (result.status, result.attempts, result.reason) == (Status.FAIL, (), "fail")


def test_rules_are_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = ran(tmp_path, monkeypatch, FAIL, reruns=2, level=Level.VALIDATION)
    assert (result.status, result.attempts) == (Status.FAIL, ())
