"""All static rules over content."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.content.models import Content, Described, Detection, Dialect, Problem
from harness.validation.rules import ContentRule, Library, Rule, Subject, all_rules, switches

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge


def validate(
    content: Content,
    knowledge: Knowledge,
    detections: Iterable[Detection] | None = None,
    *,
    only: Collection[str] | None = None,
) -> list[Problem]:
    """Every problem of the content, or only of some of its detections, in the order of files and lines.

    ``knowledge`` is what the searches will meet: the apps, and the content's own macros and lookups. ``only`` names
    the rules to apply. A rule that the detection or the content switches off with a reason finds nothing.
    """
    library = Library(content, knowledge, datetime.now(UTC).date())
    chosen = content.detections if detections is None else tuple(detections)
    files = {detection.file: detection for detection in chosen}
    rules = [rule for rule in all_rules() if only is None or rule.id in only]
    problems = [problem for problem in content.problems if detections is None or problem.file in files]
    problems = [problem for problem in problems if only is None or problem.rule in only]
    for detection in chosen:
        subject = Subject(detection, library)
        for rule in rules:
            if isinstance(rule, Rule):
                problems.extend(rule.check(subject))
    if detections is None and content.whole:
        problems += _of_all(rules, library)
    off = {file: rules_off(file, content, files.get(file)) for file in {problem.file for problem in problems}}
    kept = [problem for problem in problems if problem.rule not in off[problem.file]]
    return sorted(kept, key=lambda problem: (str(problem.file), problem.line, problem.rule))


def _of_all(rules: Iterable[Rule | ContentRule], library: Library) -> Iterator[Problem]:
    """What is wrong with the content as a whole, and with the searches of its baselines."""
    described = [Subject(as_detection(each), library, each.kind) for each in library.content.described]
    baselines = [subject for subject in described if subject.kind == "baseline"]
    for rule in rules:
        if isinstance(rule, ContentRule):
            yield from rule.check(library)
            continue
        for subject in described if rule.headers else baselines if rule.searches else ():
            yield from rule.check(subject)


def as_detection(described: Described) -> Detection:
    """Other content for the rules that look at a header or a search only."""
    search = described.document.get("search")
    return Detection(
        name=described.name, id=described.id, version=described.version, date=described.date, author=described.author,
        status=described.status, type="", description=described.description, references=described.references,
        search=search if isinstance(search, str) else "", file=described.file, sha256="", dialect=Dialect.RBA,
        lines=described.lines, document=described.document,
    )  # fmt: skip


def rules_off(file: Path, content: Content, detection: Detection | None = None) -> frozenset[str]:
    """The rules that are switched off for a file; without a reason a rule stays on."""
    here = file.resolve()
    found = {each.rule for each in content.ignored if each.reason and here.is_relative_to(each.path.resolve())}
    own = {} if detection is None else switches(detection)
    return frozenset(found | {name for name, reason in own.items() if reason})
