"""Which fields a command reads, and what becomes of a row that lacks one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from harness.registry import Registry
from harness.spl.nodes import (
    Binary,
    Call,
    Comparison,
    Expr,
    FieldRef,
    InList,
    Membership,
    SearchAnd,
    SearchNode,
    SearchNot,
    SearchOr,
    Unary,
)
from harness.validation.steps import kind_of
from harness.values.values import has_wildcard

if TYPE_CHECKING:
    from harness.engine.commands import SearchCommand
    from harness.engine.statistics import Measure


@dataclass(frozen=True, slots=True)
class Read:
    """``needed``: a row without the field does not get past the command."""

    field: str
    needed: bool = False


Reader = Callable[[Any], Iterable[Read]]
READERS: Final[Registry[Reader]] = Registry("reader of a command's fields")

TOLERANT: Final = frozenset(("coalesce", "isnull", "isnotnull", "null", "isstr", "isnum", "typeof"))
"""Functions that are there to ask for fields which may be missing."""

NULL_WORDS: Final = frozenset(("null", "NULL"))
"""Often written for ``null()``: a field that nobody has is null as well."""


def reads(command: SearchCommand) -> list[Read]:
    """The fields by name that the command cannot do its work without, each once.

    Left out: fields that are named for display or for good measure (``table``, ``fields``, ``convert``, ``fillnull``,
    ``rename``), and those that an expression asks whether they are there.
    """
    reader = READERS.get(kind_of(command))
    if reader is None:
        return []
    found: dict[str, Read] = {}
    for read in reader(command):
        if not has_wildcard(read.field) and (read.field not in found or read.needed):
            found[read.field] = read
    return list(found.values())


@READERS.register("stats", "chart", "top", "rare")
def _grouped(command: Any) -> Iterator[Read]:
    by = (*getattr(command, "by", ()), *getattr(command, "fields", ()))
    down = getattr(command, "down", None)
    for name in (*by, *([down] if down else [])):
        yield Read(name, needed=True)
    yield from _measured(getattr(command, "measures", ()))


@READERS.register("eventstats", "streamstats", "timechart")
def _measuring(command: Any) -> Iterator[Read]:
    for name in getattr(command, "by", ()):
        yield Read(name)
    yield from _measured(command.measures)


def _measured(measures: Iterable[Measure]) -> Iterator[Read]:
    for measure in measures:
        if measure.field is not None:
            yield Read(measure.field)
        elif measure.expression is not None:
            yield from map(Read, fields_of(measure.expression))


@READERS.register("where")
def _where(command: Any) -> Iterator[Read]:
    needed = set(needed_fields(command.condition))
    for name in fields_of(command.condition):
        yield Read(name, needed=name in needed)


@READERS.register("eval")
def _eval(command: Any) -> Iterator[Read]:
    made: set[str] = set()
    for target, expression in command.assignments:
        yield from (Read(name) for name in fields_of(expression) if name not in made)
        made.add(target)


@READERS.register("search")
def _search(command: Any) -> Iterator[Read]:
    if command.node is not None and not command.leading:
        yield from searched(command.node, needed=True)


def searched(node: SearchNode, *, needed: bool) -> Iterator[Read]:
    """A comparison holds for no row without its field, ``!=`` included; behind NOT it holds for all of them."""
    if isinstance(node, Comparison | InList):
        yield Read(node.field, needed)
    elif isinstance(node, SearchAnd):
        for item in node.items:
            yield from searched(item, needed=needed)
    elif isinstance(node, SearchOr):
        for item in node.items:
            yield from searched(item, needed=False)
    elif isinstance(node, SearchNot):
        yield from searched(node.item, needed=False)


@READERS.register("dedup")
def _dedup(command: Any) -> Iterator[Read]:
    for name in command.fields:
        yield Read(name, needed=not command.keep_empty and not command.keep_events)


@READERS.register("regex")
def _regex(command: Any) -> Iterator[Read]:
    yield Read(command.field, needed=not command.negated)


@READERS.register("rex", "mvexpand", "makemv", "bin", "nomv", "mvcombine")
def _one_field(command: Any) -> Iterator[Read]:
    yield Read(command.field)


@READERS.register("lookup")
def _lookup(command: Any) -> Iterator[Read]:
    yield from (Read(field) for _, field in command.inputs)


# --- expressions ------------------------------------------------------------------------------------------------------


def fields_of(expression: Expr) -> Iterator[str]:
    """The fields that an expression reads, apart from those that it asks anywhere whether they are there."""
    asked = set(_asked_for(expression))
    return (name for name in _named(expression) if name not in asked)


def _named(expression: Expr) -> Iterator[str]:
    if isinstance(expression, FieldRef) and expression.name not in NULL_WORDS:
        yield expression.name
    for part in _parts(expression):
        yield from _named(part)


def _asked_for(expression: Expr) -> Iterator[str]:
    if isinstance(expression, Call) and expression.name.lower() in TOLERANT:
        yield from (part.name for part in expression.arguments if isinstance(part, FieldRef))
    for part in _parts(expression):
        yield from _asked_for(part)


def needed_fields(condition: Expr) -> Iterator[str]:
    """The fields without which a condition holds for no row: those that its conjuncts compare."""
    if isinstance(condition, Binary) and condition.operator == "AND":
        yield from needed_fields(condition.left)
        yield from needed_fields(condition.right)
    elif isinstance(condition, Binary) and condition.operator in ("==", "!=", "<", "<=", ">", ">=", "LIKE"):
        sides = (condition.left, condition.right)
        yield from (side.name for side in sides if isinstance(side, FieldRef) and side.name not in NULL_WORDS)
    elif isinstance(condition, Membership) and isinstance(condition.operand, FieldRef):
        yield condition.operand.name


def _parts(expression: Expr) -> tuple[Expr, ...]:
    if isinstance(expression, Call):
        return expression.arguments
    if isinstance(expression, Unary):
        return (expression.operand,)
    if isinstance(expression, Binary):
        return (expression.left, expression.right)
    if isinstance(expression, Membership):
        return (expression.operand, *expression.choices)
    return ()
