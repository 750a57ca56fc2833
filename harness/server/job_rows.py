"""Which columns of a finished search its results and its events show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.engine.plan import Plan, Step
from harness.server.answers import Message
from harness.server.jobs import Job
from harness.server.results import Page
from harness.values.column import Column
from harness.values.frame import Frame

if TYPE_CHECKING:
    from harness.server.instance import SplunkInstance

STAMPED: Final = (
    "_bkt",
    "_cd",
    "_indextime",
    "_raw",
    "_serial",
    "_si",
    "_sourcetype",
    "_time",
    "host",
    "index",
    "linecount",
    "source",
    "sourcetype",
    "splunk_server",
)
"""What every event carries, whatever is extracted from it (M3.26)."""

_ON_DEMAND: Final = "search where eval regex rex head tail sort dedup reverse rename fields table bin bucket"
"""Commands that name every field which they make or use. A search of these only extracts what it names (M4.8, N3.24);
any other command may ask for fields that it does not name, and then all are shown."""
_UNWRITING: Final = frozenset(
    ("search", "where", "regex", "fields", "table", "sort", "head", "tail", "dedup", "reverse")
)
_KINDS: Final = {"s": "str", "n": "num"}
_WORD: Final = re.compile(r"[A-Za-z0-9_.:{}\-*]+")


def result_page(instance: SplunkInstance, job: Job) -> Page:
    """The rows of a job as ``/results`` shows them."""
    assert job.result is not None
    frame = job.result.frame
    if frame.events:
        frame = _stamped(instance, frame)
    names = frame.field_names() if frame.ordered else _used(frame)
    if frame.events and not frame.ordered and job.plan is not None:
        names = list(_on_demand(names, job.plan))
    return Page(frame, names, messages=_messages(job), attributes=attributes(job, names), timezone=instance.timezone)


def event_page(instance: SplunkInstance, job: Job) -> Page:
    """The events of a job as ``/events`` shows them: only what is stamped on them (M3.26); none for a search that
    generates its rows (M3.27)."""
    assert job.result is not None
    frame = _stamped(instance, job.result.events) if job.result.events.length else Frame()
    names = [name for name in STAMPED if name in frame.columns]
    return Page(frame, names, messages=_messages(job), timezone=instance.timezone)


def _messages(job: Job) -> list[Message]:
    return list(job.messages)


def _stamped(instance: SplunkInstance, frame: Frame) -> Frame:
    """With the fields that a search head adds when it hands events out."""
    length = frame.length
    index = frame.column("index")
    server = instance.name
    added = {
        "_serial": Column.from_values(str(position) for position in range(length)),
        "_si": index.map(lambda value: (server, str(value))),
        "_sourcetype": frame.column("sourcetype"),
        "splunk_server": Column.constant(server, length),
    }
    return replace(frame, columns={**frame.columns, **added})


def _used(frame: Frame) -> list[str]:
    """Columns that any row carries, by name (M2.32, M2.33)."""
    return sorted(name for name, column in frame.columns.items() if bool(np.any(column.codes >= 0)))


def _on_demand(names: Iterable[str], plan: Plan) -> Iterable[str]:
    if any(step.name not in _ON_DEMAND.split() for step in plan.steps):
        return names
    words: set[str] = set()
    for step in plan.steps:
        words.update(_WORD.findall(step.source.arguments))
        if step.name in {"fields", "table"} and "*" in words:
            return names
    return (name for name in names if name in STAMPED or name in words)


def _made(plan: Plan, last: Step) -> dict[str, str]:
    """Fields that an eval before ``last`` makes as text or as a number, as far as that is known without the rows."""
    from harness.engine.commands.eval import Eval
    from harness.expressions.compile import ExpressionCompiler
    from harness.expressions.scope import Scope

    compiler = ExpressionCompiler(Scope(now=0.0))
    found: dict[str, str] = {}
    for step in reversed(plan.steps[: plan.steps.index(last)]):
        if isinstance(step.command, Eval):
            for name, expression in reversed(step.command.assignments):
                found.setdefault(name, _KINDS.get(compiler.kind(expression), ""))
        elif step.name not in _UNWRITING:
            break
    return {name: kind for name, kind in found.items() if kind}


def attributes(job: Job, names: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
    """What ``fields`` says of the columns that the last reporting command made (M2.35): the rank of its by-fields,
    ``_time`` being that of a timechart, and which columns of top and rare count."""
    reporting = [step for step in job.plan.steps if step.command.transforming] if job.plan is not None else []
    if not reporting:
        return {}
    last = reporting[-1]
    by = getattr(last.command, "by", ())
    ranked = ["_time"] if last.name == "timechart" else [*by] if isinstance(by, tuple) else []
    kinds = _made(job.plan, last) if job.plan is not None else {}
    found = {
        str(name): {"groupby_rank": str(rank), **({"type": kinds[str(name)]} if str(name) in kinds else {})}
        for rank, name in enumerate(ranked)
    }
    if last.name in {"top", "rare"}:
        for kind in ("count", "percent"):
            column = getattr(last.command, f"{kind}_field", None)
            if isinstance(column, str):
                found[column] = {"type_special": kind}
    shown = set(names)
    return {name: facts for name, facts in found.items() if name in shown}
