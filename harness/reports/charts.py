"""What the HTML page draws and lists, worked out of the record: bars with their parts, and marks per level."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from harness.reports import words
from harness.runner.record import DetectionRecord, Level, RunRecord, Status
from harness.validation.techniques import known_techniques

MOST_BARS = 12
_ORDER = (Status.PASS, Status.FAIL, Status.ERROR, Status.SKIP)
_MARK = {status: text.partition(" ")[0] for status, text in words.STATUS.items()}


@dataclass(frozen=True, slots=True)
class Part:
    """``start`` and ``width`` are shares of the longest bar; ``kind`` is the class that colours it."""

    kind: str
    start: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: str
    parts: tuple[Part, ...]


def by_level(record: RunRecord) -> list[Bar]:
    statuses: dict[Level, list[Status]] = {level: [] for level in Level}
    for result in record.results():
        statuses[result.level].append(result.status)
    longest = max(map(len, statuses.values()), default=0)
    return [_bar(words.LEVEL[level], found, longest) for level, found in statuses.items() if found]


def by_tactic(record: RunRecord) -> list[Bar]:
    """The ATT&CK tactics that detections serve by their techniques, with how these detections stand."""
    tactics = known_techniques().tactics
    verdicts: dict[str, list[Status]] = defaultdict(list)
    for detection in record.detections:
        served = (tactic for technique in detection.mitre_attack for tactic in tactics.get(technique, ()))
        for tactic in dict.fromkeys(served):
            verdicts[tactic].append(words.verdict(detection))
    most = sorted(verdicts.items(), key=lambda item: (-len(item[1]), item[0]))
    longest = max((len(found) for _, found in most), default=0)
    return [_bar(tactic.replace("-", " "), found, longest) for tactic, found in most]


def slowest(record: RunRecord) -> list[Bar]:
    """The detections that took longest, in seconds over all their tests."""
    seconds = [
        (sum(result.duration_s for result in detection.results), detection.name) for detection in record.detections
    ]
    top = [each for each in sorted(seconds, key=lambda each: -each[0])[:MOST_BARS] if each[0] > 0]
    return [
        Bar(name, f"{took:.2f} s", (Part("time", 0, took / top[0][0], f"{name}: {took:.2f} s"),)) for took, name in top
    ]


def over_time(record: RunRecord, history: Sequence[RunRecord]) -> list[Bar]:
    """The newest runs, oldest first, by the verdicts of their tests; nothing if there is no earlier run."""
    if not history:
        return []
    runs = sorted([*history, record], key=lambda each: each.started)[-MOST_BARS:]
    statuses = [[result.status for result in run.results()] for run in runs]
    longest = max(map(len, statuses))
    return [_bar(run.started[:16].replace("T", " "), found, longest) for run, found in zip(runs, statuses, strict=True)]


def present(record: RunRecord) -> list[Status]:
    """The verdicts that some detection has."""
    found = {words.verdict(detection) for detection in record.detections}
    return [status for status in _ORDER if status in found]


def marks(detection: DetectionRecord, level: Level) -> str:
    """One mark per test of that level."""
    return "".join(_MARK[result.status] for result in detection.results if result.level is level)


def searchable(detection: DetectionRecord) -> str:
    """The text that the page's filter looks into, in lower case."""
    texts = [detection.name, detection.type, detection.status, detection.file, detection.id]
    texts += [*detection.mitre_attack, *detection.data_source]
    for result in detection.results:
        texts.append(words.first_line(result.reason))
        texts += [text for dataset in result.datasets for text in (dataset.data, dataset.source, dataset.sourcetype)]
    return " ".join(dict.fromkeys(filter(None, texts))).lower()


def _bar(label: str, found: Sequence[Status], longest: int) -> Bar:
    parts, start = [], 0
    for status in _ORDER:
        count = found.count(status)
        if count:
            parts.append(Part(status.value, start / longest, count / longest, f"{count} {words.STATUS[status]}"))
            start += count
    passing = sum(status in {Status.PASS, Status.SKIP} for status in found)
    return Bar(label, str(passing) if passing == len(found) else f"{passing} of {len(found)}", tuple(parts))
