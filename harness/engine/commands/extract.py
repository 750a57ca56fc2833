"""``extract``: ``key=value`` pairs of the event as fields. Follows "extract, kv" in the Search Reference.

``pairdelim`` and ``kvdelim`` are the characters that part pairs from each other, and keys from values. A field that a
row has already stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.columns import over, spread
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.knowledge.automatic_kv import MAX_CHARACTERS, from_pairs
from harness.knowledge.extractions import Delimited
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.values import texts


@dataclass(frozen=True, slots=True)
class Extract(SearchCommand):
    names = ("extract", "kv")
    streaming = True

    pairs: str | None = None
    keys: str = ""
    clean: bool = True
    several: bool = False
    maximum: int = MAX_CHARACTERS

    @classmethod
    def parse(cls, arguments: Arguments) -> Extract:
        known = {
            "pairdelim": string,
            "kvdelim": string,
            "clean_keys": boolean,
            "mv_add": boolean,
            "maxchars": non_negative_integer,
            "reload": boolean,
            "auto": boolean,
            "segment": boolean,
            "limit": non_negative_integer,
        }
        options = arguments.options(known)
        for name in ("auto", "segment", "limit"):
            if name in options:
                raise arguments.unsupported(f"the option '{name}'")
        if not arguments.at_end:
            raise arguments.unsupported("a stanza of transforms.conf")
        if ("pairdelim" in options) != ("kvdelim" in options):
            raise arguments.unsupported("one of pairdelim and kvdelim without the other")
        if "pairdelim" not in options and ("clean_keys" in options or options.get("mv_add")):
            raise arguments.unsupported("clean_keys and mv_add without pairdelim and kvdelim")
        return cls(
            options.get("pairdelim"),
            options.get("kvdelim", ""),
            options.get("clean_keys", True),
            options.get("mv_add", False),
            options.get("maxchars", MAX_CHARACTERS),
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        column = frame.column("_raw")
        found = [self._fields(value) for value in column.values]
        return frame.with_columns(
            {name: over(frame.column(name), fresh) for name, fresh in spread(column, found).items()}
        )

    def _fields(self, value: Value) -> dict[str, Value]:
        text = "\n".join(texts(value))[: self.maximum]
        if self.pairs is None:
            return from_pairs(text, max_characters=self.maximum)
        fields: dict[str, Value] = {"_raw": text}
        Delimited(("_raw",), self.pairs, self.keys, (), self.several, self.clean).apply(fields)
        return {name: found for name, found in fields.items() if name != "_raw"}
