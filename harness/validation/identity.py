"""Who a detection is: id, name, file, version, dates, status, type."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import date

from harness.content.detections import STATUSES, TYPES
from harness.content.models import Problem
from harness.validation.rules import Rule, Subject, rule

MAX_NAME = 67
"""Longer names make saved-search names that Enterprise Security refuses."""
_FILE_NAME = re.compile(r"[ \-./]")


@rule
class IdIsUuid(Rule):
    id = "id-uuid"
    summary = "The id is a UUID."

    def check(self, subject: Subject) -> Iterator[Problem]:
        try:
            uuid.UUID(subject.detection.id)
        except ValueError:
            yield self.problem(
                subject, "id", f"the id {subject.detection.id!r} is no UUID", "Make one with: python -m uuid"
            )


@rule
class IdIsUnique(Rule):
    id = "id-clash"
    summary = "No two detections have the same id."

    def check(self, subject: Subject) -> Iterator[Problem]:
        found = subject.library.ids[subject.detection.id.lower()]
        if found > 1:
            yield self.problem(subject, "id", f"{found} detections have the id {subject.detection.id}")


@rule
class NameIsUnique(Rule):
    id = "name-clash"
    summary = "No two detections have the same name."

    def check(self, subject: Subject) -> Iterator[Problem]:
        found = subject.library.names[subject.detection.name]
        if found > 1:
            yield self.problem(subject, "name", f"{found} detections are called {subject.detection.name!r}")


@rule
class NameIsShort(Rule):
    id = "name-length"
    summary = f"The name has at most {MAX_NAME} characters."

    def check(self, subject: Subject) -> Iterator[Problem]:
        length = len(subject.detection.name)
        if length > MAX_NAME:
            yield self.problem(subject, "name", f"the name has {length} characters, more than {MAX_NAME}")


@rule
class FileIsNamedLikeDetection(Rule):
    id = "file-name"
    summary = "The file is called like the detection, in lower case and with underscores."

    def check(self, subject: Subject) -> Iterator[Problem]:
        wanted = _FILE_NAME.sub("_", subject.detection.name.lower()) + ".yml"
        if subject.detection.file.name != wanted:
            yield self.problem(subject, "name", f"a detection of this name belongs into a file called {wanted}")


@rule
class VersionIsPositive(Rule):
    id = "version"
    summary = "The version is a whole number from 1 on."

    def check(self, subject: Subject) -> Iterator[Problem]:
        if "version" in subject.detection.document and subject.detection.version < 1:
            yield self.problem(subject, "version", f"the version is {subject.detection.version}, but begins at 1")


@rule
class DateIsPast(Rule):
    id = "date"
    summary = "The date is written YYYY-MM-DD and does not lie ahead."

    def check(self, subject: Subject) -> Iterator[Problem]:
        text = subject.detection.date
        key = "date" if "date" in subject.detection.lines else "modification_date"
        try:
            moment = date.fromisoformat(text)
        except ValueError:
            yield self.problem(subject, key, f"the date {text!r} is not written YYYY-MM-DD")
            return
        if moment > subject.library.today:
            yield self.problem(subject, key, f"the date {text} lies in the future")


@rule
class TypeIsKnown(Rule):
    id = "type"
    summary = f"The type is one of {', '.join(TYPES)}."

    def check(self, subject: Subject) -> Iterator[Problem]:
        kind = subject.detection.type
        if kind and kind not in TYPES:
            yield self.problem(subject, "type", f"there is no type {kind!r}", f"The types are {', '.join(TYPES)}.")


@rule
class StatusIsKnown(Rule):
    id = "status"
    summary = f"The status is one of {', '.join(STATUSES)}."

    def check(self, subject: Subject) -> Iterator[Problem]:
        status = subject.detection.status
        if status and status not in STATUSES:
            yield self.problem(subject, "status", f"there is no status {status!r}", f"They are {', '.join(STATUSES)}.")


@rule
class ReferencesAreUrls(Rule):
    id = "reference-url"
    summary = "References are http or https URLs."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for reference in subject.detection.references:
            if not re.match(r"https?://[^\s/]+", reference):
                yield self.problem(subject, "references", f"the reference {reference!r} is no URL")


@rule
class MitreIdsAreWellFormed(Rule):
    id = "mitre-id"
    summary = "ATT&CK ids are written T1234 or T1234.567."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for each in subject.detection.mitre_attack_ids:
            if not re.fullmatch(r"T\d{4}(?:\.\d{3})?", each):
                yield self.problem(subject, _mitre_key(subject), f"{each!r} is no ATT&CK technique id")


@rule
class SubTechniquesStandAlone(Rule):
    id = "mitre-parent"
    severity = "warning"
    summary = "No ATT&CK technique stands beside its own sub-technique."

    def check(self, subject: Subject) -> Iterator[Problem]:
        ids = subject.detection.mitre_attack_ids
        for each in ids:
            if any(other.startswith(f"{each}.") for other in ids):
                message = f"{each} stands beside one of its own sub-techniques"
                yield self.problem(subject, _mitre_key(subject), message, "Keep the sub-technique.")


def _mitre_key(subject: Subject) -> str:
    return "mitre_attack_id" if "mitre_attack_id" in subject.detection.lines else "tags"
