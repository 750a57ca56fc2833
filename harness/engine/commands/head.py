"""``head``: the first rows. Follows "head" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.statistics import is_condition
from harness.expressions import Scope, check, evaluate
from harness.spl.arguments import Arguments, boolean, non_negative_integer
from harness.spl.nodes import Call, Expr, Literal
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Head(SearchCommand):
    """With ``condition``: rows as long as it is true; ``null`` says that an undecided one counts as true, ``keep_last``
    that the row which ended it is shown too."""

    names = ("head",)

    count: int | None = 10
    condition: Expr | None = None
    null: bool = False
    keep_last: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> Head:
        options = {"limit": non_negative_integer, "null": boolean, "keeplast": boolean}
        given = arguments.options(options)
        condition: Expr | None = None
        count: int | None = given.get("limit")
        if not arguments.at_end:
            token = arguments.peek()
            assert token is not None
            if token.kind == "word" and token.text.lstrip("-").isdigit():
                count = non_negative_integer(arguments.next().text) if not token.text.startswith("-") else None
                if token.text.startswith("-"):
                    raise arguments.error(f"The limit must be a non-negative integer, not '{token.text}'.", token)
            else:
                condition = arguments.expression(partial=True)
                if isinstance(condition, Literal) or not is_condition(condition):
                    raise arguments.error("The expression must be a boolean.", token)
        given |= arguments.options(options)
        arguments.expect_end()
        count = given.get("limit", count)
        if count is None and condition is None:
            count = 10
        return cls(count, condition, given.get("null", False), given.get("keeplast", False))

    def check(self, text: str) -> None:
        if self.condition is not None:
            check(self.condition, Scope(now=0, command="head", text=text))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.condition is not None:
            frame = self._while(frame, self.condition, context)
        return frame if self.count is None else frame.head(self.count)

    def _while(self, frame: Frame, condition: Expr, context: SearchContext) -> Frame:
        asked = Call("if", (condition, Literal(1, "1"), Literal(0, "0")))
        known = Call("if", (Call("isnull", (condition,)), Literal(1, "1"), Literal(0, "0")))
        scope = context.scope()
        true = evaluate(asked, frame, scope).test(lambda value: value == 1)
        if self.null:
            true = true | evaluate(known, frame, scope).test(lambda value: value == 1)
        ends = np.flatnonzero(~true)
        if not len(ends):
            return frame
        return frame.head(int(ends[0]) + self.keep_last)
