"""How many, and how many different."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from harness.engine.aggregates import Accumulator, Aggregate, Samples, aggregate
from harness.errors import UnsupportedSPL
from harness.values.column import Column, Scalar
from harness.values.values import to_text

ESTIMATED_FROM: Final = 1000


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
    """``dc``: different values, told apart as text; 0 without any (M4.82)."""

    names: ClassVar[tuple[str, ...]] = ("dc", "distinct_count")

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


@aggregate
class EstimatedDistinctCount(DistinctCount):
    """``estdc`` is ``dc`` up to a thousand values (limits.conf, ``approx_dc_threshold``), and an estimate beyond."""

    names = ("estdc",)

    def grouped(self, samples: Samples) -> Column:
        found = super().grouped(samples)
        if any(count > ESTIMATED_FROM for count in found.values):  # type: ignore[operator]
            raise UnsupportedSPL(f"'estdc' of more than {ESTIMATED_FROM} different values is not supported.")
        return found


def counts(numbers: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Column:
    distinct, codes = np.unique(numbers, return_inverse=True)
    return Column(distinct.tolist(), codes.astype(np.int32))
