"""``eval``: writes the value of an expression into a field, for one or several fields from left to right.

Follows "eval" in the Search Reference, M4.12, M4.42 and N4.8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from harness.engine.columns import either
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import read_target
from harness.errors import SPLSyntaxError
from harness.expressions import Scope, evaluate
from harness.spl.arguments import Arguments
from harness.spl.nodes import Expr
from harness.values.column import Column, combine
from harness.values.frame import Frame
from harness.values.values import members, to_text

_USAGE = "Error in 'eval' command: Arguments are missing. Usage: eval dest_key = expression."
_NAMED_BY_FIELD = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Eval(SearchCommand):
    names = ("eval",)
    streaming = True

    assignments: tuple[tuple[str, Expr], ...]

    @classmethod
    def parse(cls, arguments: Arguments) -> Eval:
        assignments: list[tuple[str, Expr]] = []
        while not arguments.at_end:
            name = read_target(arguments)
            if not arguments.accept("="):
                raise SPLSyntaxError(_USAGE)
            assignments.append((name, arguments.expression()))
            if arguments.accept(","):
                if arguments.at_end:
                    raise arguments.unsupported("a comma with nothing after it")
            elif not arguments.at_end:
                raise arguments.invalid_argument()
        if not assignments:
            raise SPLSyntaxError(_USAGE)
        return cls(tuple(assignments))

    def check(self, text: str) -> None:
        for _, expression in self.assignments:
            check_assignment(expression, text)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        for name, expression in self.assignments:
            frame = assign(frame, name, evaluate(expression, frame, context.scope()))
        return frame


def check_assignment(expression: Expr, text: str) -> None:
    """Raise what is known to be wrong without data, a boolean result included (M4.43)."""
    evaluate(expression, Frame(), Scope(now=0, text=text))


def assign(frame: Frame, name: str, column: Column) -> Frame:
    """The frame with the column under that name. Null takes the field out of its row; a field that no row ever had
    does not come into being by it (N4.8). ``{x}`` in the name stands for the value of ``x``."""
    if "{" in name and _NAMED_BY_FIELD.search(name):
        return _assign_by_name(frame, name, column)
    if name not in frame.columns and bool(column.is_null().all()):
        return frame
    return frame.with_columns({name: column})


def _assign_by_name(frame: Frame, name: str, column: Column) -> Frame:
    parts = _NAMED_BY_FIELD.findall(name)
    if not frame.length:
        return frame
    codes, combinations = combine([frame.column(part) for part in parts])
    for number, values in enumerate(combinations):
        if any(value is None for value in values):
            continue
        target = name
        for part, value in zip(parts, values, strict=True):
            target = target.replace("{" + part + "}", to_text(members(value)[0]), 1)
        chosen = either(np.equal(codes, number), column, frame.column(target))
        if target in frame.columns or not bool(chosen.is_null().all()):
            frame = frame.with_columns({target: chosen})
    return frame
