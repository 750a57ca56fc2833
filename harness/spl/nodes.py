"""The trees that SPL text is read into: a pipeline of commands, search expressions and eval expressions.

SPL has no single grammar: every command reads its own arguments. The pipeline tree therefore keeps a command's
arguments as text with its place; the command turns them into what it needs with
:class:`harness.spl.arguments.Arguments`,
which yields the expression trees below. Every node knows its place, so that an error can underline it.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Literal as OneOf
from typing import TypeAlias

from harness.errors import SplPlace


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of the text of the outermost search."""

    start: int
    end: int

    def place(self, text: str) -> SplPlace:
        return SplPlace(text, self.start, self.end)


# --- the pipeline -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """``name arguments`` between two pipes. ``arguments_span`` is where the text after the name stands in ``text``,
    the whole outermost search with macros expanded; so ``text[arguments_span.start:arguments_span.end]`` are the
    arguments, subsearches included. Two commands are equal if their names and arguments are, wherever they stand."""

    name: str
    text: str = attribute(repr=False)
    span: Span
    arguments_span: Span

    @property
    def arguments(self) -> str:
        return self.text[self.arguments_span.start : self.arguments_span.end]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Command):
            return NotImplemented
        return self.name == other.name and self.arguments.strip() == other.arguments.strip()

    def __hash__(self) -> int:
        return hash((self.name, self.arguments.strip()))


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands from left to right. A search without a leading pipe begins with the implied ``search`` command."""

    commands: tuple[Command, ...]
    span: Span = attribute(compare=False)


# --- search expressions: the search command, `where` of tstats, eventtypes, data-model constraints --------------------

ComparisonOperator: TypeAlias = OneOf["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class SearchValue:
    """The text to compare with, unescaped: ``*`` in it is a wildcard. ``quoted``: it stood in double quotes.

    ``readings`` is for what is written so that it is not known how Splunk reads it: what it may be, each as values of
    which one must match. ``text`` is then as written.
    """

    text: str
    quoted: bool = False
    readings: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """``field=value``; also ``tag=x``, ``eventtype=x``, ``index=x`` and the indexed form ``field::value``."""

    field: str
    operator: ComparisonOperator
    value: SearchValue
    span: Span = attribute(compare=False, default=Span(0, 0))
    indexed: bool = False


@dataclass(frozen=True, slots=True)
class InList:
    """``field IN (a, b*)``. ``field NOT IN (...)`` is a :class:`SearchNot` around it."""

    field: str
    values: tuple[SearchValue, ...]
    span: Span = attribute(compare=False, default=Span(0, 0))


@dataclass(frozen=True, slots=True)
class Term:
    """A bare word or a quoted phrase sought in ``_raw``; ``*`` alone matches every event."""

    value: SearchValue
    span: Span = attribute(compare=False, default=Span(0, 0))


@dataclass(frozen=True, slots=True)
class Directive:
    """``TERM(x)`` or ``CASE(x)``; with ``field`` set, ``field=CASE(x)`` or ``field=TERM(x)``."""

    kind: OneOf["TERM", "CASE"]
    text: str
    field: str | None = None
    span: Span = attribute(compare=False, default=Span(0, 0))


@dataclass(frozen=True, slots=True)
class TimeModifier:
    """``earliest=-1h``, ``latest=now``, ``_index_earliest=...`` inside a search expression."""

    name: str
    value: str
    span: Span = attribute(compare=False, default=Span(0, 0))


@dataclass(frozen=True, slots=True)
class SearchAnd:
    items: tuple[SearchNode, ...]


@dataclass(frozen=True, slots=True)
class SearchOr:
    items: tuple[SearchNode, ...]


@dataclass(frozen=True, slots=True)
class SearchNot:
    item: SearchNode


@dataclass(frozen=True, slots=True)
class Subsearch:
    """``[ ... ]`` in a search expression or as a command's argument."""

    pipeline: Pipeline
    span: Span = attribute(compare=False, default=Span(0, 0))


SearchNode: TypeAlias = (
    "Comparison | InList | Term | Directive | TimeModifier | SearchAnd | SearchOr | SearchNot | Subsearch"
)


# --- eval expressions: eval, where, stats(eval(...)), calculated fields -----------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a double-quoted string. ``text`` keeps a number as written (``1.50`` has two decimals)."""

    value: str | int | float
    text: str
    span: Span = attribute(compare=False, default=Span(0, 0))


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field by name, bare or in single quotes."""

    name: str
    span: Span = attribute(compare=False, default=Span(0, 0))
    quoted: bool = attribute(compare=False, default=False)


@dataclass(frozen=True, slots=True)
class Call:
    """``name(arguments)``. The name is as written; functions are found by its lower-case form."""

    name: str
    arguments: tuple[Expr, ...]
    span: Span = attribute(compare=False, default=Span(0, 0))


@dataclass(frozen=True, slots=True)
class Unary:
    operator: OneOf["-", "+", "NOT"]
    operand: Expr
    span: Span = attribute(compare=False, default=Span(0, 0))


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, concatenation (``.``), comparison (``=`` and ``==`` are both ``==``), LIKE, AND, OR, XOR."""

    operator: OneOf["+", "-", "*", "/", "%", ".", "==", "!=", "<", "<=", ">", ">=", "LIKE", "AND", "OR", "XOR"]
    left: Expr
    right: Expr
    span: Span = attribute(compare=False, default=Span(0, 0))


@dataclass(frozen=True, slots=True)
class Membership:
    """``field IN (a, b)`` as an operator; the function form ``in(field, a, b)`` is a :class:`Call`."""

    operand: Expr
    choices: tuple[Expr, ...]
    span: Span = attribute(compare=False, default=Span(0, 0))


Expr: TypeAlias = "Literal | FieldRef | Call | Unary | Binary | Membership"


# --- aggregations: stats, eventstats, streamstats, chart, timechart, tstats -------------------------------------------


@dataclass(frozen=True, slots=True)
class Aggregation:
    """``function(argument) AS name``: the argument is a field (wildcards allowed), an eval expression, or nothing.

    ``label`` is the column's name when there is no AS: the text as Splunk prints it (``count``, ``dc(host)``).
    ``parameter`` is the number in ``perc95`` or ``p50``. ``further`` are arguments after the first, as written
    (the span in ``sparkline(count, 1h)``).
    """

    function: str
    argument: str | Expr | None
    label: str
    alias: str | None = None
    parameter: float | None = None
    further: tuple[str, ...] = ()
    span: Span = attribute(compare=False, default=Span(0, 0))

    @property
    def name(self) -> str:
        return self.alias if self.alias is not None else self.label
