"""When a scheduled search runs, and over which time range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from harness.errors import ContentError
from harness.runner.window import Window
from harness.spl.time import resolve_time

MAX_RUNS_LOOKED_AT = 2_000
"""Runs after an event among which one that sees it is looked for: with a minute's schedule more than a day of them."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron expression and a time range relative to the moment of each run. Both are read in UTC.

    ``window`` and ``skew`` let a scheduler start a run late; its time range does not move with that, so that they
    change nothing about what a run finds.
    """

    cron: str = "0 * * * *"
    earliest: str = "-70m@m"
    latest: str = "-10m@m"
    window: str = "auto"
    skew: str = "100%"

    def range_at(self, moment: float) -> tuple[float, float]:
        """The time range of the run at ``moment``: from the first up to, not including, the second (epoch seconds)."""
        return resolve_time(self.earliest, moment, UTC), resolve_time(self.latest, moment, UTC)

    def window_at(self, moment: float) -> Window:
        """That range for the jobs endpoint."""
        earliest, latest = (f"{each:.3f}".rstrip("0").rstrip(".") for each in self.range_at(moment))
        return Window(earliest, latest)

    def run_seeing(self, event: float) -> float | None:
        """The first run whose time range holds an event of that time; None if no run ever sees it."""
        from cronsim import CronSim, CronSimError

        try:
            runs = CronSim(self.cron, datetime.fromtimestamp(event - 60, UTC))
        except CronSimError as error:
            raise ContentError(f"the cron schedule {self.cron!r} cannot be read: {error}") from error
        for run in islice(runs, MAX_RUNS_LOOKED_AT):
            moment = run.timestamp()
            earliest, latest = self.range_at(moment)
            if earliest <= event < latest:
                return moment
            if earliest > event:
                return None
        return None

    def runs_seeing(self, events: Iterable[float]) -> list[float]:
        """Every run that sees at least one of the events (the first such run of each), the latest first."""
        found: dict[float, None] = {}
        covered = (0.0, 0.0)
        for event in sorted(events):
            if covered[0] <= event < covered[1]:
                continue
            moment = self.run_seeing(event)
            if moment is not None:
                found[moment] = None
                covered = self.range_at(moment)
        return sorted(found, reverse=True)

    def all_runs_over(self, events: Iterable[float]) -> Iterator[float]:
        """Every run from the first to the last whose time range can hold one of the events, the first one first."""
        times = sorted(events)
        moment = next((run for event in times if (run := self.run_seeing(event)) is not None), None)
        while moment is not None and self.range_at(moment)[0] <= times[-1]:
            yield moment
            moment = self.after(moment)

    def after(self, moment: float) -> float:
        """The next run after one."""
        from cronsim import CronSim

        return float(next(CronSim(self.cron, datetime.fromtimestamp(moment, UTC))).timestamp())

    def half_an_hour_later(self) -> Schedule | None:
        """The same schedule at another minute of the hour; None unless it runs at one minute of each hour."""
        minute, _, rest = self.cron.partition(" ")
        if not minute.isdigit() or int(minute) > 59 or rest.split()[:1] != ["*"]:
            return None
        return Schedule(f"{(int(minute) + 30) % 60} {rest}", self.earliest, self.latest, self.window, self.skew)
