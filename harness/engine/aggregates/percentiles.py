"""Percentiles and the median, by linear interpolation between neighbours (M4.85, M4.86).

Splunk estimates ``perc`` and ``upperperc`` from a digest once a field has more than 1000 different values; here they
are exact at any number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.engine.aggregates import Accumulator, Aggregate, aggregate, whole
from harness.values.column import Scalar, Value
from harness.values.values import to_number


class _Collected:
    def __init__(self) -> None:
        self.numbers: list[float] = []

    def add(self, value: Scalar, time: float) -> None:
        number = to_number(value)
        if number is not None:
            self.numbers.append(number)


@aggregate
class Percentile(Aggregate):
    names = ("perc", "p", "exactperc", "upperperc")
    numeric = True
    parametric = True

    class _Running(_Collected):
        def __init__(self, percent: float) -> None:
            super().__init__()
            self.percent = percent

        def result(self) -> Value:
            return whole(shortened(percentile(sorted(self.numbers), self.percent))) if self.numbers else None

    def accumulator(self) -> Accumulator:
        assert self.parameter is not None
        return self._Running(self.parameter)


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
