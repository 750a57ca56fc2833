"""``localop``: has what follows run on the search head, where everything runs here. Follows "localop" in the Search
Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class LocalOp(SearchCommand):
    names = ("localop",)

    @classmethod
    def parse(cls, arguments: Arguments) -> LocalOp:
        arguments.expect_end()
        return cls()

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        return frame
