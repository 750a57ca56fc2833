"""``fields``: keeps (or with ``-`` removes) fields. Follows "fields" in the Search Reference.

Keeping leaves the internal fields of events (``_time``, ``_raw``) where they are; only naming them removes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import INTERNAL, expand
from harness.spl.arguments import Arguments
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Fields(SearchCommand):
    names = ("fields",)
    streaming = True

    patterns: tuple[str, ...]
    remove: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> Fields:
        patterns = arguments.field_list()
        remove = False
        if patterns and patterns[0] in ("-", "+"):
            remove = patterns.pop(0) == "-"
        elif patterns and patterns[0].startswith(("-", "+")) and len(patterns[0]) > 1:
            remove = patterns[0][0] == "-"
            patterns[0] = patterns[0][1:]
        arguments.expect_end()
        if not patterns:
            raise arguments.unsupported("the command without fields")
        return cls(tuple(patterns), remove)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        named = expand(self.patterns, frame)
        if self.remove:
            return frame.without(named)
        internal = [name for name in frame.columns if name in INTERNAL and name not in named]
        return frame.select([*named, *internal], ordered=True)
