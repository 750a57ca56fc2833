"""Which fields the rows of a search can have, command by command, without running it.

The answer errs on one side only: a field that is said to be absent is in no row, whatever the data. A command that no
function here knows may do anything, so after it every field may be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from harness.errors import HarnessError
from harness.registry import Registry
from harness.validation.steps import kind_of
from harness.values.values import has_wildcard

if TYPE_CHECKING:
    from harness.engine.commands import SearchCommand
    from harness.engine.plan import Plan, Step
    from harness.engine.statistics import Measure
    from harness.knowledge.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class FieldSet:
    """``names`` may be there. If ``others``, so may all the rest, except what is ``gone``."""

    names: frozenset[str] = frozenset()
    others: bool = False
    gone: frozenset[str] = frozenset()

    def may_have(self, name: str) -> bool:
        return name in self.names or (self.others and name not in self.gone)

    def adding(self, names: Iterable[str]) -> FieldSet:
        added = frozenset(names)
        return FieldSet(self.names | added, self.others, self.gone - added)

    def removing(self, names: Iterable[str]) -> FieldSet:
        removed = frozenset(names)
        return FieldSet(self.names - removed, self.others, self.gone | removed if self.others else frozenset())

    def opened(self) -> FieldSet:
        """Any field may have come besides."""
        return FieldSet(self.names, others=True)

    def joined(self, other: FieldSet) -> FieldSet:
        """The rows, or the fields, of both together."""
        names = self.names | other.names
        gone = frozenset(
            name for name in self.gone | other.gone if not self.may_have(name) and not other.may_have(name)
        )
        return FieldSet(names, self.others or other.others, gone - names)


ANYTHING: Final = FieldSet(others=True)
NOTHING: Final = FieldSet()

Effect = Callable[[Any, FieldSet, "Knowledge"], FieldSet]
"""A command, the fields before it and the knowledge: the fields after it."""

EFFECTS: Final[Registry[Effect]] = Registry("effect of a command")


def fields_before(steps: Sequence[Step], knowledge: Knowledge, start: FieldSet = NOTHING) -> list[FieldSet]:
    """What the rows before each step can have, and at the end what the results can have."""
    found = [start]
    for step in steps:
        found.append(after(step.command, found[-1], knowledge))
    return found


def results_of(plan: Plan, knowledge: Knowledge, start: FieldSet = NOTHING) -> FieldSet:
    """What the results can have."""
    return fields_before(plan.steps, knowledge, start)[-1]


def after(command: SearchCommand, before: FieldSet, knowledge: Knowledge) -> FieldSet:
    effect = EFFECTS.get(kind_of(command))
    return ANYTHING if effect is None else effect(command, before, knowledge)


# --- commands that leave the fields as they are, and simple ones ------------------------------------------------------


@EFFECTS.register(
    "where", "dedup", "sort", "head", "tail", "reverse", "regex", "replace", "mvexpand", "makemv", "filldown",
    "outputlookup", "nomv", "mvcombine", "require",
)  # fmt: skip
def _same(_command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    return before


@EFFECTS.register("search")
def _search(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    return ANYTHING if command.leading else before


@EFFECTS.register("eval")
def _eval(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    targets = [name for name, _ in command.assignments]
    return before.opened() if any("{" in name for name in targets) else before.adding(targets)


@EFFECTS.register("rex")
def _rex(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    from harness.values.pcre import compile_pcre

    if command.sed:
        return before
    offset = [command.offset] if command.offset is not None else []
    return before.adding([*compile_pcre(command.expression).names, *offset])


@EFFECTS.register("bin")
def _bin(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    return before.adding([command.target])


@EFFECTS.register("convert")
def _convert(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    targets = [target for _, _, target in command.conversions if target is not None]
    return before.opened() if any(map(has_wildcard, targets)) else before.adding(targets)


@EFFECTS.register("fillnull")
def _fillnull(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    return before.adding(name for name in command.fields if not has_wildcard(name))


@EFFECTS.register("addinfo")
def _addinfo(_command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    return before.adding(("info_min_time", "info_max_time", "info_sid", "info_search_time"))


@EFFECTS.register("makeresults")
def _makeresults(command: Any, _before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    return ANYTHING if command.annotate or command.format else FieldSet(frozenset(("_time",)))


@EFFECTS.register("spath")
def _spath(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    return before.opened() if command.path is None else before.adding([command.output or command.path])


@EFFECTS.register("tojson")
def _tojson(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    return before.adding([command.output])


@EFFECTS.register("fromjson", "foreach", "addtotals", "transaction")
def _opened(_command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    return before.opened()


# --- commands that choose and name fields -----------------------------------------------------------------------------


@EFFECTS.register("table")
def _table(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    return _chosen(command.patterns, before)


@EFFECTS.register("fields")
def _fields(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    from harness.engine.fields import INTERNAL, matching

    if command.remove:
        plain = {name for name in command.patterns if not has_wildcard(name)}
        wild = [name for name in command.patterns if has_wildcard(name)]
        return before.removing({*plain, *(found for pattern in wild for found in matching(pattern, before.names))})
    return _chosen(command.patterns, before).adding(name for name in INTERNAL if before.may_have(name))


def _chosen(patterns: Sequence[str], before: FieldSet) -> FieldSet:
    """Only the fields that the patterns select."""
    from harness.engine.fields import matching

    plain = {name for name in patterns if not has_wildcard(name) and before.may_have(name)}
    wild = [pattern for pattern in patterns if has_wildcard(pattern)]
    if wild and before.others:
        return FieldSet(before.names | plain, others=True, gone=before.gone)
    return FieldSet(frozenset({*plain, *(name for pattern in wild for name in matching(pattern, before.names))}))


@EFFECTS.register("rename")
def _rename(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    for old, new in command.pairs:
        before = _renamed_by_pattern(before, old, new) if has_wildcard(old) else _renamed(before, old, new)
    return before


def _renamed(before: FieldSet, old: str, new: str) -> FieldSet:
    """Renaming a field that is not there takes the target away."""
    if old == new:
        return before
    present = before.may_have(old)
    left = before.removing([old])
    return left.adding([new]) if present else left.removing([new])


def _renamed_by_pattern(before: FieldSet, old: str, new: str) -> FieldSet:
    from harness.engine.fields import matching, wildcard_pattern

    renamed: set[str] = set()
    gone: set[str] = set()
    for name in matching(old, before.names):
        found = wildcard_pattern(old).fullmatch(name)
        assert found is not None
        target = new
        for part in found.groups():
            target = target.replace("*", part, 1)
        renamed.add(target)
        gone.add(name)
    return FieldSet(before.names - gone | renamed, before.others)


# --- statistics -------------------------------------------------------------------------------------------------------


def _measured(measures: Sequence[Measure], before: FieldSet, by: Sequence[str] = ()) -> FieldSet:
    """The columns that aggregations make."""
    from harness.engine.fields import matching, wildcard_pattern

    names: set[str] = set()
    for measure in measures:
        node, field = measure.node, measure.field
        if field is None or not has_wildcard(field):
            names.add(node.name)
            continue
        if before.others:
            return FieldSet(frozenset(names), others=True)
        for name in matching(field, before.names):
            if name in by:
                continue
            if node.alias is None:
                names.add(node.label.replace(field, name, 1))
                continue
            found = wildcard_pattern(field).fullmatch(name)
            target = node.alias
            for part in found.groups() if found is not None else ():
                target = target.replace("*", part, 1)
            names.add(target)
    return FieldSet(frozenset(names))


@EFFECTS.register("stats", "tstats")
def _stats(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    return _measured(command.measures, before, command.by).adding(command.by)


@EFFECTS.register("eventstats", "streamstats")
def _eventstats(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    made = _measured(command.measures, before, command.by)
    return before.opened() if made.others else before.adding(made.names)


@EFFECTS.register("chart")
def _chart(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    if command.across is not None:
        return ANYTHING
    return _measured(command.measures, before).adding([] if command.down is None else [command.down])


@EFFECTS.register("timechart")
def _timechart(command: Any, before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    return ANYTHING if command.across is not None else _measured(command.measures, before).adding(("_time", "_span"))


@EFFECTS.register("top", "rare")
def _top(command: Any, _before: FieldSet, _knowledge: Knowledge) -> FieldSet:
    made = [name for name in (command.count_field, command.percent_field) if name is not None]
    return FieldSet(frozenset((*command.by, *command.fields, *made, "_tc")))


# --- lookups and subsearches ------------------------------------------------------------------------------------------


@EFFECTS.register("lookup")
def _lookup(command: Any, before: FieldSet, knowledge: Knowledge) -> FieldSet:
    if command.outputs is not None:
        return before.adding(field for _, field in command.outputs)
    columns = _columns(command.table, knowledge)
    return before.opened() if columns is None else before.adding(columns)


@EFFECTS.register("inputlookup")
def _inputlookup(command: Any, before: FieldSet, knowledge: Knowledge) -> FieldSet:
    columns = _columns(command.table, knowledge)
    if columns is None:
        return ANYTHING
    return before.adding(columns) if command.append else FieldSet(frozenset(columns))


def _columns(table: str, knowledge: Knowledge) -> Sequence[str] | None:
    """The columns of a lookup over a file; None where they are not fixed."""
    try:
        lookup = knowledge.lookup(table)
    except HarnessError:
        return None
    return None if lookup.collection else list(lookup.fields)


@EFFECTS.register("join")
def _join(command: Any, before: FieldSet, knowledge: Knowledge) -> FieldSet:
    other = results_of(command.plan, knowledge)
    if command.aliases is None:
        return before.joined(other)
    left, right = command.aliases
    return _aliased(before, left).joined(_aliased(other, right))


def _aliased(side: FieldSet, alias: str) -> FieldSet:
    """Fields with the alias of their side before them, internal ones apart."""
    from harness.engine.fields import is_internal

    names = frozenset(name if is_internal(name) else f"{alias}.{name}" for name in side.names)
    return ANYTHING if side.others else FieldSet(names)


@EFFECTS.register("append", "appendcols")
def _together(command: Any, before: FieldSet, knowledge: Knowledge) -> FieldSet:
    return before.joined(results_of(command.plan, knowledge))


@EFFECTS.register("appendpipe")
def _appendpipe(command: Any, before: FieldSet, knowledge: Knowledge) -> FieldSet:
    return before.joined(results_of(command.plan, knowledge, before))


@EFFECTS.register("union", "multisearch")
def _union(command: Any, before: FieldSet, knowledge: Knowledge) -> FieldSet:
    for plan in command.plans:
        before = before.joined(results_of(plan, knowledge))
    return before
