"""A detection's own tests: are there any, and is their data there?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from harness.content.models import AttackData, Problem
from harness.validation.rules import Rule, Subject, rule

LFS_HEADER = b"version https://git-lfs.github.com/spec/"


@rule
class ProductionIsTested(Rule):
    id = "tests-missing"
    summary = "A production detection has at least one test, and each test has data."

    def check(self, subject: Subject) -> Iterator[Problem]:
        detection = subject.detection
        if not subject.in_use or detection.type == "Correlation" or detection.manual_test:
            return
        if not detection.tests:
            yield self.problem(subject, "name", "a production detection needs a test", "Add one under tests:.")
        for test in detection.tests:
            if not test.attack_data:
                yield Problem(
                    self.id, detection.file, test.line, f"the test {test.name!r} has no attack_data", self.severity
                )


def local_file(subject: Subject, data: AttackData) -> Path | None:
    """The path of data that is not behind a URL."""
    if urlsplit(data.data).scheme in ("http", "https") or not data.data:
        return None
    candidates = [subject.library.content.root / data.data, subject.detection.file.parent / data.data]
    return next((path for path in candidates if path.exists()), candidates[0])


@rule
class TestDataExists(Rule):
    id = "test-data"
    summary = "The local files of tests exist and are data, not git-LFS pointers."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for test in subject.detection.tests:
            for data in test.attack_data:
                path = local_file(subject, data)
                if path is None:
                    continue
                place = (self.id, subject.detection.file, data.line)
                if not path.is_file():
                    yield Problem(*place, f"the dataset {data.data} is not there", self.severity)
                elif _is_pointer(path):
                    hint = "Fetch it with: git lfs pull --include " + data.data
                    yield Problem(*place, f"the dataset {data.data} is a git-LFS pointer", self.severity, hint)


def _is_pointer(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(LFS_HEADER)) == LFS_HEADER


@rule
class TestSourcetypesAreDeclared(Rule):
    id = "data-source"
    severity = "warning"
    summary = "The data sources that a detection names exist, where the content describes data sources."

    def check(self, subject: Subject) -> Iterator[Problem]:
        known = {source.name for source in subject.library.content.data_sources}
        if not known:
            return
        for name in subject.detection.data_sources:
            for part in name.split(" AND "):
                if part.strip() not in known:
                    yield self.problem(subject, "data_source", f"there is no data source {part.strip()!r}")
