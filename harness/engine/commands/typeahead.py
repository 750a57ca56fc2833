"""``typeahead``: how a search that begins like this may go on. Follows "typeahead" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.host import host_of
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class TypeAhead(SearchCommand):
    names = ("typeahead",)
    generating = True
    transforming = True

    prefix: str
    count: int

    @classmethod
    def parse(cls, arguments: Arguments) -> TypeAhead:
        known = {"prefix": string, "count": non_negative_integer, "max_time": non_negative_integer, "index": string,
                 "starttimeu": string, "endtimeu": string, "collapse": boolean}  # fmt: skip
        options: dict[str, Any] = arguments.options(known)
        arguments.expect_end()
        for name in ("prefix", "count"):
            if name not in options:
                raise arguments.error(f"The argument '{name}' is required.")
        for name in ("index", "starttimeu", "endtimeu"):
            if name in options:
                raise arguments.unsupported(f"the option '{name}'")
        return cls(options["prefix"], options["count"])

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        found = host_of(context).typeahead(self.prefix)[: self.count]
        return Frame.from_rows([{"content": content, "count": count} for content, count in found], ordered=True)
