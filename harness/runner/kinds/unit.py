"""The search over the attack data as it was recorded: does it find what it must, in every row what its alert needs?"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from harness.backends.base import Session
from harness.client.answers import Outcome
from harness.content.expected import Expectation
from harness.errors import BackendError, SPLError
from harness.runner.baselines import prepare, seen
from harness.runner.clauses import unreached
from harness.runner.draft import Draft, Tools
from harness.runner.events import Event, SearchFinished
from harness.runner.explanation import explain_no_rows, unknown
from harness.runner.matching import complaints_about_rows
from harness.runner.record import Status
from harness.runner.replaying import load
from harness.runner.retiming import remark
from harness.runner.stages import Expanded, expand, measure
from harness.runner.subject import Alert, PlannedTest
from harness.runner.verdict import RISK_OBJECT, NeededField, Verdict, judge_count, judge_rows, tokens
from harness.runner.window import Window
from harness.wording import counted


def run(draft: Draft, tools: Tools) -> Generator[Event, None, Verdict]:
    """Over the test's own window or all time, as it is not the schedule that is tested here."""
    test = draft.test
    draft.search = test.subject.search
    load(test.data, tools.locator, test.subject.path)
    with tools.backend.session() as session:
        expanded = expand(test.subject.search, tools.macros(session.client))
        draft.search = expanded.text
        baseless = rows_without_data(session, test)
        if baseless is not None:
            return baseless
        stopped = yield from prepare(draft, tools, session)
        if stopped is not None:
            return stopped
        window = seen(test.window, draft, session)
        outcome = session.client.search(
            test.subject.search, earliest=window.earliest, latest=window.latest, **window.parameters
        )
        draft.rows = outcome.rows
        yield SearchFinished(draft.id, outcome.result_count, outcome.seconds)
        verdict = judge(draft, outcome, test.expect)
        if tools.backend.cheap or verdict.status is not Status.PASS:
            draft.stages = measure(session.client, expanded, window, total=outcome.result_count)
        if verdict.status is Status.FAIL and not outcome.rows and test.expect.minimum:
            verdict = Verdict(Status.FAIL, _no_rows(session, expanded, window, draft))
        verdict = with_hints(verdict, outcome, session)
        return verdict.and_said(remark(draft, expanded.text), _trivial(verdict, session, expanded, window, draft))


def _trivial(verdict: Verdict, session: Session, expanded: Expanded, window: Window, draft: Draft) -> str:
    """That nothing is found is no merit of a search whose kind of event the data does not hold."""
    if verdict.status is not Status.PASS or draft.rows:
        return ""
    read = unreached(session.client, expanded, window)
    why = f"no event of the data is in what the search reads, {read}; check the test's source and sourcetype"
    return f"warning: this proves little: {why}" if read else ""


def _no_rows(session: Session, expanded: Expanded, window: Window, draft: Draft) -> str:
    reason = explain_no_rows(session, expanded, window, draft.stages)
    if window.earliest is None and window.latest is None:
        return reason
    found = session.client.count(draft.test.subject.search, **window.parameters)
    if not found:
        return reason
    within = f"from {window.earliest or 'the beginning'} to {window.latest or 'the end'}"
    return f"{reason}\nthe test's window, {within}, leaves them out: over all time the search gives {found}"


def with_hints(verdict: Verdict, outcome: Outcome, session: Session) -> Verdict:
    """What the search or the data warned of may be why it failed, and so may an add-on that is not there."""
    if verdict.status is not Status.FAIL:
        return verdict
    warnings = [f"{message.type}: {message.text}" for message in outcome.warnings()]
    strange = [] if outcome.rows else unknown(session)
    missing = [f"no app has settings for the source type {name}: is its add-on missing?" for name in strange]
    return Verdict(verdict.status, "\n".join([verdict.reason, *warnings, *session.warnings, *missing]))


def rows_without_data(session: Session, test: PlannedTest) -> Verdict | None:
    """A search that finds something before the test's data is there proves nothing by finding something after."""
    try:
        found = session.client.count(test.subject.search)
    except SPLError:
        if test.baselines:
            return None  # what it looks up may be made by them
        raise
    if not found:
        return None
    if session.alone:
        reason = f"the search gives {counted(found, 'row')} without any data: it does not depend on the attack"
        return Verdict(Status.FAIL, f"{reason}\na last stats count gives a row for nothing; add | where count > 0")
    raise BackendError(
        f"the search finds {counted(found, 'row')} on {session.client.address} before the test's data is there",
        hint="test on a server without such data, or narrow the detection's macros to an index of the test",
    )


def judge(draft: Draft, outcome: Outcome, expect: Expectation) -> Verdict:
    errors = [message.text for message in outcome.messages if message.type in {"FATAL", "ERROR"}]
    if errors:
        # The search came to an end, but not all of it ran: neither rows nor their absence mean anything.
        return Verdict(Status.ERROR, "\n".join(["the search reported an error:", *errors]))
    counted = judge_count(outcome.result_count, expect.minimum, expect.maximum)
    unlike = complaints_about_rows(outcome.rows, expect)
    if counted.status is not Status.PASS or not outcome.rows:
        return replace(counted, reason="\n".join([counted.reason, *unlike])) if counted.reason else counted
    alert = draft.test.subject.alert
    somewhere = [NeededField(item.field, "threat object") for item in alert.threat_objects]
    complete = judge_rows(outcome.rows, needed_fields(alert), somewhere)
    if unlike:
        return Verdict(Status.FAIL, "\n".join([*unlike, *([complete.reason] if complete.reason else [])]))
    return complete


def needed_fields(alert: Alert) -> list[NeededField]:
    """Without them in a row, its risk events have no object, or its message or title a hole."""
    return [
        *(NeededField(item.field, RISK_OBJECT) for item in alert.risk_objects),
        *(NeededField(name, "message token") for message in alert.messages() for name in tokens(message)),
        *(NeededField(name, "title token") for name in tokens(alert.title)),
    ]
