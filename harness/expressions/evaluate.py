"""Eval expressions over frames.

An expression is evaluated once per distinct combination of the fields that it reads. A part that reads fewer fields
than the whole is evaluated first, once per distinct value of what it reads, so that a regular expression over one field
is not repeated for every combination with the others; truth values and plain numbers are combined as arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np

from harness.errors import SPLError
from harness.expressions.arrays import combine_numbers, combine_truths, negate_truths, truths
from harness.expressions.compile import ExpressionCompiler, Slot, balanced, children, replaced
from harness.expressions.registry import Row, find
from harness.expressions.scope import Scope
from harness.spl.nodes import Binary, Call, Expr, FieldRef, Literal, Unary
from harness.values.column import Column, Mask, map_columns
from harness.values.frame import Frame
from harness.values.values import plain, typed

__all__ = ["check", "evaluate", "evaluate_mask", "find"]

ADDRESS: Final = "_cd"
"""Every event shows its address, but expressions do not see it (N3.26)."""
_LOGIC: Final = frozenset(("AND", "OR", "XOR"))


def evaluate(expression: Expr, frame: Frame, scope: Scope) -> Column:
    """The expression's value for each row; null where Splunk leaves the field unassigned.

    Raises SPLSyntaxError for what Splunk refuses before it reads a row, boolean results included (M4.43), and
    UnsupportedSPL for what has no exact counterpart here.
    """
    with _bounded_depth(expression, scope):
        expression = balanced(expression)
        compiler = ExpressionCompiler(scope)
        compiler.compile(expression)
        compiler.refuse_boolean(expression)
        if not len(frame):
            return Column.null(0)
        column = _Evaluation(frame, scope).result(expression)
    kinds = set(map(type, column.values))
    if bool in kinds:
        raise compiler.unsupported("A result that is a truth value in some rows only", expression)
    return column if kinds <= {str, int} else column.map(plain)


def evaluate_mask(expression: Expr, frame: Frame, scope: Scope) -> Mask:
    """The rows for which the expression is true; null and false are both no."""
    check(expression, scope)
    if not len(frame):
        return np.zeros(0, dtype=np.bool_)
    with _bounded_depth(expression, scope):
        return np.equal(truths(_Evaluation(frame, scope).result(balanced(expression))), 1)


def check(expression: Expr, scope: Scope) -> list[str]:
    """Compile without data: raises what evaluation would raise before the first row. Gives the fields it reads."""
    compiler = ExpressionCompiler(scope)
    with _bounded_depth(expression, scope):
        compiler.compile(balanced(expression))
    return list(compiler.fields)


@contextmanager
def _bounded_depth(expression: Expr, scope: Scope) -> Iterator[None]:
    try:
        yield
    except RecursionError:
        raise ExpressionCompiler(scope).unsupported("An expression nested this deep", expression) from None


class _Evaluation:
    """One evaluation over one frame. Columns in it hold eval's own values (:func:`typed`), not yet those of fields."""

    def __init__(self, frame: Frame, scope: Scope) -> None:
        self._frame = frame
        self._scope = scope
        self._fields: dict[str, Column] = {}
        self._slots: dict[str, Column] = {}
        self._known: dict[Expr, Column] = {}
        self._kinds = ExpressionCompiler(scope)

    def result(self, expression: Expr) -> Column:
        return self.column(self._with_frames(expression))

    def column(self, node: Expr) -> Column:
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = self._evaluated(node)
        return found

    def _with_frames(self, node: Expr) -> Expr:
        """The expression with each function of whole rows (``searchmatch``) replaced by a slot of its values."""
        if isinstance(node, Call) and (function := find(node.name.lower())) is not None:
            if function.frame is not None:
                return self._slot(function.frame(node, self._frame, self._scope), node)
            if function.binds:
                return node
        return replaced(node, self._with_frames)

    def _evaluated(self, node: Expr) -> Column:
        if isinstance(node, Slot):
            return self._slots[node.name]
        if isinstance(node, FieldRef):
            return self._field(node.name)
        if _impure(node):
            return self._row_by_row(node)
        try:
            made = self._as_arrays(node)
            return self._by_parts(node) if made is None else made
        except SPLError:
            # A part that no row asks for may be what failed: ask row by row, as far as each row goes.
            return self._mapped(node)

    def _as_arrays(self, node: Expr) -> Column | None:
        """The result by array arithmetic, where the node is logic or plain numbers."""
        if isinstance(node, Unary) and node.operator == "NOT":
            return negate_truths(self.column(node.operand))
        if not isinstance(node, Binary):
            return None
        if node.operator in _LOGIC:
            return combine_truths(node.operator, self.column(node.left), self.column(node.right))
        if isinstance(node.left, _SIMPLE) and isinstance(node.right, _SIMPLE):
            return combine_numbers(node.operator, self._operand(node.left), self._operand(node.right))
        return None

    def _operand(self, node: Expr) -> Column | int | None:
        if isinstance(node, Literal):
            return node.value if type(node.value) is int else None
        return self.column(node)

    def _by_parts(self, node: Expr) -> Column:
        reads = set(_reads(node))
        return self._mapped(self._with_slots(node, reads) if len(reads) > 1 else node)

    def _with_slots(self, node: Expr, reads: set[str]) -> Expr:
        """The node with each part that reads fewer fields replaced by a slot that holds its values."""
        function = find(node.name.lower()) if isinstance(node, Call) else None
        if function is not None and function.binds:
            return node
        return replaced(node, lambda part: self._part(part, reads))

    def _part(self, node: Expr, reads: set[str]) -> Expr:
        if isinstance(node, Literal | FieldRef | Slot):
            return node
        own = set(_reads(node))
        if not own or (own == reads and self._kinds.kind(node) != "b"):
            return self._with_slots(node, reads)
        try:
            return self._slot(self.column(node), node)
        except SPLError:
            return node

    def _slot(self, column: Column, node: Expr) -> Expr:
        name = f"\0{len(self._slots)}"
        self._slots[name] = column
        return Slot(name, self._kinds.kind(node), node.span)

    # --- over rows

    def _mapped(self, node: Expr) -> Column:
        compiler = ExpressionCompiler(self._scope)
        run = compiler.compile(node)
        columns = self._inputs(compiler)
        if not columns:
            return Column.constant(run(()), len(self._frame))
        if len(columns) == 1:
            return columns[0].map(lambda value: run((value,)), nulls=True)
        return map_columns(lambda *row: run(row), columns, len(self._frame))

    def _row_by_row(self, node: Expr) -> Column:
        compiler = ExpressionCompiler(self._scope)
        run = compiler.compile(node)
        return Column.from_values(run(row) for row in self._rows(self._inputs(compiler)))

    def _rows(self, columns: Sequence[Column]) -> Iterator[Row]:
        if not columns:
            return iter([()] * len(self._frame))
        return zip(*(column.to_values() for column in columns), strict=True)

    def _inputs(self, compiler: ExpressionCompiler) -> list[Column]:
        return [self._slots[name] if name in self._slots else self._field(name) for name in compiler.fields]

    def _field(self, name: str) -> Column:
        found = self._fields.get(name)
        if found is None:
            hidden = name == ADDRESS and self._frame.events
            found = Column.null(len(self._frame)) if hidden else typed(self._frame.column(name))
            self._fields[name] = found
        return found


_SIMPLE: Final = (FieldRef, Literal, Binary, Slot)


def _reads(node: Expr) -> Iterator[str]:
    """The fields and slots that a node reads; a name may come twice."""
    if isinstance(node, FieldRef | Slot):
        yield node.name
    for child in children(node):
        yield from _reads(child)


def _impure(node: Expr) -> bool:
    if isinstance(node, Call):
        function = find(node.name.lower())
        if function is not None and not function.pure:
            return True
    return any(_impure(child) for child in children(node))
