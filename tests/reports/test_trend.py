"""A run beside earlier ones."""

from __future__ import annotations

from msgspec.structs import replace

from harness.reports import renderer
from harness.reports.trend import changes
from harness.runner.record import RunRecord, Status
from tests.reports.samples import sample_record


def _earlier(started: str, **unit: object) -> RunRecord:
    """The sample as an earlier run had it: its first unit test with other values."""
    record = sample_record()
    first = record.detections[0]
    results = (first.results[0], replace(first.results[1], **unit))
    return replace(record, started=started, detections=(replace(first, results=results), *record.detections[1:]))


def test_without_earlier_runs_there_is_nothing_to_say() -> None:
    assert list(changes(sample_record(), []).titled()) == []


def test_a_test_that_fails_now_and_passed_before_is_named_with_its_reason() -> None:
    now = _earlier("2026-01-03", status=Status.FAIL, reason="no rows\nmore")
    found = changes(now, [sample_record()])
    assert found.broken == ("Network Connection Discovery With Net, Unit: ❌ Failing: no rows",)
    assert found.mended == ()
    assert changes(sample_record(), [now]).mended == ("Network Connection Discovery With Net, Unit: ✅ Passing",)


def test_tests_that_came_and_went_are_named() -> None:
    record = sample_record()
    fewer = replace(record, detections=record.detections[:1])
    assert len(changes(record, [fewer]).added) == 3
    assert len(changes(fewer, [record]).gone) == 3


def test_only_the_newest_earlier_run_is_compared_whatever_the_order_they_are_given_in() -> None:
    old = _earlier("2025-01-01", status=Status.FAIL)
    new = _earlier("2025-06-01", status=Status.PASS)
    assert changes(sample_record(), [new, old]).mended == ()


def test_a_verdict_that_changed_while_the_file_did_not_is_called_wavering() -> None:
    history = [_earlier("2025-01-01", status=Status.FAIL), _earlier("2025-02-01", status=Status.PASS)]
    assert changes(sample_record(), history).wavering == ("Network Connection Discovery With Net, Unit: ✅ Passing",)
    other = [replace(run, detections=(replace(run.detections[0], sha256="f" * 64),)) for run in history[:1]]
    assert changes(sample_record(), other).wavering == ()


def test_slower_means_twice_the_time_and_a_second_more() -> None:
    assert changes(_earlier("2026-02-01", duration_s=1.2), [sample_record()]).slower == ()
    (line,) = changes(_earlier("2026-02-01", duration_s=1.5), [sample_record()]).slower
    assert line.endswith("0.3 s before, now 1.5 s")


def test_markdown_and_the_page_show_what_changed_and_the_page_draws_the_runs() -> None:
    history = [_earlier("2025-01-01", status=Status.FAIL)]
    assert "**Passing again**" in renderer("markdown")(sample_record(), history)
    page = renderer("html")(sample_record(), history)
    assert "Passing again (1)" in page
    assert "Tests over time" in page
    assert "2025-01-01" in page
