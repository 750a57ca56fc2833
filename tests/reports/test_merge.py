"""Shards of one run become one record."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from harness.errors import UsageError
from harness.reports.merge import merge
from harness.runner.record import BackendRecord, Status, Summary
from tests.reports.samples import sample_record


def test_shards_together_are_the_whole_run_in_the_order_of_files() -> None:
    whole = sample_record()
    shards = [replace(whole, detections=(detection,)) for detection in reversed(whole.detections)]
    merged = merge(shards)
    assert merged.detections == whole.detections
    assert merged.summary == Summary(passed=2, failed=1, errors=1, skipped=1)
    assert merged.duration_s == 2 * whole.duration_s


def test_a_repeated_test_counts_as_the_later_run_found_it() -> None:
    whole = sample_record()
    detection = whole.detections[1]
    again = replace(detection, results=(replace(detection.results[0], status=Status.PASS, reason=""),))
    later = replace(whole, started="2026-01-02T04:00:00+00:00", detections=(again,))
    for records in ([whole, later], [later, whole]):
        assert merge(records).summary == Summary(passed=3, failed=0, errors=1, skipped=1)


def test_records_that_tell_nothing_together_are_refused() -> None:
    whole = sample_record()
    with pytest.raises(UsageError, match=r"different backends: embedded 10\.4\.0 and remote 9\.3\.1"):
        merge([whole, replace(whole, backend=BackendRecord("remote", "9.3.1"))])
    changed = replace(whole, detections=(replace(whole.detections[0], sha256="f" * 64),))
    with pytest.raises(UsageError, match="changed between the records"):
        merge([whole, changed])
