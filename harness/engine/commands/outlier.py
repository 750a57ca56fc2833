"""``outlier``: drops rows with numbers far above the others, or cuts such numbers down to the bound.

Follows "outlier" in the Search Reference. A number is an outlier if it lies more than ``param`` times the distance
between the quartiles above the upper one, or, with ``uselower``, below the lower one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.engine.aggregates import whole
from harness.engine.aggregates.percentiles import percentile
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import expand
from harness.spl.arguments import Arguments, boolean, string
from harness.values.column import Column, Value
from harness.values.frame import Frame
from harness.values.values import to_number, to_text


@dataclass(frozen=True, slots=True)
class Outlier(SearchCommand):
    names = ("outlier",)

    fields: tuple[str, ...]
    factor: float = 2.5
    lower: bool = False
    remove: bool = False
    mark: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> Outlier:
        known = {"action": str.lower, "mark": boolean, "param": string, "uselower": boolean, "type": string}
        options = arguments.options(known)
        fields = arguments.field_list()
        options |= arguments.options(known)
        arguments.expect_end()
        return cls.of(tuple(fields), options, arguments)

    @classmethod
    def of(cls, fields: tuple[str, ...], options: Mapping[str, Any], arguments: Arguments) -> Outlier:
        """What options ask for."""
        action = options.get("action", "tf")
        if action not in ("rm", "remove", "tf", "transform"):
            raise arguments.error(f"Invalid value for option action: '{action}'.")
        factor = to_number(options.get("param", "2.5"))
        if factor is None:
            raise arguments.error(f"Invalid value for option param: '{options['param']}'.")
        if options.get("type", "iqr").lower() != "iqr":
            raise arguments.error(f"Invalid value for option type: '{options['type']}'.")
        return cls(
            fields,
            float(factor),
            options.get("uselower", False),
            action in ("rm", "remove"),
            options.get("mark", False),
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        kept = np.ones(frame.length, dtype=np.bool_)
        cut: dict[str, Column] = {}
        for name in expand(self.fields or ("*",), frame):
            column = frame.column(name)
            bounds = self._bounds(column)
            if bounds is None:
                continue
            if self.remove:
                low, high = bounds
                kept &= ~column.test(lambda value, low=low, high=high: _outside(value, low, high) is not None)  # type: ignore[misc]
            else:
                cut[name] = column.map(lambda value, bounds=bounds: self._cut(value, *bounds))  # type: ignore[misc]
        return frame.take(kept) if self.remove else frame.with_columns(cut)

    def _bounds(self, column: Column) -> tuple[float, float] | None:
        """Below and above what numbers are outliers; None for a column without numbers."""
        numbers = sorted(number for value in column.to_values() if (number := to_number(value)) is not None)
        if not numbers:
            return None
        first, third = percentile(numbers, 25), percentile(numbers, 75)
        reach = self.factor * (third - first)
        return first - reach if self.lower else -math.inf, third + reach

    def _cut(self, value: Value, low: float, high: float) -> Value:
        bound = _outside(value, low, high)
        if bound is None:
            return value
        return f"000{to_text(whole(bound))}" if self.mark else whole(bound)


def _outside(value: Value, low: float, high: float) -> float | None:
    """The bound that a number lies beyond."""
    number = to_number(value)
    if number is None or low <= number <= high:
        return None
    return low if number < low else high
