"""``addcoltotals``: a last row with the sum of each column. Follows "addcoltotals" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.commands.addtotals import AddTotals
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, string
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class AddColTotals(SearchCommand):
    names = ("addcoltotals",)

    totals: AddTotals

    @classmethod
    def parse(cls, arguments: Arguments) -> AddColTotals:
        known = {"labelfield": string, "label": string}
        options = arguments.options(known)
        fields = tuple(arguments.field_list())
        options |= arguments.options(known)
        arguments.expect_end()
        label_field, label = options.get("labelfield", ""), options.get("label", "Total")
        return cls(AddTotals(fields, row=False, column=True, label_field=label_field, label=label))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        return self.totals.run(frame, context)
