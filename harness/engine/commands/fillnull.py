"""``fillnull``: a value where there is none. Follows "fillnull" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.columns import filled
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import expand
from harness.spl.arguments import Arguments, string
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class FillNull(SearchCommand):
    """Without fields, every field that any row has; a named field comes into being."""

    names = ("fillnull",)

    value: str = "0"
    fields: tuple[str, ...] = ()

    @classmethod
    def parse(cls, arguments: Arguments) -> FillNull:
        options = arguments.options({"value": string})
        fields = tuple(arguments.field_list())
        options |= arguments.options({"value": string})
        arguments.expect_end()
        return cls(options.get("value", "0"), fields)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        names = expand(self.fields, frame) if self.fields else list(frame.columns)
        return frame.with_columns({name: filled(frame.column(name), self.value) for name in names})
