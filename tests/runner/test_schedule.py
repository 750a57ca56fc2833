"""When a scheduled search runs and what it sees."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from harness.errors import ContentError
from harness.runner.schedule import Schedule


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_the_default_run_of_noon_sees_from_ten_to_eleven_up_to_ten_to_twelve() -> None:
    assert Schedule().range_at(at("2026-01-02T12:00:00")) == (at("2026-01-02T10:50:00"), at("2026-01-02T11:50:00"))


@pytest.mark.parametrize(
    ("event", "run"),
    [
        ("2022-03-25T10:50:00", "2022-03-25T12:00:00"),
        ("2022-03-25T11:49:59.999", "2022-03-25T12:00:00"),
        ("2022-03-25T11:50:00", "2022-03-25T13:00:00"),
        ("2022-12-31T23:55:00", "2023-01-01T01:00:00"),
    ],
)
def test_every_event_is_seen_by_exactly_one_run_of_the_default_schedule(event: str, run: str) -> None:
    assert Schedule().run_seeing(at(event)) == at(run)
    assert Schedule().runs_seeing([at(event)]) == [at(run)]


def test_an_event_in_a_gap_of_the_schedule_is_never_seen() -> None:
    gappy = Schedule(cron="0 * * * *", earliest="-5m@m", latest="now")
    assert gappy.run_seeing(at("2026-01-02T12:30:00")) is None
    assert gappy.run_seeing(at("2026-01-02T12:57:00")) == at("2026-01-02T13:00:00")


def test_runs_are_told_latest_first_and_each_once() -> None:
    events = [at("2026-01-02T09:00:00"), at("2026-01-02T12:00:00"), at("2026-01-02T12:01:00")]
    assert Schedule().runs_seeing(events) == [at("2026-01-02T13:00:00"), at("2026-01-02T10:00:00")]


def test_the_schedule_can_be_moved_within_its_hour_only_if_it_runs_once_an_hour() -> None:
    assert Schedule("0 * * * *").half_an_hour_later() == Schedule("30 * * * *")
    assert Schedule("45 * * * *").half_an_hour_later() == Schedule("15 * * * *")
    assert Schedule("*/5 * * * *").half_an_hour_later() is None
    assert Schedule("0 3 * * *").half_an_hour_later() is None


def test_a_cron_expression_that_is_none_is_refused() -> None:
    with pytest.raises(ContentError, match="the cron schedule 'hourly' cannot be read"):
        Schedule("hourly").run_seeing(0)
