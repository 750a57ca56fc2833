"""The search over the attack data as it was recorded: does it find what it must, in every row what its alert needs?"""

from __future__ import annotations

from collections.abc import Generator

from harness.backends.base import Session
from harness.client.answers import Outcome
from harness.errors import BackendError
from harness.runner.draft import Draft, Tools
from harness.runner.events import DatasetReplayed, Event, SearchFinished
from harness.runner.explanation import explain_no_rows, unknown
from harness.runner.record import Status
from harness.runner.replaying import Loaded, load, send
from harness.runner.stages import Window, expand, measure
from harness.runner.subject import Alert
from harness.runner.verdict import NeededField, Verdict, judge_count, judge_rows, tokens


def run(draft: Draft, tools: Tools) -> Generator[Event, None, Verdict]:
    """Over all time, as it is not the schedule that is tested here."""
    test = draft.test
    draft.search = test.subject.search
    loaded = load(test.data, tools.locator, test.subject.path)
    with tools.backend.session() as session:
        expanded = expand(test.subject.search, tools.macros(session.client))
        draft.search = expanded.text
        baseless = rows_without_data(session, test.subject.search)
        if baseless is not None:
            return baseless
        yield from replay(draft, loaded, session)
        outcome = session.client.search(test.subject.search)
        draft.rows = outcome.rows
        yield SearchFinished(draft.id, outcome.result_count, outcome.seconds)
        verdict = judge(draft, outcome)
        if tools.backend.cheap or verdict.status is not Status.PASS:
            draft.stages = measure(session.client, expanded, Window(), total=outcome.result_count)
        if verdict.status is Status.FAIL and not outcome.rows and test.minimum:
            verdict = Verdict(Status.FAIL, explain_no_rows(session, expanded, Window(), draft.stages))
        too_many = test.maximum is not None and outcome.result_count > test.maximum
        return verdict if too_many else with_hints(verdict, outcome, session)


def with_hints(verdict: Verdict, outcome: Outcome, session: Session) -> Verdict:
    """What the search warned of may be why it failed, and so may an add-on that is not there."""
    if verdict.status is not Status.FAIL:
        return verdict
    warnings = [f"{message.type}: {message.text}" for message in outcome.warnings()]
    missing = [f"no app has settings for the source type {name}: is its add-on missing?" for name in unknown(session)]
    return Verdict(verdict.status, "\n".join([verdict.reason, *warnings, *missing]))


def rows_without_data(session: Session, search: str) -> Verdict | None:
    """A search that finds something before the test's data is there proves nothing by finding something after."""
    found = session.client.count(search)
    if not found:
        return None
    if session.alone:
        reason = f"the search gives {found} rows without any data: it does not depend on the attack"
        return Verdict(Status.FAIL, f"{reason}\na last stats count gives a row for nothing; add | where count > 0")
    raise BackendError(
        f"the search finds {found} rows on {session.client.address} before the test's data is there",
        hint="test on a server without such data, or narrow the detection's macros to an index of the test",
    )


def replay(draft: Draft, loaded: list[Loaded], session: Session) -> Generator[Event, None, None]:
    for record in send(loaded, session):
        draft.datasets.append(record)
        yield DatasetReplayed(draft.id, record)


def judge(draft: Draft, outcome: Outcome) -> Verdict:
    errors = [message.text for message in outcome.messages if message.type in {"FATAL", "ERROR"}]
    if errors:
        # The search came to an end, but not all of it ran: neither rows nor their absence mean anything.
        return Verdict(Status.ERROR, "\n".join(["the search reported an error:", *errors]))
    counted = judge_count(outcome.result_count, draft.test.minimum, draft.test.maximum)
    if counted.status is not Status.PASS or not outcome.rows:
        return counted
    alert = draft.test.subject.alert
    somewhere = [NeededField(item.field, "threat object") for item in alert.threat_objects]
    return judge_rows(outcome.rows, needed_fields(alert), somewhere)


def needed_fields(alert: Alert) -> list[NeededField]:
    """Without them in a row, its risk events have no object, or a message with a hole in it."""
    return [
        *(NeededField(item.field, "risk object") for item in alert.risk_objects),
        *(NeededField(name, "message token") for message in alert.messages() for name in tokens(message)),
    ]
