"""The mapping of deprecated and removed content that contentctl 5.x keeps: ``removed/deprecation_mapping*.YML``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.content.models import Problem
from harness.content.yaml_document import YamlDocument, read_yaml
from harness.validation.rules import ContentRule, Library, nearest, rule

SECTIONS: Final = {
    "baselines": "baseline",
    "detections": "detection",
    "investigations": "investigation",
    "stories": "story",
}
REPLACING: Final = ("detection", "story")
GONE: Final = ("deprecated", "removed")
SHORTEST_REASON: Final = 6
_VERSION: Final = re.compile(r"\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class Entry:
    kind: str
    name: str
    version: str
    reason: str
    replacements: tuple[str, ...]
    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Thing:
    """What has a name; removed content may have been of any kind."""

    kind: str
    status: str
    file: Path
    line: int


@rule
class DeprecationsAreMapped(ContentRule):
    """The version of the app decides: before ``removed_in_version`` content is deprecated, from then on removed."""

    id = "deprecation-mapping"
    summary = (
        "The mapping of deprecated content names content that is there, in its section, with a reason, the version "
        "that removes it, the status that follows, and replacements that are in use."
    )

    def check(self, library: Library) -> Iterator[Problem]:
        entries: dict[str, Entry] = {}
        things = _things(library)
        files = sorted((library.content.root / "removed").glob("deprecation_mapping*.[Yy][Mm][Ll]"))
        for file in files:
            for entry in self._read(file):
                if isinstance(entry, Problem):
                    yield entry
                    continue
                if entry.name in entries:
                    yield self.problem(file, f"{entry.name!r} is mapped a second time", line=entry.line)
                entries[entry.name] = entry
                for message, hint in _wrong(entry, things, library.content.app.version):
                    yield self.problem(file, message, hint, line=entry.line)
        for name, thing in things.items() if files else ():
            # contentctl 5.x reads no investigations but removed ones.
            if thing.status in GONE and name not in entries and thing.kind != "investigation":
                message = f"{name!r} is {thing.status}, but {files[0].name} does not say why"
                yield self.problem(thing.file, message, line=thing.line)

    def _read(self, file: Path) -> Iterator[Entry | Problem]:
        try:
            document, problems = read_yaml(file, file.read_bytes())
        except OSError as error:
            yield self.problem(file, f"cannot be read: {error.strerror}")
            return
        yield from problems
        for section, values in (document.data if document is not None else {}).items():
            assert document is not None
            if values and section not in SECTIONS:
                hint = f"It has the sections {', '.join(SECTIONS)}."
                yield self.problem(file, f"{section} cannot be deprecated", hint, line=document.line(section))
                continue
            for number, value in enumerate(values if isinstance(values, list) else ()):
                yield self._entry(document, section, number, value)

    def _entry(self, document: YamlDocument, section: str, number: int, value: Any) -> Entry | Problem:
        line = document.line(section, number)
        if not isinstance(value, dict) or not value.get("content"):
            return self.problem(
                document.path, f"an entry of {section} does not say which content it is about", line=line
            )
        named = value.get("replacement_content")
        replacements = tuple(map(str, named if isinstance(named, list) else ()))
        version, reason = (str(value.get(key) or "") for key in ("removed_in_version", "reason"))
        return Entry(SECTIONS[section], str(value["content"]), version, reason, replacements, document.path, line)


def _things(library: Library) -> dict[str, Thing]:
    content = library.content
    found = {
        each.name: Thing(each.kind, each.status, each.file, each.lines.get("status", 1)) for each in content.described
    }
    own = {each.name: Thing("detection", each.status, each.file, each.line("status")) for each in content.detections}
    return found | own


def _wrong(entry: Entry, things: Mapping[str, Thing], app: str) -> Iterator[tuple[str, str]]:
    """What is wrong with an entry, each with a hint."""
    thing = things.get(entry.name)
    if thing is None:
        yield f"there is no content {entry.name!r}", nearest(entry.name, frozenset(things))
    elif thing.kind not in (entry.kind, "removed content"):
        yield f"{entry.name!r} is a {thing.kind}, not a {entry.kind}", ""
    if len(entry.reason) < SHORTEST_REASON:
        yield f"the reason for {entry.name!r} has less than {SHORTEST_REASON} characters", ""
    if not _VERSION.fullmatch(entry.version):
        yield f"{entry.version!r} is no version that removes {entry.name!r}", "Write it as 5.2.0."
    elif thing is not None and _VERSION.fullmatch(app):
        due = "removed" if _ordered(app) >= _ordered(entry.version) else "deprecated"
        if thing.status != due:
            said = f"goes with version {entry.version}, and the app has {app}"
            yield f"{entry.name!r} {said}: it is to be {due}, not {thing.status or 'without a status'}", ""
    for name in entry.replacements:
        other = things.get(name)
        if other is None:
            yield f"there is no content {name!r} to replace {entry.name!r}", nearest(name, frozenset(things))
        elif other.kind not in REPLACING or other.status in GONE:
            what = f"a {other.kind}" if other.kind not in REPLACING else other.status
            yield f"{name!r} is {what}: it cannot replace {entry.name!r}", ""


def _ordered(version: str) -> tuple[int, ...]:
    """For comparing: 5.2 and 5.2.0 are one version."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
