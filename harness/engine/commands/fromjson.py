"""``fromjson``: the members of a JSON object as fields. Follows "fromjson" in the Search Reference.

Only the outermost members become fields: nested objects as JSON text, arrays as multivalues of their elements.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.engine.columns import over
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, string
from harness.values.column import NULL, Column, Encoder, Value, normal
from harness.values.frame import Frame
from harness.values.values import texts


@dataclass(frozen=True, slots=True)
class FromJson(SearchCommand):
    names = ("fromjson",)
    streaming = True

    field: str
    prefix: str = ""

    @classmethod
    def parse(cls, arguments: Arguments) -> FromJson:
        options = arguments.options({"prefix": string})
        if arguments.peek() is None:
            raise arguments.error("A field name is expected.")
        field = arguments.field_name()
        options |= arguments.options({"prefix": string})
        arguments.expect_end()
        return cls(field, options.get("prefix", ""))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        column = frame.columns.get(self.field)
        if column is None:
            return frame
        found = [self._members(value) for value in column.values]
        columns: dict[str, Column] = {}
        for name in dict.fromkeys(name for fields in found for name in fields):
            encoder = Encoder()
            table = [*(encoder.code(fields.get(name)) for fields in found), NULL]
            fresh = Column(encoder.values, np.array(table, dtype=np.int32)[column.codes])
            columns[name] = over(fresh, frame.column(name))
        return frame.with_columns(columns)

    def _members(self, value: Value) -> dict[str, Value]:
        try:
            document = json.loads("".join(texts(value)))
        except (ValueError, RecursionError):
            return {}
        if not isinstance(document, dict):
            return {}
        return {self.prefix + name: _value(member) for name, member in document.items() if member is not None}


def _value(member: Any) -> Value:
    if isinstance(member, list):
        return normal(tuple(_text(each) for each in member))
    return _text(member)


def _text(member: Any) -> str:
    return member if isinstance(member, str) else json.dumps(member, ensure_ascii=False, separators=(",", ":"))
