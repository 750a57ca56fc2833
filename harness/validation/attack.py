"""ATT&CK techniques: do they exist, and are they still in use?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.content.models import Dialect, Problem
from harness.validation.rules import Rule, Subject, rule
from harness.validation.techniques import Techniques, known_techniques

NUMBERS_OF_A_FEW_YEARS = 50
_WELL_FORMED = re.compile(r"T\d{4}(?:\.\d{3})?")


@rule
class MitreIdsAreWellFormed(Rule):
    id = "mitre-id"
    summary = "ATT&CK ids are written T1234 or T1234.567."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for each in subject.detection.mitre_attack_ids:
            if not _WELL_FORMED.fullmatch(each):
                yield self.problem(subject, _mitre_key(subject), f"{each!r} is no ATT&CK technique id")


@rule
class SubTechniquesStandAlone(Rule):
    id = "mitre-parent"
    severity = "warning"
    summary = "No ATT&CK technique stands beside its own sub-technique."

    def check(self, subject: Subject) -> Iterator[Problem]:
        if subject.detection.dialect in (Dialect.OBSERVABLE, Dialect.SIGMA):
            return  # content of that time names both as a rule, and so do Sigma rules
        ids = subject.detection.mitre_attack_ids
        for each in ids:
            if any(other.startswith(f"{each}.") for other in ids):
                message = f"{each} stands beside one of its own sub-techniques"
                yield self.problem(subject, _mitre_key(subject), message, "Keep the sub-technique.")


@rule
class TechniquesExist(Rule):
    """The ids are held against a list that is shipped with this program, of the ATT&CK version that it names.
    Those that come just after the last of them are taken for newer ones.
    """

    id = "mitre-unknown"
    severity = "warning"
    summary = "The ATT&CK techniques that a detection names exist."

    def check(self, subject: Subject) -> Iterator[Problem]:
        known = known_techniques()
        for each in subject.detection.mitre_attack_ids:
            if _WELL_FORMED.fullmatch(each) and each not in known.status and not _is_newer(each, known):
                yield self.problem(
                    subject, _mitre_key(subject), f"ATT&CK {known.version} has no technique {each}",
                    "Correct it, or switch this rule off for a technique of a newer version.",
                )  # fmt: skip


@rule
class TechniquesAreInUse(Rule):
    """A revoked id leads nowhere in tools that colour a matrix, so that the detection is counted as no coverage."""

    id = "mitre-revoked"
    severity = "warning"
    summary = "The ATT&CK techniques that a detection names are neither revoked nor deprecated."

    def check(self, subject: Subject) -> Iterator[Problem]:
        known = known_techniques()
        for each in subject.detection.mitre_attack_ids:
            message, hint = _withdrawn(each, known)
            if message:
                yield self.problem(subject, _mitre_key(subject), message, hint)


def _withdrawn(technique: str, known: Techniques) -> tuple[str, str]:
    status = known.status.get(technique, "")
    if not status:
        return "", ""
    if status == "deprecated":
        return f"ATT&CK {known.version} has deprecated {technique}", ""
    instead = status.partition(" ")[2]
    hint = f"It is {instead} now." if instead else ""
    return f"ATT&CK {known.version} has revoked {technique}", hint


def _is_newer(technique: str, known: Techniques) -> bool:
    """New techniques are numbered on: one just above all that are known may well exist by now."""
    last = max(int(each[1:5]) for each in known.status)
    return last < int(technique[1:5]) <= last + NUMBERS_OF_A_FEW_YEARS


def _mitre_key(subject: Subject) -> str:
    return "mitre_attack_id" if "mitre_attack_id" in subject.detection.lines else "tags"
