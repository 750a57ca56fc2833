"""What came closest to the clause that dropped the last row: the values that the rows before it had instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

from harness.client.answers import Row
from harness.client.rest import SplunkClient
from harness.errors import SPLError
from harness.runner.clauses import Step, TstatsParts
from harness.runner.stages import Expanded
from harness.runner.window import Window
from harness.spl.eval_expression import parse_eval
from harness.spl.nodes import (
    Binary,
    Call,
    Command,
    Comparison,
    Expr,
    FieldRef,
    InList,
    Literal,
    Membership,
    SearchAnd,
    SearchNode,
    SearchNot,
    SearchOr,
    Unary,
)
from harness.spl.search_expression import parse_search_expression

MAX_MISSES = 5
MAX_VALUES = 2_000
"""Distinct values of a field that are compared with what was wanted, the most frequent ones."""
_ROWS = "harness_rows"
_COMPARED = 300
"""Characters of a value that are compared."""


@dataclass(frozen=True, slots=True)
class Misses:
    """``values`` are those of ``field`` nearest to what was wanted, each with its number of rows.

    Where no row has the field there are none; ``alike`` are then fields of the rows with a name like it.
    """

    field: str
    values: tuple[tuple[str, int], ...] = ()
    alike: tuple[str, ...] = ()


def nearest_misses(
    client: SplunkClient, search: Expanded, position: int, steps: Sequence[Step], window: Window
) -> list[Misses]:
    """Of the command at ``position``, whose clauses left rows as ``steps`` tell. Empty where nothing is comparable."""
    dropped = next((number for number, step in enumerate(steps) if number and not step.rows), None)
    if dropped is None or not steps[dropped - 1].rows:
        return []
    command = search.commands[position]
    clause = steps[dropped].clause
    held = [step.clause for step in steps[1:dropped]]
    asker = _Asker(client, command, search.beginning(position), held, window)
    found = []
    try:
        for field, wanted in _wanted(command, clause):
            values = asker.values(field)
            if values:
                ranked = sorted(values, key=lambda item: _distance(item[0], wanted))
                found.append(Misses(field, tuple(ranked[:MAX_MISSES])))
            else:
                found.append(Misses(field, alike=tuple(get_close_matches(field, asker.fields(), 3, 0.5))))
    except SPLError:
        return []  # a courtesy, like the clauses
    return found


class _Asker:
    """Asks about the rows that all clauses before the one in question leave."""

    def __init__(
        self, client: SplunkClient, command: Command, before: str, held: Sequence[str], window: Window
    ) -> None:
        self._client = client
        self._window = window
        self._tstats = TstatsParts.of(command) if command.name == "tstats" else None
        self._held = held
        joined = " AND ".join(f"({text})" for text in held)
        if command.name == "where":
            self._rows = f"{before} | where {joined}" if held else before
        else:
            filtered = " ".join(held)
            self._rows = f"{before} | search {filtered}" if before and held else before
            self._rows = self._rows or f"search {filtered or 'index=*'}"

    def values(self, field: str) -> list[tuple[str, int]]:
        if self._tstats is not None:
            where = f" where {' '.join(self._held)}" if self._held else ""
            spl = f'| tstats {self._tstats.options} count as {_ROWS} {self._tstats.source}{where} by "{field}"'
        else:
            spl = f'{self._rows} | stats count as {_ROWS} by "{field}"'
        rows = self._ask(f"{spl} | sort {MAX_VALUES} - {_ROWS}")
        return [(_text(row, field), int(_text(row, _ROWS))) for row in rows]

    def fields(self) -> list[str]:
        if self._tstats is not None:
            return []
        rows = self._ask(f"{self._rows} | head 100 | table *")
        return list(dict.fromkeys(name for row in rows for name in row if not name.startswith("_")))

    def _ask(self, spl: str) -> list[Row]:
        window = self._window
        return self._client.ask(spl, earliest=window.earliest, latest=window.latest, **window.parameters)


def _text(row: Row, name: str) -> str:
    value = row.get(name, "")
    return value if isinstance(value, str) else ", ".join(value)


def _wanted(command: Command, clause: str) -> Iterator[tuple[str, list[str]]]:
    """The fields that a clause compares, each with what it would have had to be."""
    if clause.startswith("by "):
        yield from ((name, []) for name in clause.split()[1:])
    elif command.name == "where":
        expression = parse_eval(clause)
        literals = [node.text.strip('"') for node in _parts(expression) if isinstance(node, Literal)]
        names = dict.fromkeys(node.name for node in _parts(expression) if isinstance(node, FieldRef))
        yield from ((name, literals) for name in names)
    else:
        wanted: dict[str, list[str]] = {}
        for node in _terms(parse_search_expression(clause)):
            if isinstance(node, Comparison):
                wanted.setdefault(node.field, []).append(node.value.text)
            elif isinstance(node, InList):
                wanted.setdefault(node.field, []).extend(value.text for value in node.values)
        yield from wanted.items()


def _terms(node: SearchNode | None) -> Iterator[SearchNode]:
    if isinstance(node, (SearchAnd, SearchOr)):
        for item in node.items:
            yield from _terms(item)
    elif isinstance(node, SearchNot):
        yield from _terms(node.item)
    elif node is not None:
        yield node


def _parts(node: Expr) -> Iterator[Expr]:
    yield node
    if isinstance(node, Binary):
        inner: tuple[Expr, ...] = (node.left, node.right)
    elif isinstance(node, Unary):
        inner = (node.operand,)
    elif isinstance(node, Call):
        inner = node.arguments
    elif isinstance(node, Membership):
        inner = (node.operand, *node.choices)
    else:
        inner = ()
    for each in inner:
        yield from _parts(each)


def _distance(value: str, wanted: Sequence[str]) -> float:
    """0 for what holds all of a wanted text, 1 for what has nothing in common with any; numbers by their difference."""
    return min((_apart(value, each) for each in wanted), default=0.0)


def _apart(value: str, wanted: str) -> float:
    try:
        difference = abs(float(value) - float(wanted))
    except ValueError:
        text = wanted.strip("*").lower()
        if not text:
            return 0.0
        shown = value[:_COMPARED].lower()
        matcher = SequenceMatcher(None, text, shown, autojunk=False)
        return 1 - sum(block.size for block in matcher.get_matching_blocks()) / len(text)
    return difference / (1 + difference)
