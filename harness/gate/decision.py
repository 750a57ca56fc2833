"""The decision over a release: every changed detection with its objections, and those that a waiver covers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.gate.policy import Policy, Waiver
from harness.gate.rules import RULES, UNDECIDED, Case, Change


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a detection may not be released. ``waiver`` covers it, if it is still in force."""

    rule: str
    message: str
    waiver: Waiver | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Of one detection. ``undecided``: nothing stands against it but tests that ended in an error."""

    case: Case
    objections: tuple[Objection, ...]

    @property
    def standing(self) -> tuple[Objection, ...]:
        return tuple(objection for objection in self.objections if objection.waiver is None)

    @property
    def released(self) -> bool:
        return not self.standing

    @property
    def undecided(self) -> bool:
        return bool(self.standing) and all(each.rule == UNDECIDED for each in self.standing)


@dataclass(frozen=True, slots=True)
class Release:
    """All decisions, and the waivers that no longer hold or that nothing needed."""

    decisions: tuple[Decision, ...]
    expired: tuple[Waiver, ...] = ()
    unused: tuple[Waiver, ...] = ()

    @property
    def released(self) -> bool:
        return all(decision.released for decision in self.decisions)

    def count(self, change: Change) -> int:
        return sum(decision.case.change is change for decision in self.decisions)


def decide(cases: Iterable[Case], policy: Policy) -> Release:
    """Ask every rule about every changed detection."""
    decisions = []
    used: set[Waiver] = set()
    today = None
    for case in cases:
        today = case.today
        found = []
        for name, rule in RULES.items():
            waiver = _waiver(policy, case, name)
            for message in rule(case):
                found.append(Objection(name, message, waiver))
                if waiver is not None:
                    used.add(waiver)
        decisions.append(Decision(case, tuple(found)))
    names = {decision.case.detection.name for decision in decisions}
    expired = tuple(each for each in policy.waivers if today is not None and each.until < today)
    unused = tuple(each for each in policy.waivers if each.detection in names and each not in used | set(expired))
    return Release(tuple(decisions), expired, unused)


def _waiver(policy: Policy, case: Case, rule: str) -> Waiver | None:
    for waiver in policy.waivers:
        if waiver.detection == case.detection.name and waiver.rule == rule and waiver.until >= case.today:
            return waiver
    return None
