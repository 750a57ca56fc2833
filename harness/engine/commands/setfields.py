"""``setfields``: gives every row the same values in some fields. Follows "setfields" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, string
from harness.values.column import Column
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class SetFields(SearchCommand):
    names = ("setfields",)
    streaming = True

    values: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, arguments: Arguments) -> SetFields:
        values: list[tuple[str, str]] = []
        while (name := arguments.option_name()) is not None:
            values.append((name, arguments.options({name.lower(): string})[name.lower()]))
            arguments.accept(",")
        arguments.expect_end()
        if not values:
            raise arguments.error('At least one field with its value is expected: field="value".')
        return cls(tuple(values))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        return frame.with_columns({name: Column.constant(value, frame.length) for name, value in self.values})
