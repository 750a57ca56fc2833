"""``highlight``: has Splunk Web mark words in events; the rows stay as they are.

Follows "highlight" in the Search Reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Highlight(SearchCommand):
    names = ("highlight",)
    streaming = True

    words: tuple[str, ...]

    @classmethod
    def parse(cls, arguments: Arguments) -> Highlight:
        words = tuple(arguments.field_list())
        arguments.expect_end()
        if not words:
            raise arguments.error("At least one word is expected.")
        return cls(words)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        return frame
