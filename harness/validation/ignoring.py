"""The rules that a detection switches off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.content.models import Problem
from harness.content.root import relative
from harness.validation.rules import RULES, ContentRule, Library, Rule, Subject, nearest, rule, switches

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
    "risk-from": "The detections whose risk a test rests on exist, and make risk events.",
}
"""What is found while files are read, before any rule, by its id. Names of macros and lookups may clash there, too."""


@rule
class SwitchedOffWithReason(Rule):
    id = "ignore"
    summary = "Only rules that exist are switched off, each with a reason."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for name, reason in switches(subject.detection).items():
            if not _exists(name):
                message = f"there is no rule {name!r} to switch off"
                yield self.problem(subject, "harness", message, _near(name))
            elif not reason:
                yield self.problem(subject, "harness", f"the rule {name} is switched off without a reason: it stays on")


@rule
class SwitchedOffEverywhereWithReason(ContentRule):
    """A rule that stays on because its id is misspelt would be noticed; one whose file was renamed is not."""

    id = "harness-yml"
    summary = "harness.yml switches off only rules that exist, each with a reason, and in files that are there."

    def check(self, library: Library) -> Iterator[Problem]:
        file = library.content.root / "harness.yml"
        for each in library.content.ignored:
            if not _exists(each.rule):
                message = f"there is no rule {each.rule!r} to switch off"
                yield self.problem(file, message, _near(each.rule), line=each.line)
            elif not each.reason:
                message = f"the rule {each.rule} is switched off without a reason: it stays on"
                yield self.problem(file, message, line=each.line)
            elif not each.path.exists():
                where = relative(each.path, library.content.root)
                yield self.problem(file, f"{where}, where {each.rule} is switched off, is not there", line=each.line)


def _exists(name: str) -> bool:
    return name in RULES or name in READING


def _near(name: str) -> str:
    return nearest(name, frozenset((*READING, *RULES.names())))
