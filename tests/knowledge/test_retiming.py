"""Data moved in time: what its events are read as afterwards, and what is refused because it cannot be moved."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import KnowledgeError
from harness.knowledge.knowledge import Knowledge, Metadata, shipped_apps
from harness.knowledge.retiming import Movable
from tests.corpus import require_corpus
from tests.knowledge.apps import write_app

NOW = datetime(2026, 1, 20, tzinfo=UTC).timestamp()
KIND = Metadata("h", "s", "st")
DAY = 86_400


def knowing(folder: Path, **settings: str) -> Knowledge:
    lines = "\n".join(f"{key} = {value}" for key, value in {"SHOULD_LINEMERGE": "false", **settings}.items())
    return Knowledge.load([write_app(folder, props=f"[st]\n{lines}\n")])


def moved(folder: Path, text: str, seconds: int, **settings: str) -> str:
    return Movable(text.encode(), KIND, NOW, knowing(folder, **settings)).moved(seconds).decode()


@pytest.mark.parametrize(
    ("text", "seconds", "after"),
    [
        ("2026-01-15T10:00:00Z a", 1, "2026-01-15T10:00:01Z a"),
        ("2026-01-15 10:00:00,123 -0700 a", DAY, "2026-01-16 10:00:00,123 -0700 a"),
        ("Dec 31 23:59:59 host", DAY, "Jan  1 23:59:59 host"),
        ("Jan  5 10:00:00 host", 5 * DAY, "Jan 10 10:00:00 host"),
        ("JAN 15 10:00:00 host", -20 * DAY, "DEC 26 10:00:00 host"),
        ('1.1.1.1 [15/Jan/2026:10:00:00 +0100] "GET /"', -DAY, '1.1.1.1 [14/Jan/2026:10:00:00 +0100] "GET /"'),
        ("01/15/2026 11:30:00 AM", 3600, "01/15/2026 12:30:00 PM"),
        ("1/2/26 10:00:00", 10 * DAY, "1/12/26 10:00:00"),
        ("15/01/2026 10:00:00", 1, "15/01/2026 10:00:01"),
        ("15.01.2026 10:00:00", DAY, "16.01.2026 10:00:00"),
        ("Thu, 15 Jan 2026 10:00:00 GMT", DAY, "Fri, 16 Jan 2026 10:00:00 GMT"),
        ("Thursday Jan 15 10:00:00 2026", -DAY, "Wednesday Jan 14 10:00:00 2026"),
        ("20260115T100000Z", 1, "20260115T100001Z"),
        ("1768471200 a", 60, "1768471260 a"),
        ("t=1768471200.123", 60, "t=1768471260.123"),
        ("<E T='2026-01-15T10:00:00.1234567Z'/>", 1, "<E T='2026-01-15T10:00:01.1234567Z'/>"),
        ("date=2026-01-15 time=23:59:59 x", 1, "date=2026-01-16 time=00:00:00 x"),
        ("10:00:00 01/15/2026", DAY, "10:00:00 01/16/2026"),
        ("260115 10:00:00 [Note]", -20 * DAY, "251226 10:00:00 [Note]"),
        ("2026-Jan-15 10:00:00+02", DAY, "2026-Jan-16 10:00:00+02"),
    ],
)  # fmt: skip
def test_a_time_is_written_as_it_was_and_nothing_else_changes(
    tmp_path: Path, text: str, seconds: int, after: str
) -> None:
    assert moved(tmp_path, text, seconds) == after


@pytest.mark.parametrize(
    ("text", "settings", "after"),
    [
        ("15-01-2026 10:00:00", {"TIME_FORMAT": "%d-%m-%Y %H:%M:%S"}, "16-01-2026 10:00:00"),
        ("02-01-2026 10:00:00", {"TIME_FORMAT": "%d-%m-%Y %H:%M:%S"}, "03-01-2026 10:00:00"),
        ("2026.015 10:00:00", {"TIME_FORMAT": "%Y.%j %H:%M:%S"}, "2026.016 10:00:00"),
        ("[1768471200123] x", {"TIME_PREFIX": r"\[", "TIME_FORMAT": "%s%3N"}, "[1768557600123] x"),
        ("a=2026-01-01 ts=2026-01-15 10:00", {"TIME_PREFIX": "ts="}, "a=2026-01-01 ts=2026-01-16 10:00"),
        ("2026-01-15 10:00:00 x", {"TZ": "Europe/Berlin"}, "2026-01-16 10:00:00 x"),
    ],
)  # fmt: skip
def test_the_text_that_the_settings_take_the_time_from_is_the_one_that_moves(
    tmp_path: Path, text: str, settings: dict[str, str], after: str
) -> None:
    assert moved(tmp_path, text, DAY, **settings) == after


def test_a_local_time_is_moved_across_a_change_of_the_clocks(tmp_path: Path) -> None:
    assert moved(tmp_path, "2025-10-25 12:00:00 x", DAY, TZ="Europe/Berlin") == "2025-10-26 11:00:00 x"


def test_events_keep_their_distance_and_lines_without_a_time_stay_with_theirs(tmp_path: Path) -> None:
    text = "2026-01-15 10:00:00 a\nmore of it\r\n2026-01-15 10:00:09 b\n"
    body = Movable(text.encode(), KIND, NOW, knowing(tmp_path))
    assert body.newest - body.oldest == 9
    assert body.moved(DAY).decode() == text.replace("-15 ", "-16 ")


def test_lines_that_make_one_event_move_together(tmp_path: Path) -> None:
    text = "2026-01-15 10:00:00 a\r\n  more\r\n2026-01-15 10:00:09 b\r\n"
    assert moved(tmp_path, text, DAY, SHOULD_LINEMERGE="true") == text.replace("-15 ", "-16 ")


def test_data_that_is_too_old_to_be_believed_is_read_as_it_was_when_it_was_new(tmp_path: Path) -> None:
    """MAX_DAYS_AGO of props.conf: today another text would be taken for its time, or none."""
    days = (datetime(2026, 1, 19, tzinfo=UTC) - datetime(2015, 6, 1, tzinfo=UTC)).days
    assert moved(tmp_path, "2015-06-01T10:00:00Z x\n", days * DAY) == "2026-01-19T10:00:00Z x\n"
    said = "born=1980-02-03 at=2015-06-01T10:00:00Z\n"  # longer ago than any rule could believe
    assert moved(tmp_path, said, days * DAY) == "born=1980-02-03 at=2026-01-19T10:00:00Z\n"
    with pytest.raises(KnowledgeError, match="several times, years apart"):
        moved(tmp_path, "born=1999-02-03 at=2015-06-01T10:00:00Z\n", DAY)
    assert moved(tmp_path, "born=1999-02-03 at=2026-01-15T10:00:00Z\n", DAY).endswith("at=2026-01-16T10:00:00Z\n")


def test_a_field_of_a_structured_event_moves(tmp_path: Path) -> None:
    text = '{"id": 7, "timestamp": "2026-01-15T10:00:00Z"}\n'
    settings = {"INDEXED_EXTRACTIONS": "json", "TIMESTAMP_FIELDS": "timestamp"}
    assert json.loads(moved(tmp_path, text, DAY, **settings))["timestamp"] == "2026-01-16T10:00:00Z"
    twice = '{"timestamp": "2026-01-15T10:00:00Z", "other": "2026-01-15T10:00:00Z"}\n'
    with pytest.raises(KnowledgeError, match="does not stand in it once"):
        moved(tmp_path, twice, DAY, **settings)


@pytest.mark.parametrize(
    ("text", "seconds", "settings", "why"),
    [
        ("no time\n", DAY, {}, "event 1 has no time of its own: no time"),
        ("a header\n2026-01-15 10:00:00 x\n", DAY, {}, "event 1 has no time of its own: a header"),
        ("2026-01-15 10:00:00\n", DAY, {"DATETIME_CONFIG": "CURRENT"}, "have the time of indexing"),
        ("10:00:00 x\n", DAY, {}, "the time of event 1 cannot be written"),
        ("2026-01-15\n", 60, {}, "the time of event 1 cannot be written"),
        ("2026-01-15 10:00:00 x\n", 30 * DAY, {}, "the time of event 1 cannot be written"),
        ("Jan 15 10:00:00 host\n", -400 * DAY, {}, "the time of event 1 cannot be written"),
        ("2026-01-15 10:00:00 \xff\n", 60, {"CHARSET": "latin-1"}, "no plain UTF-8"),
    ],
)
def test_what_cannot_be_moved_to_the_second_is_refused_with_its_event(
    tmp_path: Path, text: str, seconds: int, settings: dict[str, str], why: str
) -> None:
    with pytest.raises(KnowledgeError) as caught:
        moved(tmp_path, text, seconds, **settings)
    assert why in str(caught.value)


def test_data_that_would_break_into_other_events_is_refused(tmp_path: Path) -> None:
    """Its breaker looks for the day."""
    text = "2026-01-15 10:00:00 a 2026-01-15 10:00:01 b"
    with pytest.raises(KnowledgeError, match="1 events instead of 2"):
        moved(tmp_path, text, DAY, LINE_BREAKER=r"( )(?=2026-01-15)")


MOMENTS = st.datetimes(min_value=datetime(2021, 1, 1), max_value=datetime(2026, 1, 18))
FORMS = (
    *("%Y-%m-%dT%H:%M:%SZ", "%Y/%m/%d %H:%M:%S", "%d/%b/%Y:%H:%M:%S +0200", "%b %d %Y %H:%M:%S"),
    *("%m/%d/%Y %I:%M:%S %p", "%a %b %d %H:%M:%S %Y", "%A, %d %B %Y %H:%M:%S GMT", "%d.%m.%Y %H:%M:%S", "%Y%m%d%H%M%S"),
)  # fmt: skip


@given(st.sampled_from(FORMS), MOMENTS, MOMENTS)
def test_whatever_is_moved_is_read_as_moved(form: str, before: datetime, after: datetime) -> None:
    knowledge = Knowledge.load([])
    seconds = int((after - before).total_seconds())
    body = Movable(f"{before.strftime(form)} x\n".encode(), KIND, NOW, knowledge)
    again = Movable(body.moved(seconds), KIND, NOW, knowledge)
    assert again.newest - body.newest == seconds


@pytest.mark.corpus
def test_recorded_data_is_moved_by_the_rules_of_our_apps() -> None:
    corpus = require_corpus()
    knowledge = Knowledge.load(list(shipped_apps()))
    moved = 0
    described = {
        (each["dataset"], each["source"], each["sourcetype"])
        for each in json.loads((corpus / "triples.json").read_text())
    }
    for name, source, sourcetype in sorted(described):
        data = (corpus / name).read_bytes()
        if len(data) > 1_000_000:
            continue
        body = Movable(data, Metadata("h", source, sourcetype), NOW, knowledge)
        body.moved(int(NOW - body.newest))
        moved += 1
    assert moved
