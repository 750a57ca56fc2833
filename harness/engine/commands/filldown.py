"""``filldown``: the last value before, where there is none. Follows "filldown" in the Search Reference and M4.102."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import expand
from harness.spl.arguments import Arguments
from harness.values.column import NULL, Column
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class FillDown(SearchCommand):
    names = ("filldown",)

    fields: tuple[str, ...] = ()

    @classmethod
    def parse(cls, arguments: Arguments) -> FillDown:
        fields = tuple(arguments.field_list())
        arguments.expect_end()
        return cls(fields)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        names = expand(self.fields or ("*",), frame)
        return frame.with_columns({name: _down(frame.columns[name]) for name in names if name in frame.columns})


def _down(column: Column) -> Column:
    places = np.where(column.codes == NULL, -1, np.arange(len(column)))
    last = np.maximum.accumulate(places) if len(places) else places
    return Column(column.values, np.where(last < 0, NULL, column.codes[last]).astype(np.int32))
