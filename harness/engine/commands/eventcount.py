"""``eventcount``: how many events indexes hold, whatever their time. Follows "eventcount" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, boolean
from harness.values.column import Value
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class EventCount(SearchCommand):
    names = ("eventcount",)
    generating = True
    transforming = True

    indexes: tuple[str, ...] = ()
    summarize: bool = True
    sizes: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> EventCount:
        known = {"summarize": boolean, "report_size": boolean, "list_vix": boolean, "list_federated_remote": boolean}
        options: dict[str, bool] = {}
        indexes: list[str] = []
        while arguments.option_name() is not None:
            if (arguments.option_name() or "").lower() == "index":
                arguments.next()
                arguments.accept("=")
                indexes.append(arguments.value())
                continue
            found = arguments.options(known)
            if not found:
                raise arguments.invalid_argument()
            options |= found
        arguments.expect_end()
        return cls(tuple(indexes), options.get("summarize", True), options.get("report_size", False))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        names = context.store.select_indexes(self.indexes or context.default_indexes)
        facts = [context.store.facts(name) for name in names]
        rows: list[dict[str, Value]] = []
        for one in facts:
            row: dict[str, Value] = {"count": one.event_count, "index": one.name, "server": "splunk"}
            rows.append({**row, "size_bytes": one.size} if self.sizes else row)
        if self.summarize:
            total: dict[str, Value] = {"count": sum(one.event_count for one in facts)}
            rows = [{**total, "size_bytes": sum(one.size for one in facts)} if self.sizes else total]
        return Frame.from_rows(rows, ordered=True)
