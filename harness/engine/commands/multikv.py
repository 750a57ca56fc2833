"""``multikv``: a row for each line of a table that an event holds. Follows "multikv" in the Search Reference.

A table is a line of titles and lines of as many cells, with blanks between. How Splunk cuts lines that have more or
fewer cells than titles is not documented: they are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import UnsupportedSPL
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.values import texts

_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_]")


@dataclass(frozen=True, slots=True)
class MultiKv(SearchCommand):
    """``header`` is the number of the line of titles, the first being 1; 0 takes the first line that is not empty."""

    names = ("multikv",)
    transforming = False

    fields: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    header: int = 0
    titled: bool = True
    copy: bool = True
    remove: bool = True

    @classmethod
    def parse(cls, arguments: Arguments) -> MultiKv:
        known = {
            "conf": string, "copyattrs": boolean, "forceheader": non_negative_integer, "multitable": boolean,
            "noheader": boolean, "rmorig": boolean,
        }  # fmt: skip
        options: dict[str, Any] = {}
        fields: list[str] = []
        filters: list[str] = []
        while not arguments.at_end:
            if arguments.option_name() is not None:
                found = arguments.options(known)
                if not found:
                    raise arguments.invalid_argument()
                options |= found
            elif arguments.accept_keyword("FIELDS"):
                fields += arguments.field_list(stops=("FILTER",))
            elif arguments.accept_keyword("FILTER"):
                filters += arguments.field_list(stops=("FIELDS",))
            else:
                raise arguments.invalid_argument()
        if "conf" in options:
            raise arguments.unsupported("the option 'conf'")
        return cls(
            tuple(fields),
            tuple(filters),
            options.get("forceheader", 0),
            not options.get("noheader", False),
            options.get("copyattrs", True),
            options.get("rmorig", True),
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        made: list[dict[str, Value]] = []
        for row in frame.to_rows():
            context.control.check()
            cut = self._table("\n".join(texts(row.get("_raw"))))
            if not cut or not self.remove:
                made.append(row)
            for line, cells in cut:
                kept = row if self.copy else {"_time": row.get("_time")}
                made.append({**kept, **cells, "_raw": line})
        return Frame.from_rows(made, columns=list(frame.columns)) if frame.length else frame

    def _table(self, text: str) -> list[tuple[str, dict[str, Value]]]:
        """The lines of a table with their cells; none if the text is no table."""
        lines = text.splitlines()[max(self.header - 1, 0) :]
        lines = [line for line in lines if line.strip()]
        if len(lines) < (2 if self.titled else 1):
            return []
        if self.titled:
            names = [_NO_NAME.sub("_", name) for name in lines[0].split()]
            lines = lines[1:]
        else:
            names = [f"Column_{number}" for number in range(1, len(lines[0].split()) + 1)]
        found: list[tuple[str, dict[str, Value]]] = []
        for line in lines:
            if self.filters and not any(word in line for word in self.filters):
                continue
            cells = line.split()
            if len(cells) != len(names):
                raise UnsupportedSPL(
                    f"The 'multikv' command: a line of {len(cells)} cells under {len(names)} titles is not supported."
                )
            pairs = zip(names, cells, strict=True)
            found.append((line, {name: cell for name, cell in pairs if not self.fields or name in self.fields}))
        return found
