"""Searches that can find nothing, whatever the data, and those that read everything there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from harness.content.models import Dialect, Problem
from harness.spl.nodes import Comparison, InList, SearchAnd, SearchNode, SearchNot, SearchOr, Term
from harness.validation.known_values import Knowing, after, unsatisfied
from harness.validation.rules import Rule, Subject, rule
from harness.validation.steps import every_step, kind_of, plans_within
from harness.values.values import has_wildcard, network_of, search_test

if TYPE_CHECKING:
    from harness.engine.plan import Step

SINGLE: Final = frozenset(("index", "source", "sourcetype", "splunk_server"))
"""Fields of which an event has one value. Any other may have several, and then each of them may satisfy a term."""

NARROWING: Final = frozenset(
    ("index", "source", "sourcetype", "eventtype", "tag", "host", "splunk_server", "savedsearch")
)


@rule
class SearchesCanMatch(Rule):
    """Told only where it is certain: a field that may have several values may satisfy two terms at once."""

    id = "never-matches"
    summary = "No two terms of a search exclude each other, nor does a condition what the commands before it leave."
    searches = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        yield from self._check(subject, subject.steps)

    def _check(self, subject: Subject, steps: Sequence[Step]) -> Iterator[Problem]:
        for step, told in impossible(steps):
            message = f"{told}: nothing is ever found"
            yield self.problem(subject, "search", message, line=subject.line_in_search(step.place))
        for step in steps:
            for inner in plans_within(step.command):
                yield from self._check(subject, inner.steps)


def impossible(steps: Sequence[Step]) -> Iterator[tuple[Step, str]]:
    """The steps that no row gets past, whatever the data, and why; those of subsearches aside."""
    known: Knowing = {}
    for step in steps:
        kind = kind_of(step.command)
        node = getattr(step.command, "node", None)
        told = contradiction(node) if kind in ("search", "tstats") and node is not None else ""
        if kind in ("search", "where"):
            told = told or unsatisfied(step.command, known)
        if told:
            yield step, told
        known = after(step.command, known)


def contradiction(node: SearchNode) -> str:
    """The first two conjuncts of which one is false wherever the other is true; empty if there are none."""
    conjuncts = list(_conjuncts(node))
    for one in conjuncts:
        for other in conjuncts:
            if other is not one and _excluded(other, one):
                return f"{_shown(one)} and {_shown(other)} exclude each other"
    return ""


def _conjuncts(node: SearchNode) -> Iterator[SearchNode]:
    if isinstance(node, SearchAnd):
        for item in node.items:
            yield from _conjuncts(item)
    else:
        yield node


def _excluded(node: SearchNode, given: SearchNode) -> bool:
    if isinstance(given, InList):
        each = [Comparison(given.field, "=", value) for value in given.values]
        return all(_truth(node, one) is False for one in each)
    return not isinstance(given, SearchNot | SearchOr) and _truth(node, given) is False


def _truth(node: SearchNode, given: SearchNode) -> bool | None:
    """What a term comes to in an event in which ``given`` holds; None where that is open."""
    if node == given:
        return True
    if isinstance(node, SearchNot):
        inner = _truth(node.item, given)
        return None if inner is None else not inner
    if isinstance(node, SearchAnd | SearchOr):
        parts = [_truth(item, given) for item in node.items]
        deciding = isinstance(node, SearchOr)
        return deciding if deciding in parts else None if None in parts else not deciding
    if not isinstance(given, Comparison) or given.operator != "=":
        return None
    if isinstance(node, Comparison) and node.field == given.field:
        return _compared(given, node.operator, [node.value.text])
    if isinstance(node, InList) and node.field == given.field:
        return _compared(given, "=", [value.text for value in node.values])
    return None


def _compared(given: Comparison, operator: str, wanted: Sequence[str]) -> bool | None:
    """Of an event with a value that is like ``given``: does it pass the comparison with one of ``wanted``?"""
    text = given.value.text.lower()
    if "/" in text and network_of(text) is not None:
        return None  # the addresses of a network are not like its text
    single = given.field in SINGLE
    if not has_wildcard(text):
        passes = any(search_test(operator, each)(text) for each in wanted)
        return True if passes else False if single else None
    if operator not in ("=", "!="):
        return None
    # What stands for anything in one pattern is text like any other for the other one, which a * of its own matches.
    if any(search_test("=", each)(text) for each in wanted):
        return operator == "=" or (False if single else None)
    apart = single and all(_apart(text, each.lower()) for each in wanted)
    return operator == "!=" if apart else None


def _apart(one: str, other: str) -> bool:
    """Two patterns that no text can match both, because of how they begin or end."""
    starts = sorted((one.partition("*")[0], other.partition("*")[0]), key=len)
    ends = sorted((one.rpartition("*")[2], other.rpartition("*")[2]), key=len)
    return not starts[1].startswith(starts[0]) or not ends[1].endswith(ends[0])


def _shown(node: SearchNode) -> str:
    match node:
        case Comparison():
            return f"{node.field}{node.operator}{node.value.text}"
        case InList():
            return f"{node.field} IN ({', '.join(value.text for value in node.values)})"
        case Term():
            return node.value.text
        case SearchNot():
            return f"NOT {_shown(node.item)}"
        case SearchAnd():
            return f"({' '.join(map(_shown, node.items))})"
        case SearchOr():
            return f"({' OR '.join(map(_shown, node.items))})"
    return "another term"


@rule
class SearchesAreNarrow(Rule):
    """Without one of these terms a search reads every event of the default indexes, each time it runs."""

    id = "no-index"
    severity = "warning"
    summary = "A search over events names an index, a source, a source type, a host, an event type or a tag."
    searches = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        for step in every_step(subject.steps):
            command: Any = step.command
            kind = kind_of(command)
            leading = kind == "search" and command.leading
            if (leading or (kind == "tstats" and command.model is None)) and not _narrow(command.node, kind):
                message = f"{kind} names neither an index nor anything else that narrows what is read"
                line = subject.line_in_search(step.place)
                yield self.problem(subject, "search", message, _pipeline_hint(subject), line=line)


def _pipeline_hint(subject: Subject) -> str:
    """Where a Sigma rule's log source is to be said."""
    if subject.detection.dialect is not Dialect.SIGMA:
        return ""
    return (
        "Name a pySigma pipeline that adds an index or source type for its log source: sigma.pipelines in harness.yml."
    )


def _narrow(node: SearchNode | None, kind: str) -> bool:
    """Whether a term narrows what is read; of alternatives one is enough, as source types come by several names."""
    match node:
        case SearchAnd(items) | SearchOr(items):
            return any(_narrow(item, kind) for item in items)
        case Comparison(field, "=", value):
            # tstats reads no event: it may well count those of all indexes.
            return _narrows(field) and (value.text != "*" or kind == "tstats")
        case InList(field):
            return _narrows(field)
    return False


def _narrows(field: str) -> bool:
    return field in NARROWING or field.startswith("tag::")
