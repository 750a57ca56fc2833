"""Sums per second, minute, hour and day of a bucket of ``timechart`` ("Time functions", "Usage" of timechart)."""

from __future__ import annotations

from typing import Self

from harness.engine.aggregates import Accumulator, Aggregate, Samples, aggregate, whole
from harness.engine.aggregates.arithmetic import Sum
from harness.values.column import Column, Scalar, Value
from harness.values.values import to_number


class PerTime(Aggregate):
    """A sum divided by the ``seconds`` of the bucket, times those of ``unit``."""

    numeric = True
    unit: int
    seconds: float = 1.0

    def over(self, seconds: float) -> Self:
        """The function for buckets of that length."""
        found = type(self)(self.parameter)
        found.seconds = seconds
        return found

    def accumulator(self) -> Accumulator:
        return _Running(self)

    def grouped(self, samples: Samples) -> Column:
        return Sum().grouped(samples).map(self.scaled)

    def scaled(self, total: Value) -> Value:
        number = to_number(total)
        return None if number is None else whole(float(number) * self.unit / self.seconds)


class _Running:
    def __init__(self, function: PerTime) -> None:
        self._function = function
        self._sum = Sum().accumulator()

    def add(self, value: Scalar, time: float) -> None:
        self._sum.add(value, time)

    def result(self) -> Value:
        return self._function.scaled(self._sum.result())


@aggregate
class PerSecond(PerTime):
    names = ("per_second",)
    unit = 1


@aggregate
class PerMinute(PerTime):
    names = ("per_minute",)
    unit = 60


@aggregate
class PerHour(PerTime):
    names = ("per_hour",)
    unit = 3600


@aggregate
class PerDay(PerTime):
    names = ("per_day",)
    unit = 86400
