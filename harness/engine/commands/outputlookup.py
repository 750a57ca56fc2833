"""``outputlookup``: writes the rows into a lookup table. Follows "outputlookup" in the Search Reference.

The rows go on unchanged. Fields that begin with an underscore are not written, but for a collection's ``_key``.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import is_internal
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.values.frame import Frame
from harness.values.values import texts


@dataclass(frozen=True, slots=True)
class OutputLookup(SearchCommand):
    names = ("outputlookup",)

    table: str
    append: bool = False
    override_if_empty: bool = True
    maximum: int | None = None
    create_empty: bool = True

    @classmethod
    def parse(cls, arguments: Arguments) -> OutputLookup:
        known = {
            "append": boolean,
            "create_empty": boolean,
            "override_if_empty": boolean,
            "createinapp": boolean,
            "create_context": string,
            "max": non_negative_integer,
            "key_field": string,
            "allow_updates": boolean,
            "output_format": string,
        }
        options = arguments.options(known)
        if arguments.peek() is None:
            raise arguments.error("Must specify a lookup table.")
        table = arguments.field_name()
        options |= arguments.options(known)
        arguments.expect_end()
        for name in ("key_field", "allow_updates", "output_format"):
            if name in options:
                raise arguments.unsupported(f"the option '{name}'")
        return cls(
            table,
            options.get("append", False),
            options.get("override_if_empty", True),
            options.get("max"),
            options.get("create_empty", True),
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        names = [name for name in frame.field_names() if not is_internal(name) or name == "_key"]
        rows = [
            {name: "\n".join(texts(value)) for name, value in row.items()}
            for row in frame.select(names).head(self.maximum if self.maximum is not None else frame.length).to_rows()
        ]
        known = self.table in context.knowledge.lookup_names()
        if not rows and not (self.override_if_empty if known else self.create_empty):
            return frame
        table = context.knowledge.new_lookup_file(self.table).table
        if self.append:
            fields = list(dict.fromkeys([*table.fields, *names]))
            table.replace_rows(fields, [*table.rows(), *rows])
        else:
            table.replace_rows(names, rows)
        return frame
