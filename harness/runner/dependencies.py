"""What a detection's verdict rests on: its own file and all that it uses, and one digest over them.

A file too many means a test too many; a file missed would mean a verdict of other content. So names are looked for as
words, in the search and in every macro that it calls, directly or through others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from harness.content.history import changed_paths, content_at, top_of
from harness.content.loader import is_file, yaml_files
from harness.content.models import Content, Detection, Dialect, MacroDefinition
from harness.content.root import relative
from harness.knowledge.knowledge import shipped_apps
from harness.replay.download import Downloads
from harness.replay.locate import Locator
from harness.replay.pins import read_pins
from harness.replay.store import sha256_of
from harness.spl.macros import split_call

_COMMENT = re.compile(r"```.*?```", re.DOTALL)
_CALL = re.compile(r"`([^`]+)`")
_WORD = re.compile(r"[\w.\-]+")


@dataclass(frozen=True)
class Dependencies:
    """Of the detections of one content. ``data_root`` is where their datasets are looked for first."""

    content: Content
    data_root: Path | None = None

    def files(self, detection: Detection) -> list[Path]:
        """All files but its own and datasets: macros, lookups, baselines, deployment, schedules, data sources, and the
        detections whose risk its tests rest on with all that these use."""
        used = {baseline.name for test in detection.tests for baseline in test.baselines}
        baselines = [each for each in self.content.baselines if each.name in used]
        searches = [detection.search, *(each.search for each in baselines)]
        macros = self._macros_of(searches)
        words = {word for text in searches for word in _WORD.findall(text)}
        words.update(word for macro in macros for word in _WORD.findall(macro.definition))
        found = {macro.file for macro in macros} | {baseline.file for baseline in baselines}
        for lookup in self.content.lookups:
            # A model is applied by its name without the beginning that its file has.
            names = {lookup.name, lookup.name.removeprefix("__mlspl_"), *([lookup.csv.name] if lookup.csv else [])}
            if names & words:
                found.update(path for path in (lookup.file, lookup.csv) if path is not None)
        found.update(each.file for each in self.content.deployments if each.type == detection.type)
        found.update(each.file for each in self.content.data_sources if each.name in detection.data_sources)
        if detection.document.get("schedule"):
            found.update(yaml_files(self.content.root / "schedules"))
        found.add(self.content.root / "harness.yml")
        named = {name for test in detection.tests for name in test.risk_from}
        for other in self.content.contributors:
            if other.name in named:
                found.update((other.file, *self.files(replace(other, tests=()))))
        return sorted(path for path in found if path != Path() and is_file(path))

    def datasets(self, detection: Detection) -> dict[str, Path | None]:
        """Its datasets as its tests name them, each with its file if that lies below the data root, in the content or
        at a path."""
        names: dict[str, None] = {}
        for test in detection.tests:
            names.update(dict.fromkeys(data.data for data in test.attack_data))
            names.update(dict.fromkeys(data.data for each in test.baselines for data in each.attack_data))
        return {name: next(filter(is_file, self.places(name, detection)), None) for name in names}

    def definition(self, detection: Detection) -> str:
        """A digest (SHA-256, hex) of the detection's file, of those it uses, and of the names of its datasets."""
        return _digest(self._definition(detection))

    def evidence(self, detection: Detection) -> str:
        """A digest of the above and of the datasets themselves: of what a verdict over the detection is evidence of.

        A dataset that has to be downloaded goes in by its URL and what is pinned of it, so that the digest does not
        depend on what has been.
        """
        lines = [*self._definition(detection)]
        lines += [f"{sha256_of(path)} {name}" for name, path in self.datasets(detection).items() if path is not None]
        return _digest(lines)

    def _definition(self, detection: Detection) -> Iterator[str]:
        yield f"{detection.sha256} {relative(detection.file, self.content.root)}"
        if detection.dialect is Dialect.SIGMA:
            yield detection.search  # as much the converter's work as the file's
        for path in self.files(detection):
            yield f"{sha256_of(path)} {relative(path, self.content.root)}"
        for name in self.datasets(detection):
            yield f"{self._pins.get(name, '')} {name}"

    @cached_property
    def _pins(self) -> dict[str, str]:
        return read_pins(self.content.root)

    def _macros_of(self, searches: Sequence[str]) -> list[MacroDefinition]:
        found: dict[Path, MacroDefinition] = {}
        pending = list(searches)
        while pending:
            text = _COMMENT.sub(" ", pending.pop())
            for call in _CALL.findall(text):
                for macro in self._macros.get(split_call(call)[0], ()):
                    if macro.file not in found:
                        found[macro.file] = macro
                        pending.append(macro.definition)
        return list(found.values())

    @cached_property
    def _macros(self) -> dict[str, list[MacroDefinition]]:
        """By name; macros that differ only in how many arguments they take are all counted as used."""
        found: dict[str, list[MacroDefinition]] = {}
        for macro in self.content.macros:
            found.setdefault(macro.name, []).append(macro)
        return found

    def places(self, data: str, detection: Detection) -> list[Path]:
        """Where a dataset of the detection may lie."""
        return self._locator.places(data, detection.file)

    @cached_property
    def _locator(self) -> Locator:
        return Locator(self.content.root, Downloads(offline=True), self.data_root)


@dataclass(frozen=True, slots=True)
class ChangedDetection:
    """A detection that is other than at a revision, or uses something that is. ``before`` is None for a new one,
    ``after`` for one that is gone. ``file`` is relative to the content root."""

    file: str
    before: Detection | None
    after: Detection | None


def changed_since(content: Content, revision: str, data_root: Path | None = None) -> list[ChangedDetection]:
    """The detections of a whole content that differ from a revision, by themselves or by what they use, by file.

    A detection is the same one while it keeps its id, or its file. Datasets below ``data_root`` are compared where it
    lies in the same repository. Raises UsageError where git cannot compare.
    """
    paths = {path.resolve() for path in changed_paths(top_of(content.root), revision)}
    now = Dependencies(content, data_root)
    with content_at(content.root, revision) as old:
        then = Dependencies(old)
        return [
            each
            for each in _pairs(old, content)
            if each.before is None
            or each.after is None
            or then.definition(each.before) != now.definition(each.after)
            or any(
                paths & {place.resolve(), *place.resolve().parents}
                for data in now.datasets(each.after)
                for place in now.places(data, each.after)
            )
        ]


def reached_since(content: Content, revision: str, apps: Sequence[Path], data_root: Path | None = None) -> set[Path]:
    """The files of the detections that a change since a revision reaches: by what they use, or by an app among
    ``apps`` or our own that lies in the same repository. An app is loaded for all of them, so it reaches all.
    """
    changed = {path.resolve() for path in changed_paths(top_of(content.root), revision)}
    folders = [path.resolve() for path in (*shipped_apps(), *apps)]
    if any(path.is_relative_to(folder) or path in folder.parents for path in changed for folder in folders):
        return {detection.file for detection in content.detections}
    return {each.after.file for each in changed_since(content, revision, data_root) if each.after is not None}


def _pairs(old: Content, new: Content) -> Iterator[ChangedDetection]:
    """Each detection beside the one it was: of the same file and id, else of the same id, else of the same file."""
    before = {relative(detection.file, old.root): detection for detection in old.detections}
    after = {relative(detection.file, new.root): detection for detection in new.detections}
    kept = {file for file in after if file in before and _id(before[file]) == _id(after[file])}
    moved = {_id(detection): file for file, detection in before.items() if file not in kept and detection.id}
    for file, detection in sorted(after.items()):
        origin = file if file in kept else moved.get(_id(detection), file)
        yield ChangedDetection(file, before.pop(origin, None), detection)
    for file, detection in sorted(before.items()):
        yield ChangedDetection(file, detection, None)


def _id(detection: Detection) -> str:
    return detection.id.lower()


def _digest(lines: Iterator[str] | list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def files_of(path: Path) -> list[Path]:
    """A file, or every file below a folder."""
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
