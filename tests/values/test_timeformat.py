"""Time variables: what is written is read back, in every zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UnsupportedSPL
from harness.values.timeformat import format_time, parse_time, zone_of

PACIFIC = ZoneInfo("America/Los_Angeles")
MOMENTS = st.integers(0, 4_000_000_000)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-7)), timezone(timedelta(hours=5, minutes=30))])
FORMS = st.sampled_from(
    [
        "%Y-%m-%d %H:%M:%S",
        "%s",
        "%d/%b/%Y:%H:%M:%S %z",
        "%a %B %e %T %Y",
        "%F %I:%M:%S %p",
        "%Y %j %H %M %S",
        "%FT%T.%3N%:z",
        "%c",
    ]
)


@given(MOMENTS, ZONES, FORMS)
def test_what_is_written_is_read_back(moment: int, zone: timezone, form: str) -> None:
    text = format_time(moment, form, zone)
    assert parse_time(text, form, zone, 0.0) == (float(moment), len(text))


@given(MOMENTS, ZONES)
def test_writing_agrees_with_python(moment: int, zone: timezone) -> None:
    form = "%Y-%m-%d %H:%M:%S %y %j %a %A %b %B %I %p %U %W %w %u %V %G %%"
    assert format_time(moment, form, zone) == datetime.fromtimestamp(moment, zone).strftime(form)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        # Search Reference, "Date and time format variables"
        ("%Y-%m-%dT %H:%M:%S.%Z", "2025-04-29T 23:45:22.PDT"),
        ("%m-%d-%Y %H:%M:%S.%Q %z", "04-29-2025 23:45:22.000 -0700"),
        ("%d/%b/%Y:%H:%M:%S.%f %z", "29/Apr/2025:23:45:22.000000 -0700"),
        ("%z %:z %::z %:::z %Ez", "-0700 -07:00 -07:00:00 -07 -420"),
    ],
)
def test_documented_zones(form: str, text: str) -> None:
    assert format_time(1745995522, form, PACIFIC) == text


@pytest.mark.parametrize(
    ("text", "form", "epoch"),
    [
        # Search Reference, the same page, and "strptime"
        ("2022-9-25T09:45:22.000", "%Y-%m-%dT%H:%M:%S.%Q", 1664124322.0),
        ("2022-12-15 09:45:22", "%Y-%m-%d %H:%M:%S", 1671126322.0),
        ("Mon Aug 13 06:00:00 2018", "%a %B %d %H:%M:%S.%N %Y", 1534165200.0),
    ],
)
def test_documented_moments(text: str, form: str, epoch: float) -> None:
    assert parse_time(text, form, PACIFIC) == (epoch, len(text))


def test_milliseconds_since_the_epoch() -> None:
    assert parse_time("1768471200123 x", "%s%3N") == (1768471200.123, 13)


def test_reading_stops_where_the_format_does() -> None:
    assert parse_time("2026-01-15 10:00:00 user=a", "%Y-%m-%d %H:%M:%S") == (1768471200.0, 19)


@pytest.mark.parametrize("form", ["%x", "%X", "%i", "%5H", "%-d", "%q"])
def test_a_variable_that_is_not_known_is_refused(form: str) -> None:
    with pytest.raises(UnsupportedSPL):
        format_time(0, form)
    with pytest.raises(ValueError, match="is not supported"):
        parse_time("1", form)


@pytest.mark.parametrize(
    ("name", "minutes"), [("+0530", 330), ("-07:00", -420), ("PST", -480), ("utc", 0), ("Asia/Tokyo", 540)]
)
def test_zones(name: str, minutes: int) -> None:
    zone = zone_of(name)
    assert zone is not None
    assert datetime(2026, 1, 15, tzinfo=zone).utcoffset() == timedelta(minutes=minutes)


@pytest.mark.parametrize("name", ["../../etc/passwd", "Nowhere/Else", "+99:00", "/etc/localtime"])
def test_what_is_no_zone(name: str) -> None:
    assert zone_of(name) is None
