"""Percentiles and the median, by linear interpolation between neighbours (M4.85, M4.86).

Splunk estimates ``perc`` and ``upperperc`` from a digest once a field has a thousand different values ("perc" in
"Aggregate functions"): they are refused then. ``exactperc`` is exact at any number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Final

from harness.engine.aggregates import Accumulator, Aggregate, aggregate, whole
from harness.errors import UnsupportedSPL
from harness.values.column import Scalar, Value
from harness.values.values import to_number


class _Collected:
    def __init__(self) -> None:
        self.numbers: list[float] = []

    def add(self, value: Scalar, time: float) -> None:
        number = to_number(value)
        if number is not None:
            self.numbers.append(number)


ESTIMATED_FROM: Final = 1000


@aggregate
class ExactPercentile(Aggregate):
    names: ClassVar[tuple[str, ...]] = ("exactperc",)
    numeric = True
    parametric = True
    estimated_from: ClassVar[float] = math.inf
    """Different values from which on the result is an estimate."""

    class _Running(_Collected):
        def __init__(self, percent: float, limit: float) -> None:
            super().__init__()
            self.percent = percent
            self.limit = limit

        def result(self) -> Value:
            if len(self.numbers) >= self.limit and len(set(self.numbers)) >= self.limit:
                raise UnsupportedSPL(
                    f"perc and upperperc of {self.limit} or more different values, which Splunk estimates, are not "
                    "supported.",
                    hint="exactperc is exact.",
                )
            return whole(shortened(percentile(sorted(self.numbers), self.percent))) if self.numbers else None

    def accumulator(self) -> Accumulator:
        assert self.parameter is not None
        return self._Running(self.parameter, self.estimated_from)


@aggregate
class Percentile(ExactPercentile):
    names = ("perc", "p", "upperperc")
    estimated_from = ESTIMATED_FROM


@aggregate
class Median(Aggregate):
    """The middle value. Of an even number the mean of the two middle ones, where exactly a half is rounded up."""

    names = ("median",)
    numeric = True

    class _Running(_Collected):
        def result(self) -> Value:
            return whole(shortened(median(sorted(self.numbers)))) if self.numbers else None

    def accumulator(self) -> Accumulator:
        return self._Running()


def percentile(ordered: Sequence[float], percent: float) -> float:
    place = percent / 100 * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


def median(ordered: Sequence[float]) -> float:
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[middle])
    mean = (ordered[middle - 1] + ordered[middle]) / 2
    return float(math.floor(mean) + 1) if mean - math.floor(mean) == 0.5 else float(mean)


def shortened(number: float) -> float:
    """Without the last digits of a double, which interpolation makes up: the median of 1.2 and 1.4 is 1.3 (M4.85)."""
    return float(f"{number:.15g}")
