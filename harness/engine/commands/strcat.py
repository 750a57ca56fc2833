"""``strcat``: fields and texts joined into a field. Follows "strcat" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.columns import over
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, boolean
from harness.values.column import Value, map_columns
from harness.values.frame import Frame
from harness.values.values import texts


@dataclass(frozen=True, slots=True)
class StrCat(SearchCommand):
    """``parts`` are fields, or texts (True). With ``all_required`` a row that lacks a field stays as it is."""

    names = ("strcat",)
    streaming = True

    parts: tuple[tuple[str, bool], ...]
    target: str
    all_required: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> StrCat:
        options = arguments.options({"allrequired": boolean})
        parts: list[tuple[str, bool]] = []
        while (token := arguments.peek()) is not None:
            if not arguments.accept(","):
                parts.append((arguments.field_name(), token.is_string))
        if len(parts) < 2:
            raise arguments.error("A list of source fields and a destination field are expected.")
        return cls(tuple(parts[:-1]), parts[-1][0], options.get("allrequired", False))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        fields = [name for name, is_text in self.parts if not is_text]
        joined = map_columns(self._join, [frame.column(name) for name in fields], frame.length)
        return frame.with_columns({self.target: over(joined, frame.column(self.target))})

    def _join(self, *values: Value) -> Value:
        if self.all_required and any(value is None for value in values):
            return None
        rest = iter(values)
        return "".join(name if is_text else " ".join(texts(next(rest))) for name, is_text in self.parts)
