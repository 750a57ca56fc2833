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
    other = replace(whole, detections=(replace(whole.detections[0], evidence="e" * 64),))
    with pytest.raises(UsageError, match=r"a macro, a lookup, a dataset, a setting\) changed between the records"):
        merge([whole, other])


def test_a_record_of_nothing_and_two_tests_of_one_name_are_merged_as_they_are() -> None:
    whole = sample_record()
    empty = replace(whole, started="2026-01-01T00:00:00+00:00", backend=BackendRecord("embedded", ""), detections=())
    assert merge([empty, whole]).backend == whole.backend
    result = whole.detections[0].results[0]
    twice = replace(whole, detections=(replace(whole.detections[0], results=(result, result)),))
    assert len(merge([twice, twice]).results()) == 2


def test_shards_are_merged_only_if_all_are_there_and_of_one_run() -> None:
    whole = sample_record()
    one, two, *_ = [replace(whole, detections=(detection,)) for detection in whole.detections]
    merged = merge([replace(one, shard="1/2"), replace(two, shard="2/2")])
    assert (merged.shard, len(merged.detections)) == ("", 2)
    again = replace(one, started="2026-01-02T04:00:00+00:00")  # a repetition of some of it is no shard
    assert len(merge([replace(one, shard="1/2"), replace(two, shard="2/2"), again]).detections) == 2
    with pytest.raises(UsageError, match="without shard 1/3, 3/3"):
        merge([replace(one, shard="2/3")])
    with pytest.raises(UsageError, match="of different runs: of 2 and of 3"):
        merge([replace(one, shard="1/2"), replace(two, shard="2/3")])
    with pytest.raises(UsageError, match="is in the shards 1/2 and 2/2: they are not of one run"):
        merge([replace(one, shard="1/2"), replace(one, shard="2/2")])
