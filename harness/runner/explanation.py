"""Why a search found nothing: what was indexed, how many rows left each command, which clause dropped the last one."""

from __future__ import annotations

from collections.abc import Sequence

from harness.backends.base import Session
from harness.knowledge.stanzas import Props
from harness.runner.clauses import Step, dropping, steps_of
from harness.runner.record import StageRecord
from harness.runner.replaying import census, event_times, mine
from harness.runner.schedule import Schedule
from harness.runner.stages import Expanded, measure
from harness.runner.window import Window
from harness.wording import counted


def explain_no_rows(session: Session, search: Expanded, window: Window, stages: Sequence[StageRecord]) -> str:
    """The first line says why; the lines below are what it was concluded from."""
    indexed = census(session)
    events = sum(item.events for item in indexed)
    head = f"no rows: {counted(events, 'event')} indexed"
    dry = next((position for position, stage in enumerate(stages) if not stage.rows), None)
    details = [
        f"indexed: {item.events} in index {item.index}, source {item.source}, sourcetype {item.sourcetype}"
        for item in indexed[:10]
    ]
    if dry is None:
        return "\n".join([head, *details])
    steps = steps_of(session.client, search, dry, window)
    name = f"{stages[dry].command} (command {dry + 1} of {len(search.commands)})"
    dropped = dropping(steps)
    if steps and not steps[0].rows:
        why = f"none of them reached {name}" if dry else f"none of them is in {steps[0].clause}"
    elif dropped is not None:
        step, before = dropped
        why = f"{name} dropped the last {before}: {step.clause}"
    elif dry:
        before = stages[dry - 1].rows
        why = f"{name} dropped the last {counted(before, 'row')}"
    else:
        why = f"{name} found none of them"
    details.append("rows: " + " | ".join(f"{stage.command} {stage.rows}" for stage in stages[: dry + 1]))
    details += _table(steps)
    if steps and not steps[0].rows and "datamodel" in steps[0].clause:
        details.append(f"tags of the indexed events: {_tags(session)}")
    return "\n".join([f"{head}, {why}", *details])


def explain_no_run(session: Session, expanded: Expanded, search: str, schedule: Schedule) -> str:
    """Why no run of a schedule finds anything: the search finds nothing at all, or not within the range of one run."""
    whole = session.client.count(search)
    if not whole:
        stages = measure(session.client, expanded, Window(), total=0)
        return explain_no_rows(session, expanded, Window(), stages)
    head = (
        f"no run of the schedule {schedule.cron} finds anything, "
        f"though the search over all time gives {counted(whole, 'row')}"
    )
    if schedule.runs_seeing(event_times(session)):
        why = "the events that the search brings together lie further apart"
    else:
        why = "no event lies in that of any run, as the ranges leave gaps between them"
    return f"{head}\neach run sees {schedule.earliest} to {schedule.latest} only: {why}"


def unknown(session: Session) -> list[str]:
    """The source types among the indexed events that no app says anything about, by type or by source."""
    names = [entry.name for entry in session.client.get("configs/conf-props", count=0, f="disabled")]
    props = Props({name: {"known": "1"} for name in names if name != "default"}, lambda _: None)
    found = [item.sourcetype for item in census(session) if not props.settings(item.source, "", item.sourcetype)]
    return list(dict.fromkeys(found))


def _tags(session: Session) -> str:
    """A data model takes events by their tags, which the add-on for their source gives them."""
    rows = session.client.ask(f"search {mine(session)} | stats count by tag")
    return ", ".join(str(row["tag"]) for row in rows) or "none"


def _table(steps: Sequence[Step]) -> list[str]:
    width = max((len(str(step.rows)) for step in steps), default=0)
    return [f"  {step.rows:>{width}}  {step.clause}" for step in steps]
