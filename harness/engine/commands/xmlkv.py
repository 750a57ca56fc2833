"""``xmlkv``: a field for each XML element that holds text and no element. Follows "xmlkv" in the Search Reference.

Entities of the text are replaced first, again and again until none is left; the field keeps the result. Of elements
with one name the last counts, and an empty one gives no field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from harness.engine.columns import over, spread
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, non_negative_integer
from harness.values.frame import Frame
from harness.values.values import texts

_ELEMENT: Final = re.compile(r"<([^\s<>/!?][^\s<>]*+)(?:\s[^>]*+)?>([^<]*+)</\1>")
_ENTITIES: Final = (("&gt;", ">"), ("&lt;", "<"), ("&amp;", "&"))


@dataclass(frozen=True, slots=True)
class XmlKv(SearchCommand):
    names = ("xmlkv",)

    field: str = "_raw"

    @classmethod
    def parse(cls, arguments: Arguments) -> XmlKv:
        known = {"maxinputs": non_negative_integer}
        options = arguments.options(known)
        field = arguments.field_name() if arguments.at_field() else "_raw"
        options |= arguments.options(known)
        arguments.expect_end()
        if "maxinputs" in options:
            raise arguments.unsupported("the option 'maxinputs'")
        return cls(field)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        column = frame.columns.get(self.field)
        if column is None:
            return frame
        plain = column.map(lambda value: unescaped("\n".join(texts(value))))
        found = [{name: text or None for name, text in _ELEMENT.findall(str(value))} for value in plain.values]
        written = {name: over(fresh, frame.column(name)) for name, fresh in spread(plain, found).items()}
        return frame.with_columns({self.field: plain, **written})


def unescaped(text: str) -> str:
    """Entities replaced until nothing changes."""
    while True:
        shorter = text
        for entity, mark in _ENTITIES:
            shorter = shorter.replace(entity, mark)
        if shorter == text:
            return text
        text = shorter
