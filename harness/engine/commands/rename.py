"""``rename``: gives fields new names, one after another from left to right. Follows "rename" in the Search Reference.

A target that exists is replaced. Renaming a field that no row has empties the target, if there is one.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import matching, wildcard_pattern
from harness.spl.arguments import Arguments
from harness.values.column import Column
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Rename(SearchCommand):
    names = ("rename",)
    streaming = True

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, arguments: Arguments) -> Rename:
        usage = "Usage: rename [old_name AS/TO/-> new_name]+."
        pairs: list[tuple[str, str]] = []
        while not arguments.at_end:
            if arguments.accept(","):
                continue
            start = arguments.peek()
            old = arguments.field_name()
            if arguments.accept_keyword("AS", "TO", "->") is None or arguments.at_end:
                raise arguments.error(usage, start)
            new = arguments.field_name()
            if old.count("*") != new.count("*"):
                raise arguments.error(f"Wildcard mismatch: '{old}' as '{new}'.", start)
            pairs.append((old, new))
        if not pairs:
            raise arguments.error(usage)
        return cls(tuple(pairs))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        for old, new in self.pairs:
            frame = _rename(frame, _wildcard_names(frame, old, new) if "*" in old else {old: new})
        return frame


def _wildcard_names(frame: Frame, old: str, new: str) -> dict[str, str]:
    pattern = wildcard_pattern(old)
    names: dict[str, str] = {}
    for name in matching(old, frame.columns):
        found = pattern.fullmatch(name)
        assert found is not None
        target = new
        for part in found.groups():
            target = target.replace("*", part, 1)
        names[name] = target
    return names


def _rename(frame: Frame, names: dict[str, str]) -> Frame:
    """All at once: a renamed field keeps its place among the columns."""
    gone = {new for old, new in names.items() if new != old and new not in names}
    columns = {names.get(name, name): column for name, column in frame.columns.items() if name not in gone}
    for old, new in names.items():
        if old not in frame.columns and new in frame.columns and old != new:
            columns[new] = Column.null(frame.length)
    return Frame(columns, frame.length, ordered=frame.ordered, events=frame.events)
