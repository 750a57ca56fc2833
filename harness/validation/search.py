"""The search: does it parse, can it be carried out, is everything that it names there?"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from harness.content.models import Dialect, Problem
from harness.errors import HarnessError, SPLError, SplPlace, UnsupportedSPL
from harness.spl.macros import Macro, MacroTable, expand
from harness.spl.parser import blank_comments
from harness.validation.rules import Rule, Subject, rule

ORIGINAL = "%original_detection_search%"
"""What stands for the detection's own search in a drilldown."""


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
    by_apps = True
    searches = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        macros = subject.library.knowledge.macros
        for name, arity in missing_macros(subject.detection.search, macros):
            if name in subject.library.content.app.external:
                continue
            others = sorted(count for known, count in macros.table if known == name)
            if others:
                hint = f"The macro {name} takes {' or '.join(map(str, others))} arguments, not {arity}."
            else:
                hint = f"Add macros/{name}.yml, or correct the name."
            shown = f"{name}({arity})" if arity else name
            call = re.search(rf"`\s*{re.escape(name)}\b", subject.detection.search)
            place = None if call is None else SplPlace(subject.detection.search, call.start(), call.end())
            message = f"the search calls the macro `{shown}`, which is not there"
            yield self.problem(subject, "search", message, hint, line=subject.line_in_search(place))


@rule
class SearchParses(Rule):
    id = "spl-syntax"
    summary = "The search parses, and every command accepts its arguments."
    searches = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        error = subject.planned
        if not isinstance(error, HarnessError) or isinstance(error, UnsupportedSPL):
            return
        if missing_macros(subject.detection.search, subject.library.knowledge.macros):
            return
        yield self.problem(subject, "search", *_described(error), line=_line(subject, error))


@rule
class SearchIsSupported(Rule):
    id = "spl-unsupported"
    summary = "The search uses only what the embedded engine carries out exactly."
    by_apps = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        error = subject.planned
        if isinstance(error, UnsupportedSPL):
            message, hint = _described(error)
            hint = hint or "Test it on a real Splunk with --backend."
            yield self.problem(subject, "search", message, hint, line=_line(subject, error))


def _line(subject: Subject, error: HarnessError) -> int:
    return subject.line_in_search(error.where if isinstance(error.where, SplPlace) else None)


def _described(error: HarnessError) -> tuple[str, str]:
    message = error.message if error.where is None else f"{error.message}\n{error.where}"
    return message, error.hint


@rule
class FilterMacroIsLast(Rule):
    id = "filter-macro"
    summary = "The search calls the detection's own filter macro, at its end."

    def check(self, subject: Subject) -> Iterator[Problem]:
        call = f"`{subject.detection.filter_macro}`"
        search = blank_comments(subject.detection.search).rstrip()
        if not search:
            return  # there is none to end with it
        if call not in search:
            yield self.problem(
                subject, "search", f"the search does not call its filter macro {call}", f"End it with | {call}"
            )
        elif not search.endswith(call):
            hint = "Users' exceptions belong at the end, where they see the fields of the results."
            yield self.problem(
                subject, "search", f"something follows the filter macro {call}", hint, severity="warning"
            )


@rule
class DrilldownsAreThere(Rule):
    id = "drilldown-missing"
    severity = "warning"
    summary = "An alert leads on to two searches at least, one of them the detection's own."

    def check(self, subject: Subject) -> Iterator[Problem]:
        detection = subject.detection
        if detection.dialect is Dialect.OBSERVABLE or detection.type == "Hunting" or not subject.in_use:
            return
        searches = [drilldown.search for drilldown in detection.drilldowns]
        if len(searches) < 2 or not any(ORIGINAL in search for search in searches):
            key = "drilldown_searches" if searches else "name"
            yield self.problem(subject, key, f"a {detection.type} needs two drilldowns, one of them with {ORIGINAL}")


@rule
class DrilldownsParse(Rule):
    id = "drilldown"
    summary = "The searches of drilldowns parse."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for drilldown in subject.detection.drilldowns:
            error = subject.plan_of(self._text(subject, drilldown.plain_search))
            if not isinstance(error, HarnessError) or isinstance(error, UnsupportedSPL):
                continue
            if ORIGINAL in drilldown.search and isinstance(subject.planned, HarnessError):
                continue  # the detection's own search is at fault
            message = f"the drilldown {drilldown.name!r} does not parse: {error.message}"
            yield self.problem(subject, "drilldown_searches", message)

    def _text(self, subject: Subject, search: str) -> str:
        """The search with the detection's own in its place, or any search where that is known to be all right."""
        before, original, rest = search.partition(ORIGINAL)
        if original and not before.strip() and rest.lstrip().startswith("|"):
            return f"index=main {rest}"
        return search.replace(ORIGINAL, subject.detection.search)
