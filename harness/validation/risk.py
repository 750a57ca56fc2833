"""Risk: fields, types, scores and messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from harness.content.models import Dialect, Problem
from harness.validation.rules import Rule, Subject, nearest, rule

TOKEN = re.compile(r"\$([^$\s]+)\$")
HALF_TOKEN = re.compile(r"\$([A-Za-z_][\w.]*)|([A-Za-z_][\w.]*)\$")
"""A dollar sign on one side of a word: nothing is wrong with ADMIN$, but with the name of a field."""

RISK_TYPES = ("system", "user", "other")
THREAT_TYPES = frozenset(
    (
        *("certificate_common_name", "certificate_organization", "certificate_serial", "certificate_unit", "command"),
        *("dns_query", "domain", "email_address", "email_subject", "file_hash", "file_name", "file_path"),
        *("http_user_agent", "ip_address", "parent_process", "parent_process_name", "pipe_name", "process"),
        *("process_hash", "process_name", "registry_path", "registry_value_name", "registry_value_text", "service"),
        *("signature", "system", "tls_hash", "uri", "url", "user"),
        *("bucket_name", "loaded_file", "parent_process_path", "process_path", "registry_key_name"),
        "registry_value_data",
    )
)


def risk_key(subject: Subject) -> str:
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
                    subject, risk_key(subject), f"the risk object {each.field} has the type {each.type!r}",
                    f"The types are {', '.join(RISK_TYPES)}.",
                )  # fmt: skip


@rule
class ThreatTypesAreKnown(Rule):
    id = "threat-type"
    severity = "warning"
    summary = "A threat object's type is one that Enterprise Security content knows."

    def check(self, subject: Subject) -> Iterator[Problem]:
        if subject.detection.dialect is Dialect.OBSERVABLE:
            return  # that dialect names types in its own words
        for each in subject.detection.risk.threats:
            if each.type not in THREAT_TYPES:
                message = f"the threat object {each.field} has the type {each.type!r}"
                yield self.problem(subject, risk_key(subject), message, nearest(each.type, THREAT_TYPES))


@rule
class RiskScoresAreInRange(Rule):
    id = "risk-score"
    summary = "A risk score lies between 1 and 100."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for each in subject.detection.risk.objects:
            if not 1 <= each.score <= 100:
                yield self.problem(
                    subject, risk_key(subject), f"the risk object {each.field} scores {each.score}, not 1 to 100"
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
            yield self.problem(subject, risk_key(subject), f"a {detection.type} needs at least one risk object")
        if not detection.risk.message:
            yield self.problem(subject, risk_key(subject), f"a {detection.type} needs a risk message")


@rule
class RiskScoreIsConfidenceTimesImpact(Rule):
    id = "risk-arithmetic"
    severity = "warning"
    summary = "Where confidence and impact are given, the risk score is their product in percent."

    def check(self, subject: Subject) -> Iterator[Problem]:
        tags = subject.detection.document.get("tags")
        given = [tags.get(key) for key in ("confidence", "impact", "risk_score")] if isinstance(tags, dict) else []
        numbers = [value for value in given if isinstance(value, int | float) and not isinstance(value, bool)]
        if len(numbers) != 3:
            return
        confidence, impact, score = numbers
        product = confidence * impact / 100
        if abs(product - score) >= 1:
            message = (
                f"the risk score is {score:g}, but confidence {confidence:g} times impact {impact:g} is {product:g}"
            )
            yield self.problem(subject, "tags", message)


@rule
class RiskMessageTokensAreWhole(Rule):
    id = "message-token"
    severity = "warning"
    summary = "A field in a risk message has dollar signs on both sides."

    def check(self, subject: Subject) -> Iterator[Problem]:
        risk = subject.detection.risk
        for message in dict.fromkeys([risk.message, *(each.message for each in risk.objects)]):
            for found in HALF_TOKEN.finditer(TOKEN.sub(" ", message)):
                if (found[1] or found[2]) in subject.results.names:
                    said = f"{found[0]} in the risk message is no token, it stays as it is written"
                    hint = f"Write ${found[1] or found[2]}$."
                    yield self.problem(subject, risk_key(subject), said, hint)


SHAPES: Final = {
    "TTP": ((True,), (True, False)),
    "Anomaly": ((False,), (True,)),
    "Correlation": ((True,), (False,)),
    "Hunting": ((False,), (False,)),
}
"""Whether a detection of a type has a finding, and intermediate findings, in contentctl-ng."""


@rule
class FindingsFitType(Rule):
    """A finding is what an analyst is to look at; intermediate findings only add to an entity's risk."""

    id = "finding-type"
    summary = "A TTP or Correlation has a finding, an Anomaly intermediate findings only, and Hunting neither."

    def check(self, subject: Subject) -> Iterator[Problem]:
        detection = subject.detection
        if detection.dialect is not Dialect.FINDING or detection.type not in SHAPES:
            return
        for key, allowed in zip(("finding", "intermediate_findings"), SHAPES[detection.type], strict=True):
            has = bool(detection.document.get(key))
            if has not in allowed:
                message = f"a {detection.type} has no {key}" if has else f"a {detection.type} needs {key}"
                yield self.problem(subject, key if has else "type", message)


@rule
class FindingTitlesNameSomething(Rule):
    """Without the value of a field in it, all findings of a detection look the same."""

    id = "finding-title"
    severity = "warning"
    summary = "The title of a finding holds the value of a field."

    def check(self, subject: Subject) -> Iterator[Problem]:
        finding = subject.detection.document.get("finding")
        title = finding.get("title") if isinstance(finding, dict) else None
        if isinstance(title, str) and not TOKEN.search(title):
            yield self.problem(subject, "finding", "the title of the finding holds no $field$")
