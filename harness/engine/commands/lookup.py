"""``lookup``: fields from a table, for the rows whose fields match it. Follows "lookup" in the Search Reference.

Each distinct combination of inputs is looked up once. ``OUTPUT`` overwrites, ``OUTPUTNEW`` fills only what is missing;
without either, every field of the table that is no input is written.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.knowledge.lookup_fields import look_up
from harness.spl.arguments import Arguments, boolean
from harness.values.frame import Frame

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Lookup(SearchCommand):
    """``inputs`` and ``outputs`` are pairs of the table's field and the row's."""

    names = ("lookup",)
    streaming = True

    table: str
    inputs: tuple[Pair, ...]
    outputs: tuple[Pair, ...] | None
    overwrite: bool = True

    @classmethod
    def parse(cls, arguments: Arguments) -> Lookup:
        known = {"local": boolean, "update": boolean}
        arguments.options(known)
        if arguments.at_end:
            raise arguments.error("Must specify one or more lookup fields.")
        table = arguments.field_name()
        arguments.options(known)
        inputs = _pairs(arguments)
        if not inputs:
            raise arguments.error("Must specify one or more lookup fields.")
        word = arguments.accept_keyword("OUTPUT", "OUTPUTNEW")
        outputs = _pairs(arguments) if word is not None else None
        arguments.expect_end()
        return cls(table, tuple(inputs), None if outputs is None else tuple(outputs), word != "OUTPUTNEW")

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        return look_up(
            frame,
            context.knowledge.lookup(self.table),
            [(field, name) for name, field in self.inputs],
            self.outputs or (),
            overwrite=self.overwrite,
        )


def _pairs(arguments: Arguments) -> list[Pair]:
    """``field AS field, ...`` up to OUTPUT, OUTPUTNEW or the end."""
    found: list[Pair] = []
    while not arguments.at_end and not arguments.at_keyword("OUTPUT", "OUTPUTNEW"):
        if arguments.accept(","):
            continue
        name = arguments.field_name()
        found.append((name, arguments.field_name() if arguments.accept_keyword("AS") else name))
    return found
