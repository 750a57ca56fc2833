"""Time modifiers (Search Reference, "Time modifiers"; M4.5, M4.6)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from harness.spl.time import InvalidTimeError, resolve_time

NOW = datetime(2026, 3, 31, 14, 37, 12, tzinfo=UTC).timestamp()  # a Tuesday


@pytest.mark.parametrize(
    ("modifier", "expected"),
    [
        ("now", "2026-03-31T14:37:12"),
        ("-70m@m", "2026-03-31T13:27:00"),
        ("-h", "2026-03-31T13:37:12"),
        ("-1d@d", "2026-03-30T00:00:00"),
        ("-1d@d+3h", "2026-03-30T03:00:00"),
        ("@w", "2026-03-29T00:00:00"),
        ("@w0", "2026-03-29T00:00:00"),
        ("@w1", "2026-03-30T00:00:00"),
        ("@w6", "2026-03-28T00:00:00"),
        ("-1mon", "2026-02-28T14:37:12"),
        ("@mon", "2026-03-01T00:00:00"),
        ("@q", "2026-01-01T00:00:00"),
        ("@y", "2026-01-01T00:00:00"),
        ("+2h@h", "2026-03-31T16:00:00"),
        ("0", "1970-01-01T00:00:00"),
        ("1700000000", "2023-11-14T22:13:20"),
    ],
)
def test_a_modifier_is_a_moment(modifier: str, expected: str) -> None:
    moment = datetime.fromtimestamp(resolve_time(modifier, NOW, UTC), UTC)
    assert moment.strftime("%Y-%m-%dT%H:%M:%S") == expected


@pytest.mark.parametrize("modifier", ["-30x", "yesterday", "@", "1h2"])
def test_what_is_no_modifier_is_refused(modifier: str) -> None:
    with pytest.raises(InvalidTimeError):
        resolve_time(modifier, NOW, UTC)
