"""The baselines of a test: searches that put down what is usual, in lookups or models, before the detection is run."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from harness.backends.base import Session
from harness.errors import BackendError, HarnessError, SPLError
from harness.runner.draft import Draft, Tools
from harness.runner.events import DatasetReplayed, Event
from harness.runner.record import Status
from harness.runner.replaying import Loaded, load, mine, send
from harness.runner.subject import Baseline
from harness.runner.verdict import Verdict, judge_error
from harness.runner.window import Window


def replay(draft: Draft, loaded: list[Loaded], session: Session) -> Generator[Event, None, None]:
    """Index data; each dataset is told and goes into the record."""
    for record in send(loaded, session):
        draft.datasets.append(record)
        yield DatasetReplayed(draft.id, record)


def replay_after_baselines(draft: Draft, tools: Tools, session: Session) -> Generator[Event, None, Verdict | None]:
    """Index the test's data. A baseline with data of its own is run on this before the attack is there.

    Gives a verdict if the test cannot go on: a baseline that does not run or finds nothing.
    """
    test = draft.test
    if test.baselines and not session.alone:
        raise BackendError(
            f"{session.client.address} is shared with others, and the baselines of this test would write into it",
            hint="test on a Splunk of its own, such as the embedded one",
        )
    of_their_own = [item for item in test.baselines if item.data]
    prepared = [(item, load(item.data, tools.locator, test.subject.path)) for item in of_their_own]
    loaded = load(test.data, tools.locator, test.subject.path)
    for baseline, data in prepared:
        yield from replay(draft, data, session)
        failed = _run(baseline, session)
        if failed is not None:
            return failed
    yield from replay(draft, loaded, session)
    for baseline in test.baselines:
        failed = None if baseline.data else _run(baseline, session)
        if failed is not None:
            return failed
    return None


def _run(baseline: Baseline, session: Session) -> Verdict | None:
    window = from_data(baseline.window, session)
    try:
        outcome = session.client.search(
            baseline.search, earliest=window.earliest, latest=window.latest, **window.parameters
        )
    except SPLError as error:
        verdict = judge_error(error)
        return replace(verdict, reason=f"the baseline {baseline.name}: {verdict.reason}")
    except HarnessError as error:
        return Verdict(Status.ERROR, f"the baseline {baseline.name}: {error}")
    if not outcome.rows:
        return Verdict(Status.FAIL, f"the baseline {baseline.name} gives no rows, so nothing is known to be usual")
    return None


def from_data(window: Window, session: Session) -> Window:
    """The window with relative times counted from the end of the data, which may be of any age."""
    if window.earliest is None and window.latest is None:
        return window
    rows = session.client.ask(f"| tstats max(_time) as last where {mine(session)}")
    last = str(rows[0].get("last", "")) if rows else ""
    return replace(window, now=f"{int(float(last)) + 1}") if last else window
