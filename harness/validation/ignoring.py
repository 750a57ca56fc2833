"""The rules that a detection switches off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.content.models import Problem
from harness.validation.rules import RULES, Rule, Subject, rule, switches

READING: Final = frozenset(
    (
        *("yaml", "duplicate-key", "missing-key", "unknown-key", "schema", "lookup-file", "name-clash"),
        *("unknown-schedule", "unknown-baseline"),
    )
)
"""Ids of the problems that are found while files are read, before any rule."""


@rule
class SwitchedOffWithReason(Rule):
    id = "ignore"
    summary = "Only rules that exist are switched off, each with a reason."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for name, reason in switches(subject.detection).items():
            if name not in RULES and name not in READING:
                yield self.problem(subject, "harness", f"there is no rule {name!r} to switch off")
            elif not reason:
                yield self.problem(subject, "harness", f"the rule {name} is switched off without a reason: it stays on")
