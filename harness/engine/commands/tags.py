"""``tags``: the tags of the values of fields, looked up anew. Follows "tags" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, boolean, string
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Tags(SearchCommand):
    """Of ``fields``, or of all. They are written to ``target``, or to ``tag`` and a field for each field."""

    names = ("tags",)
    streaming = True

    fields: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    target: str | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> Tags:
        known = {"outputfield": string, "allowed_tags": string, "inclname": boolean, "inclvalue": boolean}
        options = arguments.options(known)
        fields = tuple(arguments.field_list())
        options |= arguments.options(known)
        arguments.expect_end()
        for name in ("inclname", "inclvalue"):
            if options.get(name):
                raise arguments.unsupported(f"the option '{name}'")
        allowed = tuple(options.get("allowed_tags", "").replace(",", " ").split())
        return cls(fields, allowed, options.get("outputfield"))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        found = context.knowledge.classifier.tags(frame, self.fields, self.allowed)
        if self.target is None:
            return frame.with_columns(found)
        return frame.with_columns({self.target: found["tag"]}) if found else frame
