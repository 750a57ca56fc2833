"""When an event happened, and what the event says about it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.knowledge.index_time import Indexed
from harness.knowledge.knowledge import Knowledge, Metadata
from harness.values.column import Value
from tests.knowledge.apps import write_app

NOW = datetime(2026, 1, 20, tzinfo=UTC).timestamp()


def indexed(folder: Path, text: str, **settings: str) -> Indexed:
    lines = "\n".join(f"{key} = {value}" for key, value in {"SHOULD_LINEMERGE": "false", **settings}.items())
    knowledge = Knowledge.load([write_app(folder, props=f"[st]\n{lines}\n")])
    assert not knowledge.warnings
    return knowledge.index_time(text.encode(), Metadata("h", "s", "st"), NOW)


def rows(folder: Path, text: str, **settings: str) -> list[dict[str, Value]]:
    return indexed(folder, text, **settings).frame.to_rows()


def times(folder: Path, text: str, **settings: str) -> list[str]:
    return [
        datetime.fromtimestamp(float(str(row["_time"])), UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        for row in rows(folder, text, **settings)
    ]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-15T10:00:00Z a", "2026-01-15 10:00:00.000"),
        ("2026-01-15 10:00:00,123 -0700 a", "2026-01-15 17:00:00.123"),
        ("2026/01/15 10:00:00.5", "2026-01-15 10:00:00.500"),
        ("2026-01-15", "2026-01-15 00:00:00.000"),
        ("Jan 15 10:00:00 host sshd", "2026-01-15 10:00:00.000"),
        ("Jan  5 10:00:00.123 host", "2026-01-05 10:00:00.123"),
        ("Dec 31 23:00:00 the year before", "2025-12-31 23:00:00.000"),
        ('10.0.0.1 - - [15/Jan/2026:10:00:00 +0100] "GET /"', "2026-01-15 09:00:00.000"),
        ("01/15/2026 10:00:00.000 PM\nLogName=x", "2026-01-15 22:00:00.000"),
        ("1/2/26 10:00:00", "2026-01-02 10:00:00.000"),
        ("15/01/2026 10:00:00", "2026-01-15 10:00:00.000"),
        ("15.01.2026 10:00:00", "2026-01-15 10:00:00.000"),
        ("Thu Jan 15 10:00:00 2026", "2026-01-15 10:00:00.000"),
        ("[Tue May 14 10:01:02.340123 2024] [core:error]", "2024-05-14 10:01:02.340"),
        ("Thu Jan 15 10:00:00 EST 2026", "2026-01-15 15:00:00.000"),
        ("Thu, 15 Jan 2026 10:00:00 GMT", "2026-01-15 10:00:00.000"),
        ("Jan 15, 2026 10:00:00 AM", "2026-01-15 10:00:00.000"),
        ("15-Jan-2026 10:00:00", "2026-01-15 10:00:00.000"),
        ("20260115T100000Z", "2026-01-15 10:00:00.000"),
        ("1768471200 a", "2026-01-15 10:00:00.000"),
        ("t=1768471200.123", "2026-01-15 10:00:00.123"),
        ("1768471200123", "2026-01-15 10:00:00.123"),
        ("<TimeCreated SystemTime='2026-01-15T10:00:00.1234567Z'/>", "2026-01-15 10:00:00.123"),
        ("2026-01-15 10:00:00.123+02 LOG:", "2026-01-15 08:00:00.123"),
        ("2026-01-15 10:00:00 GMT+2", "2026-01-15 08:00:00.000"),
        ("2026-01-15 10:00:00 MSK", "2026-01-15 07:00:00.000"),
        ("2026-01-15 10:00:00 met", "2026-01-15 10:00:00.000"),
        ("260115 10:00:00 [Note]", "2026-01-15 10:00:00.000"),
        ("2026-Jan-15 10:00:00", "2026-01-15 10:00:00.000"),
        ("15 Jan 10:00:00", "2026-01-15 10:00:00.000"),
        ("January 15, 2026", "2026-01-15 00:00:00.000"),
        ("15 January 2026 at 10:00:00", "2026-01-15 10:00:00.000"),
        ("10:00:00.5 01/15/2026", "2026-01-15 10:00:00.500"),
        ("10:00:00 PM on Jan 15, 2026", "2026-01-15 22:00:00.000"),
        ("10:00:00 until 2031-01-15", "2026-01-20 10:00:00.000"),
        ('{"day": "2026-01-15", "time": "10:00:00"}', "2026-01-15 10:00:00.000"),
    ],
)
def test_times_are_recognized_in_the_usual_ways(tmp_path: Path, text: str, moment: str) -> None:
    assert times(tmp_path, text)[0] == moment


def test_a_date_and_a_time_of_day_may_stand_apart(tmp_path: Path) -> None:
    """So Fortinet writes them, whose vendor's add-on has no TIME_FORMAT."""
    text = "<189>date=2026-01-15 time=10:00:00 devname=fw\n<189>date=2026-01-15 duration=7"
    assert times(tmp_path, text, TIME_PREFIX="^") == ["2026-01-15 10:00:00.000", "2026-01-15 00:00:00.000"]
    row = rows(tmp_path, text)[0]
    assert (row["timestartpos"], row["timeendpos"]) == ("10", "34")


@pytest.mark.parametrize("text", ["10.0.19041.1", "from 192.168.10.20 to 10.1.20.15", "id=12345678901", "2026-13-40"])
def test_versions_addresses_and_numbers_are_no_times(tmp_path: Path, text: str) -> None:
    assert rows(tmp_path, text)[0]["_time"] == NOW


def test_a_zone_in_the_settings_counts_where_the_event_names_none(tmp_path: Path) -> None:
    text = "2026-01-15 10:00:00\n2026-01-15 10:00:00 +0000"
    assert times(tmp_path, text, TZ="US/Eastern") == ["2026-01-15 15:00:00.000", "2026-01-15 10:00:00.000"]


def test_tz_alias_says_what_the_zones_of_events_mean(tmp_path: Path) -> None:
    text = "2026-01-15 10:00:00 EST"
    assert times(tmp_path, text, TZ_ALIAS="EST=GMT+10:00,EDT=GMT+11:00") == ["2026-01-15 00:00:00.000"]


def test_a_time_of_day_has_the_date_of_the_event_before(tmp_path: Path) -> None:
    assert times(tmp_path, "2026-01-15 10:00:00\n10:00:07 next\n") == [
        "2026-01-15 10:00:00.000",
        "2026-01-15 10:00:07.000",
    ]


def test_a_time_prefix_that_is_not_there_stops_the_search(tmp_path: Path) -> None:
    assert rows(tmp_path, "2026-01-15 10:00:00", TIME_PREFIX="at=")[0]["_time"] == NOW


@pytest.mark.parametrize("lookahead", ["0", "-1"])
def test_lookahead_0_and_minus_1_look_at_the_whole_event(tmp_path: Path, lookahead: str) -> None:
    text = "x" * 200 + " 2026-01-15 10:00:00"
    assert rows(tmp_path, text)[0]["_time"] == NOW
    assert times(tmp_path, text, MAX_TIMESTAMP_LOOKAHEAD=lookahead) == ["2026-01-15 10:00:00.000"]


def test_a_time_too_far_from_now_is_not_believed_and_reported_in_splunk_s_words(tmp_path: Path) -> None:
    text = "2026-01-15 10:00:00 good\n2016-01-15 10:00:00 old\n2026-02-15 10:00:00 ahead"
    found = indexed(tmp_path, text)
    assert len(set(found.frame.column("_time").to_values())) == 1
    assert found.warnings[0].message == (
        "A possible timestamp match (2016-01-15 10:00:00) is outside of the acceptable time window."
    )
    assert len(set(indexed(tmp_path, text, MAX_DAYS_AGO="4000").frame.column("_time").to_values())) == 2


@pytest.mark.parametrize("config", ["CURRENT", "NONE"])
def test_a_disabled_extractor_takes_the_moment_of_indexing(tmp_path: Path, config: str) -> None:
    row = rows(tmp_path, "2026-01-15 10:00:00", DATETIME_CONFIG=config)[0]
    assert (row["_time"], row["timestamp"]) == (NOW, "none")


DATE = {
    "date_hour": "23", "date_mday": "15", "date_minute": "5", "date_month": "january", "date_second": "9",
    "date_wday": "thursday", "date_year": "2026",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "zone"),
    [("2026-01-15 23:05:09", "local"), ("2026-01-15 23:05:09 -0700", "-420"), ("2026-01-15T23:05:09Z", "0")],
)
def test_date_fields_are_what_the_text_of_the_event_shows(tmp_path: Path, text: str, zone: str) -> None:
    row = rows(tmp_path, text)[0]
    assert {name: row[name] for name in [*DATE, "date_zone"]} == {**DATE, "date_zone": zone}


def test_a_format_s_zone_is_seen_too(tmp_path: Path) -> None:
    row = rows(tmp_path, "at 15/01/2026 23:05:09 +02:00 x", TIME_FORMAT="%d/%m/%Y %H:%M:%S %z")[0]
    assert (row["date_hour"], row["date_zone"], row["timestartpos"], row["timeendpos"]) == ("23", "120", "3", "29")


def test_an_event_without_a_time_says_so_and_has_no_date(tmp_path: Path) -> None:
    first, second = rows(tmp_path, "2026-01-15 10:00:00 a\nno time here")
    assert "timestamp" not in first
    assert (second["timestamp"], second["_time"]) == ("none", first["_time"])
    assert not {"date_hour", "date_zone", "timestartpos"} & second.keys()


@pytest.mark.parametrize(
    ("setting", "fraction", "dated"), [("all", 0.5, True), ("subseconds", 0.5, False), ("none", 0.0, False)]
)
def test_extra_time_fields_can_be_left_out(tmp_path: Path, setting: str, fraction: float, dated: bool) -> None:
    row = rows(tmp_path, "2026-01-15 10:00:00.5", ADD_EXTRA_TIME_FIELDS=setting)[0]
    assert (float(str(row["_time"])) % 1, "date_hour" in row) == (fraction, dated)


def test_an_event_sent_with_its_time_says_nothing_about_its_text(tmp_path: Path) -> None:
    knowledge = Knowledge.load([write_app(tmp_path, props="[st]\n")])
    event, metadata = "2026-01-15 10:00:00 a", Metadata("h", "s", "st")
    row = knowledge.index_event(event, metadata, NOW, time=5.25).frame.to_rows()[0]
    assert row["_time"] == 5.25
    assert not {"date_hour", "timestartpos", "timestamp"} & row.keys()
    assert knowledge.index_event(event, metadata, NOW).frame.to_rows()[0]["_time"] == NOW
    found = knowledge.index_event(event, metadata, NOW, find_time=True).frame.to_rows()[0]
    assert (found["_time"], found["date_hour"]) == (1768471200, "10")


def test_a_date_without_a_year_is_the_last_one_before_now_with_a_format_too(tmp_path: Path) -> None:
    text = "Jan 15 10:00:00 a\nDec 31 23:00:00 b\nJan 20 20:00:00 c"
    assert times(tmp_path, text, TIME_FORMAT="%b %d %H:%M:%S") == [
        "2026-01-15 10:00:00.000",
        "2025-12-31 23:00:00.000",
        "2026-01-20 20:00:00.000",
    ]


def test_a_format_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    warnings = indexed(tmp_path, "2026-01-15 10:00:00", TIME_FORMAT="%Y-%E", TZ="Nowhere/At_All").warnings
    assert [warning.message.split(":")[0] for warning in warnings] == ["TIME_FORMAT is not used", "TZ is not used"]
