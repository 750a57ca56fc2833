"""When a detection runs: the cron expression, and whether its time ranges leave gaps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from harness.content.models import Problem
from harness.spl.time import InvalidTimeError, resolve_time
from harness.validation.rules import Rule, Subject, rule

_START = datetime(2024, 1, 1, tzinfo=UTC)


@rule
class CronIsValid(Rule):
    id = "cron"
    summary = "The cron schedule has five fields and can come true."

    def check(self, subject: Subject) -> Iterator[Problem]:
        if runs(subject.detection.schedule.cron) is None:
            yield self.problem(
                subject, "deployment", f"{subject.detection.schedule.cron!r} is no cron schedule",
                "Five fields: minute hour day month weekday.",
            )  # fmt: skip


def runs(cron: str) -> tuple[float, float] | None:
    """Two runs of a schedule, one after the other; None for what is no schedule."""
    from cronsim import CronSim, CronSimError

    if len(cron.split()) != 5:
        return None
    try:
        times = CronSim(cron, _START)
        return next(times).timestamp(), next(times).timestamp()
    except (CronSimError, StopIteration):
        return None


@rule
class WindowsLeaveNoGap(Rule):
    id = "schedule-gap"
    severity = "warning"
    summary = "Each run's time range begins where the one before ended, or earlier."

    def check(self, subject: Subject) -> Iterator[Problem]:
        schedule = subject.detection.schedule
        times = runs(schedule.cron)
        if times is None:
            return
        first, second = times
        try:
            end = resolve_time(schedule.latest, first, UTC)
            begin = resolve_time(schedule.earliest, second, UTC)
        except InvalidTimeError as error:
            yield self.problem(subject, "deployment", f"{str(error)!r} in the time range is no time")
            return
        if begin > end:
            gap = round((begin - end) / 60)
            yield self.problem(
                subject, "deployment",
                f"with {schedule.cron} and {schedule.earliest} to {schedule.latest}, {gap} minutes are never searched",
            )  # fmt: skip


@rule
class DrilldownTimesAreTimes(Rule):
    id = "drilldown-time"
    summary = "A drilldown begins and ends at a time, or at that of a token."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for drilldown in subject.detection.drilldowns:
            for time in filter(None, (drilldown.earliest, drilldown.latest)):
                try:
                    if "$" not in time:
                        resolve_time(time, _START.timestamp(), UTC)
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
