"""``autoregress``: values of earlier rows, for moving averages. Follows "autoregress" in the Search Reference."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, string
from harness.values.column import NULL, Codes, Column
from harness.values.frame import Frame

_RANGE: Final = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class AutoRegress(SearchCommand):
    """``target`` names the field for a single distance; otherwise it is ``<field>_p<distance>``."""

    names = ("autoregress",)

    field: str
    distances: range
    target: str | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> AutoRegress:
        if arguments.at_end:
            raise arguments.error("A field name is expected.")
        field = arguments.field_name()
        target = arguments.field_name() if arguments.accept_keyword("AS") else None
        text = arguments.options({"p": string}).get("p", "1")
        arguments.expect_end()
        found = _RANGE.fullmatch(text)
        first = int(found[1]) if found is not None else 0
        last = int(found[2] or found[1]) if found is not None else 0
        if not 1 <= first <= last:
            raise arguments.error(f"Invalid value for option p: '{text}'.")
        if first != last and target is not None:
            raise arguments.unsupported("a new name for a range of distances")
        return cls(field, range(first, last + 1), target)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        column = frame.column(self.field)
        made = {
            self.target or f"{self.field}_p{distance}": Column(column.values, _moved(column.codes, distance))
            for distance in self.distances[: frame.length]  # further back there is no row
        }
        return frame.with_columns({name: one for name, one in made.items() if not one.is_null().all()})


def _moved(codes: Codes, distance: int) -> Codes:
    """Each row's code that of the row ``distance`` before it."""
    kept = max(len(codes) - distance, 0)
    return np.concatenate([np.full(len(codes) - kept, NULL, dtype=np.int32), codes[:kept]])
