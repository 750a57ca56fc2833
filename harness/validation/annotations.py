"""What a detection is filed under: security domain, stories, CVEs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from harness.content.models import Problem
from harness.validation.rules import Rule, Subject, nearest, rule

SECURITY_DOMAINS: Final = ("access", "audit", "endpoint", "identity", "network", "threat")


@rule
class SecurityDomainIsKnown(Rule):
    id = "security-domain"
    summary = f"The security domain is one of {', '.join(SECURITY_DOMAINS)}."

    def check(self, subject: Subject) -> Iterator[Problem]:
        domain = subject.detection.security_domain
        if domain and domain not in SECURITY_DOMAINS:
            hint = f"They are {', '.join(SECURITY_DOMAINS)}."
            yield self.problem(
                subject, subject.place_of("security_domain"), f"there is no security domain {domain!r}", hint
            )


@rule
class StoriesExist(Rule):
    id = "unknown-story"
    severity = "warning"
    summary = "The analytic stories that a detection names exist, where the content describes stories."

    def check(self, subject: Subject) -> Iterator[Problem]:
        known = subject.library.stories
        for name in subject.detection.analytic_stories if known else ():
            if name not in known:
                key = subject.place_of("analytic_story")
                yield self.problem(subject, key, f"there is no analytic story {name!r}", nearest(name, known))


@rule
class CveIdsAreWellFormed(Rule):
    id = "cve-id"
    summary = "CVE ids are written CVE-2024-12345."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for each in subject.detection.cves:
            if not re.fullmatch(r"CVE-[12]\d{3}-\d{4,}", each):
                yield self.problem(subject, subject.place_of("cve"), f"{each!r} is no CVE id")
