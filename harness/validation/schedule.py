"""When a detection runs: the cron expression, and whether its time ranges leave gaps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice, pairwise

from harness.content.models import Problem, ScheduleConfig
from harness.spl.time import InvalidTimeError, resolve_time
from harness.validation.rules import Rule, Subject, rule

_START = datetime(2024, 1, 1, tzinfo=UTC)  # a Monday
_OFFSET = re.compile(r"[0-9]+[smhdw]?")
REAL_TIME = "rt"
MOST_RUNS = 200
"""Runs of a schedule that are looked at: more than a week of an hourly one."""


@rule
class CronIsValid(Rule):
    id = "cron"
    summary = "The cron schedule has five fields and can come true."

    def check(self, subject: Subject) -> Iterator[Problem]:
        cron = subject.detection.schedule.cron
        if runs(cron) is None:
            hint = "Five fields: minute hour day month weekday."
            yield self.problem(subject, schedule_key(subject), f"{cron!r} is no cron schedule", hint)


def schedule_key(subject: Subject) -> str:
    keys = ("custom_schedule", "schedule", "deployment")
    return next((key for key in keys if key in subject.detection.lines), "type")


@lru_cache(maxsize=256)
def runs(cron: str) -> tuple[float, ...] | None:
    """The first runs of a schedule from a Monday on, an hourly one's of more than a week; None for no schedule."""
    from cronsim import CronSim, CronSimError

    if len(cron.split()) != 5:
        return None
    try:
        times = tuple(moment.timestamp() for moment in islice(CronSim(cron, _START), MOST_RUNS))
    except CronSimError:
        return None
    return times if len(times) > 1 else None


@lru_cache(maxsize=256)
def ranges(schedule: ScheduleConfig) -> tuple[tuple[float, float], ...]:
    """The time range of each of these runs; none for a real-time search, which never ends. Raises InvalidTimeError."""
    bounds = (schedule.earliest, schedule.latest)
    if any(bound.startswith(REAL_TIME) for bound in bounds):
        for bound in bounds:
            _check_time(bound)
        return ()
    return tuple(
        (resolve_time(schedule.earliest, moment, UTC), resolve_time(schedule.latest, moment, UTC))
        for moment in runs(schedule.cron) or ()
    )


def _check_time(text: str) -> None:
    """Raises InvalidTimeError for what is neither a time nor one of a real-time search, as in rt-5m."""
    resolve_time(text.removeprefix(REAL_TIME) or "now", _START.timestamp(), UTC)


@rule
class TimeRangesAreRanges(Rule):
    id = "time-range"
    summary = "A run searches from one time to a later one."

    def check(self, subject: Subject) -> Iterator[Problem]:
        schedule = subject.detection.schedule
        try:
            empty = any(begin >= end for begin, end in ranges(schedule))
        except InvalidTimeError:
            empty = True
        if empty:
            message = f"{schedule.earliest} to {schedule.latest} is no time range"
            yield self.problem(subject, schedule_key(subject), message)


@rule
class WindowsLeaveNoGap(Rule):
    id = "schedule-gap"
    severity = "warning"
    summary = "Each run's time range begins where the one before ended, or earlier."

    def check(self, subject: Subject) -> Iterator[Problem]:
        schedule = subject.detection.schedule
        try:
            found = ranges(schedule)
        except InvalidTimeError:
            return  # another rule's to say
        if any(begin >= end for begin, end in found):
            return
        gap = max((begin - end for (_, end), (begin, _) in pairwise(found)), default=0.0)
        if gap > 0:
            searched = f"{schedule.cron} and {schedule.earliest} to {schedule.latest}"
            message = f"with {searched}, up to {round(gap / 60)} minutes are never searched"
            yield self.problem(subject, schedule_key(subject), message)


@rule
class DrilldownTimesAreTimes(Rule):
    id = "drilldown-time"
    summary = "A drilldown begins and ends at a time, at that of a token, or a span before and after the finding."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for drilldown in subject.detection.drilldowns:
            for time in filter(None, (drilldown.earliest, drilldown.latest)):
                try:
                    if "$" not in time and not _OFFSET.fullmatch(time):
                        _check_time(time)
                except InvalidTimeError:
                    message = f"{time!r} in the drilldown {drilldown.name!r} is no time"
                    yield self.problem(subject, "drilldown_searches", message)


@rule
class ThrottlePeriodIsValid(Rule):
    id = "throttle-period"
    summary = "Throttling lasts a whole number of seconds, minutes, hours or days."

    def check(self, subject: Subject) -> Iterator[Problem]:
        throttling = subject.detection.throttling
        if throttling is not None and not re.fullmatch(r"[0-9]+[smhd]", throttling.period):
            yield self.problem(subject, "tags", f"the throttling period {throttling.period!r} is none", "As in 86400s.")
