"""``trendline``: moving averages of a field. Follows "trendline" in the Search Reference.

``sma5(n)`` is the mean of the last five rows, ``wma5(n)`` weighs them by 1 to 5; before there are as many rows there is
none. With what ``ema`` begins, and what rows without a number do, is not documented: both are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from harness.engine.aggregates import whole
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import UnsupportedSPL
from harness.spl.arguments import Arguments
from harness.values.column import Column
from harness.values.frame import Frame
from harness.values.values import to_number

_TREND: Final = re.compile(r"(sma|ema|wma)([0-9]{1,5})\(\s*([^()]+?)\s*\)", re.IGNORECASE)
LEAST, MOST = 2, 10_000


@dataclass(frozen=True, slots=True)
class Trend:
    """``kind`` is ``sma`` or ``wma``."""

    kind: str
    period: int
    field: str
    target: str


@dataclass(frozen=True, slots=True)
class TrendLine(SearchCommand):
    names = ("trendline",)

    trends: tuple[Trend, ...]

    @classmethod
    def parse(cls, arguments: Arguments) -> TrendLine:
        trends: list[Trend] = []
        while (token := arguments.peek()) is not None:
            if arguments.accept(","):
                continue
            text = arguments.value()
            found = _TREND.fullmatch(text)
            if found is None or not LEAST <= int(found[2]) <= MOST:
                raise arguments.error(f"The trend '{text}' is none of sma2(field) to wma{MOST}(field).", token)
            if found[1].lower() == "ema":
                raise arguments.unsupported("ema", token)
            target = arguments.field_name() if arguments.accept_keyword("AS") else text
            trends.append(Trend(found[1].lower(), int(found[2]), found[3].strip('"'), target))
        if not trends:
            raise arguments.error("At least one trend is expected: sma5(field) AS name.")
        return cls(tuple(trends))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        for trend in self.trends:
            column = frame.columns.get(trend.field)
            if column is not None and frame.length:
                frame = frame.with_columns({trend.target: _moving(trend, column)})
        return frame


def _moving(trend: Trend, column: Column) -> Column:
    numbers = [to_number(value) for value in column.to_values()]
    known = [float(number) for number in numbers if number is not None]
    if len(known) != len(numbers):
        raise UnsupportedSPL(f"The 'trendline' command: rows without a number in '{trend.field}' are not supported.")
    weights = np.ones(trend.period) if trend.kind == "sma" else np.arange(trend.period, 0, -1, dtype=np.float64)
    means = np.convolve(known, weights, "valid") / weights.sum() if len(known) >= trend.period else []
    missing = min(trend.period - 1, len(known))
    return Column.from_values([*[None] * missing, *(whole(float(mean)) for mean in means)])
