"""``join``: fields of the rows of a subsearch that agree in some fields. Follows "join" in the Search Reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import as_text, is_internal
from harness.engine.plan import Plan, subplan
from harness.spl.arguments import Arguments, boolean, non_negative_integer, one_of
from harness.values.column import RefusedColumn, Value
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Join(SearchCommand):
    """Without fields, all that both sides have. ``maximum`` rows of the subsearch join one row, 0 is all; an outer join
    keeps rows without any. ``overwrite``: a field that both have takes the subsearch's value."""

    names = ("join",)
    subsearches = True

    fields: tuple[str, ...]
    plan: Plan
    outer: bool = False
    maximum: int = 1
    overwrite: bool = True

    @classmethod
    def parse(cls, arguments: Arguments) -> Join:
        known = {
            "type": one_of("inner", "outer", "left"),
            "usetime": boolean,
            "earlier": boolean,
            "overwrite": boolean,
            "max": non_negative_integer,
        }
        options: dict[str, Any] = arguments.options(known)
        fields: list[str] = []
        while not arguments.at_subsearch() and arguments.peek() is not None:
            found = arguments.field_list()
            given = arguments.options(known)
            if not found and not given:
                if arguments.option_name() in ("left", "right"):
                    raise arguments.unsupported("joining by a WHERE clause")
                raise arguments.invalid_argument()
            fields += found
            options |= given
        if options.get("usetime"):
            raise arguments.unsupported("the option 'usetime'")
        subsearch = arguments.subsearch()
        arguments.expect_end()
        return cls(
            tuple(fields),
            subplan(subsearch.pipeline),
            options.get("type", "inner") != "inner",
            options.get("max", 1),
            options.get("overwrite", True),
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        other = context.run_subsearch(self.plan, max_rows=context.limits.join_subsearch_max_rows)
        names = self.fields or tuple(name for name in frame.columns if name in other.columns and not is_internal(name))
        frame, other, refused = _without_refused(frame, other, names)
        matches: dict[tuple[Value, ...], list[Mapping[str, Value]]] = {}
        for key, row in zip(_keys(other, names), other.to_rows(), strict=True):
            if key is not None:
                matches.setdefault(key, []).append(row)
        joined: list[dict[str, Value]] = []
        for key, row in zip(_keys(frame, names), frame.to_rows(), strict=True):
            found = matches.get(key, []) if key is not None else []
            if not found and self.outer:
                joined.append(row)
            partners = found[: self.maximum or None]
            joined.extend({**row, **each} if self.overwrite else {**each, **row} for each in partners)
        columns = [*frame.columns, *(name for name in other.columns if name not in frame.columns)]
        result = Frame.from_rows(joined, columns=columns, ordered=frame.ordered)
        return (
            result.with_columns(
                {
                    name: RefusedColumn.everywhere(each.refusal, result.length, unread=each.unread)
                    for name, each in refused.items()
                }
            )
            if refused
            else result
        )


def _without_refused(
    frame: Frame, other: Frame, names: tuple[str, ...]
) -> tuple[Frame, Frame, dict[str, RefusedColumn]]:
    """Both sides without what cannot be told in one of them, and that. It cannot be joined by."""
    refused = {
        name: column
        for side in (frame, other)
        for name, column in side.columns.items()
        if isinstance(column, RefusedColumn)
    }
    for name in names:
        if name in refused:
            raise refused[name].refusal
    return (frame.without(refused), other.without(refused), refused) if refused else (frame, other, {})


def _keys(frame: Frame, names: tuple[str, ...]) -> list[tuple[Value, ...] | None]:
    """What each row is joined by; None for a row that lacks one of the fields."""
    columns = [as_text(frame.column(name)).to_values() for name in names]
    rows = zip(*columns, strict=True) if columns else iter([()] * frame.length)
    return [None if any(value is None for value in row) else row for row in rows]
