"""``from``: the rows of a dataset: of a data model, a lookup or a saved search. Follows "from" in the Search Reference.

Of a data model's dataset the fields come without the dataset's name before them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from harness.engine.commands import SearchCommand
from harness.engine.commands.savedsearch import run_saved_search
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments
from harness.values.frame import Frame

_SPECIFIER: Final = re.compile(r"\s*([A-Za-z_]+)(?:\s*:\s*|\s+)(\S.*?)\s*")
"""``datamodel:Web.Web``; ``datamodel Web.Web`` is older and means the same."""


@dataclass(frozen=True, slots=True)
class From(SearchCommand):
    names = ("from",)
    generating = True

    kind: str
    name: str

    @classmethod
    def parse(cls, arguments: Arguments) -> From:
        text = arguments.rest()
        found = _SPECIFIER.fullmatch(text)
        if found is None:
            raise arguments.error(f"Invalid dataset specifier '{text}'.")
        kind, name = found[1].lower(), found[2].replace('"', "")
        if kind not in ("datamodel", "lookup", "savedsearch"):
            raise arguments.unsupported(f"the dataset kind '{kind}'")
        if kind == "datamodel" and "." not in name:
            raise arguments.unsupported("a data model without the name of one of its datasets")
        return cls(kind, name)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.kind == "lookup":
            lookup = context.knowledge.lookup(self.name)
            rows = [{name: cell for name, cell in row.items() if cell} for row in lookup.rows()]
            return Frame.from_rows(rows, columns=lookup.fields)
        if self.kind == "savedsearch":
            return run_saved_search(self.name, {}, context)
        model, _, dataset = self.name.partition(".")
        found = context.data_models.rows(model, dataset, context).without(["nodename"])
        return context.data_models.flat(model, found)
