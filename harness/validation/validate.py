"""All static rules over content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harness.content.models import Content, Detection, Problem
from harness.knowledge.lookups import Lookup, Table, match_types
from harness.spl.macros import Macro
from harness.validation.rules import Library, Subject, all_rules

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge


def validate(content: Content, knowledge: Knowledge, detections: Iterable[Detection] | None = None) -> list[Problem]:
    """Every problem of the content, or only of some of its detections, in the order of files and lines.

    ``knowledge`` is without the content's own macros and lookups; they are laid over it here.
    """
    library = Library(content, with_content(knowledge, content), datetime.now(UTC).date())
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


def with_content(knowledge: Knowledge, content: Content) -> Knowledge:
    """Knowledge with a content root's macros and lookups, and an empty filter macro for each detection without one."""
    known = {macro.name for macro in content.macros}
    filters = [
        Macro(detection.filter_macro, (), "search *")
        for detection in content.detections
        if detection.filter_macro not in known
    ]
    macros = [Macro(macro.name, macro.arguments, macro.definition) for macro in content.macros]
    return knowledge.overlay([*filters, *macros], _lookups(content))


def _lookups(content: Content) -> dict[str, Lookup]:
    found: dict[str, Lookup] = {}
    for each in content.lookups:
        if each.kind == "csv" and each.csv is not None:
            table = Table.from_csv(each.csv.read_bytes(), each.csv)
        elif each.kind == "kvstore":
            names = [name.strip() for name in each.settings.get("fields_list", "").split(",") if name.strip()]
            table = Table(names, [])
        else:
            continue
        found[each.name] = Lookup(
            each.name,
            table,
            match_types(each.settings.get("match_type", "")),
            case_sensitive=each.settings.get("case_sensitive_match", "true").lower() not in ("false", "0"),
            minimum=int(each.settings.get("min_matches") or (1 if each.settings.get("default_match") else 0)),
            maximum=int(each.settings.get("max_matches") or 1000),
            default=each.settings.get("default_match", ""),
            kind=each.kind if each.kind == "kvstore" else "file",
            filename=each.csv.name if each.csv else "",
        )
    return found
