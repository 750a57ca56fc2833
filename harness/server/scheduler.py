"""Runs saved searches: by their schedule, on whatever clock the instance has, or because somebody asked.

A run belongs to a moment of its schedule. Its time range is relative to that moment and ``now()`` is that moment,
however late it really starts; ``schedule_window`` and ``allow_skew`` only say how late that may be, so that stepping a
clock needs neither. See "Configure the priority of scheduled reports" in the Reporting Manual.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final

from harness.errors import HarnessError
from harness.server.answers import Message, Refusal
from harness.server.call import Namespace
from harness.server.confs import EVERYBODY
from harness.server.dispatch import new_job
from harness.server.jobs import TTL, Job
from harness.server.saved_searches import FILE, SavedSearch, seconds

if TYPE_CHECKING:
    from harness.server.accounts import User
    from harness.server.instance import SplunkInstance

EVERYWHERE: Final = Namespace("-", "-")
MAX_RUNS: Final = 100_000
"""Runs in one step of the clock."""
TICK_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Run:
    """A saved search at a moment of its schedule."""

    moment: float
    saved: SavedSearch


class Scheduler:
    """Thread-safe. Nothing runs by itself until :meth:`start`; a clock that is stepped by hand is followed with
    :meth:`run_due`."""

    def __init__(self, instance: SplunkInstance) -> None:
        self._instance = instance
        self._lock = threading.RLock()
        self._positions: dict[tuple[str, str, str], float] = {}
        self._count = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    # --- by schedule --------------------------------------------------------------------------------------------------

    def scheduled(self) -> list[SavedSearch]:
        """Saved searches that run by themselves."""
        stanzas = self._instance.confs.all(FILE, EVERYWHERE, EVERYBODY)
        return [saved for saved in map(SavedSearch, stanzas) if saved.scheduled]

    def changed(self, saved: SavedSearch) -> None:
        """A saved search was made or edited: its schedule counts from now on."""
        with self._lock:
            self._positions[_key(saved)] = self._instance.clock.now()

    def due(self, until: float, after: float | None = None) -> list[Run]:
        """Runs with ``after < moment <= until`` in the order in which they are due. Without ``after`` a search counts
        from its last run, or from when it was last changed."""
        runs: list[Run] = []
        for saved in self.scheduled():
            start = self._position(saved) if after is None else after
            for moment in moments(saved.text("cron_schedule"), start, self._instance.timezone):
                if moment > until or len(runs) >= MAX_RUNS:
                    break
                runs.append(Run(moment, saved))
        return sorted(runs, key=lambda run: (run.moment, run.saved.name))

    def run_due(self, until: float, *, after: float | None = None) -> list[Job]:
        """Run everything that is due up to ``until``, one run after another, each to its end with its actions."""
        jobs = []
        for run in self.due(until, after):
            with self._lock:
                self._positions[_key(run.saved)] = run.moment
            jobs.append(self._run(run))
        return jobs

    def run_at(self, name: str, moment: float) -> list[Job]:
        """The runs that the enabled saved searches of this name have at exactly this moment of their schedules."""
        due = self.due(moment, after=moment - 1)
        return [self._run(run) for run in due if run.saved.name == name and run.moment == moment]

    def next_run(self, saved: SavedSearch) -> float | None:
        """The next moment of an enabled schedule, seen from now."""
        if not saved.scheduled:
            return None
        return next(moments(saved.text("cron_schedule"), self._instance.clock.now(), self._instance.timezone), None)

    def _position(self, saved: SavedSearch) -> float:
        with self._lock:
            return self._positions.setdefault(_key(saved), self._instance.clock.now())

    def _run(self, run: Run) -> Job:
        owner = self._instance.owner_of(run.saved.stanza.owner)
        arguments = _arguments(run.saved, {})
        job = self.new_job(run.saved, owner, arguments, run.moment, scheduled=True, actions=True)
        self._instance.jobs.start(job)
        job.finished.result()
        return job

    # --- by hand ------------------------------------------------------------------------------------------------------

    def dispatch(self, saved: SavedSearch, user: User, overrides: Mapping[str, str], *, actions: bool) -> Job:
        """Start a saved search now (or as if it were ``dispatch.now``); the job goes on by itself."""
        arguments = _arguments(saved, overrides)
        job = self.new_job(saved, user, arguments, None, scheduled=False, actions=actions)
        self._instance.jobs.start(job)
        return job

    def new_job(
        self,
        saved: SavedSearch,
        user: User,
        arguments: dict[str, str],
        moment: float | None,
        *,
        scheduled: bool,
        actions: bool,
    ) -> Job:
        with self._lock:
            number, self._count = self._count, self._count + 1
        if moment is not None:
            arguments["now"] = f"{moment:.3f}"
        at = moment if moment is not None else self._instance.clock.now()
        job = new_job(
            self._instance,
            user,
            saved.stanza.app,
            arguments,
            search=saved.dispatched,
            sid=saved.sid(user.name, at, number, scheduled=scheduled),
        )
        job.label = job.saved_search = saved.name
        job.scheduled = scheduled
        job.provenance = "scheduler" if scheduled else job.provenance
        job.kind = "scheduled" if scheduled else job.kind
        job.ttl = int(seconds(saved.text("dispatch.ttl", "2p"), period=self._period(saved)) or TTL)
        if actions:
            now = job.request.now if job.request.now is not None else at
            job.on_done = lambda done: self._act(saved, done, now)
        return job

    def _act(self, saved: SavedSearch, job: Job, moment: float) -> None:
        try:
            self._instance.alerts.finish(saved, job, moment)
        except (HarnessError, Refusal) as error:
            job.messages.append(Message("ERROR", f"Error in the alert of '{saved.name}': {error}"))

    def _period(self, saved: SavedSearch) -> float:
        """Seconds between two runs; half of the usual life of a job without a schedule."""
        runs = moments(saved.text("cron_schedule"), self._instance.clock.now(), self._instance.timezone)
        first, second = next(runs, None), next(runs, None)
        return TTL / 2 if first is None or second is None else second - first

    # --- by itself ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Follow the instance's clock in a thread."""
        self._thread = threading.Thread(target=self._follow, name="splunk-scheduler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _follow(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            self.tick(self._instance.clock.now())

    def tick(self, now: float) -> list[Job]:
        """Run what has come due. A run that is missed, because the search before it took too long, is made up under
        continuous scheduling (``realtime_schedule = 0``); under real-time scheduling only the latest one is run."""
        due = self.due(now)
        latest = {_key(run.saved): run.moment for run in due}
        jobs = []
        for run in due:
            with self._lock:
                self._positions[_key(run.saved)] = run.moment
            if self._stopping.is_set():
                break
            if run.saved.flag("realtime_schedule") and run.moment != latest[_key(run.saved)]:
                continue
            jobs.append(self._run(run))
        return jobs


def moments(cron: str, after: float, timezone: tzinfo) -> Iterator[float]:
    """The moments of a cron expression later than ``after``, in epoch seconds; none if it cannot be read."""
    from cronsim import CronSim, CronSimError

    if len(cron.split()) != 5:
        return
    try:
        for moment in CronSim(cron, datetime.fromtimestamp(after, timezone)):
            yield moment.timestamp()
    except CronSimError:
        return


def _arguments(saved: SavedSearch, overrides: Mapping[str, str]) -> dict[str, str]:
    """The ``dispatch.*`` settings of a saved search, or what a client gives instead, as arguments of a job."""

    def setting(name: str) -> str:
        return overrides.get(f"dispatch.{name}", saved.text(f"dispatch.{name}"))

    found = {
        "earliest_time": setting("earliest_time"),
        "latest_time": setting("latest_time"),
        "now": overrides.get("dispatch.now", ""),
        "max_count": setting("max_count"),
        "max_time": setting("max_time"),
        "index_earliest": setting("index_earliest"),
        "index_latest": setting("index_latest"),
        "sample_ratio": setting("sample_ratio"),
        "status_buckets": setting("buckets"),
    }
    unset = {"earliest_time": ("",), "latest_time": ("",)}
    return {name: value for name, value in found.items() if value not in unset.get(name, ("", "0"))}


def _key(saved: SavedSearch) -> tuple[str, str, str]:
    stanza = saved.stanza
    return (stanza.name, stanza.app, stanza.owner if stanza.sharing == "user" else "")
