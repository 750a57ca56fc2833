"""``tojson``: each row as one JSON object in ``_raw``. Follows "tojson" in the Search Reference.

Without fields, every field is taken that is not internal, and ``_raw`` and ``_time`` where they are there.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import expand, is_internal, wildcard_pattern
from harness.spl.arguments import Arguments, string
from harness.values.column import Column, Scalar, Value
from harness.values.frame import Frame
from harness.values.values import members, to_number, to_text

_TYPED: Final = re.compile(r"(auto|num|str|bool|json|none)\((.+)\)")
_CARRIED_OUT: Final = ("auto", "num", "str")


@dataclass(frozen=True, slots=True)
class ToJson(SearchCommand):
    names = ("tojson",)
    streaming = True

    fields: tuple[str, ...] = ()
    output: str = "_raw"
    types: tuple[tuple[str, str], ...] = ()
    """The type of fields, given by pattern; other fields are ``auto``."""

    @classmethod
    def parse(cls, arguments: Arguments) -> ToJson:
        known = {"default_type": string, "fill_null": string, "include_internal": string, "output_field": string}
        options = arguments.options(known)
        fields: list[str] = []
        types: list[tuple[str, str]] = []
        while arguments.peek() is not None:
            if arguments.accept(","):
                continue
            given = arguments.options(known)
            options |= given
            if arguments.peek() is not None and not given:
                name = arguments.field_name()
                typed = _TYPED.fullmatch(name)
                if typed is not None and typed[1] not in _CARRIED_OUT:
                    raise arguments.unsupported(f"the type '{typed[1]}' for a field")
                if typed is not None:
                    name = typed[2]
                    types.append((name, typed[1]))
                fields.append(name)
        for name in ("default_type", "fill_null", "include_internal"):
            if name in options:
                raise arguments.unsupported(f"the option '{name}'")
        return cls(tuple(fields), options.get("output_field", "_raw"), tuple(types))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.fields:
            names = [name for name in expand(self.fields, frame) if name in frame.columns]
        else:
            names = sorted(name for name in frame.columns if not is_internal(name) or name in ("_raw", "_time"))
        columns = [frame.columns[name].to_values() for name in names]
        rows = zip(*columns, strict=True) if columns else iter([()] * frame.length)
        kinds = [self._type(name) for name in names]
        texts = [
            json.dumps(
                {
                    name: found
                    for name, kind, value in zip(names, kinds, row, strict=True)
                    if value is not None and (found := _json(value, kind)) is not None
                },
                ensure_ascii=False,
                separators=(",", ":"),
            )
            for row in rows
        ]
        return frame.with_columns({self.output: Column.from_values(texts)})

    def _type(self, name: str) -> str:
        return next((kind for pattern, kind in self.types if wildcard_pattern(pattern).fullmatch(name)), "auto")


def _json(value: Value, kind: str) -> Any:
    """The field in JSON; None if it has no value of that type."""
    found = [one for member in members(value) if (one := _scalar(member, kind)) is not None]
    if not found:
        return None
    return found if isinstance(value, tuple) else found[0]


def _scalar(value: Scalar, kind: str) -> Any:
    """By itself a number where it reads as one and is written in no other way than that number would be."""
    number = to_number(value)
    text = to_text(value)
    if kind == "str":
        return text
    if kind == "num":
        return number
    return number if number is not None and to_text(number) == text else text
