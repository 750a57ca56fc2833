"""All static rules over content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harness.content.models import Content, Detection, Problem
from harness.validation.rules import Library, Subject, all_rules

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge


def validate(content: Content, knowledge: Knowledge, detections: Iterable[Detection] | None = None) -> list[Problem]:
    """Every problem of the content, or only of some of its detections, in the order of files and lines.

    ``knowledge`` is what the searches will meet: the apps, and the content's own macros and lookups.
    """
    library = Library(content, knowledge, datetime.now(UTC).date())
    chosen = content.detections if detections is None else tuple(detections)
    rules = all_rules()
    problems = [problem for problem in content.problems if detections is None or _of(problem, chosen)]
    for detection in chosen:
        subject = Subject(detection, library)
        ignored = ignored_rules(detection)
        for rule in rules:
            if rule.id not in ignored:
                problems.extend(rule.check(subject))
    return sorted(problems, key=lambda problem: (str(problem.file), problem.line, problem.rule))


def _of(problem: Problem, detections: Iterable[Detection]) -> bool:
    return any(problem.file == detection.file for detection in detections)


def ignored_rules(detection: Detection) -> Mapping[str, str]:
    """The rules that a detection switches off, each with its reason; without a reason it stays on."""
    own = detection.document.get("harness")
    ignore = own.get("ignore") if isinstance(own, dict) else None
    if not isinstance(ignore, dict):
        return {}
    return {str(name): str(reason) for name, reason in ignore.items() if reason}
