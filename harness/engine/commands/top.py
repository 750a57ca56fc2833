"""``top``: the most frequent values. Follows "top" in the Search Reference, M4.14 and M4.96."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.grouping import Groups, group_by
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.values.column import Value
from harness.values.frame import Frame

_OPTIONS = {
    "limit": non_negative_integer,
    "countfield": string,
    "percentfield": string,
    "showcount": boolean,
    "showperc": boolean,
    "useother": boolean,
    "otherstr": string,
}


@dataclass(frozen=True, slots=True)
class Top(SearchCommand):
    """``limit`` combinations per group of the by-fields, 0 for all. ``_tc`` is the group's number of rows.
    ``other`` names a row for all that the limit leaves out."""

    names = ("top",)
    transforming = True
    rarest: ClassVar[bool] = False

    fields: tuple[str, ...]
    by: tuple[str, ...] = ()
    limit: int = 10
    count_field: str | None = "count"
    percent_field: str | None = "percent"
    other: str | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> Top:
        options: dict[str, Any] = arguments.options(_OPTIONS)
        token = arguments.peek()
        if token is not None and token.kind == "word" and token.text.isdigit():
            options["limit"] = int(arguments.next().text)
        options |= arguments.options(_OPTIONS)
        fields = arguments.field_list(stops=("BY",))
        options |= arguments.options(_OPTIONS)
        by = arguments.by_clause()
        options |= arguments.options(_OPTIONS)
        arguments.expect_end()
        if not fields:
            raise arguments.error("No fields were specified.")
        if options.get("useother") and len(fields) > 1:
            raise arguments.unsupported("the option 'useother' with several fields")
        return cls(
            tuple(fields),
            tuple(by),
            options.get("limit", 10),
            options.get("countfield", "count") if options.get("showcount", True) else None,
            options.get("percentfield", "percent") if options.get("showperc", True) else None,
            options.get("otherstr", "OTHER") if options.get("useother") else None,
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        names = (*self.by, *self.fields)
        groups = group_by(frame, names)
        counts = np.bincount(groups.codes, minlength=groups.count).tolist()
        keys = groups.keys()
        rows: list[dict[str, Value]] = []
        for members in self._parts(groups):
            total = sum(counts[at] for at in members)
            members.sort(key=lambda at: counts[at] if self.rarest else -counts[at])
            kept = members[: self.limit or None]
            rows += [self._row(dict(zip(names, keys[at], strict=True)), counts[at], total) for at in kept]
            left = sum(counts[at] for at in members[len(kept) :])
            if self.other is not None and left:
                key = {**dict(zip(self.by, keys[kept[0]], strict=False)), self.fields[0]: self.other}
                rows.append(self._row(key, left, total))
        made = [name for name in (self.count_field, self.percent_field) if name is not None]
        return Frame.from_rows(rows, columns=[*names, *made, "_tc"], ordered=True)

    def _row(self, key: dict[str, Value], count: int, total: int) -> dict[str, Value]:
        row = dict(key)
        if self.count_field is not None:
            row[self.count_field] = count
        if self.percent_field is not None:
            row[self.percent_field] = f"{100 * count / total:.6f}"
        return {**row, "_tc": total}

    def _parts(self, groups: Groups) -> list[list[int]]:
        """The combinations of each group of the by-fields, in order."""
        parts: dict[tuple[Value, ...], list[int]] = {}
        for at, key in enumerate(groups.keys()):
            parts.setdefault(key[: len(self.by)], []).append(at)
        return list(parts.values())
