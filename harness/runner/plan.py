"""What to test: detections, times levels, times their tests; and what is skipped, with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from harness.content.models import (
    AttackData,
    BaselineDefinition,
    Content,
    Detection,
    DetectionTest,
    Problem,
    TestBaseline,
)
from harness.content.root import relative
from harness.runner.dependencies import Dependencies
from harness.runner.keywords import Keywords
from harness.runner.record import DetectionRecord, Level
from harness.runner.replaying import TestData
from harness.runner.schedule import Schedule
from harness.runner.subject import Alert, Baseline, PlannedTest, SavedSearch, Subject
from harness.runner.subjects import subject_of
from harness.runner.window import Window

VALIDATION = "Validation"
"""The name of the one test at that level."""


def plan_run(
    content: Content,
    *,
    levels: Collection[Level],
    named: Collection[Path] = (),
    keywords: Keywords | None = None,
    data_root: Path | None = None,
) -> list[PlannedTest]:
    """The tests of a content's detections, by file, and within a detection from the cheapest level up.

    ``named`` are files that the user named one by one: their detections are tested whatever their status.
    ``keywords`` choose among detections by name, type, file and test names. Datasets that lie below ``data_root`` are
    part of the evidence.
    """
    label = content.app.label
    dependencies = Dependencies(content, data_root)
    baselines = {baseline.name: baseline for baseline in content.baselines}
    contributors = {each.name: subject_of(each, content.root, label) for each in content.contributors}
    files = {path.resolve() for path in named}
    planned: list[PlannedTest] = []
    for detection in sorted(content.detections, key=lambda detection: detection.file):
        texts = [detection.name, detection.type, str(detection.file), *(test.name for test in detection.tests)]
        if keywords is None or keywords.match(texts):
            subject = subject_of(detection, content.root, label, dependencies.evidence(detection))
            planned += _tests(
                detection, subject, levels, baselines, contributors, named=detection.file.resolve() in files
            )
    unreadable = [_unreadable(path, problems, content.root) for path, problems in broken_files(content).items()]
    return [*unreadable, *planned]


def broken_files(content: Content) -> dict[Path, list[Problem]]:
    """Files that should hold a detection but could not be read as YAML, with what is wrong with them."""
    read = {detection.file for detection in content.detections}
    described = (content.macros, content.lookups, content.data_sources, content.baselines, content.deployments)
    read |= {item.file for items in described for item in items}
    others = [content.root / folder for folder in ("macros", "lookups", "data_sources", "deployments", "baselines")]
    found: dict[Path, list[Problem]] = {}
    for problem in content.problems:
        if problem.file not in read and not any(problem.file.is_relative_to(folder) for folder in others):
            found.setdefault(problem.file, []).append(problem)
    return found


def _tests(
    detection: Detection,
    subject: Subject,
    levels: Collection[Level],
    baselines: Mapping[str, BaselineDefinition],
    contributors: Mapping[str, Subject],
    *,
    named: bool,
) -> Iterator[PlannedTest]:
    if Level.VALIDATION in levels:
        yield PlannedTest(subject, Level.VALIDATION, VALIDATION)
    reason = _why_not(detection, named=named)
    for level in (Level.UNIT, Level.INTEGRATION):
        if level not in levels:
            continue
        if reason:
            yield PlannedTest(subject, level, detection.tests[0].name if detection.tests else level.value, skip=reason)
            continue
        for test in detection.tests:
            yield _planned(subject, level, test, baselines, contributors)


def _why_not(detection: Detection, *, named: bool) -> str:
    if detection.manual_test:
        return f"to be tested by hand: {detection.manual_test}"
    if not detection.tests:
        return "the detection declares no test"
    if detection.status != "production" and not named:
        return f"the detection is {detection.status}, not production; name its file to test it all the same"
    return ""


def _planned(
    subject: Subject,
    level: Level,
    test: DetectionTest,
    baselines: Mapping[str, BaselineDefinition],
    contributors: Mapping[str, Subject],
) -> PlannedTest:
    skip = ""
    if not test.attack_data:
        skip = "the test has no attack data"
    elif level is Level.INTEGRATION and test.expect.maximum == 0:
        skip = "the test expects no rows, so there is no alert to check"
    return PlannedTest(
        subject,
        level,
        test.name,
        _data(test.attack_data),
        test.expect,
        skip,
        "\n".join(test.malformed) or ("" if subject.search.strip() else "the detection has no search"),
        Window(test.earliest or None, test.latest or None),
        tuple(_baseline(item, baselines) for item in test.baselines if item.name in baselines),
        tuple(contributors[name] for name in test.risk_from if name in contributors),
        test.known_failure,
    )


def _data(datasets: Sequence[AttackData]) -> tuple[TestData, ...]:
    return tuple(
        TestData(item.data, item.source, item.sourcetype, item.index, item.host, item.retime, item.line)
        for item in datasets
    )


def _baseline(named: TestBaseline, baselines: Mapping[str, BaselineDefinition]) -> Baseline:
    window = Window(named.earliest or None, named.latest or None)
    return Baseline(named.name, baselines[named.name].search, _data(named.attack_data), window)


def _unreadable(path: Path, problems: Sequence[Problem], root: Path) -> PlannedTest:
    """A test that stands for a file nobody can read, so that it is neither lost nor stops the others."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        digest = ""
    header = DetectionRecord(
        name=path.stem, id="", version=0, type="", status="", file=relative(path, root), sha256=digest
    )
    subject = Subject(header, path, "", Alert(), SavedSearch("", Schedule()))
    return PlannedTest(subject, Level.VALIDATION, VALIDATION, unreadable="\n".join(map(str, problems)))
