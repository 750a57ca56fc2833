"""How many, and how many different."""

from __future__ import annotations

import numpy as np

from harness.engine.aggregates import Accumulator, Aggregate, Samples, aggregate
from harness.values.column import Column, Scalar
from harness.values.values import to_text


@aggregate
class Count(Aggregate):
    """``count`` counts rows, ``count(field)`` the field's values; never absent (M4.82)."""

    names = ("count", "c")

    class _Running:
        def __init__(self) -> None:
            self.count = 0

        def add(self, value: Scalar, time: float) -> None:
            self.count += 1

        def result(self) -> int:
            return self.count

    def accumulator(self) -> Accumulator:
        return self._Running()

    def grouped(self, samples: Samples) -> Column:
        return counts(np.bincount(samples.groups, minlength=samples.count))


@aggregate
class DistinctCount(Aggregate):
    """``dc``: different values, told apart as text; 0 without any (M4.82). ``estdc`` is the estimate of a number that
    is known here."""

    names = ("dc", "distinct_count", "estdc")

    class _Running:
        def __init__(self) -> None:
            self.seen: set[str] = set()

        def add(self, value: Scalar, time: float) -> None:
            self.seen.add(to_text(value))

        def result(self) -> int:
            return len(self.seen)

    def accumulator(self) -> Accumulator:
        return self._Running()

    def grouped(self, samples: Samples) -> Column:
        width = len(samples.ordered_texts) + 1
        pairs = np.unique(samples.groups.astype(np.int64) * width + samples.ranks[samples.codes])
        return counts(np.bincount(pairs // width, minlength=samples.count))


def counts(numbers: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Column:
    distinct, codes = np.unique(numbers, return_inverse=True)
    return Column(distinct.tolist(), codes.astype(np.int32))
