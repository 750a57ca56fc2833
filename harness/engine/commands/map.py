"""``map``: a search for each row. Follows "map" in the Search Reference.

``$field$`` in the search is replaced by the row's value. Rows of all searches come one after another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.plan import Plan, subplan
from harness.spl.arguments import Arguments, non_negative_integer, string
from harness.spl.parser import parse_pipeline
from harness.values.column import Value
from harness.values.frame import Frame, concatenate_frames
from harness.values.values import texts

_TOKEN = re.compile(r"\$([^$\s]+)\$")


@dataclass(frozen=True, slots=True)
class Map(SearchCommand):
    names = ("map",)
    subsearches = True
    transforming = True

    search: str
    maximum: int | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> Map:
        known = {"search": string, "maxsearches": non_negative_integer}
        options = arguments.options(known)
        if arguments.at_subsearch():
            start = arguments.position
            options["search"] = arguments.text_of(start + 1, arguments.subsearch().span.end - 1)
            options |= arguments.options(known)
        if arguments.peek() is not None and "search" not in options:
            raise arguments.unsupported("a saved search")
        arguments.expect_end()
        if "search" not in options:
            raise arguments.error("Unable to find saved search ''.")
        return cls(options["search"], options.get("maxsearches"))

    def check(self, text: str) -> None:
        _plan(_TOKEN.sub("x", self.search))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        limit = context.limits.map_max_searches if self.maximum is None else self.maximum
        if frame.length > limit:
            context.messages.warn(
                f"The search result count ({frame.length}) exceeds maximum ({limit}), using max. "
                "To override it, set maxsearches appropriately."
            )
        parts = []
        for row in frame.head(limit).to_rows():
            context.control.check()
            parts.append(context.run_subsearch(_plan(_filled(self.search, row)), max_rows=0))
        return concatenate_frames(parts)


def _filled(search: str, row: dict[str, Value]) -> str:
    r"""Each token replaced by the row's value, quotes and backslashes in it escaped; an unknown one stays."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in row:
            return found[0]
        return " ".join(texts(row[found[1]])).replace("\\", "\\\\").replace('"', '\\"')

    return _TOKEN.sub(value, search)


def _plan(text: str) -> Plan:
    return subplan(parse_pipeline(text))
