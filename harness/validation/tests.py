"""A detection's own tests: are there any, and is their data there?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from harness.content.loader import is_file
from harness.content.models import AttackData, Detection, Dialect, Problem
from harness.validation.rules import ContentRule, Library, Rule, Subject, nearest, rule

LFS_HEADER = b"version https://git-lfs.github.com/spec/"


@rule
class ProductionIsTested(Rule):
    """Tests whose data must not be found do not count alone: a search that finds nothing at all would pass them."""

    id = "tests-missing"
    summary = "A production detection has at least one test that must find something, and each test has data."

    def check(self, subject: Subject) -> Iterator[Problem]:
        detection = subject.detection
        if not subject.in_use or detection.type == "Correlation" or detection.manual_test:
            return
        if not detection.tests:
            severity = "warning" if detection.dialect is Dialect.SIGMA else ""  # tests are no part of Sigma
            what = "a Sigma rule" if severity else "a production detection"
            yield self.problem(subject, "name", f"{what} needs a test", "Add one under tests:.", severity=severity)
        elif all(test.expect.maximum == 0 for test in detection.tests):
            hint = "Add one with data of the attack."
            yield self.problem(subject, "tests", "no test has to find something", hint)
        for test in detection.tests:
            if not test.attack_data:
                yield self.problem(subject, "tests", f"the test {test.name!r} has no attack_data", line=test.line)


def local_file(subject: Subject, data: AttackData) -> Path | None:
    """The path of data that is not behind a URL."""
    if urlsplit(data.data).scheme in ("http", "https") or not data.data:
        return None
    candidates = [subject.library.content.root / data.data, subject.detection.file.parent / data.data]
    return next((path for path in candidates if is_file(path)), candidates[0])


@rule
class TestDataExists(Rule):
    id = "test-data"
    severity = "warning"  # it says nothing against the detection; its tests will not be able to tell
    summary = "The local files of tests exist and are data, not git-LFS pointers."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for test in subject.detection.tests:
            for data in test.attack_data:
                path = local_file(subject, data)
                if path is None:
                    continue
                if not is_file(path):
                    hint = "Correct the path, or say with --data-root where the data is."
                    yield self.problem(subject, "tests", f"the dataset {data.data} is not there", hint, line=data.line)
                elif _is_pointer(path):
                    hint = f"Fetch it with: git lfs pull --include {data.data}"
                    message = f"the dataset {data.data} is a git-LFS pointer"
                    yield self.problem(subject, "tests", message, hint, line=data.line)


def _is_pointer(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(LFS_HEADER)) == LFS_HEADER
    except OSError:
        return False  # what cannot be read is said where it is replayed


@rule
class TestNamesDiffer(Rule):
    id = "test-name"
    severity = "warning"
    summary = "No two tests of a detection have the same name."

    def check(self, subject: Subject) -> Iterator[Problem]:
        seen: set[str] = set()
        for test in subject.detection.tests:
            if test.name in seen:
                message = f"two tests are called {test.name!r}: their results cannot be told apart"
                yield self.problem(subject, "tests", message, line=test.line)
            seen.add(test.name)


@rule
class DataSourcesExist(ContentRule):
    """It is told once for each name, at the first detection that has it."""

    id = "data-source"
    severity = "warning"
    summary = "The data sources that detections name exist, where the content describes data sources."

    def check(self, library: Library) -> Iterator[Problem]:
        known = library.data_sources
        missing: dict[str, list[Detection]] = {}
        for detection in library.content.detections if known else ():
            for name in dict.fromkeys(sources_named_by(detection)):
                if name not in known:
                    missing.setdefault(name, []).append(detection)
        for name, detections in missing.items():
            first, others = detections[0], len(detections) - 1
            also = f" ({others} more detection{'' if others == 1 else 's'} name{'s' if others == 1 else ''} it)"
            message = f"there is no data source {name!r}{also if others else ''}"
            hint = nearest(name, frozenset(known))
            yield self.problem(first.file, message, hint, line=first.line("data_source"))


def sources_named_by(detection: Detection) -> list[str]:
    """The data sources of a detection, with those joined by AND taken apart."""
    return [part.strip() for name in detection.data_sources for part in name.split(" AND ")]


@rule
class TestsCoverDataSources(Rule):
    id = "test-sourcetype"
    severity = "warning"
    summary = "A test's data comes from a source type of the data sources that the detection names."

    def check(self, subject: Subject) -> Iterator[Problem]:
        known = subject.library.data_sources
        sources = [known.get(name) for name in sources_named_by(subject.detection)]
        wanted = {source.sourcetype.lower() for source in sources if source is not None}
        if not wanted or None in sources:
            return  # what an unknown data source holds cannot be told
        for test in subject.detection.tests:
            for data in test.attack_data:
                if data.sourcetype.lower() not in wanted:
                    message = f"the data of the test {test.name!r} has the source type {data.sourcetype}"
                    hint = f"The data sources have {', '.join(sorted(wanted))}."
                    yield self.problem(subject, "tests", message, hint, line=data.line)
