"""``format``: all rows as one search expression in the field ``search``. Follows "format" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.subsearch import Form, search_text
from harness.spl.arguments import Arguments, non_negative_integer, string
from harness.values.column import Column
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Format(SearchCommand):
    """At most ``maximum`` rows, 0 for all."""

    names = ("format",)
    transforming = True

    form: Form
    maximum: int = 0

    @classmethod
    def parse(cls, arguments: Arguments) -> Format:
        known = {"mvsep": string, "maxresults": non_negative_integer, "emptystr": string}
        options = arguments.options(known)
        words: list[str] = []
        while (token := arguments.peek()) is not None and token.is_string:
            words.append(arguments.next().text)
            options |= arguments.options(known)
        arguments.expect_end()
        if len(words) not in (0, 6):
            raise arguments.error("All six of the row and column options must be given, or none.")
        form = Form(*words) if words else Form()
        form = replace(
            form,
            multivalue_separator=options.get("mvsep", form.multivalue_separator),
            empty=options.get("emptystr", form.empty),
        )
        return cls(form, options.get("maxresults", 0))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        rows = frame.head(self.maximum) if self.maximum else frame
        columns = {name: Column.null(1) for name in frame.columns if not name.startswith("_")}
        columns["search"] = Column.constant(search_text(rows, self.form), 1)
        return Frame(columns, 1, ordered=True)
