"""Search text into a plan: macros expanded, commands found, every argument read and checked before any row is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.engine.commands import SearchCommand, find
from harness.engine.substitution import substituted
from harness.errors import HarnessError, SplPlace, SPLSyntaxError
from harness.spl.arguments import Arguments
from harness.spl.macros import MacroEvaluator, MacroTable, expand
from harness.spl.nodes import Command, Pipeline
from harness.spl.parser import parse_pipeline

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge


_SEARCH_EXPRESSIONS = ("search", "tstats")


@dataclass(frozen=True, slots=True)
class Step:
    """One command: as written, and as it will run."""

    source: Command
    command: SearchCommand

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def text(self) -> str:
        """The command with its arguments, macros expanded."""
        return f"{self.name} {self.source.arguments.strip()}".strip()

    @property
    def place(self) -> SplPlace:
        return self.source.span.place(self.source.text)


@dataclass(frozen=True, slots=True)
class Plan:
    """A search that is ready to run. ``text`` has its macros expanded."""

    text: str
    steps: tuple[Step, ...]

    @property
    def transforming(self) -> bool:
        """Whether the result is a table instead of events."""
        return any(step.command.transforming for step in self.steps)

    @property
    def reads_events(self) -> bool:
        """Whether it begins with the search command, so that it has events to show beside its results."""
        return bool(self.steps) and self.steps[0].name == "search"

    def split(self) -> tuple[list[Step], list[Step]]:
        """The steps that give events and the steps that report on them (a job's eventSearch and reportSearch)."""
        for position, step in enumerate(self.steps):
            if step.command.transforming:
                return list(self.steps[:position]), list(self.steps[position:])
        return list(self.steps), []


def plan(text: str, knowledge: Knowledge) -> Plan:
    """Read a whole search. Raises an :class:`~harness.errors.SPLError` with its place."""
    from harness.engine.macros import EvalMacros

    return plan_text(text, knowledge.macros, EvalMacros())


def plan_text(text: str, macros: MacroTable, evaluator: MacroEvaluator | None = None) -> Plan:
    """As :func:`plan`, with the macros given."""
    expanded = expand(text, macros, evaluator)
    return Plan(expanded, plan_pipeline(parse_pipeline(expanded)))


def plan_pipeline(pipeline: Pipeline, *, first: bool = True) -> tuple[Step, ...]:
    """The commands of a pipeline; ``first=False`` if rows flow into it (``appendpipe``, ``foreach``)."""
    steps: list[Step] = []
    for command in pipeline.commands:
        place = command.span.place(command.text)
        try:
            parsed = _read(command, place, first=first and not steps)
            steps.append(Step(command, parsed))
            if len(steps) > 1:
                steps[-2].command.check_next(parsed)
        except HarnessError as error:
            error.where = error.where or place
            raise
    if steps:
        steps[-1].command.check_next(None)
    return tuple(steps)


def _read(command: Command, place: SplPlace, *, first: bool) -> SearchCommand:
    """One command, its arguments read and checked."""
    found = find(command.name, place)
    if not found.subsearches:
        later = substituted(found, command, first=first)
        if later is not None:
            return later
    try:
        parsed: SearchCommand = found.parse(Arguments(command))
    except SPLSyntaxError:
        # In a search expression a subsearch may stand where none can be read: as the value of a field.
        later = substituted(found, command, first=first) if command.name in _SEARCH_EXPRESSIONS else None
        if later is None:
            raise
        return later
    parsed = parsed.placed(first=first, where=place)
    parsed.check(command.text)
    return parsed


def subplan(pipeline: Pipeline, *, first: bool = True) -> Plan:
    """The plan of a subsearch."""
    text = pipeline.commands[0].text[pipeline.span.start : pipeline.span.end] if pipeline.commands else ""
    return Plan(text, plan_pipeline(pipeline, first=first))


def describe(steps: Sequence[Step]) -> str:
    """Steps as text, joined by pipes."""
    return " | ".join(step.text for step in steps)
