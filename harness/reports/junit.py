"""JUnit XML, for CI systems: a suite per detection, a case per test."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import regex

from harness.reports import words
from harness.runner.record import DetectionRecord, RunRecord, Status, TestRecord

_NOT_XML = regex.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def render(record: RunRecord) -> str:
    totals = {"name": "harness", **_counts(record.results()), "time": _seconds(record.duration_s)}
    root = ElementTree.Element("testsuites", totals)
    for detection in record.detections:
        _suite(root, detection, record.started)
    ElementTree.indent(root)
    return "<?xml version='1.0' encoding='UTF-8'?>\n" + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(root: ElementTree.Element, detection: DetectionRecord, started: str) -> None:
    attributes = {
        "name": _clean(detection.name),
        **_counts(detection.results),
        "time": _seconds(sum(result.duration_s for result in detection.results)),
        "timestamp": started,
    }
    suite = ElementTree.SubElement(root, "testsuite", attributes)
    for result in detection.results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_clean(detection.name),
            name=_clean(words.test_type(detection, result)),
            file=_clean(detection.file),
            time=_seconds(result.duration_s),
        )
        _outcome(case, result)


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
