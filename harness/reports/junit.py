"""JUnit XML, for CI systems: a suite per detection, a case per test.

The document is valid by the schema of Ant's reports, the strictest in use, and so by that of Jenkins: no attribute of
the whole, none on a case but name, class and time, and what else is worth knowing among the properties of the suite.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath

import regex

from harness.reports import words
from harness.runner.record import DetectionRecord, RunRecord, Status, TestRecord

_NOT_XML = regex.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def render(record: RunRecord) -> str:
    root = ElementTree.Element("testsuites")
    for number, detection in enumerate(record.detections):
        _suite(root, number, detection, record)
    ElementTree.indent(root)
    return "<?xml version='1.0' encoding='UTF-8'?>\n" + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(root: ElementTree.Element, number: int, detection: DetectionRecord, record: RunRecord) -> None:
    attributes = {
        "name": _clean(detection.name),
        "package": _clean(str(PurePosixPath(detection.file).parent)),
        "id": str(number),
        "hostname": "localhost",
        "timestamp": datetime.fromisoformat(record.started).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "time": _seconds(sum(result.duration_s for result in detection.results)),
        **_counts(detection.results),
    }
    suite = ElementTree.SubElement(root, "testsuite", attributes)
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _properties(detection, record):
        ElementTree.SubElement(properties, "property", name=name, value=_clean(value))
    for result in detection.results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_clean(detection.name),
            name=_clean(words.test_type(detection, result)),
            time=_seconds(result.duration_s),
        )
        _outcome(case, result)
    ElementTree.SubElement(suite, "system-out")
    ElementTree.SubElement(suite, "system-err")


def _properties(detection: DetectionRecord, record: RunRecord) -> Iterator[tuple[str, str]]:
    yield "file", detection.file
    yield "id", detection.id
    yield "version", str(detection.version)
    yield "type", detection.type
    yield "status", detection.status
    yield "backend", f"{record.backend.kind} {record.backend.version}"
    for result in detection.results:
        if result.flaky:
            yield "flaky", f"{words.test_type(detection, result)}: {words.first_line(result.reason)}"


def _outcome(case: ElementTree.Element, result: TestRecord) -> None:
    message = _clean(words.first_line(result.reason))
    if result.status is Status.SKIP:
        ElementTree.SubElement(case, "skipped", message=message)
    elif result.status in {Status.FAIL, Status.ERROR}:
        tag = "failure" if result.status is Status.FAIL else "error"
        ElementTree.SubElement(case, tag, message=message, type=tag).text = _clean(result.reason)


def _counts(results: list[TestRecord] | tuple[TestRecord, ...]) -> dict[str, str]:
    statuses = [result.status for result in results]
    return {
        "tests": str(len(statuses)),
        "failures": str(statuses.count(Status.FAIL)),
        "errors": str(statuses.count(Status.ERROR)),
        "skipped": str(statuses.count(Status.SKIP)),
    }


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _clean(text: str) -> str:
    """XML cannot hold control characters, not even escaped."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
