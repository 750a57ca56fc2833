"""Sums, means and spreads of numbers. What is no number is passed over; without any number there is no result."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable

import numpy as np

from harness.engine.aggregates import Accumulator, Aggregate, Numbers, Numeric, Samples, aggregate, whole
from harness.values.column import Column, Mask, Scalar, Value
from harness.values.values import to_number

Formula = Callable[[float, float, float], float]
"""A result from the number of values, their sum, and the sum of squared distances from their mean."""


class _Running:
    """Count, mean and squared distances, kept stable value by value (Welford)."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.count = 0
        self.total = 0.0
        self.mean = 0.0
        self.distances = 0.0

    def add(self, value: Scalar, time: float) -> None:
        number = to_number(value)
        if number is None:
            return
        self.count += 1
        self.total += number
        step = number - self.mean
        self.mean += step / self.count
        self.distances += step * (number - self.mean)

    def result(self) -> Value:
        return whole(self.formula(self.count, self.total, self.distances)) if self.count else None


class _Moments(Aggregate):
    """A function of count, sum and squared distances."""

    numeric = True

    @staticmethod
    @abstractmethod
    def formula(count: float, total: float, distances: float) -> float:
        """Of at least one value."""

    def accumulator(self) -> Accumulator:
        return _Running(self.formula)

    def grouped(self, samples: Samples) -> Column:
        groups, numbers = samples.numeric
        count = np.bincount(groups, minlength=samples.count)
        total = np.bincount(groups, weights=numbers, minlength=samples.count)
        mean = total / np.maximum(count, 1)
        distances = np.bincount(groups, weights=(numbers - mean[groups]) ** 2, minlength=samples.count)
        rows = zip(count.tolist(), total.tolist(), distances.tolist(), strict=True)
        return Column.from_values(whole(self.formula(*row)) if row[0] else None for row in rows)


@aggregate
class Sum(_Moments):
    names = ("sum",)

    @staticmethod
    def formula(count: float, total: float, distances: float) -> float:
        return total


@aggregate
class Average(_Moments):
    names = ("avg", "mean")

    @staticmethod
    def formula(count: float, total: float, distances: float) -> float:
        return total / count


@aggregate
class Variance(_Moments):
    """Of a sample; a single value has none to speak of: 0."""

    names = ("var",)

    @staticmethod
    def formula(count: float, total: float, distances: float) -> float:
        return distances / (count - 1) if count > 1 else 0.0


@aggregate
class PopulationVariance(_Moments):
    names = ("varp",)

    @staticmethod
    def formula(count: float, total: float, distances: float) -> float:
        return distances / count


@aggregate
class Deviation(_Moments):
    """Standard deviation of a sample (M4.87)."""

    names = ("stdev",)

    @staticmethod
    def formula(count: float, total: float, distances: float) -> float:
        return math.sqrt(Variance.formula(count, total, distances))


@aggregate
class PopulationDeviation(_Moments):
    names = ("stdevp",)

    @staticmethod
    def formula(count: float, total: float, distances: float) -> float:
        return math.sqrt(distances / count)


@aggregate
class SumOfSquares(Aggregate):
    names = ("sumsq",)
    numeric = True

    class _Running:
        def __init__(self) -> None:
            self.total: float | None = None

        def add(self, value: Scalar, time: float) -> None:
            number = to_number(value)
            if number is not None:
                self.total = (self.total or 0.0) + float(number) * number

        def result(self) -> Value:
            return None if self.total is None else whole(self.total)

    def accumulator(self) -> Accumulator:
        return self._Running()


@aggregate
class Range(Aggregate):
    """The largest number minus the smallest."""

    names = ("range",)
    numeric = True

    class _Running:
        def __init__(self) -> None:
            self.low = math.inf
            self.high = -math.inf

        def add(self, value: Scalar, time: float) -> None:
            number = to_number(value)
            if number is not None:
                self.low = min(self.low, number)
                self.high = max(self.high, number)

        def result(self) -> Value:
            return None if self.low > self.high else whole(float(self.high - self.low))

    def accumulator(self) -> Accumulator:
        return self._Running()

    def grouped(self, samples: Samples) -> Column:
        groups, numbers = samples.numeric
        low = np.full(samples.count, math.inf)
        high = np.full(samples.count, -math.inf)
        np.minimum.at(low, groups, numbers)
        np.maximum.at(high, groups, numbers)
        present: Mask = low <= high
        difference: Numbers = np.where(present, high - np.where(present, low, 0.0), 0.0)
        return Numeric.column(difference, present)


class _Extreme(Aggregate):
    """Numbers by size if there is any, else text by code point (M4.83)."""

    sign: int

    class _Running:
        def __init__(self, sign: int) -> None:
            self.sign = sign
            self.number: float | None = None
            self.best: Scalar | None = None

        def add(self, value: Scalar, time: float) -> None:
            number = to_number(value)
            if number is not None:
                if self.number is None or self.sign * (number - self.number) > 0:
                    self.number, self.best = number, value
            elif self.number is None and (self.best is None or (str(value) > str(self.best)) == (self.sign > 0)):
                self.best = value

        def result(self) -> Value:
            return self.best

    def accumulator(self) -> Accumulator:
        return self._Running(self.sign)

    def grouped(self, samples: Samples) -> Column:
        """By rank: every number stands beyond every text, so that it wins where there is one."""
        numbers, texts = samples.numbers, samples.ranks
        isnumber = ~np.isnan(numbers)
        places = np.empty(len(numbers), dtype=np.int64)
        order = np.argsort(self.sign * texts, kind="stable")
        places[order] = np.arange(len(order))
        by_size = np.argsort(self.sign * np.where(isnumber, numbers, 0.0), kind="stable")
        by_size = by_size[isnumber[by_size]]
        # Equal numbers share a place, so that the first of them is kept, as it is when counting up.
        size = (self.sign * numbers)[by_size]
        places[by_size] = len(numbers) + np.searchsorted(size, size)
        best = np.full(samples.count, -1, dtype=np.int64)
        np.maximum.at(best, samples.groups, places[samples.codes])
        winners = np.flatnonzero(places[samples.codes] == best[samples.groups])
        found = np.full(samples.count, -1, dtype=np.intp)
        found[samples.groups[winners][::-1]] = winners[::-1]
        return samples.at(found)


@aggregate
class Minimum(_Extreme):
    names = ("min",)
    sign = -1


@aggregate
class Maximum(_Extreme):
    names = ("max",)
    sign = 1
