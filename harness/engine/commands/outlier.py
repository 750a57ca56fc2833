"""``outlier``: drops rows with numbers far above the others. Follows "outlier" in the Search Reference.

A number is an outlier if it lies more than ``param`` times the distance between the quartiles above the upper one, or,
with ``uselower``, below the lower one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.aggregates.percentiles import percentile
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import expand
from harness.spl.arguments import Arguments, boolean, string
from harness.values.column import Column, Mask
from harness.values.frame import Frame
from harness.values.values import to_number


@dataclass(frozen=True, slots=True)
class Outlier(SearchCommand):
    names = ("outlier",)

    fields: tuple[str, ...]
    factor: float = 2.5
    lower: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> Outlier:
        known = {"action": str.lower, "mark": boolean, "param": string, "uselower": boolean, "type": string}
        options = arguments.options(known)
        fields = arguments.field_list()
        options |= arguments.options(known)
        arguments.expect_end()
        if options.get("action", "tf") not in ("rm", "remove"):
            raise arguments.unsupported("any action but action=remove")
        factor = to_number(options.get("param", "2.5"))
        if factor is None:
            raise arguments.error(f"Invalid value for option param: '{options['param']}'.")
        if options.get("type", "iqr").lower() != "iqr":
            raise arguments.error(f"Invalid value for option type: '{options['type']}'.")
        return cls(tuple(fields), float(factor), options.get("uselower", False))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        kept = np.ones(frame.length, dtype=np.bool_)
        for name in expand(self.fields or ("*",), frame):
            kept &= ~self._outliers(frame.column(name))
        return frame.take(kept)

    def _outliers(self, column: Column) -> Mask:
        numbers = [number for value in column.to_values() if (number := to_number(value)) is not None]
        if not numbers:
            return np.zeros(len(column), dtype=np.bool_)
        numbers.sort()
        first, third = percentile(numbers, 25), percentile(numbers, 75)
        reach = self.factor * (third - first)

        def is_outlier(value: object) -> bool:
            number = to_number(value)  # type: ignore[arg-type]
            return number is not None and (number > third + reach or (self.lower and number < first - reach))

        return column.test(is_outlier)
