"""The values themselves: all, different ones, the first, the most frequent, the one of a time."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from harness.engine.aggregates import Accumulator, Aggregate, Positions, Samples, aggregate, whole
from harness.settings import Limits
from harness.values.column import Column, Scalar, Value, normal
from harness.values.values import to_number, to_text

LIST_MAX: Final = Limits().list_max_values


@aggregate
class Values(Aggregate):
    """Different values as text, in code-point order; an empty text is one of them (M4.78, M4.84)."""

    names = ("values",)

    class _Running:
        def __init__(self) -> None:
            self.seen: set[str] = set()

        def add(self, value: Scalar, time: float) -> None:
            self.seen.add(to_text(value))

        def result(self) -> Value:
            return normal(tuple(sorted(self.seen)))

    def accumulator(self) -> Accumulator:
        return self._Running()

    def grouped(self, samples: Samples) -> Column:
        ordered = samples.ordered_texts
        width = len(ordered) + 1
        pairs = np.unique(samples.groups.astype(np.int64) * width + samples.ranks[samples.codes])
        sizes = np.bincount(pairs // width, minlength=samples.count)
        flat = [ordered[rank] for rank in (pairs % width).tolist()]
        return _cut(flat, sizes)


@aggregate
class List(Aggregate):
    """Every value in the order of the rows, the first hundred (limits.conf, ``list_maxsize``)."""

    names = ("list",)

    class _Running:
        def __init__(self) -> None:
            self.seen: list[Scalar] = []

        def add(self, value: Scalar, time: float) -> None:
            if len(self.seen) < LIST_MAX:
                self.seen.append(value)

        def result(self) -> Value:
            return normal(tuple(self.seen))

    def accumulator(self) -> Accumulator:
        return self._Running()


@aggregate
class First(Aggregate):
    """Of the rows as they come (M4.78)."""

    names = ("first",)

    class _Running:
        def __init__(self) -> None:
            self.value: Scalar | None = None

        def add(self, value: Scalar, time: float) -> None:
            if self.value is None:
                self.value = value

        def result(self) -> Value:
            return self.value

    def accumulator(self) -> Accumulator:
        return self._Running()

    def grouped(self, samples: Samples) -> Column:
        return samples.at(samples.first_of_groups())


@aggregate
class Last(Aggregate):
    names = ("last",)

    class _Running:
        def __init__(self) -> None:
            self.value: Scalar | None = None

        def add(self, value: Scalar, time: float) -> None:
            self.value = value

        def result(self) -> Value:
            return self.value

    def accumulator(self) -> Accumulator:
        return self._Running()

    def grouped(self, samples: Samples) -> Column:
        found = np.full(samples.count, -1, dtype=np.intp)
        found[samples.groups] = np.arange(len(samples))
        return samples.at(found)


@aggregate
class Mode(Aggregate):
    """The most frequent value; of equally frequent ones the one met first."""

    names = ("mode",)

    class _Running:
        def __init__(self) -> None:
            self.counts: dict[str, int] = {}

        def add(self, value: Scalar, time: float) -> None:
            text = to_text(value)
            self.counts[text] = self.counts.get(text, 0) + 1

        def result(self) -> Value:
            return max(self.counts, key=self.counts.__getitem__) if self.counts else None

    def accumulator(self) -> Accumulator:
        return self._Running()


# --- by time


class _Moment:
    """The value of the earliest or latest time; of equal times the one met first."""

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.time = -math.inf
        self.value: Scalar | None = None

    def add(self, value: Scalar, time: float) -> None:
        if math.isnan(time):
            return
        if self.value is None or self.sign * time > self.time:
            self.time, self.value = self.sign * time, value

    def result(self) -> Value:
        return self.value


def _extreme_times(samples: Samples, sign: int) -> Positions:
    """The position of each group's sample of latest (1) or earliest (-1) time; -1 for none."""
    known = np.flatnonzero(~np.isnan(samples.times))
    order = known[np.lexsort((known, -sign * samples.times[known]))]
    found = np.full(samples.count, -1, dtype=np.intp)
    found[samples.groups[order][::-1]] = order[::-1]
    return found


class _ByTime(Aggregate):
    timed = True
    sign: int

    def accumulator(self) -> Accumulator:
        return _Moment(self.sign)

    def grouped(self, samples: Samples) -> Column:
        return samples.at(_extreme_times(samples, self.sign))


@aggregate
class Earliest(_ByTime):
    names = ("earliest",)
    sign = -1


@aggregate
class Latest(_ByTime):
    names = ("latest",)
    sign = 1


class _TimeOf(Aggregate):
    """The time itself instead of the value."""

    timed = True
    sign: int

    class _Running(_Moment):
        def result(self) -> Value:
            return None if self.value is None else whole(self.sign * self.time)

    def accumulator(self) -> Accumulator:
        return self._Running(self.sign)

    def grouped(self, samples: Samples) -> Column:
        found = _extreme_times(samples, self.sign)
        return Column.from_values(None if at < 0 else whole(float(samples.times[at])) for at in found.tolist())


@aggregate
class EarliestTime(_TimeOf):
    names = ("earliest_time",)
    sign = -1


@aggregate
class LatestTime(_TimeOf):
    names = ("latest_time",)
    sign = 1


@aggregate
class Rate(Aggregate):
    """(latest value - earliest value) / (latest time - earliest time), per second."""

    names = ("rate",)
    timed = True
    numeric = True

    class _Running:
        def __init__(self) -> None:
            self.first = _Moment(-1)
            self.last = _Moment(1)

        def add(self, value: Scalar, time: float) -> None:
            if to_number(value) is not None:
                self.first.add(value, time)
                self.last.add(value, time)

        def result(self) -> Value:
            start, end = to_number(self.first.value), to_number(self.last.value)
            seconds = self.last.time + self.first.time
            if start is None or end is None or seconds == 0:
                return None
            return whole((end - start) / seconds)

    def accumulator(self) -> Accumulator:
        return self._Running()


def _cut(flat: list[str], sizes: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Column:
    """Consecutive pieces of ``flat`` as one value per group."""
    ends = np.cumsum(sizes)
    starts = (ends - sizes).tolist()
    return Column.from_values(tuple(flat[start:end]) for start, end in zip(starts, ends.tolist(), strict=True))
