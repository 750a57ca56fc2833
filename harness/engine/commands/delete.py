"""``delete``: marks the events that reach it as gone. Follows "delete" in the Search Reference.

Gives a row per index with how many events were deleted, and one for all.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import SearchError
from harness.spl.arguments import Arguments
from harness.values.frame import Frame
from harness.values.values import texts


@dataclass(frozen=True, slots=True)
class Delete(SearchCommand):
    names = ("delete",)
    transforming = True

    @classmethod
    def parse(cls, arguments: Arguments) -> Delete:
        arguments.expect_end()
        return cls()

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if context.host is not None and not context.host.may(context.user, "delete_by_keyword"):
            raise SearchError("Error in 'delete' command: You have insufficient privileges to delete events.")
        counts = context.store.delete(_addressed(frame))
        rows: list[dict[str, str | int]] = [
            {"splunk_server": "splunk", "index": name, "deleted": count, "errors": 0}
            for name, count in [("__ALL__", sum(counts.values())), *sorted(counts.items())]
        ]
        return Frame.from_rows(rows, columns=("splunk_server", "index", "deleted", "errors"), ordered=True)


def _addressed(frame: Frame) -> dict[int, list[int]]:
    """The serials of the events among the rows, by their segment's number."""
    found: dict[int, list[int]] = {}
    for value in frame.column("_cd").to_values():
        for address in texts(value):
            segment, _, serial = address.partition(":")
            found.setdefault(int(segment), []).append(int(serial))
    return found
