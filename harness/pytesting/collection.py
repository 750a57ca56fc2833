"""Detections collected: a file of pytest for each YAML, an item for each test at each level."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.content import find_root
from harness.content.root import MARKERS
from harness.errors import HarnessError, UsageError
from harness.pytesting.pack import Pack
from harness.runner.record import Level, Status, TestRecord
from harness.runner.subject import PlannedTest

_SEARCH = re.compile(rb"^search\s*:", re.MULTILINE)


class Failing(Exception):
    """The detection is wrong."""


class Undecided(Exception):
    """It cannot be told whether the detection is right."""


class Collection:
    """The plugin of a run that is about detections. ``asked``: the user said so, instead of naming their folder."""

    def __init__(self, config: pytest.Config, *, asked: bool, named: Sequence[Path]) -> None:
        self._config = config
        self._asked = asked
        self._named = named
        self._packs: dict[Path, Pack] = {}

    def pack_of(self, path: Path) -> Pack:
        root = find_root(path)
        if root not in self._packs:
            try:
                self._packs[root] = Pack(root, self._config.option, self._named)
            except HarnessError as error:
                raise pytest.UsageError(str(error)) from error
        return self._packs[root]

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        if file_path.suffix not in {".yml", ".yaml"}:
            return None
        try:
            root = find_root(file_path.parent)
        except UsageError:
            return None
        if not file_path.resolve().is_relative_to((root / MARKERS[1]).resolve()):
            return None
        # Other projects have folders of that name too: what nobody declared to be content must look like it.
        if not self._asked and not (root / MARKERS[0]).is_file() and not _SEARCH.search(file_path.read_bytes()):
            return None
        pack = self.pack_of(root)
        if not pack.tests_of(file_path):
            return None
        return DetectionFile.from_parent(parent, path=file_path, pack=pack)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for pack in self._packs.values():
            pack.selected = {
                item.position for item in session.items if isinstance(item, DetectionTest) and item.pack is pack
            }

    def pytest_unconfigure(self) -> None:
        for pack in self._packs.values():
            pack.close()


class DetectionFile(pytest.File):
    def __init__(self, *, pack: Pack, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._pack = pack

    def collect(self) -> Iterator[pytest.Item]:
        seen: dict[str, int] = {}
        for position in self._pack.tests_of(self.path):
            test = self._pack.plan[position]
            name = test.level.value if test.level is Level.VALIDATION else f"{test.level.value}[{test.name}]"
            seen[name] = seen.get(name, 0) + 1
            yield DetectionTest.from_parent(
                self,
                name=name if seen[name] == 1 else f"{name}-{seen[name]}",
                pack=self._pack,
                position=position,
            )


class DetectionTest(pytest.Item):
    """One test of a detection. Its markers are the level, the type and each data source, as words: ``-m "unit and
    ttp and sysmon_eventid_1"``."""

    def __init__(self, *, pack: Pack, position: int, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.pack = pack
        self.position = position
        header = self.test.subject.header
        self.extra_keyword_matches.update([header.name, header.type])
        for text in (self.test.level.value, header.type, *header.data_source):
            self._mark(text)
        if self.config.pluginmanager.hasplugin("xdist"):
            # With --dist loadgroup the tests of a detection stay together, so that none of them is run twice.
            self.add_marker(pytest.mark.xdist_group(header.file))

    @property
    def test(self) -> PlannedTest:
        return self.pack.plan[self.position]

    def _mark(self, text: str) -> None:
        word = re.sub(r"\W+", "_", text.lower()).strip("_")
        if word:
            if word not in self.pack.markers:  # declared, as --strict-markers wants it
                self.pack.markers.add(word)
                self.config.addinivalue_line("markers", f"{word}: {text}")
            self.add_marker(word)

    def runtest(self) -> None:
        result = self.pack.result(self.position)
        self.user_properties.append(("status", result.status.value))
        if result.status is Status.SKIP:
            pytest.skip(result.reason)
        if result.status is Status.FAIL:
            raise Failing(_told(result))
        if result.status is Status.ERROR:
            raise Undecided(_told(result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Failing):
            return f"failing: {excinfo.value}"
        if isinstance(excinfo.value, (Undecided, HarnessError)):
            return f"undecided: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"{self.test.subject.name}: {self.name}"


def _told(result: TestRecord) -> str:
    search = f"\nsearch: {result.search}" if result.search else ""
    return f"{result.reason}{search}"
