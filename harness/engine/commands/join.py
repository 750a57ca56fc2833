"""``join``: fields of the rows of a subsearch that agree in some fields. Follows "join" in the Search Reference.

With ``left=L right=R where L.a=R.b`` fields of different names are compared, and each field gets the alias of its side
before its name; internal fields stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import as_text, is_internal
from harness.engine.plan import Plan, subplan
from harness.errors import UnsupportedSPL
from harness.spl.arguments import Arguments, boolean, non_negative_integer, one_of, string
from harness.values.column import RefusedColumn, Value
from harness.values.frame import Frame
from harness.values.values import to_number

_OPTIONS: Final = {
    "type": one_of("inner", "outer", "left"),
    "usetime": boolean,
    "earlier": boolean,
    "overwrite": boolean,
    "max": non_negative_integer,
    "left": string,
    "right": string,
}
_DATASETS: Final = ("datamodel:", "inputlookup:", "savedsearch:")

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Join(SearchCommand):
    """``pairs`` are the fields of either side that must agree; without any, all that both sides have. ``maximum`` rows
    of the subsearch join one row, 0 is all; an outer join keeps rows without any. ``overwrite``: a field that both have
    takes the subsearch's value. ``earlier``: whether partners may only be earlier, or only later; None if times do not
    matter."""

    names = ("join",)
    subsearches = True

    pairs: tuple[Pair, ...]
    plan: Plan
    aliases: Pair | None = None
    outer: bool = False
    maximum: int = 1
    overwrite: bool = True
    earlier: bool | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> Join:
        options: dict[str, Any] = {}
        pairs: list[Pair] = []
        while not arguments.at_subsearch() and (token := arguments.peek()) is not None:
            if token.text.startswith(_DATASETS):
                raise arguments.unsupported("a dataset that is no subsearch", token)
            given = arguments.options(_OPTIONS)
            options |= given
            if arguments.accept_keyword("WHERE"):
                pairs += _equalities(arguments, options)
                continue
            found = [] if given else arguments.field_list(("WHERE",))
            if not found and not given:
                raise arguments.invalid_argument()
            pairs += [(name, name) for name in found]
        outer = options.get("type", "inner") != "inner"
        if options.get("usetime") and outer:
            raise arguments.unsupported("the option 'usetime' in an outer join")
        subsearch = arguments.subsearch()
        arguments.expect_end()
        aliased = any(left != right for left, right in pairs)
        return cls(
            tuple(pairs),
            subplan(subsearch.pipeline),
            (options["left"], options["right"]) if aliased else None,
            outer,
            options.get("max", 1),
            options.get("overwrite", True),
            options.get("earlier", True) if options.get("usetime") else None,
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        other = context.run_subsearch(self.plan, max_rows=context.limits.join_subsearch_max_rows)
        if self.aliases is not None:
            frame, other = (_aliased(side, alias) for side, alias in zip((frame, other), self.aliases, strict=True))
        common = (name for name in frame.columns if name in other.columns and not is_internal(name))
        pairs = self.pairs or tuple((name, name) for name in common)
        frame, other, refused = _without_refused(frame, other, pairs)
        matches: dict[tuple[Value, ...], list[Mapping[str, Value]]] = {}
        for key, row in zip(_keys(other, [right for _, right in pairs]), other.to_rows(), strict=True):
            if key is not None:
                matches.setdefault(key, []).append(row)
        joined: list[dict[str, Value]] = []
        for key, row in zip(_keys(frame, [left for left, _ in pairs]), frame.to_rows(), strict=True):
            found = matches.get(key, []) if key is not None else []
            if not found and self.outer:
                joined.append(row)
            partners = self._in_time(row, found)[: self.maximum or None]
            joined.extend({**row, **each} if self.overwrite else {**each, **row} for each in partners)
        columns = [*frame.columns, *(name for name in other.columns if name not in frame.columns)]
        result = Frame.from_rows(joined, columns=columns, ordered=frame.ordered)
        return result.with_columns(
            {
                name: RefusedColumn.everywhere(each.refusal, result.length, unread=each.unread)
                for name, each in refused.items()
            }
        )

    def _in_time(self, row: Mapping[str, Value], partners: list[Mapping[str, Value]]) -> list[Mapping[str, Value]]:
        """Those that are not later than the row, or not earlier; the same second is neither."""
        if self.earlier is None or not partners:
            return partners
        own, sign = _second(row), 1 if self.earlier else -1
        return [each for each in partners if sign * (_second(each) - own) <= 0]


def _equalities(arguments: Arguments, options: Mapping[str, Any]) -> list[Pair]:
    """``L.a=R.b L.c=R.d``, the sides in any order, as pairs of a left and a right field with their aliases."""
    if not {"left", "right"} <= options.keys():
        raise arguments.error("A WHERE clause needs the aliases left and right.")
    left, right = f"{options['left']}.", f"{options['right']}."
    pairs: list[Pair] = []
    while not arguments.at_subsearch() and (token := arguments.peek()) is not None:
        if token.text.startswith(_DATASETS):
            break
        one = arguments.field_name()
        if not arguments.accept("="):
            raise arguments.unsupported("a WHERE clause with anything but equalities", token)
        two = arguments.field_name()
        if one.startswith(right) and two.startswith(left):
            one, two = two, one
        if not (one.startswith(left) and two.startswith(right)):
            raise arguments.error(f"'{one}={two}' does not compare a field of {left}* with one of {right}*.", token)
        pairs.append((one, two))
    if not pairs:
        raise arguments.error("A WHERE clause compares fields: L.host=R.user.")
    return pairs


def _aliased(frame: Frame, alias: str) -> Frame:
    names = {name: name if is_internal(name) else f"{alias}.{name}" for name in frame.columns}
    return replace(frame, columns={names[name]: column for name, column in frame.columns.items()})


def _without_refused(
    frame: Frame, other: Frame, pairs: Sequence[Pair]
) -> tuple[Frame, Frame, dict[str, RefusedColumn]]:
    """Both sides without what cannot be told in one of them, and that. It cannot be joined by."""
    refused = {
        name: column
        for side in (frame, other)
        for name, column in side.columns.items()
        if isinstance(column, RefusedColumn)
    }
    for name in (name for pair in pairs for name in pair):
        if name in refused:
            raise refused[name].refusal
    return (frame.without(refused), other.without(refused), refused) if refused else (frame, other, {})


def _second(row: Mapping[str, Value]) -> int:
    moment = to_number(row.get("_time"))
    if moment is None:
        raise UnsupportedSPL("The 'join' command: usetime with rows that have no time is not supported.")
    return math.floor(moment)


def _keys(frame: Frame, names: Sequence[str]) -> list[tuple[Value, ...] | None]:
    """What each row is joined by; None for a row that lacks one of the fields."""
    columns = [as_text(frame.column(name)).to_values() for name in names]
    rows = zip(*columns, strict=True) if columns else iter([()] * frame.length)
    return [None if any(value is None for value in row) else row for row in rows]
