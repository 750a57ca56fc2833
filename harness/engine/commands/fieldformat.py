"""``fieldformat``: how a field is to be shown; its value stays what it is.

Follows "fieldformat" in the Search Reference: commands that come later, and exports, see the value itself. Rows are
given as exports give them.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.commands.eval import check_assignment
from harness.engine.context import SearchContext
from harness.engine.fields import read_target
from harness.spl.arguments import Arguments
from harness.spl.nodes import Expr
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class FieldFormat(SearchCommand):
    names = ("fieldformat",)
    streaming = True

    field: str
    expression: Expr

    @classmethod
    def parse(cls, arguments: Arguments) -> FieldFormat:
        if arguments.at_end:
            raise arguments.error("Arguments are missing. Usage: fieldformat field = expression.")
        field = read_target(arguments)
        if not arguments.accept("="):
            raise arguments.error("Arguments are missing. Usage: fieldformat field = expression.")
        expression = arguments.expression()
        arguments.expect_end()
        return cls(field, expression)

    def check(self, text: str) -> None:
        check_assignment(self.expression, text)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        return frame
