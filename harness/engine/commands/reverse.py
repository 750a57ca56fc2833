"""``reverse``: the rows in reverse order. Follows "reverse" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Reverse(SearchCommand):
    names = ("reverse",)

    @classmethod
    def parse(cls, arguments: Arguments) -> Reverse:
        arguments.expect_end()
        return cls()

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        return frame.take(np.arange(frame.length - 1, -1, -1))
