"""``where``: keeps the rows for which an eval expression is true. Follows "where" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.expressions import Scope, check, evaluate_mask
from harness.spl.arguments import Arguments
from harness.spl.nodes import Expr
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Where(SearchCommand):
    names = ("where",)
    streaming = True

    condition: Expr

    @classmethod
    def parse(cls, arguments: Arguments) -> Where:
        if arguments.at_end:
            raise arguments.unsupported("the command without an expression")
        condition = arguments.expression()
        arguments.expect_end()
        return cls(condition)

    def check(self, text: str) -> None:
        check(self.condition, Scope(now=0, command="where", text=text))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        return frame.take(evaluate_mask(self.condition, frame, context.scope()))
