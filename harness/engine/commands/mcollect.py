"""``mcollect``: writes the rows as data points into a metric index, and hands them on.

Follows "mcollect" in the Search Reference. A row has its measurements in ``metric_name:`` fields, or one in ``_value``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.metrics import NAME, PREFIX, VALUE
from harness.errors import SearchError, UnsupportedSPL
from harness.spl.arguments import Arguments, boolean, string
from harness.values.column import Column
from harness.values.frame import Frame
from harness.values.values import to_number


@dataclass(frozen=True, slots=True)
class MCollect(SearchCommand):
    """``dimensions`` are the fields written beside the measurements; all, if none is named."""

    names = ("mcollect",)

    index: str
    source: str | None = None
    dimensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, arguments: Arguments) -> MCollect:
        known = {"index": string, "file": string, "split": string, "spool": boolean, "prefix_field": string,
                 "host": string, "source": string, "sourcetype": string}  # fmt: skip
        options: dict[str, Any] = arguments.options(known)
        dimensions = arguments.field_list()
        options |= arguments.options(known)
        arguments.expect_end()
        if not options.get("index"):
            raise arguments.error("The argument 'index' is required.")
        for name in ("file", "prefix_field", "host", "sourcetype", "spool"):
            if name in options:
                raise arguments.unsupported(f"the option '{name}'")
        if options.get("split", "false").lower() not in ("false", "f", "0"):
            raise arguments.unsupported("the option 'split'")
        return cls(options["index"], options.get("source"), tuple(dimensions))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.index not in context.store.select_indexes([self.index], metric=True):
            raise SearchError(f"Error in 'mcollect' command: '{self.index}' is no metric index.")
        measured = [name for name in frame.columns if name.startswith(PREFIX) or name == VALUE]
        for name in measured:
            if any(to_number(value) is None for value in frame.column(name).to_values() if value is not None):
                raise UnsupportedSPL(f"The 'mcollect' command: '{name}' with values that are no numbers.")
        if not measured:
            raise SearchError("Error in 'mcollect' command: no row has a measurement (metric_name:<metric>=<number>).")
        others = self.dimensions or tuple(name for name in frame.columns if not name.startswith("_"))
        kept = frame.select(list(dict.fromkeys(["_time", NAME, *others, *measured])))
        constant = {
            "index": self.index,
            "source": self.source or context.sid or "mcollect",
            "sourcetype": "mcollect_stash",
        }
        written = {name: Column.constant(value, frame.length) for name, value in constant.items()}
        if "_time" not in kept.columns:
            written["_time"] = Column.constant(context.now, frame.length)
        context.store.append(self.index, kept.with_columns(written))
        return frame
