"""The search: does it parse, can it be carried out, is everything that it names there?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from harness.content.models import Problem
from harness.errors import HarnessError, SPLError, UnsupportedSPL
from harness.spl.macros import Macro, MacroTable, expand
from harness.validation.rules import Rule, Subject, rule


class _Recording:
    """A macro table that remembers what it was asked for in vain."""

    def __init__(self, table: MacroTable) -> None:
        self._table = table
        self.missing: list[tuple[str, int]] = []

    def get(self, name: str, arity: int) -> Macro | None:
        found = self._table.get(name, arity)
        if found is None:
            self.missing.append((name, arity))
            # Something to go on with, so that one run finds all that are missing.
            return Macro(name, tuple(f"argument{number}" for number in range(arity)), "")
        return found


def missing_macros(search: str, table: MacroTable) -> list[tuple[str, int]]:
    """The macros, with their numbers of arguments, that a search calls and that are not there."""
    recording = _Recording(table)
    with contextlib.suppress(SPLError):  # what else is wrong is another rule's to say
        expand(search, recording)
    return list(dict.fromkeys(recording.missing))


@rule
class MacrosExist(Rule):
    id = "unknown-macro"
    summary = "Every macro that the search calls exists with that number of arguments."

    def check(self, subject: Subject) -> Iterator[Problem]:
        macros = subject.library.knowledge.macros
        for name, arity in missing_macros(subject.detection.search, macros):
            others = sorted(count for known, count in macros.table if known == name)
            if others:
                hint = f"The macro {name} takes {' or '.join(map(str, others))} arguments, not {arity}."
            else:
                hint = f"Add macros/{name}.yml, or correct the name."
            shown = f"{name}({arity})" if arity else name
            yield self.problem(subject, "search", f"the search calls the macro `{shown}`, which is not there", hint)


@rule
class SearchParses(Rule):
    id = "spl-syntax"
    summary = "The search parses, and every command accepts its arguments."

    def check(self, subject: Subject) -> Iterator[Problem]:
        error = subject.planned
        if not isinstance(error, HarnessError) or isinstance(error, UnsupportedSPL):
            return
        if missing_macros(subject.detection.search, subject.library.knowledge.macros):
            return
        yield self.problem(subject, "search", *_described(error))


@rule
class SearchIsSupported(Rule):
    id = "spl-unsupported"
    summary = "The search uses only what the embedded engine carries out exactly."

    def check(self, subject: Subject) -> Iterator[Problem]:
        error = subject.planned
        if isinstance(error, UnsupportedSPL):
            message, hint = _described(error)
            yield self.problem(subject, "search", message, hint or "Test it on a real Splunk with --backend.")


def _described(error: HarnessError) -> tuple[str, str]:
    message = error.message if error.where is None else f"{error.message}\n{error.where}"
    return message, error.hint


@rule
class FilterMacroIsLast(Rule):
    id = "filter-macro"
    summary = "The search ends with the detection's own filter macro."

    def check(self, subject: Subject) -> Iterator[Problem]:
        detection = subject.detection
        call = f"`{detection.filter_macro}`"
        if call not in detection.search:
            yield self.problem(
                subject, "search", f"the search does not call its filter macro {call}", f"End it with | {call}"
            )
        elif not detection.search.rstrip().endswith(call):
            yield self.problem(
                subject, "search", f"something follows the filter macro {call}", "Users' exceptions belong at the end."
            )


@rule
class DrilldownsParse(Rule):
    id = "drilldown"
    summary = "The searches of drilldowns parse."

    def check(self, subject: Subject) -> Iterator[Problem]:
        from harness.engine.plan import plan

        for drilldown in subject.detection.drilldowns:
            text = drilldown.search.replace("%original_detection_search%", subject.detection.search)
            try:
                plan(text, subject.library.knowledge)
            except UnsupportedSPL:
                continue
            except SPLError as error:
                if text != drilldown.search and isinstance(subject.planned, Exception):
                    continue  # the detection's own search is at fault
                message = f"the drilldown {drilldown.name!r} does not parse: {error.message}"
                yield self.problem(subject, "drilldown_searches", message)
