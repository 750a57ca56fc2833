"""All the commands of a search, those in its subsearches included."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from harness.engine.commands import SearchCommand
from harness.engine.plan import Plan, Step
from harness.engine.substitution import Bracket, Substituted


def kind_of(command: SearchCommand) -> str:
    """The command's first name; empty for one whose arguments are known only when its subsearches have run."""
    return "" if isinstance(command, Substituted) else command.names[0]


def plans_within(command: SearchCommand) -> Iterator[Plan]:
    """The plans of a command's subsearches."""
    attributes: Any = command  # every command is a dataclass
    for attribute in dataclasses.fields(attributes):
        yield from _plans(getattr(command, attribute.name))


def _plans(value: object) -> Iterator[Plan]:
    if isinstance(value, Plan):
        yield value
    elif isinstance(value, Bracket):
        yield value.plan
    elif isinstance(value, dict | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _plans(item)


def every_step(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps and, after each, those of its subsearches."""
    for step in steps:
        yield step
        for plan in plans_within(step.command):
            yield from every_step(plan.steps)
