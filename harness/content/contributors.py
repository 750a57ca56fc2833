"""The detections whose risk tests rest on, by the names that tests give."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from harness.content.models import Detection, DetectionTest, Problem


def with_contributors(
    detections: tuple[Detection, ...], everything: Callable[[], Iterable[Detection]], problems: list[Problem]
) -> tuple[tuple[Detection, ...], tuple[Detection, ...]]:
    """The detections, and those that their tests name, wherever in the content they are: ``everything`` reads it all.

    A test that names one in vain is malformed, and that is noted.
    """
    wanted = {name for each in detections for test in each.tests for name in test.risk_from}
    known = {each.name: each for each in detections}
    if wanted - known.keys():
        known = {each.name: each for each in everything()} | known

    def checked(detection: Detection, number: int, test: DetectionTest) -> DetectionTest:
        found = list(_problems(detection, number, test, known))
        problems.extend(found)
        return test.broken(tuple(map(str, found))) if found else test

    judged = tuple(
        replace(each, tests=tuple(checked(each, number, test) for number, test in enumerate(each.tests)))
        for each in detections
    )
    return judged, tuple(known[name] for name in sorted(wanted & known.keys()))


def _problems(
    detection: Detection, number: int, test: DetectionTest, known: Mapping[str, Detection]
) -> Iterator[Problem]:
    for name in test.risk_from:
        hint = ""
        if name == detection.name:
            message = "it cannot rest on the risk that it leaves itself"
        elif name not in known:
            message = f"there is no detection {name!r}"
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"Is {near[0]} meant?" if near else "A detection is named as the key name of its file says."
        elif not known[name].creates_risk:
            message = f"{name} makes no risk events"
        else:
            continue
        where = f"tests.{number}.risk_from"
        yield Problem("risk-from", detection.file, test.line, f"{where}: {message}", hint=hint)
