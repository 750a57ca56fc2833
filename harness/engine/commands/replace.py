"""``replace``: whole field values by others, with wildcards. Follows "replace" in the Search Reference.

A value matches a pattern as a whole, in the same case. Each ``*`` in the new value stands for what the pattern's star
found. Without IN, every field is looked at but those that begin with an underscore.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import expand, is_internal, wildcard_pattern
from harness.spl.arguments import Arguments
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.values import texts

Rule = tuple[re.Pattern[str], str]


@dataclass(frozen=True, slots=True)
class Replace(SearchCommand):
    names = ("replace",)
    streaming = True

    pairs: tuple[tuple[str, str], ...]
    fields: tuple[str, ...] = ()

    @classmethod
    def parse(cls, arguments: Arguments) -> Replace:
        pairs: list[tuple[str, str]] = []
        while arguments.peek() is not None and not arguments.at_keyword("IN"):
            if arguments.accept(","):
                continue
            old = arguments.value()
            arguments.accept(",")
            if not arguments.accept_keyword("WITH"):
                raise arguments.error("Missing WITH clause.")
            pairs.append((old, arguments.value()))
        if not pairs:
            raise arguments.error("Missing WITH clause.")
        fields = arguments.field_list() if arguments.accept_keyword("IN") else []
        arguments.expect_end()
        return cls(tuple(pairs), tuple(fields))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        rules: list[Rule] = [(wildcard_pattern(old), new) for old, new in self.pairs]
        names = expand(self.fields, frame) if self.fields else [name for name in frame.columns if not is_internal(name)]
        changed = {
            name: frame.columns[name].map(lambda value: _replaced(value, rules))
            for name in names
            if name in frame.columns
        }
        return frame.with_columns(changed)


def _replaced(value: Value, rules: Sequence[Rule]) -> Value:
    found = texts(value)
    replaced = [_text(text, rules) for text in found]
    return value if replaced == found else tuple(replaced)


def _text(text: str, rules: Sequence[Rule]) -> str:
    for pattern, new in rules:
        match = pattern.fullmatch(text)
        if match is not None:
            for part in match.groups():
                new = new.replace("*", part, 1)
            return new
    return text
