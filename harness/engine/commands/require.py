"""``require``: has the search fail if there are no rows. Follows "require" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import SearchError
from harness.spl.arguments import Arguments
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Require(SearchCommand):
    names = ("require",)

    @classmethod
    def parse(cls, arguments: Arguments) -> Require:
        arguments.expect_end()
        return cls()

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if not frame.length:
            raise SearchError("Error in 'require' command: The commands before it gave no results.")
        return frame
