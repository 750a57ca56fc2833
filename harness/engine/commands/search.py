"""``search``: finds events in the indexes when it comes first, and rows of the pipeline anywhere else.

Follows "search" in the Search Reference and "Specify time modifiers in your search".
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.plan import Plan
from harness.engine.retrieval import check_time_modifiers, retrieve
from harness.engine.subsearch import plan_subsearches, resolve
from harness.errors import SplPlace
from harness.expressions.search import search_mask
from harness.spl.arguments import Arguments
from harness.spl.nodes import SearchNode, Subsearch
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Search(SearchCommand):
    """``node`` is None where everything is found. ``leading`` reads the indexes."""

    names = ("search",)
    subsearches = True
    streaming = True

    node: SearchNode | None
    plans: dict[Subsearch, Plan]
    leading: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> Search:
        node = arguments.search_expression()
        return cls(node, plan_subsearches(node))

    def placed(self, *, first: bool, where: SplPlace | None = None) -> SearchCommand:
        check_time_modifiers(self.node, leading=first)
        return replace(self, leading=True) if first else self

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        node = resolve(self.node, self.plans, context)
        if self.leading:
            return retrieve(node, context)
        return frame if node is None else frame.take(search_mask(node, frame))
