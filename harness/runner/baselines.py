"""The baselines of a test: searches that put down what is usual, in lookups or models, before the detection is run."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from harness.backends.base import Session
from harness.errors import BackendError, HarnessError, SPLError
from harness.runner.contributing import leave_risk
from harness.runner.draft import Draft, Tools
from harness.runner.events import DatasetReplayed, Event
from harness.runner.record import Status
from harness.runner.replaying import Loaded, TestData, load, mine, send
from harness.runner.retiming import retimed
from harness.runner.subject import Baseline
from harness.runner.verdict import Verdict, judge_error
from harness.runner.window import Window


def replay(draft: Draft, loaded: list[Loaded], session: Session) -> Generator[Event, None, None]:
    """Index data; each dataset is told and goes into the record."""
    for record in send(loaded, session):
        draft.datasets.append(record)
        yield DatasetReplayed(draft.id, record)


def prepare(draft: Draft, tools: Tools, session: Session) -> Generator[Event, None, Verdict | None]:
    """All that must be there before the search runs: the test's data, what its baselines put down, and the risk that
    other detections leave. Gives a verdict if the test cannot go on."""
    stopped = yield from _replay_after_baselines(draft, tools, session)
    return stopped if stopped is not None else (yield from leave_risk(draft, tools, session))


def _replay_after_baselines(draft: Draft, tools: Tools, session: Session) -> Generator[Event, None, Verdict | None]:
    """Index the test's data. A baseline with data of its own is run on this before the attack is there. One that does
    not run or finds nothing stops the test.
    """
    test = draft.test
    if test.baselines and not session.alone:
        raise BackendError(
            f"{session.client.address} is shared with others, and the baselines of this test would write into it",
            hint="test on a Splunk of its own, such as the embedded one",
        )
    if any(data.retime for data in test.all_data()):
        draft.now = int(tools.clock.now())
    of_their_own = [item for item in test.baselines if item.data]
    prepared = [(item, _loaded(item.data, draft, tools, session)) for item in of_their_own]
    loaded = _loaded(test.data, draft, tools, session)
    for baseline, data in prepared:
        yield from replay(draft, data, session)
        failed = _run(baseline, draft, session)
        if failed is not None:
            return failed
    yield from replay(draft, loaded, session)
    for baseline in test.baselines:
        failed = None if baseline.data else _run(baseline, draft, session)
        if failed is not None:
            return failed
    return None


def _loaded(data: Sequence[TestData], draft: Draft, tools: Tools, session: Session) -> list[Loaded]:
    loaded = load(data, tools.locator, draft.test.subject.path)
    return loaded if draft.now is None else retimed(loaded, draft.now, session.host, tools.knowledge)


def _run(baseline: Baseline, draft: Draft, session: Session) -> Verdict | None:
    window = seen(baseline.window, draft, session)
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


def seen(window: Window, draft: Draft, session: Session) -> Window:
    """The window with relative times counted from the end of the data, which may be of any age; where data is moved in
    time for the test, from the second after the moment that it is moved by."""
    if draft.now is not None:
        return replace(window, now=str(draft.now + 1))
    if window.earliest is None and window.latest is None:
        return window
    rows = session.client.ask(f"| tstats max(_time) as last where {mine(session)}")
    last = str(rows[0].get("last", "")) if rows else ""
    return replace(window, now=f"{int(float(last)) + 1}") if last else window
