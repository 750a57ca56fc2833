"""Detections that run before a test's search, which rests on the risk that they leave (``risk_from``).

Each is installed as the scheduled search that it is in production, and every run of its schedule that finds something
in the test's data is let run, in order: so much risk, at such times, is what a correlation sees.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from itertools import islice

from harness.backends.base import Session
from harness.errors import BackendError, SPLError
from harness.runner.alerts import read_risk_events
from harness.runner.draft import Draft, Tools
from harness.runner.events import Event, RiskLeft
from harness.runner.explanation import explain_no_run
from harness.runner.record import ContributorRecord, Status
from harness.runner.replaying import event_times
from harness.runner.saved import install
from harness.runner.stages import Macros, expand
from harness.runner.subject import Subject
from harness.runner.verdict import Verdict, judge_error
from harness.wording import counted

MAX_RUNS = 500
"""Runs of one schedule over the test's data; more than three weeks of one that runs each hour."""


def leave_risk(draft: Draft, tools: Tools, session: Session) -> Generator[Event, None, Verdict | None]:
    """Run the detections that the test names. Gives a verdict if one of them leaves nothing to rest on."""
    if draft.test.risk_from and not session.alone:
        raise BackendError(
            f"{session.client.address} is shared with others, whose risk the search would see beside that of this test",
            hint="test on a Splunk of its own, such as the embedded one",
        )
    events = event_times(session) if draft.test.risk_from else []
    for subject in draft.test.risk_from:
        try:
            left = _run(subject, events, tools.macros(session.client), session)
        except SPLError as error:
            return _about(subject, judge_error(error))
        if isinstance(left, Verdict):
            return _about(subject, left)
        draft.risk_from.append(left)
        yield RiskLeft(draft.id, left)
    return None


def _run(subject: Subject, events: list[float], macros: Macros, session: Session) -> ContributorRecord | Verdict:
    schedule = subject.saved_search.schedule
    moments = list(islice(schedule.all_runs_over(events), MAX_RUNS + 1))
    if len(moments) > MAX_RUNS:
        return Verdict(Status.ERROR, f"its schedule {schedule.cron} has more than {MAX_RUNS} runs over the data")
    finding = [moment for moment in moments if _finds(subject, moment, session)]
    if not finding:
        return Verdict(Status.FAIL, explain_no_run(session, expand(subject.search, macros), subject.search, schedule))
    name = session.saved_search_name(subject.saved_search.name)
    session.approach(finding[0])
    install(session.client, name, subject, schedule)
    risk_events = 0
    for moment in finding:
        for sid in session.run_scheduled(name, moment).sids:
            errors = [message.text for message in session.client.outcome(sid).messages if message.type in _ERRORS]
            if errors:
                return Verdict(Status.ERROR, "\n".join(["the search reported an error:", *errors]))
            risk_events += len(read_risk_events(session.client, name, sid))
    _switch_off(name, session)
    if not risk_events:
        return Verdict(Status.FAIL, f"it finds something in {counted(len(finding), 'run')}, but leaves no risk event")
    return ContributorRecord(subject.name, len(finding), risk_events)


_ERRORS = frozenset({"FATAL", "ERROR"})


def _finds(subject: Subject, moment: float, session: Session) -> bool:
    window = subject.saved_search.schedule.window_at(moment)
    now = f"{moment:.0f}"
    return session.client.count(subject.search, earliest=window.earliest, latest=window.latest, now=now) > 0


def _switch_off(name: str, session: Session) -> None:
    """It has had its runs: those of the searches after it are at other times."""
    with session.client.service():
        saved = session.client.saved_search(name)
        if saved is not None:
            saved.update(is_scheduled="0")


def _about(subject: Subject, verdict: Verdict) -> Verdict:
    return replace(verdict, reason=f"{subject.name}, whose risk this rests on: {verdict.reason}")
