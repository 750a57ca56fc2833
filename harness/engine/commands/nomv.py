"""``nomv``: a multivalue as one value, its members on lines of their own. Follows "nomv" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments
from harness.values.frame import Frame
from harness.values.values import texts


@dataclass(frozen=True, slots=True)
class NoMv(SearchCommand):
    names = ("nomv",)
    streaming = True

    field: str

    @classmethod
    def parse(cls, arguments: Arguments) -> NoMv:
        if arguments.at_end:
            raise arguments.error("A field name is expected.")
        field = arguments.field_name()
        arguments.expect_end()
        return cls(field)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.field not in frame.columns:
            return frame
        column = frame.columns[self.field].map(lambda value: "\n".join(texts(value)) if type(value) is tuple else value)
        return frame.with_columns({self.field: column})
