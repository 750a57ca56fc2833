"""Statistical functions, one class each, one file per family; stats and its kin find them here.

A function sees *samples*: every single value of its argument with the group of its row, multivalues taken apart. Most
work on codes (:meth:`Aggregate.grouped`); each also counts up value by value (:meth:`Aggregate.accumulator`), which is
what ``streamstats`` needs and what a function without a faster way uses.

Follows "Statistical and charting functions" in the Search Reference and M4.76 to M4.95.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from harness.registry import Registry
from harness.values.column import NULL, Codes, Column, Mask, Scalar, Value
from harness.values.values import members, to_number, to_text

Positions = npt.NDArray[np.intp]
Numbers = npt.NDArray[np.float64]


class Samples:
    """Single values, in the order of their rows: ``values[codes[i]]`` belongs to group ``groups[i]`` of ``count``.

    ``times`` is the ``_time`` of the sample's row, NaN where there is none.
    """

    def __init__(self, values: Sequence[Scalar], codes: Codes, groups: Codes, times: Numbers, count: int) -> None:
        self.values = values
        self.codes = codes
        self.groups = groups
        self.times = times
        self.count = count

    @classmethod
    def of(cls, column: Column, groups: Codes, times: Numbers, count: int) -> Samples:
        """The values of a column; null gives no sample, a multivalue one for each of its members."""
        if any(type(value) is tuple for value in column.values):
            return cls._of_multivalues(column, groups, times, count)
        rows = np.flatnonzero(column.codes != NULL)
        if len(rows) == len(column):
            return cls(column.values, column.codes, groups, times, count)  # type: ignore[arg-type]
        return cls(column.values, column.codes[rows], groups[rows], times[rows], count)  # type: ignore[arg-type]

    @classmethod
    def _of_multivalues(cls, column: Column, groups: Codes, times: Numbers, count: int) -> Samples:
        single: dict[tuple[type, Scalar], int] = {}
        parts = [
            [single.setdefault((type(member), member), len(single)) for member in members(value)]
            for value in column.values
        ]
        sizes = np.array([*map(len, parts), 0], dtype=np.int64)[column.codes]
        rows = np.repeat(np.arange(len(column)), sizes)
        table = [*parts, []]
        codes = np.fromiter(
            (code for at in column.codes.tolist() for code in table[at]), dtype=np.int32, count=len(rows)
        )
        return cls([member for _, member in single], codes, groups[rows], times[rows], count)

    @cached_property
    def numbers(self) -> Numbers:
        """The number that each of ``values`` is; NaN if it is none."""
        found = (to_number(value) for value in self.values)
        return np.array([np.nan if number is None else number for number in found], dtype=np.float64)

    @cached_property
    def texts(self) -> list[str]:
        """Each of ``values`` as text."""
        return [value if type(value) is str else to_text(value) for value in self.values]

    @cached_property
    def numeric(self) -> tuple[Codes, Numbers]:
        """Group and number of every sample that is a number."""
        table = self.numbers
        kept = ~np.isnan(table)
        if kept.all():
            return self.groups, table[self.codes]
        rows = kept[self.codes]
        return self.groups[rows], table[self.codes[rows]]

    @cached_property
    def ranks(self) -> npt.NDArray[np.int64]:
        """The place of each of ``values`` among the distinct texts in code-point order."""
        order = {text: rank for rank, text in enumerate(sorted(set(self.texts)))}
        return np.array([order[text] for text in self.texts], dtype=np.int64)

    @cached_property
    def ordered_texts(self) -> list[str]:
        return sorted(set(self.texts))

    def first_of_groups(self) -> Positions:
        """The position of the first sample of each group, -1 for a group without any."""
        found = np.full(self.count, -1, dtype=np.intp)
        found[self.groups[::-1]] = np.arange(len(self.groups) - 1, -1, -1)
        return found

    def at(self, positions: Positions) -> Column:
        """The values at sample positions; -1 is null."""
        codes = np.where(positions < 0, NULL, np.append(self.codes, NULL)[positions]).astype(np.int32)
        return Column(self.values, codes)

    def __len__(self) -> int:
        return len(self.codes)


class Accumulator(Protocol):
    """Counts up one group, value by value."""

    def add(self, value: Scalar, time: float) -> None: ...

    def result(self) -> Value:
        """None if it cannot be computed: the column is then absent from the row (M4.79)."""


class Aggregate(ABC):
    """One statistical function. ``parameter`` is the number in ``perc95``."""

    names: ClassVar[tuple[str, ...]]
    numeric: ClassVar[bool] = False
    """Looks at numbers only, so that ``allnum=true`` concerns it."""
    timed: ClassVar[bool] = False
    """Goes by ``_time``."""
    parametric: ClassVar[bool] = False
    """Has a number in its name."""

    def __init__(self, parameter: float | None = None) -> None:
        self.parameter = parameter

    @abstractmethod
    def accumulator(self) -> Accumulator:
        """A fresh one, empty."""

    def grouped(self, samples: Samples) -> Column:
        """One value per group."""
        running = [self.accumulator() for _ in range(samples.count)]
        values = samples.values
        for code, group, time in zip(
            samples.codes.tolist(), samples.groups.tolist(), samples.times.tolist(), strict=True
        ):
            running[group].add(values[code], time)
        return Column.from_values(one.result() for one in running)


AGGREGATES: Registry[type[Aggregate]] = Registry("statistical function")


def aggregate(cls: type[Aggregate]) -> type[Aggregate]:
    """Decorator: make a class known under its names."""
    return AGGREGATES.register(*cls.names)(cls)


@cache
def _load() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def find_aggregate(name: str) -> type[Aggregate] | None:
    """The function of that lower-case name."""
    _load()
    return AGGREGATES.get(name)


def aggregate_names() -> list[str]:
    _load()
    return AGGREGATES.names()


@dataclass(frozen=True, slots=True)
class Numeric:
    """Helper for functions that give one float per group: whole numbers become integers."""

    @staticmethod
    def column(numbers: Numbers, present: Mask) -> Column:
        """``numbers`` where ``present``; null elsewhere."""
        distinct, inverse = np.unique(numbers[present], return_inverse=True)
        codes = np.full(len(numbers), NULL, dtype=np.int32)
        codes[present] = inverse
        return Column([whole(float(number)) for number in distinct], codes)


def whole(number: float) -> int | float:
    """An integer where the number is one that a double holds exactly."""
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
