"""The detection as a scheduled search: installed with its default configuration, run once by its schedule, its alert
checked against what it found.

The data is not touched: not its text, not its times. Instead the run is chosen whose time range lies over the attack,
and the clock is set to it. So index-time rules see what was recorded, and the search the range it has in production.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from harness.backends.base import Session
from harness.client.answers import Outcome, Row
from harness.content.expected import Expectation
from harness.errors import BackendError
from harness.runner.alerts import (
    complaints_about_annotations,
    complaints_about_notables,
    complaints_about_range,
    complaints_about_risk,
    read_notables,
    read_risk_events,
    throttle_key,
    unthrottled,
)
from harness.runner.baselines import prepare
from harness.runner.draft import Draft, Tools
from harness.runner.drilldowns import try_drilldowns
from harness.runner.events import Event, SearchFinished
from harness.runner.explanation import explain_no_run
from harness.runner.kinds.unit import judge, rows_without_data, with_hints
from harness.runner.matching import missing
from harness.runner.record import Level, Status
from harness.runner.replaying import event_times, load
from harness.runner.retiming import remark
from harness.runner.saved import install
from harness.runner.schedule import Schedule
from harness.runner.stages import expand, measure
from harness.runner.subject import Subject
from harness.runner.verdict import Verdict
from harness.runner.window import Window

ONE_RUN = Expectation()
"""What one run must find: something. How much there is over all time, and what, is for the unit test."""

MAX_RUNS = 200
"""Runs of the schedule tried, from the last one backwards, to find one that sees the attack."""


def run(draft: Draft, tools: Tools) -> Generator[Event, None, Verdict]:
    test = draft.test
    subject = test.subject
    draft.search = subject.search
    before = next((r for r in draft.earlier if r.level is Level.UNIT and r.test == test.name), None)
    if before is not None and before.status in {Status.FAIL, Status.ERROR}:
        return Verdict(before.status, "not run: the unit test did not pass", settled=True)
    load(test.data, tools.locator, subject.path)
    with tools.backend.session() as session:
        expanded = expand(subject.search, tools.macros(session.client))
        draft.search = expanded.text
        baseless = rows_without_data(session, test)
        if baseless is not None:
            return baseless
        stopped = yield from prepare(draft, tools, session)
        if stopped is not None:
            return stopped
        chosen = _choose_run(session, subject, max(test.expect.minimum, 1))
        if chosen is None:
            return Verdict(
                Status.FAIL, explain_no_run(session, expanded, subject.search, subject.saved_search.schedule)
            )
        outcome = _run_scheduled(session, subject, chosen)
        draft.rows = outcome.rows
        yield SearchFinished(draft.id, outcome.result_count, outcome.seconds)
        verdict = with_hints(judge(draft, outcome, ONE_RUN), outcome, session)
        remarks = verdict.reason
        if verdict.status is Status.PASS:
            verdict = _judge_alert(session, subject, outcome, chosen, test.expect)
        if tools.backend.cheap or verdict.status is not Status.PASS:
            draft.stages = measure(session.client, expanded, chosen.window, total=outcome.result_count)
        if verdict.status is Status.PASS:
            return Verdict(verdict.status, chosen.note).and_said(remarks, verdict.reason, remark(draft, expanded.text))
        return verdict


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of a schedule, at ``moment``. ``note`` tells what is unusual about it."""

    schedule: Schedule
    moment: float
    note: str = ""

    @property
    def window(self) -> Window:
        return self.schedule.window_at(self.moment)


def _choose_run(session: Session, subject: Subject, wanted: int) -> _Run | None:
    """The last run of the schedule that finds as many rows as wanted, or else something; None if no run does.

    When an attack was recorded is chance, and so is whether two runs share it: if none finds it alone, the runs half
    an hour later are tried, which is where the search would run had the attack begun at another minute.
    """
    events = event_times(session)
    default = subject.saved_search.schedule
    later = default.half_an_hour_later()
    schedules = [(default, "")] + ([(later, _LATER.format(cron=later.cron))] if later else [])
    for schedule, note in schedules:
        best: _Run | None = None
        for moment in schedule.runs_seeing(events)[:MAX_RUNS]:
            run = _Run(schedule, moment, note)
            window = run.window
            found = session.client.count(
                subject.search, earliest=window.earliest, latest=window.latest, now=f"{moment:.0f}"
            )
            if found >= wanted:
                return run
            best = best or (run if found else None)
        if best is not None:
            return best
    return None


_LATER = "run by the schedule {cron}: the attack was recorded across two runs of its own schedule"


def _run_scheduled(session: Session, subject: Subject, run: _Run) -> Outcome:
    """Install the saved search, let it run, and make sure that it ran once and over the range it should."""
    name = session.saved_search_name(subject.saved_search.name)
    session.approach(run.moment)
    install(session.client, name, subject, run.schedule)
    ran = session.run_scheduled(name, run.moment)
    if len(ran.sids) != 1:
        raise BackendError(f"the schedule should have run {name} once, but it ran {len(ran.sids)} times ({ran.how})")
    outcome = replace(session.client.outcome(ran.sids[0]), sid=ran.sids[0])
    wanted = run.schedule.range_at(run.moment)
    if (outcome.earliest, outcome.latest) != wanted:
        raise BackendError(
            f"{name} ran over {outcome.earliest} to {outcome.latest} instead of {wanted[0]} to {wanted[1]} ({ran.how})"
        )
    return outcome


def _judge_alert(session: Session, subject: Subject, outcome: Outcome, run: _Run, expect: Expectation) -> Verdict:
    """The risk events and notables of the run, what they carry, and whether its drilldowns lead anywhere."""
    alert = subject.alert
    client, name = session.client, session.saved_search_name(subject.saved_search.name)
    rows = unthrottled(outcome.rows, subject.saved_search.throttle_fields)
    risk = read_risk_events(client, name, outcome.sid)
    notables = read_notables(client, name, outcome.sid)
    complaints = complaints_about_risk(rows if alert.risk else [], alert, risk)
    complaints += missing([event.row for event in risk], expect.risk, "risk event")
    complaints += complaints_about_notables(rows, alert, notables)
    for kind, events in (("risk", [event.row for event in risk]), ("notable", notables)):
        complaints += complaints_about_annotations(alert, events, kind)
        complaints += complaints_about_range(outcome.earliest, outcome.latest, events, kind)
    remarks: list[str] = []
    events = [*notables, *(event.row for event in risk)]
    if not complaints and rows and events:
        tried = list(try_drilldowns(client, subject, rows[0], events[0], run.moment))
        complaints += [found.complaint for found in tried if found.complaint]
        remarks += [f"warning: {found.remark}" for found in tried if found.remark]
    if not complaints and session.alone and subject.saved_search.throttle_fields:
        complaints += _complaints_about_throttling(session, subject, rows, run)
    if complaints:
        return Verdict(Status.FAIL, "\n".join(complaints))
    return Verdict(Status.PASS, "\n".join(remarks))


def _complaints_about_throttling(session: Session, subject: Subject, rows: list[Row], run: _Run) -> list[str]:
    """The run after: what it finds again within the period must be silent, and what it finds for the first time not."""
    saved = subject.saved_search
    name = session.saved_search_name(saved.name)
    moment = run.schedule.after(run.moment)
    ran = session.run_scheduled(name, moment)
    if len(ran.sids) != 1:
        raise BackendError(
            f"the schedule should have run {name} once more, but it ran {len(ran.sids)} times ({ran.how})"
        )
    again = unthrottled(session.client.outcome(ran.sids[0]).rows, saved.throttle_fields)
    silent = (
        {throttle_key(row, saved.throttle_fields) for row in rows}
        if moment - run.moment < saved.throttle_seconds
        else set()
    )
    loud = [row for row in again if throttle_key(row, saved.throttle_fields) not in silent]
    found = read_risk_events(session.client, name, ran.sids[0])
    complaints = complaints_about_risk(loud if subject.alert.risk else [], subject.alert, found)
    complaints += complaints_about_notables(loud, subject.alert, read_notables(session.client, name, ran.sids[0]))
    told = f"throttling by {', '.join(saved.throttle_fields)}: in the next run"
    return [f"{told}, {complaint}" for complaint in complaints]
