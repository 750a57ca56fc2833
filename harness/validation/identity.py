"""Who a detection is: id, name, file, version, dates, status, type."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import date
from typing import Final

from harness.content.detections import TYPES
from harness.content.models import Dialect, Problem
from harness.validation.rules import Rule, Subject, nearest, rule

MAX_STANZA = 99
MAX_NAME = 67
"""Longer names make saved-search names that Enterprise Security refuses."""
_FILE_NAME = re.compile(r"[ \-./]")

STATUSES_OF: Final = {
    "detection": ("production", "experimental", "deprecated"),
    "baseline": ("production", "experimental", "deprecated"),
    "story": ("production", "deprecated"),
    "investigation": ("production", "deprecated", "removed"),
    "removed content": ("removed",),
}
"""The statuses of each kind of content, over all dialects; other kinds are in production."""

TOLD_WHILE_READING: Final = frozenset(("macro", "lookup", "data source"))
"""Kinds of which two with one name are told when they are read: there, macros may differ by their arguments."""


@rule
class IdIsUuid(Rule):
    id = "id-uuid"
    summary = "The id is a UUID."
    headers = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        if not subject.detection.id and subject.kind != "detection":
            return  # not all kinds of content had to have one at all times
        try:
            uuid.UUID(subject.detection.id)
        except ValueError:
            yield self.problem(
                subject, "id", f"the id {subject.detection.id!r} is no UUID", "Make one with: python -m uuid"
            )


@rule
class IdIsUnique(Rule):
    id = "id-clash"
    summary = "Nothing else in the content has the same id."
    headers = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        found = subject.library.ids[subject.detection.id.lower()]
        if found > 1:
            yield self.problem(subject, "id", f"{found} files have the id {subject.detection.id}")


@rule
class NameIsUnique(Rule):
    id = "name-clash"
    summary = "Nothing else in the content has the same name."
    headers = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        found = subject.library.names[subject.detection.name]
        if found > 1 and subject.detection.name and subject.kind not in TOLD_WHILE_READING:
            yield self.problem(subject, "name", f"{found} files are called {subject.detection.name!r}")


@rule
class NameIsShort(Rule):
    id = "name-length"
    summary = f"The name has at most {MAX_NAME} characters, that of content without a search {MAX_STANZA}."
    headers = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        if subject.detection.dialect is Dialect.SIGMA:
            return  # a rule has a title; what a saved search of it is called is decided elsewhere
        length = len(subject.detection.name)
        most = MAX_NAME if subject.kind in ("detection", "baseline", "investigation") else MAX_STANZA
        if length > most:
            yield self.problem(subject, "name", f"the name has {length} characters, more than {most}")


@rule
class FileIsNamedLikeDetection(Rule):
    id = "file-name"
    summary = "The file is called like what it holds, in lower case and with underscores."
    headers = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        wanted = _FILE_NAME.sub("_", subject.detection.name.lower()) + ".yml"
        file = subject.detection.file.name
        given = file.lower() if subject.kind == "playbook" else file
        if subject.kind == "schedule":
            return  # contentctl-ng names those of its own otherwise
        if given != wanted and subject.detection.name and subject.detection.dialect is not Dialect.SIGMA:
            yield self.problem(subject, "name", f"a {subject.kind} of this name belongs into a file called {wanted}")


@rule
class VersionIsPositive(Rule):
    id = "version"
    summary = "The version is a whole number from 1 on."
    headers = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        given = subject.detection.document.get("version")
        if isinstance(given, int) and subject.detection.version < 1:
            yield self.problem(subject, "version", f"the version is {subject.detection.version}, but begins at 1")


@rule
class DateIsPast(Rule):
    id = "date"
    summary = "The date is written YYYY-MM-DD and lies neither ahead nor before the creation."
    headers = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        text = subject.detection.date
        if not text and subject.kind != "detection":
            return
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
    summary = "The status is one that content of its kind can have: production, mostly."
    headers = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        status = subject.detection.status
        allowed = STATUSES_OF.get(subject.kind, ("production",))
        if status and status not in allowed:
            message = f"a {subject.kind} has no status {status!r}"
            yield self.problem(subject, "status", message, f"It is {' or '.join(allowed)}.")


@rule
class ReferencesAreUrls(Rule):
    id = "reference-url"
    summary = "References are http or https URLs."
    headers = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        if subject.detection.dialect is Dialect.SIGMA:
            return  # "Internal Research" is a reference as well there
        tags = subject.detection.document.get("tags")
        page = tags.get("research_site_url") if isinstance(tags, dict) else None
        for reference in (*subject.detection.references, *([page] if isinstance(page, str) else [])):
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
    headers = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        for key, limit in (("author", 255), ("description", 10_000)):
            length = len(getattr(subject.detection, key))
            if length > limit:
                yield self.problem(subject, key, f"the {key} has {length} characters, more than {limit}")


@rule
class NothingIsLeftToFillIn(Rule):
    id = "unfinished"
    summary = "No value still holds the __UPDATE__ of a template."
    headers = True

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
        enabled = detection.document.get("enabled_by_default")
        if enabled not in (None, True, False):
            yield self.problem(subject, "enabled_by_default", "enabled_by_default must be true or false")
        elif enabled and (not subject.in_use or detection.type == "Hunting"):
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
