"""What the content holds and nothing uses, and what its app is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

from harness.content.loader import yaml_files
from harness.content.models import Content, Problem
from harness.validation.rules import ContentRule, Library, rule

_WORD: Final = re.compile(r"[\w.\-]+")
_APP_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_DATA_FILES: Final = (".csv", ".mlmodel")


class Words:
    """The words that stand somewhere in the content's searches, and in what they call."""

    def __init__(self, content: Content) -> None:
        self._content = content

    @cached_property
    def outside_macros(self) -> frozenset[str]:
        texts = [each.search for each in self._content.detections]
        texts += [each.search for each in self._content.baselines]
        texts += [each.search for detection in self._content.detections for each in detection.drilldowns]
        texts += [text for folder in ("investigations", "dashboards", "app_template") for text in self._files(folder)]
        return frozenset(word for text in texts for word in _WORD.findall(text))

    def of_macro(self, name: str) -> Iterator[str]:
        """The words of all macros but those of one name: calling itself is no use."""
        for macro in self._content.macros:
            if macro.name != name:
                yield from _WORD.findall(macro.definition)

    def _files(self, folder: str) -> Iterator[str]:
        """Content of other kinds may use macros and lookups, too; it is not read but for its words."""
        for path in (self._content.root / folder).rglob("*"):
            if path.suffix in (".yml", ".yaml", ".json", ".conf", ".xml") and path.is_file():
                yield path.read_text(encoding="utf-8", errors="replace")


@rule
class MacrosAreUsed(ContentRule):
    """A filter macro counts as used by the detection that is called like it."""

    id = "unused-macro"
    severity = "warning"
    summary = "Every macro is called by something."

    def check(self, library: Library) -> Iterator[Problem]:
        words = Words(library.content)
        filters = {detection.filter_macro for detection in library.content.detections}
        for macro in library.content.macros:
            used = macro.name in words.outside_macros or macro.name in filters
            if not used and macro.name not in set(words.of_macro(macro.name)):
                yield self.problem(macro.file, f"nothing calls the macro {macro.name}")


@rule
class LookupsAreUsed(ContentRule):
    id = "unused-lookup"
    severity = "warning"
    summary = "Every lookup is used by something."

    def check(self, library: Library) -> Iterator[Problem]:
        words = Words(library.content)
        in_macros = set(words.of_macro(""))
        for lookup in library.content.lookups:
            if lookup.kind == "csv" and lookup.csv is None:
                continue  # another rule's to say
            # A model is applied by its name without the beginning that its file has.
            names = {lookup.name, lookup.name.removeprefix("__mlspl_"), *([lookup.csv.name] if lookup.csv else [])}
            if not names & words.outside_macros and not names & in_macros:
                yield self.problem(lookup.file, f"nothing uses the lookup {lookup.name}")


@rule
class LookupFilesAreDescribed(ContentRule):
    """A file that no lookup names gets into no app."""

    id = "lookup-orphan"
    severity = "warning"
    summary = "Every data file in the folder lookups belongs to a lookup."

    def check(self, library: Library) -> Iterator[Problem]:
        folder = library.content.root / "lookups"
        described = {path.resolve() for lookup in library.content.lookups for path in (lookup.csv,) if path is not None}
        described |= {path.resolve().with_suffix(suffix) for path in yaml_files(folder) for suffix in _DATA_FILES}
        for path in sorted(folder.rglob("*")):
            if path.suffix in _DATA_FILES and path.is_file() and path.resolve() not in described:
                yield self.problem(path, f"no lookup names the file {path.name}", f"Describe it in {_beside(path)}.")


def _beside(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}.yml"


@rule
class AppIsNamed(ContentRule):
    id = "app-config"
    summary = "The app's id has letters, digits, - and _ only, and its version three numbers."

    def check(self, library: Library) -> Iterator[Problem]:
        app = library.content.app
        if app.id and not _APP_ID.fullmatch(app.id):
            yield self.problem(app.file, f"{app.id!r} is no id of an app", line=app.id_line)
        if app.version and not _VERSION.fullmatch(app.version):
            yield self.problem(app.file, f"{app.version!r} is no version such as 1.2.3", line=app.version_line)
