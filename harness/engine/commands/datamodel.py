"""``datamodel``: the rows of a data model's dataset, as events. Follows "datamodel" in the Search Reference.

``search`` names fields as the model does (``Processes.dest``), ``flat`` without the datasets before them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, boolean
from harness.values.column import Value
from harness.values.frame import Frame

_SEARCHES = ("search", "flat", "acceleration_search")


@dataclass(frozen=True, slots=True)
class DataModelCommand(SearchCommand):
    """Without ``mode`` it shows the model's definition, without ``model`` those of all models."""

    names = ("datamodel",)
    generating = True

    model: str | None = None
    dataset: str | None = None
    mode: str | None = None
    summaries_only: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> DataModelCommand:
        known = {"strict_fields": boolean, "allow_old_summaries": boolean, "summariesonly": boolean}
        options = arguments.options(known)
        words: list[str] = []
        while not arguments.at_end:
            found = arguments.options(known)
            options |= found
            if not found:
                words.append(arguments.field_name())
        if len(words) > 3:
            raise arguments.error(f"Invalid argument: '{words[3]}'.")
        model, dataset, mode = [*words, None, None, None][:3]
        if mode is not None and mode not in _SEARCHES:
            raise arguments.error(f"Invalid mode '{mode}'.")
        if mode == "acceleration_search":
            raise arguments.unsupported(f"the mode '{mode}'")
        if options.get("strict_fields") is False:
            raise arguments.unsupported("the option 'strict_fields'")
        return cls(model, dataset, mode, options.get("summariesonly", False))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.model is None or self.dataset is None or self.mode is None:
            return self._definitions(context)
        if self.summaries_only and not context.data_models.is_accelerated(self.model):
            return Frame()
        rows = context.data_models.rows(self.model, self.dataset, context).without(["nodename"])
        return context.data_models.flat(self.model, rows) if self.mode == "flat" else rows

    def _definitions(self, context: SearchContext) -> Frame:
        names = [self.model] if self.model is not None else context.knowledge.data_model_names()
        rows: list[dict[str, Value]] = []
        for name in names:
            model = context.knowledge.data_model(name)
            document = model.document
            if self.dataset is not None:
                document = next(item for item in document["objects"] if item["objectName"] == self.dataset)
            rows.append({"_raw": json.dumps(document, separators=(",", ":")), "_time": int(context.now)})
        return Frame.from_rows(rows)
