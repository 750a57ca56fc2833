"""Which part of a command drops the last row: its clauses are tried one after another, over REST, on any Splunk."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.client.rest import SplunkClient
from harness.errors import SPLError
from harness.runner.stages import Expanded
from harness.runner.window import Window
from harness.spl.arguments import Arguments
from harness.spl.eval_expression import parse_eval
from harness.spl.nodes import Binary, Command, Comparison, Expr, InList, SearchAnd, SearchNode, SearchNot, SearchOr
from harness.spl.search_expression import parse_search_expression

MAX_CLAUSES = 30
"""A search with more is not taken apart: each clause costs a search."""

_ORIGIN = frozenset({"index", "source", "sourcetype", "host", "eventtype", "tag"})
"""Fields that tell where an event comes from or what it is, not what happened."""

_GROUPING = frozenset({"stats", "chart", "timechart"})
_TSTATS_OPTIONS = re.compile(r"\b(?:summariesonly|allow_old_summaries)\s*=\s*\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Step:
    """``rows`` are left when ``clause`` holds as well as all before it."""

    clause: str
    rows: int


def steps_of(client: SplunkClient, search: Expanded, position: int, window: Window) -> list[Step]:
    """How many rows each clause of the command at ``position`` leaves, beginning with what comes in.

    Empty where the command has no clauses, or they cannot be tried one by one.
    """
    command = search.commands[position]
    probe = _Probe(client, search.beginning(position), window)
    try:
        if command.name == "search":
            return probe.search(command)
        if command.name == "where":
            return probe.where(command)
        if command.name == "tstats":
            return probe.tstats(command)
        if command.name in _GROUPING:
            return probe.grouping(command)
    except SPLError:
        return []  # the explanation is a courtesy: what cannot be taken apart is not
    return []


def unreached(client: SplunkClient, search: Expanded, window: Window) -> str:
    """What the search reads, if no event is of it: a data model, or what it says of where its events come from."""
    if not search.commands or search.commands[0].name not in ("search", "tstats"):
        return ""
    try:
        return _Probe(client, "", window).unreached(search.commands[0])
    except SPLError:
        return ""


def dropping(steps: Sequence[Step]) -> tuple[Step, int] | None:
    """The step that left nothing, and how many rows there were before it."""
    for before, step in pairwise(steps):
        if before.rows and not step.rows:
            return step, before.rows
    return None


class _Probe:
    def __init__(self, client: SplunkClient, before: str, window: Window) -> None:
        self._client = client
        self._before = before
        self._window = window

    def search(self, command: Command) -> list[Step]:
        texts = _conjuncts(parse_search_expression(command.arguments), command.arguments)
        base = f"{self._before} | search " if self._before else "search "
        everything = self._before or "search index=*"
        return self._cumulative(
            [Step("events", self._rows(everything))], texts, lambda held: self._rows(base + " ".join(held))
        )

    def where(self, command: Command) -> list[Step]:
        texts = [command.arguments[item.span.start : item.span.end] for item in _terms(parse_eval(command.arguments))]
        return self._cumulative(
            [Step("rows", self._rows(self._before))],
            texts,
            lambda held: self._rows(f"{self._before} | where {' AND '.join(f'({text})' for text in held)}"),
        )

    def tstats(self, command: Command) -> list[Step]:
        parts = TstatsParts.of(command)
        head = f"| tstats {parts.options} count {parts.source}"
        first = [Step(parts.source.removeprefix("from ") or "events", self._counted(head, []))] if parts.source else []
        if not parts.source:
            first = [Step("events", self._counted(head, ["index=*"]))]
        steps = self._cumulative(first, parts.conditions, lambda held: self._counted(head, held))
        if steps and steps[-1].rows:
            steps += self._by(parts, head, steps[-1].rows)
        return steps

    def unreached(self, command: Command) -> str:
        if command.name == "search":
            origins = _conjuncts(parse_search_expression(command.arguments), command.arguments, only=_is_origin)
            return "" if not origins or self._rows(f"search {' '.join(origins)}") else " ".join(origins)
        parts = TstatsParts.of(command)
        if not parts.source or self._counted(f"| tstats {parts.options} count {parts.source}", []):
            return ""
        return parts.source.removeprefix("from ")

    def grouping(self, command: Command) -> list[Step]:
        arguments = Arguments(command)
        while not arguments.at_end and not arguments.at_keyword("BY"):
            arguments.next()
        texts = [f'"{field}"=*' for field in arguments.by_clause()]
        return self._cumulative(
            [Step("rows", self._rows(self._before))],
            texts,
            lambda held: self._rows(f"{self._before} | search {' '.join(held)}"),
        )

    def _by(self, parts: TstatsParts, head: str, rows: int) -> list[Step]:
        """tstats leaves out an event that lacks a BY field."""
        where = f" where {' '.join(parts.conditions)}" if parts.conditions else ""
        for field in parts.by:
            left = self._rows(f'{head}{where} by "{field}"')
            if not left:
                return [Step(f"by {field}", 0)]
        return [Step(f"by {' '.join(parts.by)}", 0)] if parts.by and rows else []

    def _cumulative(self, steps: list[Step], texts: Sequence[str], count: Callable[[list[str]], int]) -> list[Step]:
        if len(texts) > MAX_CLAUSES:
            return []
        for length in range(1, len(texts) + 1):
            if not steps[-1].rows:
                break
            steps.append(Step(texts[length - 1], count(list(texts[:length]))))
        return steps

    def _rows(self, spl: str) -> int:
        window = self._window
        return self._client.count(spl, earliest=window.earliest, latest=window.latest, **window.parameters)

    def _counted(self, head: str, conditions: Sequence[str]) -> int:
        spl = f"{head} where {' '.join(conditions)}" if conditions else head
        window = self._window
        rows = self._client.ask(spl, earliest=window.earliest, latest=window.latest, **window.parameters)
        return int(str(rows[0].get("count", 0))) if rows else 0


@dataclass(frozen=True, slots=True)
class TstatsParts:
    """``source`` is ``from datamodel=X`` or empty; ``conditions`` are the terms of its WHERE, ``by`` its fields."""

    options: str
    source: str
    conditions: list[str]
    by: list[str]

    @classmethod
    def of(cls, command: Command) -> TstatsParts:
        arguments = Arguments(command)
        marks: dict[str, int] = {}
        conditions: list[str] = []
        by: list[str] = []
        start = arguments.position
        while not arguments.at_end:
            if arguments.at_keyword("FROM"):
                marks["FROM"] = arguments.position
            elif arguments.at_keyword("WHERE"):
                marks["WHERE"] = arguments.position
                arguments.next()
                conditions = _conjuncts(arguments.search_expression({"BY", "GROUPBY"}), command.text)
                continue
            elif arguments.at_keyword("BY", "GROUPBY"):
                marks["BY"] = arguments.position
                arguments.next()
                by = arguments.field_list({"SPAN"})
                break
            arguments.next()
        end = marks.get("WHERE", marks.get("BY", command.arguments_span.end))
        source = command.text[marks["FROM"] : end].strip() if "FROM" in marks else ""
        options = " ".join(_TSTATS_OPTIONS.findall(command.text[start : marks.get("FROM", end)]))
        return cls(options, source, conditions, by)


def _conjuncts(node: SearchNode | None, text: str, *, only: Callable[[SearchNode], bool] = lambda _: True) -> list[str]:
    """The terms that must all hold, as texts that can stand beside others; ``node`` was read from ``text``."""
    if node is None:
        return []
    return [_written(item, text) for item in (node.items if isinstance(node, SearchAnd) else (node,)) if only(item)]


def _is_origin(node: SearchNode) -> bool:
    if isinstance(node, SearchAnd | SearchOr):
        return all(map(_is_origin, node.items))
    return isinstance(node, Comparison | InList) and node.field.partition("::")[0].lower() in _ORIGIN


def _written(node: SearchNode, text: str) -> str:
    """A search expression as text: its terms as they were written, held together by parentheses of ours."""
    if isinstance(node, SearchAnd):
        return f"({' '.join(_written(item, text) for item in node.items)})"
    if isinstance(node, SearchOr):
        return f"({' OR '.join(_written(item, text) for item in node.items)})"
    if isinstance(node, SearchNot):
        return f"NOT {_written(node.item, text)}"
    return text[node.span.start : node.span.end]


def _terms(expression: Expr) -> list[Expr]:
    if isinstance(expression, Binary) and expression.operator == "AND":
        return [*_terms(expression.left), *_terms(expression.right)]
    return [expression]
