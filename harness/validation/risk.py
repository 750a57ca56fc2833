"""Risk: fields, types, scores and messages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.content.models import Problem
from harness.validation.rules import Rule, Subject, rule

TOKEN = re.compile(r"\$([^$\s]+)\$")
RISK_TYPES = ("system", "user", "other")


def _key(subject: Subject) -> str:
    keys = ("rba", "intermediate_findings", "finding", "tags")
    return next((key for key in keys if key in subject.detection.lines), "name")


@rule
class RiskTypesAreKnown(Rule):
    id = "risk-type"
    summary = f"A risk object's type is one of {', '.join(RISK_TYPES)}."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for each in subject.detection.risk.objects:
            if each.type not in RISK_TYPES:
                yield self.problem(
                    subject, _key(subject), f"the risk object {each.field} has the type {each.type!r}",
                    f"The types are {', '.join(RISK_TYPES)}.",
                )  # fmt: skip


@rule
class RiskScoresAreInRange(Rule):
    id = "risk-score"
    summary = "A risk score lies between 1 and 100."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for each in subject.detection.risk.objects:
            if not 1 <= each.score <= 100:
                yield self.problem(
                    subject, _key(subject), f"the risk object {each.field} scores {each.score}, not 1 to 100"
                )


@rule
class RiskIsDeclared(Rule):
    id = "risk-missing"
    summary = "A detection that creates risk events says whose risk, and with what message."

    def check(self, subject: Subject) -> Iterator[Problem]:
        detection = subject.detection
        if not detection.creates_risk or not subject.in_use:
            return
        if not detection.risk.objects:
            yield self.problem(subject, _key(subject), f"a {detection.type} needs at least one risk object")
        if not detection.risk.message:
            yield self.problem(subject, _key(subject), f"a {detection.type} needs a risk message")


@rule
class RiskFieldsAreProduced(Rule):
    id = "risk-field"
    summary = "Every field of the risk message, the risk objects and the threat objects occurs in the search."

    def check(self, subject: Subject) -> Iterator[Problem]:
        detection = subject.detection
        if not subject.in_use or isinstance(subject.planned, Exception):
            return
        text = subject.planned.text
        risk = detection.risk
        named = [(each.field, "risk object") for each in risk.objects]
        named += [(each.field, "threat object") for each in risk.threats]
        messages = [risk.message, *(each.message for each in risk.objects)]
        named += [(token, "token of the risk message") for message in messages for token in TOKEN.findall(message)]
        for field, what in dict.fromkeys(named):
            if not re.search(rf"(?<![A-Za-z0-9_]){re.escape(field)}(?![A-Za-z0-9_])", text):
                yield self.problem(
                    subject, _key(subject), f"the {what} {field} occurs nowhere in the search",
                    "Add it to the by clause or to the fields of the last stats or table.",
                )  # fmt: skip
