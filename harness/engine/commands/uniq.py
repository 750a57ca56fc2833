"""``uniq``: drops a row that is the same as the row before. Follows "uniq" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Uniq(SearchCommand):
    names = ("uniq",)

    @classmethod
    def parse(cls, arguments: Arguments) -> Uniq:
        arguments.expect_end()
        return cls()

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        differs = np.zeros(max(frame.length - 1, 0), dtype=np.bool_)
        for column in frame.columns.values():
            differs |= column.codes[1:] != column.codes[:-1]
        return frame.take(np.append([True] * min(frame.length, 1), differs).astype(np.bool_))
