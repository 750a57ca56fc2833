"""``makemv``: one value into several, by a delimiter or by what a regular expression finds.

Follows "makemv" in the Search Reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, boolean, string
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.pcre import compile_pcre
from harness.values.values import texts


@dataclass(frozen=True, slots=True)
class MakeMv(SearchCommand):
    names = ("makemv",)
    streaming = True

    field: str
    delimiter: str = " "
    tokenizer: str | None = None
    allow_empty: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> MakeMv:
        known = {"delim": string, "tokenizer": string, "allowempty": boolean, "setsv": boolean}
        options = arguments.options(known)
        if arguments.at_end:
            raise arguments.error("A field name is expected.")
        field = arguments.field_name()
        options |= arguments.options(known)
        arguments.expect_end()
        if options.get("setsv"):
            raise arguments.unsupported("the option 'setsv'")
        tokenizer = options.get("tokenizer")
        if tokenizer is not None:
            try:
                compile_pcre(tokenizer)
            except re.error as clause:
                raise arguments.error(f"The regex '{tokenizer}' is invalid. Regex: {clause}.") from None
        return cls(field, options.get("delim", " "), tokenizer, options.get("allowempty", False))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.field not in frame.columns:
            return frame
        split = self._by_delimiter if self.tokenizer is None else self._by_tokenizer
        return frame.with_columns({self.field: frame.columns[self.field].map(split)})

    def _by_delimiter(self, value: Value) -> Value:
        parts = [part for text in texts(value) for part in text.split(self.delimiter)] if self.delimiter else []
        return tuple(part for part in parts if part or self.allow_empty)

    def _by_tokenizer(self, value: Value) -> Value:
        """The first group of each match."""
        assert self.tokenizer is not None
        pattern = compile_pcre(self.tokenizer)
        group = 1 if pattern.groups else 0
        found = [match[group] or "" for text in texts(value) for match in pattern.finditer(text)]
        return tuple(part for part in found if part or self.allow_empty)
