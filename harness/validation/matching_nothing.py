"""Searches that can find nothing, whatever the data, and those that read everything there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from harness.content.models import Problem
from harness.engine.retrieval import walk
from harness.spl.nodes import (
    Binary,
    Comparison,
    Expr,
    FieldRef,
    InList,
    Literal,
    SearchAnd,
    SearchNode,
    SearchNot,
    SearchOr,
)
from harness.validation.rules import Rule, Subject, rule
from harness.validation.steps import every_step, kind_of
from harness.values.values import has_wildcard, search_test

if TYPE_CHECKING:
    from harness.engine.statistics import Measure

SINGLE: Final = frozenset(("index", "source", "sourcetype", "splunk_server"))
"""Fields of which an event has one value. Any other may have several, and then each of them may satisfy a term."""

_COUNTING: Final = frozenset(
    ("count", "c", "dc", "distinct_count", "estdc", "sum", "avg", "mean", "range", "stdev", "var")
)

NARROWING: Final = frozenset(
    ("index", "source", "sourcetype", "eventtype", "tag", "host", "splunk_server", "savedsearch")
)


@rule
class SearchesCanMatch(Rule):
    """Told only where it is certain: a field that may have several values may satisfy two terms at once."""

    id = "never-matches"
    summary = "No two terms of a search exclude each other."
    searches = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        counted: set[str] = set()
        for step in every_step(subject.steps):
            counted |= _numbers(step.command)
            node = getattr(step.command, "node", None)
            if kind_of(step.command) in ("search", "tstats") and node is not None:
                for one, other in contradictions(node):
                    message = f"{_shown(one)} and {_shown(other)} exclude each other: nothing is ever found"
                    yield self.problem(subject, "search", message, line=subject.line_in_search(step.place))
            elif kind_of(step.command) == "where":
                command: Any = step.command
                found = _empty_range(command.condition, counted)
                if found:
                    yield self.problem(subject, "search", found, line=subject.line_in_search(step.place))


def contradictions(node: SearchNode) -> Iterator[tuple[Comparison, SearchNode]]:
    """Pairs of conjuncts of which the second is false wherever the first is true; the first pair of each literal."""
    conjuncts = list(_conjuncts(node))
    for one in conjuncts:
        if not isinstance(one, Comparison) or one.operator != "=" or has_wildcard(one.value.text):
            continue
        for other in conjuncts:
            if other is not one and _truth(other, one) is False:
                yield one, other
                return


def _conjuncts(node: SearchNode) -> Iterator[SearchNode]:
    if isinstance(node, SearchAnd):
        for item in node.items:
            yield from _conjuncts(item)
    else:
        yield node


def _truth(node: SearchNode, given: Comparison) -> bool | None:
    """What a term comes to in an event in which ``given`` holds; None where that is open."""
    if isinstance(node, SearchNot):
        inner = _truth(node.item, given)
        return None if inner is None else not inner
    if isinstance(node, SearchAnd | SearchOr):
        parts = [_truth(item, given) for item in node.items]
        deciding = isinstance(node, SearchOr)
        return deciding if deciding in parts else None if None in parts else not deciding
    if isinstance(node, Comparison) and node.field == given.field:
        return _compared(given, [search_test(node.operator, node.value.text)])
    if isinstance(node, InList) and node.field == given.field:
        return _compared(given, [search_test("=", value.text) for value in node.values])
    return None


def _compared(given: Comparison, tests: list[Callable[[str], bool]]) -> bool | None:
    if any(test(given.value.text.lower()) for test in tests):
        return True
    return False if given.field in SINGLE else None


def _shown(node: SearchNode) -> str:
    match node:
        case Comparison():
            return f"{node.field}{node.operator}{node.value.text}"
        case InList():
            return f"{node.field} IN ({', '.join(value.text for value in node.values)})"
        case SearchNot():
            return f"NOT {_shown(node.item)}"
        case SearchAnd():
            return f"({' '.join(map(_shown, node.items))})"
        case SearchOr():
            return f"({' OR '.join(map(_shown, node.items))})"
    return "another term"


def _numbers(command: object) -> set[str]:
    """The columns of a command that hold one number in each row."""
    measures: tuple[Measure, ...] = getattr(command, "measures", ())
    return {measure.node.name for measure in measures if measure.node.function in _COUNTING}


def _empty_range(condition: Expr, counted: set[str]) -> str:
    """Bounds of one number that leave none, as in ``count > 5 AND count < 3``; empty if there are no such."""
    lows: dict[str, tuple[float, bool]] = {}
    highs: dict[str, tuple[float, bool]] = {}
    for name, operator, number in _bounds(condition):
        if name not in counted:
            continue  # of several values, each may keep to one of the bounds
        if operator in (">", ">=", "=", "=="):
            lows[name] = max(lows.get(name, (number, False)), (number, operator == ">"))
        if operator in ("<", "<=", "=", "=="):
            # A bound that is not reached is the lower one.
            highs[name] = min(highs.get(name, (number, True)), (number, operator != "<"))
    for name, (low, above) in lows.items():
        high, reached = highs.get(name, (float("inf"), True))
        if low > high or (low == high and (above or not reached)):
            from_low, to_high = (
                f"{'above' if above else 'at least'} {low:g}",
                f"{'at most' if reached else 'below'} {high:g}",
            )
            return f"no {name} is {from_low} and {to_high}: nothing is ever found"
    return ""


def _bounds(condition: Expr) -> Iterator[tuple[str, str, float]]:
    if isinstance(condition, Binary) and condition.operator == "AND":
        yield from _bounds(condition.left)
        yield from _bounds(condition.right)
    elif (
        isinstance(condition, Binary)
        and isinstance(condition.left, FieldRef)
        and isinstance(condition.right, Literal)
        and isinstance(condition.right.value, int | float)
    ):
        yield condition.left.name, condition.operator, float(condition.right.value)


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
            if (leading or (kind == "tstats" and command.model is None)) and not _narrow(command.node):
                message = f"{kind} names neither an index nor anything else that narrows what is read"
                yield self.problem(subject, "search", message, line=subject.line_in_search(step.place))


def _narrow(node: SearchNode | None) -> bool:
    fields = {item.field for item in walk(node) if isinstance(item, Comparison | InList)} if node is not None else set()
    return any(field in NARROWING or field.startswith("tag::") for field in fields)
