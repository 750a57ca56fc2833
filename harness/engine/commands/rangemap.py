"""``rangemap``: names for the ranges that a number lies in. Follows "rangemap" in the Search Reference."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, string
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.values import to_number

_NUMBER: Final = r"(-?[0-9]+(?:\.[0-9]+)?)"
_RANGE: Final = re.compile(rf"{_NUMBER}-{_NUMBER}")


@dataclass(frozen=True, slots=True)
class RangeMap(SearchCommand):
    """A number in several ranges has all their names."""

    names = ("rangemap",)
    streaming = True

    field: str
    ranges: tuple[tuple[str, float, float], ...]
    default: str = "None"

    @classmethod
    def parse(cls, arguments: Arguments) -> RangeMap:
        options: dict[str, str] = {}
        while (name := arguments.option_name()) is not None:
            options |= {name: arguments.options({name.lower(): string})[name.lower()]}
        arguments.expect_end()
        if "field" not in options:
            raise arguments.error("The argument 'field' is required.")
        ranges: list[tuple[str, float, float]] = []
        for name, text in options.items():
            if name not in ("field", "default"):
                found = _RANGE.fullmatch(text)
                if found is None:
                    raise arguments.error(f"Invalid range '{text}'.")
                ranges.append((name, float(found[1]), float(found[2])))
        return cls(options["field"], tuple(ranges), options.get("default", "None"))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        return frame.with_columns({"range": frame.column(self.field).map(self._names_of, nulls=True)})

    def _names_of(self, value: Value) -> Value:
        number = to_number(value)
        found = tuple(name for name, low, high in self.ranges if number is not None and low <= number <= high)
        return found or self.default
