"""``mvcombine``: rows that differ in one field only become one row, in which that field has all their values.

Follows "mvcombine" in the Search Reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, string
from harness.values.column import Column, Scalar, normal
from harness.values.frame import Frame
from harness.values.values import members


@dataclass(frozen=True, slots=True)
class MvCombine(SearchCommand):
    names = ("mvcombine",)
    transforming = True

    field: str

    @classmethod
    def parse(cls, arguments: Arguments) -> MvCombine:
        options = arguments.options({"delim": string})
        if arguments.at_end:
            raise arguments.error("A field name is expected.")
        field = arguments.field_name()
        arguments.expect_end()
        if "delim" in options:
            raise arguments.unsupported("the option 'delim'")
        return cls(field)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.field not in frame.columns or not frame.length:
            return frame
        codes, keys = frame.group([name for name in frame.columns if name != self.field])
        first = np.full(len(keys), -1, dtype=np.intp)
        first[codes[::-1]] = np.arange(frame.length - 1, -1, -1)
        values: list[list[Scalar]] = [[] for _ in keys]
        for code, value in zip(codes.tolist(), frame.columns[self.field].to_values(), strict=True):
            values[code].extend(members(value))
        combined = Column.from_values(normal(tuple(each)) for each in values)
        return frame.take(first).with_columns({self.field: combined})
