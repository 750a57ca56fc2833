"""Eval expressions compiled into functions of a row, with Splunk's checks before any row is read.

An expression is checked once by what is known of its types (literals, operators and functions whose result has one
type, M4.30-M4.38), and every row again, because a field holds what it holds (M4.37).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Final

from harness.errors import SplPlace, SPLSyntaxError, UnsupportedSPL
from harness.expressions import operators
from harness.expressions.registry import (
    Compiled,
    EvalFunction,
    InvalidArguments,
    Kind,
    NotImplementedExactly,
    Row,
    find,
)
from harness.expressions.scope import Scope
from harness.spl.nodes import Binary, Call, Expr, FieldRef, Literal, Membership, Span, Unary
from harness.values.column import Value
from harness.values.numbers import read_number

_COMPARISONS: Final = frozenset(("==", "!=", "<", "<=", ">", ">="))
_LOGIC: Final = frozenset(("AND", "OR", "XOR"))
_BOOLEAN_OPERATORS: Final = _COMPARISONS | _LOGIC | {"LIKE"}

BOOLEAN_RESULT: Final = "Fields cannot be assigned a boolean result. Instead, try if([bool expr], [expr], [expr])."


class Slot(FieldRef):
    """Stands for a part of an expression that was evaluated before, as if it were a field, but of known kind."""

    __slots__ = ("known",)
    known: Kind

    def __init__(self, name: str, known: Kind, span: Span) -> None:
        super().__init__(name, span)
        object.__setattr__(self, "known", known)


class ExpressionCompiler:
    """Turns trees into functions of the row; the row holds the fields and slots that were met, in that order."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.fields: dict[str, int] = {}
        self.pure = True

    def position(self, name: str) -> int:
        return self.fields.setdefault(name, len(self.fields))

    def compile(self, expression: Expr) -> Compiled:
        if isinstance(expression, Literal):
            value = literal_value(expression)
            return lambda row: value
        if isinstance(expression, FieldRef):
            at = self.position(expression.name)
            return lambda row: row[at]
        if isinstance(expression, Call):
            return self._call(expression)
        if isinstance(expression, Unary):
            return self._unary(expression)
        if isinstance(expression, Membership):
            choices = [self.compile(choice) for choice in expression.choices]
            return self._placed(operators.membership(self.compile(expression.operand), choices), expression)
        return self._binary(expression)

    # --- what is known before any row

    def kind(self, expression: Expr) -> Kind:
        if isinstance(expression, Slot):
            return expression.known
        if isinstance(expression, Literal):
            return "s" if isinstance(expression.value, str) else "n"
        if isinstance(expression, Unary):
            return "b" if expression.operator == "NOT" else "n"
        if isinstance(expression, Binary):
            return self._binary_kind(expression)
        if isinstance(expression, Call):
            return self._call_kind(expression)
        return "b" if isinstance(expression, Membership) else "?"

    def _binary_kind(self, node: Binary) -> Kind:
        if node.operator in _BOOLEAN_OPERATORS:
            return "b"
        if node.operator == ".":
            return "s"
        if node.operator == "+":
            kinds = {self.kind(node.left), self.kind(node.right)}
            return "s" if "s" in kinds else "n" if kinds == {"n"} else "?"
        return "n"

    def _call_kind(self, call: Call) -> Kind:
        found = find(call.name.lower())
        if found is None:
            return "?"
        if isinstance(found.result, str):
            return found.result
        taken = [at for at in found.result(len(call.arguments)) if at < len(call.arguments)]
        kinds = {self.kind(call.arguments[at]) for at in taken} - {"0"}
        return kinds.pop() if len(kinds) == 1 else "?"

    def refuse_boolean(self, expression: Expr) -> None:
        """No field can be assigned a truth value (M4.43)."""
        if self.kind(expression) == "b":
            raise self.error(BOOLEAN_RESULT, expression)

    # --- errors

    def place(self, at: Expr) -> SplPlace | None:
        return SplPlace(self.scope.text, at.span.start, at.span.end) if self.scope.text else None

    def error(self, message: str, at: Expr) -> SPLSyntaxError:
        return SPLSyntaxError(f"Error in {self.scope.subject}: {message}", where=self.place(at))

    def argument_error(self, call: Call) -> SPLSyntaxError:
        return self.error(f"The arguments to the '{call.name.lower()}' function are invalid.", call)

    def unsupported(self, what: str, at: Expr) -> UnsupportedSPL:
        return UnsupportedSPL(f"{what} is not supported.", where=self.place(at))

    # --- calls

    def condition(self, expression: Expr, call: Call) -> Compiled:
        """An argument that must be a truth value."""
        kind = self.kind(expression)
        if kind in ("s", "n", "0"):
            raise self.argument_error(call)
        if type(expression) is FieldRef:
            raise self.unsupported(f"A field as a condition ('{expression.name}')", expression)
        return self.compile(expression)

    def _call(self, call: Call) -> Compiled:
        found = find(call.name.lower())
        if found is None:
            raise self.error(f"The '{call.name}' function is unsupported or undefined.", call)
        count = len(call.arguments)
        if count < found.minimum or (found.maximum is not None and count > found.maximum):
            raise self.argument_error(call)
        return found.build(self, call) if found.build is not None else self._plain_call(call, found)

    def _plain_call(self, call: Call, found: EvalFunction) -> Compiled:
        for position, argument in enumerate(call.arguments):
            wanted, kind = found.wanted(position), self.kind(argument)
            if (wanted != "." and kind == "0") or (wanted in "snb" and kind in "snb" and kind != wanted):
                raise self.argument_error(call)
        self.pure = self.pure and found.pure
        arguments = [self.compile(argument) for argument in call.arguments]
        function = found.call
        assert function is not None  # a function either builds itself or is called
        if found.scoped:
            scope, inner = self.scope, function
            function = lambda *values: inner(scope, *values)  # noqa: E731 - one shape for both
        return self._guarded(call, found, function, arguments)

    def _guarded(self, call: Call, found: EvalFunction, function: object, arguments: list[Compiled]) -> Compiled:
        nulls, multivalues = found.nulls, found.multivalues
        assert callable(function)

        def run(row: Row) -> Value:
            values = [argument(row) for argument in arguments]
            several = False
            for value in values:
                if value is None and not nulls:
                    return None
                several = several or type(value) is tuple
            if several and not multivalues:
                problem = self.unsupported(f"The '{found.name}' function of a multivalue field", call)
                advice = "mvfilter() asks it of" if found.boolean else "mvmap() applies it to"
                raise UnsupportedSPL(f"{problem.message} {advice} each value.", where=problem.where)
            try:
                return function(*values)  # type: ignore[no-any-return]
            except InvalidArguments:
                raise self.argument_error(call) from None
            except NotImplementedExactly as what:
                raise self.unsupported(str(what), call) from None
            except re.error as problem:
                raise self.error(f"Regex: {problem}", call) from None

        return run

    # --- operators

    def _unary(self, node: Unary) -> Compiled:
        if node.operator == "NOT":
            return operators.negation(self._logical(node.operand, node))
        if self.kind(node.operand) in "sb0":
            raise self.error(f"Type checking failed. '{node.operator}' only takes numbers.", node)
        return operators.sign(node.operator, self.compile(node.operand))

    def _logical(self, operand: Expr, node: Unary | Binary) -> Compiled:
        if self.kind(operand) in "sn0":
            raise self.error(f"Type checking failed. '{node.operator}' only takes boolean arguments.", node)
        if type(operand) is FieldRef:
            raise self.unsupported(f"A field as a condition ('{operand.name}')", operand)
        return self.compile(operand)

    def _binary(self, node: Binary) -> Compiled:
        operator = node.operator
        if operator in _LOGIC:
            return operators.logic(operator, self._logical(node.left, node), self._logical(node.right, node))
        self._check_operands(node, (self.kind(node.left), self.kind(node.right)))
        left, right = self.compile(node.left), self.compile(node.right)
        if operator in _COMPARISONS:
            return self._placed(operators.comparison(operator, left, right), node)
        if operator == "LIKE":
            return self._placed(operators.likeness(left, right), node)
        if operator == ".":
            return self._placed(operators.concatenation(left, right), node)
        if operator != "+":
            return operators.arithmetic(operator, left, right)
        # A text makes it a concatenation whatever the field holds: a=1, a+"2" is 12 (M4.37).
        if self.kind(node) == "s":
            return self._placed(operators.concatenation(left, right), node)
        return operators.addition(left, right)

    def _check_operands(self, node: Binary, kinds: Sequence[Kind]) -> None:
        operator, known = node.operator, set(kinds) - {"?"}
        if operator in _COMPARISONS:
            if "0" in known or len(known) > 1:
                raise self.error(f"Type checking failed. The '{operator}' operator received different types.", node)
        elif operator in (".", "LIKE"):
            if known & {"b", "0"}:
                raise self.error(
                    f"Type checking failed. The '{operator}' operator only takes strings and numbers.", node
                )
        elif operator == "+":
            if known & {"b", "0"} or len(known) > 1:
                raise self.error("Type checking failed. '+' only takes two strings or two numbers.", node)
        elif known - {"n"}:
            raise self.error(f"Type checking failed. '{operator}' only takes numbers.", node)

    def _placed(self, run: Compiled, node: Binary | Membership) -> Compiled:
        """What an operator cannot do exactly is refused with the operator's place."""

        def guarded(row: Row) -> Value:
            try:
                return run(row)
            except NotImplementedExactly as what:
                raise self.unsupported(str(what), node) from None

        return guarded


def children(node: Expr) -> tuple[Expr, ...]:
    """The expressions of which a node consists."""
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Unary):
        return (node.operand,)
    return (node.operand, *node.choices) if isinstance(node, Membership) else ()


def fields_of(node: Expr) -> set[str]:
    """The fields that an expression reads."""
    own = {node.name} if isinstance(node, FieldRef) else set()
    return own.union(*map(fields_of, children(node)))


_CHAINED: Final = _LOGIC | {"."}
_LONG: Final = 16


def balanced(node: Expr) -> Expr:
    """The same expression with long chains of AND, OR, XOR or ``.`` grouped evenly, so that hundreds of alternatives
    are not nested hundreds deep."""
    if not isinstance(node, Binary) or node.operator not in _CHAINED:
        return replaced(node, balanced)
    links: list[Expr] = []
    left: Expr = node
    while isinstance(left, Binary) and left.operator == node.operator:
        links.append(left.right)
        left = left.left
    links.append(left)
    parts = [balanced(link) for link in reversed(links)]
    if len(parts) <= _LONG:
        return reduce(lambda a, b: _pair(node, a, b), parts)
    while len(parts) > 1:
        pairs = [_pair(node, a, b) for a, b in zip(parts[::2], parts[1::2], strict=False)]
        parts = [*pairs, *parts[2 * len(pairs) :]]
    return parts[0]


def _pair(node: Binary, left: Expr, right: Expr) -> Binary:
    return Binary(node.operator, left, right, Span(left.span.start, right.span.end))


def replaced(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The node with each of its children changed."""
    if isinstance(node, Call):
        return replace(node, arguments=tuple(change(argument) for argument in node.arguments))
    if isinstance(node, Binary):
        return replace(node, left=change(node.left), right=change(node.right))
    if isinstance(node, Unary):
        return replace(node, operand=change(node.operand))
    if isinstance(node, Membership):
        return replace(node, operand=change(node.operand), choices=tuple(change(choice) for choice in node.choices))
    return node


def literal_value(node: Literal) -> Value:
    """A number keeps the precision in which it is written."""
    return node.value if isinstance(node.value, str) else read_number(node.text)
