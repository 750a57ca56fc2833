"""Markdown for a pull request: the summary, then the Testing table of each detection, those that did not pass first."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import trend, words
from harness.runner.record import DetectionRecord, RunRecord, Status, TestRecord

_PASSED = {Status.PASS, Status.SKIP}


def render(record: RunRecord, history: Sequence[RunRecord] = ()) -> str:
    parts = [
        "# Detection testing\n",
        f"{words.summary_line(record)}, on {record.backend.kind} ({_escape(record.backend.version)}).\n",
    ]
    for title, lines in trend.changes(record, history).titled():
        parts += [f"**{title}**\n", *(f"- {_escape(line)}" for line in lines), ""]
    # A stable sort: within each half the order of the run stays.
    for detection in sorted(record.detections, key=_all_passed):
        parts += _detection(detection)
    return "\n".join(parts)


def _all_passed(detection: DetectionRecord) -> bool:
    return all(result.status in _PASSED for result in detection.results)


def _detection(detection: DetectionRecord) -> list[str]:
    lines = [
        f"## {_escape(detection.name)}\n",
        ", ".join([*map(_escape, words.about(detection)), f"`{detection.file}`"]) + "\n",
        f"| {' | '.join(words.COLUMNS)} |",
        f"|{'---|' * len(words.COLUMNS)}",
    ]
    lines += [f"| {' | '.join(_cells(detection, result))} |" for result in detection.results]
    lines.append("")
    for result in detection.results:
        if result.reason:
            lines += [f"**{_escape(words.test_type(detection, result))}**\n", _fenced(result.reason), ""]
    return lines


def _cells(detection: DetectionRecord, result: TestRecord) -> list[str]:
    def column(texts: list[str]) -> str:
        return "<br>".join(dict.fromkeys(texts)) or words.NOT_APPLICABLE

    return [
        _escape(words.test_type(detection, result)),
        words.status(result),
        column([_dataset(item.data) for item in result.datasets]),
        column([f"`{item.source}`" for item in result.datasets]),
        column([f"`{item.sourcetype}`" for item in result.datasets]),
    ]


def _dataset(data: str) -> str:
    name = _escape(words.dataset_name(data))
    if data.startswith(("https://", "http://")):
        return f"[{name}](<{data.replace('<', '%3C').replace('>', '%3E').replace('|', '%7C')}>)"
    return name


def _fenced(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"


def _escape(text: str) -> str:
    for character in "\\`*_[]<>|":
        text = text.replace(character, "\\" + character)
    return text
