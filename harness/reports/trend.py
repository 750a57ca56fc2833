"""A run beside earlier ones: what changed since the last, which tests waver, and how the numbers went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from harness.reports import words
from harness.runner.record import DetectionRecord, Level, RunRecord, Status, TestRecord

SLOWER = 2.0
"""A test is called slower from this multiple of its time on, if it also lost a second."""
_BAD = {Status.FAIL, Status.ERROR}

TestKey: TypeAlias = tuple[str, Level, str]
_Found: TypeAlias = dict[TestKey, tuple[DetectionRecord, TestRecord]]


@dataclass(frozen=True, slots=True)
class Changes:
    """Lines that name a test each. ``wavering``: other verdicts for the same file within these runs."""

    broken: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    slower: tuple[str, ...] = ()
    wavering: tuple[str, ...] = ()

    def titled(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What there is, each with its heading."""
        for title, lines in (
            ("No longer passing", self.broken),
            ("Passing again", self.mended),
            ("New", self.added),
            ("No longer tested", self.gone),
            ("Slower", self.slower),
            ("Wavering: other verdicts for the same content", self.wavering),
        ):
            if lines:
                yield title, lines


def changes(record: RunRecord, history: Sequence[RunRecord]) -> Changes:
    """What is other in ``record`` than in the newest of ``history``, and what wavers through all of them."""
    if not history:
        return Changes()
    ordered = sorted(history, key=lambda each: each.started)
    before, now = _tests(ordered[-1]), _tests(record)
    both = [key for key in now if key in before]

    def was(key: TestKey) -> TestRecord:
        return before[key][1]

    def lines(keys: Sequence[TestKey], found: _Found) -> tuple[str, ...]:
        return tuple(_line(*found[key]) for key in keys)

    return Changes(
        broken=lines([key for key in both if now[key][1].status in _BAD and was(key).status not in _BAD], now),
        mended=lines([key for key in both if now[key][1].status not in _BAD and was(key).status in _BAD], now),
        added=lines([key for key in now if key not in before], now),
        gone=lines([key for key in before if key not in now], before),
        slower=tuple(
            f"{_line(*now[key])}, {was(key).duration_s:.1f} s before, now {now[key][1].duration_s:.1f} s"
            for key in both
            if _slower(was(key).duration_s, now[key][1].duration_s)
        ),
        wavering=lines([key for key in now if _wavers(key, [*map(_tests, ordered), now])], now),
    )


def _tests(record: RunRecord) -> _Found:
    return {
        (detection.file, result.level, result.test): (detection, result)
        for detection in record.detections
        for result in detection.results
    }


def _slower(before: float, now: float) -> bool:
    return now > before * SLOWER and now - before > 1


def _wavers(key: TestKey, runs: Sequence[_Found]) -> bool:
    """The same content and yet another verdict: whatever made the difference lies outside of it."""
    statuses: dict[str, list[Status]] = {}
    for run in runs:
        if key in run:
            detection, result = run[key]
            statuses.setdefault(detection.sha256, []).append(result.status)
    return any(len(set(found)) > 1 for found in statuses.values())


def _line(detection: DetectionRecord, result: TestRecord) -> str:
    text = f"{detection.name}, {words.test_type(detection, result)}: {words.status(result)}"
    return f"{text}: {words.first_line(result.reason)}" if result.reason and result.status in _BAD else text
