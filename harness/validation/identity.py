"""Who a detection is: id, name, file, version, dates, status, type."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import date

from harness.content.detections import STATUSES, TYPES
from harness.content.models import Dialect, Problem
from harness.validation.rules import Rule, Subject, nearest, rule

MAX_STANZA = 99
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
    summary = "Nothing else in the content has the detection's id."

    def check(self, subject: Subject) -> Iterator[Problem]:
        found = subject.library.ids[subject.detection.id.lower()]
        if found > 1:
            yield self.problem(subject, "id", f"{found} files have the id {subject.detection.id}")


@rule
class NameIsUnique(Rule):
    id = "name-clash"
    summary = "No other detection, baseline or story has the detection's name."

    def check(self, subject: Subject) -> Iterator[Problem]:
        found = subject.library.names[subject.detection.name]
        if found > 1:
            yield self.problem(subject, "name", f"{found} files are called {subject.detection.name!r}")


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
        if subject.detection.file.name != wanted and subject.detection.dialect is not Dialect.SIGMA:
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
    summary = "The date is written YYYY-MM-DD and lies neither ahead nor before the creation."

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
        created = str(subject.detection.document.get("creation_date") or "")
        if created > text and re.fullmatch(r"\d{4}-\d\d-\d\d", created):
            yield self.problem(subject, key, f"it was modified on {text}, before it was created on {created}")


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
class StanzaIsShort(Rule):
    """Enterprise Security refuses to edit a saved search whose name is longer."""

    id = "stanza-length"
    summary = f"The name of the saved search, with the app's label, has at most {MAX_STANZA} characters."

    def check(self, subject: Subject) -> Iterator[Problem]:
        name = f"{subject.library.content.app.label} - {subject.detection.name} - Rule"
        if len(name) > MAX_STANZA and len(subject.detection.name) <= MAX_NAME:
            yield self.problem(subject, "name", f"the saved search {name!r} has {len(name)} characters")


@rule
class TextsAreShort(Rule):
    id = "text-length"
    summary = "The author has at most 255 characters, the description 10,000."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for key, limit in (("author", 255), ("description", 10_000)):
            length = len(getattr(subject.detection, key))
            if length > limit:
                yield self.problem(subject, key, f"the {key} has {length} characters, more than {limit}")


@rule
class NothingIsLeftToFillIn(Rule):
    id = "unfinished"
    summary = "No value still holds the __UPDATE__ of a template."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for key, value in subject.detection.document.items():
            if "__UPDATE__" in str(value):
                yield self.problem(subject, key, f"{key} still holds the __UPDATE__ of a template")


@rule
class EnabledOnlyInUse(Rule):
    id = "enabled-by-default"
    summary = "Only a detection in production, and none of type Hunting, is enabled by default."

    def check(self, subject: Subject) -> Iterator[Problem]:
        detection = subject.detection
        if detection.document.get("enabled_by_default") is True and (not subject.in_use or detection.type == "Hunting"):
            message = f"a {detection.type} of status {detection.status} is not to be enabled by default"
            yield self.problem(subject, "enabled_by_default", message)


@rule
class DeprecationIsExplained(Rule):
    """Users of a deprecated detection need to know why, and what they should use instead."""

    id = "deprecation"
    summary = "Where a deprecation is explained, it has a reason, and what replaces the detection exists."

    def check(self, subject: Subject) -> Iterator[Problem]:
        detection = subject.detection
        info = detection.document.get("deprecation_info")
        if info is None:
            if detection.status == "deprecated" and detection.dialect is Dialect.FINDING:
                yield self.problem(subject, "status", "a deprecated detection needs deprecation_info")
            return
        if not isinstance(info, dict) or not str(info.get("reason") or "").strip():
            yield self.problem(subject, "deprecation_info", "the deprecation has no reason")
            return
        if detection.status not in ("deprecated", "removed"):
            yield self.problem(subject, "status", f"deprecation_info is given, but the status is {detection.status}")
        replacements = info.get("replacement_content")
        for name in replacements if isinstance(replacements, list) else ():
            if str(name) not in subject.library.names:
                hint = nearest(str(name), frozenset(subject.library.names))
                yield self.problem(subject, "deprecation_info", f"there is no content {name!r} to replace it", hint)


@rule
class NothingIsNamedTwice(Rule):
    id = "named-twice"
    severity = "warning"
    summary = "No list names the same data source, story, technique, CVE or reference twice."

    def check(self, subject: Subject) -> Iterator[Problem]:
        detection = subject.detection
        lists = {
            "data_source": detection.data_sources,
            "analytic_story": detection.analytic_stories,
            "mitre_attack_id": detection.mitre_attack_ids,
            "cve": detection.cves,
            "references": detection.references,
        }
        for key, values in lists.items():
            for value in dict.fromkeys(value for value in values if values.count(value) > 1):
                where = key if key in detection.lines else "tags"
                yield self.problem(subject, where, f"{key} names {value} {values.count(value)} times")


@rule
class AtomicTestsAreUuids(Rule):
    id = "atomic-guid"
    summary = "The ids of tests of Atomic Red Team are UUIDs."

    def check(self, subject: Subject) -> Iterator[Problem]:
        detection = subject.detection
        tags = detection.document.get("tags")
        given = detection.document.get("atomic_guid") or (tags.get("atomic_guid") if isinstance(tags, dict) else None)
        for each in given if isinstance(given, list) else ():
            try:
                uuid.UUID(str(each))
            except ValueError:
                key = "atomic_guid" if "atomic_guid" in detection.lines else "tags"
                yield self.problem(subject, key, f"{each!r} is no id of a test of Atomic Red Team")
