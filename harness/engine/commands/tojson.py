"""``tojson``: each row as one JSON object in ``_raw``. Follows "tojson" in the Search Reference.

Without fields, every field is taken that is not internal, and ``_raw`` and ``_time`` where they are there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import expand, is_internal
from harness.spl.arguments import Arguments, string
from harness.values.column import Column, Scalar, Value
from harness.values.frame import Frame
from harness.values.values import members, to_number, to_text

TYPES: Final = ("auto", "num", "str", "bool", "json", "none")


@dataclass(frozen=True, slots=True)
class ToJson(SearchCommand):
    names = ("tojson",)
    streaming = True

    fields: tuple[str, ...] = ()
    output: str = "_raw"

    @classmethod
    def parse(cls, arguments: Arguments) -> ToJson:
        known = {"default_type": string, "fill_null": string, "include_internal": string, "output_field": string}
        options = arguments.options(known)
        fields: list[str] = []
        while arguments.peek() is not None:
            if arguments.accept(","):
                continue
            given = arguments.options(known)
            options |= given
            if arguments.peek() is not None and not given:
                name = arguments.field_name()
                if any(name.startswith(f"{kind}(") for kind in TYPES):
                    raise arguments.unsupported("a type for a field")
                fields.append(name)
        for name in ("default_type", "fill_null", "include_internal"):
            if name in options:
                raise arguments.unsupported(f"the option '{name}'")
        return cls(tuple(fields), options.get("output_field", "_raw"))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.fields:
            names = [name for name in expand(self.fields, frame) if name in frame.columns]
        else:
            names = sorted(name for name in frame.columns if not is_internal(name) or name in ("_raw", "_time"))
        columns = [frame.columns[name].to_values() for name in names]
        rows = zip(*columns, strict=True) if columns else iter([()] * frame.length)
        texts = [
            json.dumps(
                {name: _json(value) for name, value in zip(names, row, strict=True) if value is not None},
                ensure_ascii=False,
                separators=(",", ":"),
            )
            for row in rows
        ]
        return frame.with_columns({self.output: Column.from_values(texts)})


def _json(value: Value) -> Any:
    found = [_scalar(member) for member in members(value)]
    return found if isinstance(value, tuple) else found[0]


def _scalar(value: Scalar) -> Any:
    """A number where it reads as one and is written in no other way than that number would be."""
    number = to_number(value)
    text = to_text(value)
    return number if number is not None and to_text(number) == text else text
