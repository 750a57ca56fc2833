"""``concurrency``: how many events are under way when each begins. Follows "concurrency" in the Search Reference.

An event that ends at the very moment at which another begins is between the two readings of "between", and refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import UnsupportedSPL
from harness.spl.arguments import Arguments, string
from harness.values.column import Column
from harness.values.frame import Frame
from harness.values.values import to_number


@dataclass(frozen=True, slots=True)
class Concurrency(SearchCommand):
    """``duration`` and ``start`` are fields of one unit; the event itself counts."""

    names = ("concurrency",)

    duration: str
    start: str = "_time"
    target: str = "concurrency"

    @classmethod
    def parse(cls, arguments: Arguments) -> Concurrency:
        options = arguments.options({"duration": string, "start": string, "output": string})
        arguments.expect_end()
        if "duration" not in options:
            raise arguments.error("The argument 'duration' is required.")
        return cls(options["duration"], options.get("start", "_time"), options.get("output", "concurrency"))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        starts, lengths = _numbers(frame, self.start), _numbers(frame, self.duration)
        if np.isnan(starts).any() or np.isnan(lengths).any():
            raise UnsupportedSPL("The 'concurrency' command: rows without a start or a duration.")
        if (lengths < 0).any():
            raise UnsupportedSPL("The 'concurrency' command: negative durations.")
        ends = np.sort((starts + lengths)[lengths > 0])
        instants = np.sort(starts[lengths == 0])
        touching = np.isin(starts, ends).any() or (len(instants) and len(np.unique(starts)) < len(starts))
        if touching:
            raise UnsupportedSPL("The 'concurrency' command: an event that ends at the moment at which another begins.")
        begun = np.searchsorted(np.sort(starts), starts, side="right")
        over = np.searchsorted(ends, starts, side="right") + np.searchsorted(instants, starts, side="left")
        return frame.with_columns({self.target: Column.from_values((begun - over).tolist())})


def _numbers(frame: Frame, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The numbers of a field, NaN where there is none."""
    numbers = (to_number(value) for value in frame.column(name).to_values())
    return np.array([np.nan if number is None else float(number) for number in numbers], dtype=np.float64)
