"""``set``: what two searches have in common, or not. Follows "set" in the Search Reference.

Two rows are the same if all their fields are; the fields by which the store knows an event do not count.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.plan import Plan, subplan
from harness.spl.arguments import Arguments
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.values import texts

_OWN = ("_cd", "_bkt", "_serial", "_si")


@dataclass(frozen=True, slots=True)
class Set(SearchCommand):
    names = ("set",)
    generating = True
    subsearches = True

    operation: str
    plans: tuple[Plan, Plan]

    @classmethod
    def parse(cls, arguments: Arguments) -> Set:
        operation = arguments.accept_keyword("UNION", "DIFF", "INTERSECT")
        if operation is None:
            raise arguments.error("Usage: set (union | diff | intersect) [subsearch] [subsearch].")
        first, second = arguments.subsearch(), arguments.subsearch()
        arguments.expect_end()
        return cls(operation.lower(), (subplan(first.pipeline), subplan(second.pipeline)))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        limit = context.limits.result_max_rows
        first, second = (_rows(context.run_subsearch(plan, max_rows=limit)) for plan in self.plans)
        if self.operation == "union":
            kept = {**first, **second}
        elif self.operation == "intersect":
            kept = {key: row for key, row in first.items() if key in second}
        else:
            kept = {key: row for key, row in first.items() if key not in second}
            kept |= {key: row for key, row in second.items() if key not in first}
        return Frame.from_rows(list(kept.values()))


def _rows(frame: Frame) -> dict[Hashable, dict[str, Value]]:
    """Each different row once."""
    rows = frame.without(_OWN).to_rows()
    return {frozenset((name, tuple(texts(value))) for name, value in row.items()): row for row in rows}
