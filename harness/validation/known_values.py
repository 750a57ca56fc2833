"""What is known of the values in the rows of a search, command by command, without running it.

Only of fields with one value at most in each row: of several values, each may satisfy another condition. A command that
no function here knows leaves nothing known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from harness.registry import Registry
from harness.spl.nodes import (
    Binary,
    Call,
    Comparison,
    Expr,
    FieldRef,
    InList,
    Literal,
    Membership,
    SearchAnd,
    SearchNode,
)
from harness.validation.steps import kind_of
from harness.values.values import has_wildcard, search_test, to_number

if TYPE_CHECKING:
    from harness.engine.commands import SearchCommand
    from harness.engine.statistics import Measure

_COUNTING: Final = frozenset(("count", "c", "dc", "distinct_count", "estdc"))
_NUMBERS: Final = frozenset((*_COUNTING, "sum", "avg", "mean", "range", "stdev", "var"))
_INFINITE: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Known:
    """A field that is missing or has one value: a number between bounds if ``number``, one of ``texts`` unless None."""

    number: bool = False
    low: float = -_INFINITE
    above: bool = False
    high: float = _INFINITE
    below: bool = False
    texts: frozenset[str] | None = None

    @property
    def empty(self) -> bool:
        bounded = self.low > self.high or (self.low == self.high and (self.above or self.below))
        return bounded or (self.texts is not None and not self.texts)

    def narrowed(self, operator: str, number: float) -> Known:
        found = self
        if operator in (">", ">=", "=", "==") and (number, operator == ">") > (found.low, found.above):
            found = replace(found, low=number, above=operator == ">")
        if operator in ("<", "<=", "=", "==") and (number, operator != "<") < (found.high, not found.below):
            found = replace(found, high=number, below=operator == "<")
        return found

    def keeping(self, test: Callable[[str], bool]) -> Known:
        return self if self.texts is None else replace(self, texts=frozenset(filter(test, self.texts)))


Knowing = Mapping[str, Known]
Effect = Callable[[Any, Knowing], Knowing]
"""A command and what is known before it: what is known after it."""

EFFECTS: Final[Registry[Effect]] = Registry("effect of a command on what is known")


def after(command: SearchCommand, before: Knowing) -> Knowing:
    effect = EFFECTS.get(kind_of(command))
    return {} if effect is None else effect(command, before)


def without(known: Knowing, names: Sequence[str]) -> Knowing:
    return {} if any(map(has_wildcard, names)) else {name: each for name, each in known.items() if name not in names}


# --- conditions -------------------------------------------------------------------------------------------------------


def unsatisfied(command: SearchCommand, known: Knowing) -> str:
    """Why no row gets past ``where`` or ``search``, as far as what is known tells; empty if one may."""
    return next((why for why, _ in _narrowings(command, known) if why), "")


@EFFECTS.register("where", "search")
def _narrowed(command: Any, before: Knowing) -> Knowing:
    return {**before, **{name: each for _, named in _narrowings(command, before) for name, each in named.items()}}


def _narrowings(command: Any, known: Knowing) -> Iterator[tuple[str, Knowing]]:
    """Condition by condition: why nothing satisfies it, and what is known of its field where something does."""
    now = dict(known)
    for name, shown, narrow in _conditions(command):
        if name in now:
            was, now[name] = now[name], narrow(now[name])
            yield (_why(name, was, now[name], shown) if now[name].empty else ""), {name: now[name]}


def _why(name: str, was: Known, found: Known, shown: str) -> str:
    if found.texts is not None:
        texts = " or ".join(sorted(was.texts or ()))
        return f"{name} is {texts} there, if anything, and so never {shown}"
    low = f"{'above' if found.above else 'at least'} {found.low:g}"
    high = f"{'below' if found.below else 'at most'} {found.high:g}"
    return f"no {name} is {low} and {high}"


Condition = tuple[str, str, Callable[[Known], Known]]
"""A field, what is asked of it, and what that makes of what is known of it."""


def _conditions(command: Any) -> Iterator[Condition]:
    if kind_of(command) == "where":
        yield from _where(command.condition)
    elif command.node is not None and not command.leading:
        yield from _searched(command.node)


def _where(condition: Expr) -> Iterator[Condition]:
    match condition:
        case Binary("AND", left, right):
            yield from _where(left)
            yield from _where(right)
        case Binary(operator, FieldRef(name), Literal(int() | float() as number)):
            yield name, "", lambda known: known.narrowed(operator, number) if known.number else known
        case Binary("==", FieldRef(name), Literal(value)) if _is_text(value):
            yield name, str(value), lambda known: _equal(known, {value})
        case Binary("!=", FieldRef(name), Literal(value)) if _is_text(value):
            yield name, f"anything but {value}", lambda known: known.keeping(lambda text: text != value)
        case Membership(FieldRef(name), choices):
            values = {each.value for each in choices if isinstance(each, Literal)}
            if len(values) == len(choices) and all(map(_is_text, values)):
                yield name, " or ".join(sorted(map(str, values))), lambda known: _equal(known, values)


def _equal(known: Known, values: set[Any]) -> Known:
    if known.texts is None:
        return known if known.number else replace(known, texts=frozenset(values))
    return known.keeping(values.__contains__)


def _is_text(value: object) -> bool:
    """Numbers are compared as numbers, however they are written: what is equal to them cannot be told by text."""
    return isinstance(value, str) and to_number(value) is None


def _searched(node: SearchNode) -> Iterator[Condition]:
    match node:
        case SearchAnd(items):
            for item in items:
                yield from _searched(item)
        case Comparison(name, operator, value):
            number = to_number(value.text)
            if number is not None:
                yield name, "", lambda known: known.narrowed(operator, float(number)) if known.number else known
            else:
                test = search_test(operator, value.text)
                shown = f"anything but {value.text}" if operator == "!=" else value.text
                yield name, shown, lambda known: known.keeping(lambda text: test(text.lower()))
        case InList(name, values) if not any(to_number(each.text) is not None for each in values):
            tests = [search_test("=", each.text) for each in values]
            shown = " or ".join(each.text for each in values)
            yield name, shown, lambda known: known.keeping(lambda text: any(test(text.lower()) for test in tests))


# --- commands ---------------------------------------------------------------------------------------------------------


@EFFECTS.register("sort", "head", "tail", "reverse", "dedup", "fields", "table", "regex")
def _same(_command: Any, before: Knowing) -> Knowing:
    return before


@EFFECTS.register("stats", "tstats")
def _stats(command: Any, before: Knowing) -> Knowing:
    """Rows are grouped by single values of their fields."""
    names = [measure.node.name for measure in command.measures]
    if any(map(has_wildcard, names)) or getattr(command, "prestats", False):
        return {}
    made = {name: before.get(name, Known()) if kind_of(command) == "stats" else Known() for name in command.by}
    for measure in command.measures:
        made.pop(measure.node.name, None)
        if measure.node.function in _NUMBERS:
            made[measure.node.name] = _counted(measure, grouped=bool(command.by))
    return made


def _counted(measure: Measure, *, grouped: bool) -> Known:
    if measure.node.function not in _COUNTING:
        return Known(number=True)
    everything = measure.node.function in ("count", "c") and measure.node.argument is None
    return Known(number=True, low=1.0 if grouped and everything else 0.0)


@EFFECTS.register("eventstats", "streamstats")
def _beside(command: Any, before: Knowing) -> Knowing:
    return without(before, [measure.node.name for measure in command.measures])


@EFFECTS.register("rename")
def _rename(command: Any, before: Knowing) -> Knowing:
    for old, new in command.pairs:
        moved = before.get(old)
        before = without(before, [old, new])
        before = before if moved is None else {**before, new: moved}
    return before


@EFFECTS.register("lookup")
def _lookup(command: Any, before: Knowing) -> Knowing:
    return {} if command.outputs is None else without(before, [name for _, name in command.outputs])


@EFFECTS.register("rex")
def _rex(command: Any, before: Knowing) -> Knowing:
    from harness.values.pcre import compile_pcre

    offset = [command.offset] if command.offset is not None else []
    made = [command.field] if command.sed else compile_pcre(command.expression).names
    return without(before, [*made, *offset])


@EFFECTS.register("eval")
def _eval(command: Any, before: Knowing) -> Knowing:
    for target, expression in command.assignments:
        texts = _texts(expression, before)
        if "{" in target:
            return {}
        before = without(before, [target])
        before = before if texts is None else {**before, target: Known(texts=texts)}
    return before


def _texts(expression: Expr, known: Knowing) -> frozenset[str] | None:
    """All the texts that an expression can come to, null aside; None where they cannot be told."""
    match expression:
        case Literal(value) if isinstance(value, str):
            return frozenset((value,))
        case FieldRef(name):
            return known[name].texts if name in known else None
        case Call(name, (_, yes, no)) if name.lower() == "if":
            return _together((yes, no), known)
        case Call(name, arguments) if name.lower() == "case":
            return _together(arguments[1::2], known)
        case Call(name, ()) if name.lower() == "null":
            return frozenset()
    return None


def _together(expressions: Sequence[Expr], known: Knowing) -> frozenset[str] | None:
    found: set[str] = set()
    for each in expressions:
        texts = _texts(each, known)
        if texts is None:
            return None
        found |= texts
    return frozenset(found)
