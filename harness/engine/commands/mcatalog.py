"""``mcatalog``: which metrics and dimensions metric indexes hold. Follows "mcatalog" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.grouping import group_by
from harness.engine.metrics import data_points
from harness.engine.plan import Plan
from harness.engine.statistics import Measure, outputs, read_measures, refuse_by_names, statistics_frame
from harness.engine.subsearch import plan_subsearches, resolve
from harness.spl.arguments import Arguments
from harness.spl.nodes import SearchNode, Subsearch
from harness.values.frame import Frame
from harness.values.values import has_wildcard


@dataclass(frozen=True, slots=True)
class MCatalog(SearchCommand):
    names = ("mcatalog",)
    subsearches = True
    generating = True
    transforming = True

    measures: tuple[Measure, ...]
    node: SearchNode | None
    plans: dict[Subsearch, Plan]
    by: tuple[str, ...] = ()

    @classmethod
    def parse(cls, arguments: Arguments) -> MCatalog:
        if arguments.option_name() is not None:
            raise arguments.unsupported(f"the option '{arguments.option_name()}'")
        measures = read_measures(arguments)
        node = arguments.search_expression(stops=("BY", "GROUPBY")) if arguments.accept_keyword("WHERE") else None
        by = tuple(arguments.field_list()) if arguments.accept_keyword("BY", "GROUPBY") else ()
        arguments.expect_end()
        if not measures:
            raise arguments.error("Missing aggregation function.")
        refuse_by_names(measures, by, arguments)
        for one in measures:
            if "values" not in one.function.names or one.field is None or has_wildcard(one.field):
                raise arguments.error(f"The argument '{one.node.label}' is invalid.", one.node.span)
        return cls(measures, node, plan_subsearches(node), by)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        groups = group_by(data_points(resolve(self.node, self.plans, context), context), self.by)
        return statistics_frame(groups, self.by, outputs(self.measures, groups.frame, self.by, context))
