"""``tail``: the last rows, the last one first (M4.99). Follows "tail" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, non_negative_integer
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Tail(SearchCommand):
    names = ("tail",)

    count: int = 10

    @classmethod
    def parse(cls, arguments: Arguments) -> Tail:
        if arguments.at_end:
            return cls()
        token = arguments.next()
        arguments.expect_end()
        try:
            return cls(non_negative_integer(token.text))
        except ValueError:
            raise arguments.error(f"The limit must be a non-negative integer, not '{token.text}'.", token) from None

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        first = max(0, frame.length - self.count)
        return frame.take(np.arange(frame.length - 1, first - 1, -1))
