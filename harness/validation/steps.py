"""All the commands of a search, those in its subsearches included."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from harness.engine.commands import SearchCommand
from harness.engine.plan import Plan, Step


def plans_within(command: SearchCommand) -> Iterator[Plan]:
    """The plans of a command's subsearches."""
    attributes: Any = command  # every command is a dataclass
    for attribute in dataclasses.fields(attributes):
        value = getattr(command, attribute.name)
        for plan in value.values() if isinstance(value, dict) else (value,):
            if isinstance(plan, Plan):
                yield plan


def every_step(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps and, after each, those of its subsearches."""
    for step in steps:
        yield step
        for plan in plans_within(step.command):
            yield from every_step(plan.steps)
