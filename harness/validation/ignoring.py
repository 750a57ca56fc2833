"""The rules that a detection switches off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.content.models import Problem
from harness.validation.rules import RULES, Rule, Subject, rule, switches

READING: Final = {
    "yaml": "A file is YAML, and can be read.",
    "duplicate-key": "No key is given twice.",
    "missing-key": "Every key is there that content of its kind needs.",
    "unknown-key": "Every key is one that content of its kind has.",
    "schema": "Every value is of the type that its key asks for.",
    "lookup-file": "The file of a lookup is there, and its rows have as many cells as its header.",
    "unknown-schedule": "The schedule that a detection names exists.",
    "sigma": "A Sigma rule can be converted to one search.",
    "unknown-baseline": "The baselines that a test names exist.",
}
"""What is found while files are read, before any rule, by its id. Names of macros and lookups may clash there, too."""


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
