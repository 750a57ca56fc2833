"""Eval expressions over frames: compiled once into a function of the fields they read, which is then called once per
distinct combination of those fields' values.

Types are Splunk's: an expression is checked before any row is read (literals and operators of known type, M4.30-M4.35),
and every row again, because a field holds what it holds (M4.37).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Final

from harness.errors import SplPlace, SPLSyntaxError
from harness.expressions.registry import FUNCTIONS, Compiled, EvalFunction, Row
from harness.expressions.scope import Scope
from harness.spl.nodes import Binary, Call, Expr, FieldRef, Literal, Membership, Span, Unary
from harness.values.column import Column, Mask, Scalar, Value, map_columns
from harness.values.frame import Frame
from harness.values.values import eval_compare, members, rounded, to_number, to_text


def evaluate(expression: Expr, frame: Frame, scope: Scope) -> Column:
    """The expression's value for each row; null where Splunk leaves the field unassigned.

    Raises SPLSyntaxError for what Splunk refuses before it
    reads a row, boolean results included (M4.43).
    """
    compiler = _Compiler(scope)
    run = compiler.compile(expression)
    if compiler.is_boolean(expression):
        raise compiler.error(
            "Fields cannot be assigned a boolean result. Instead, try if([bool expr], [expr], [expr]).",
            expression,
        )
    column = compiler.over(run, frame)
    if any(type(value) is bool for value in column.values):
        return column.map(lambda value: None if type(value) is bool else value)
    return column


def evaluate_mask(expression: Expr, frame: Frame, scope: Scope) -> Mask:
    """The rows for which the expression is true; null and false are both no."""
    compiler = _Compiler(scope)
    run = compiler.compile(expression)
    return compiler.over(run, frame).test(truth)


def check(expression: Expr, scope: Scope) -> list[str]:
    """Compile without data: raises what evaluation would raise before the first row. Gives the fields it reads."""
    compiler = _Compiler(scope)
    compiler.compile(expression)
    return list(compiler.fields)


def truth(value: Value) -> bool:
    """A condition's result: true, or a number that is not zero."""
    if type(value) is bool:
        return value
    return False


class _Compiler:
    """Turns a tree into a function of the row; the row holds the fields that were met, in that order."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.fields: dict[str, int] = {}
        self.pure = True

    def over(self, run: Compiled, frame: Frame) -> Column:
        columns = [frame.column(name) for name in self.fields]
        if not self.pure:
            rows = zip(*(column.to_values() for column in columns), strict=True) if columns else [()] * len(frame)
            return Column.from_values(run(tuple(row)) for row in rows)
        if not columns:
            return Column.constant(run(()), len(frame)) if len(frame) else Column.null(0)
        if len(columns) == 1:
            return columns[0].map(lambda value: run((value,)), nulls=True)
        return map_columns(lambda *row: run(row), columns, len(frame))

    def position(self, name: str) -> int:
        return self.fields.setdefault(name, len(self.fields))

    def compile(self, expression: Expr) -> Compiled:
        if isinstance(expression, Literal):
            value = expression.value
            return lambda row: value
        if isinstance(expression, FieldRef):
            at = self.position(expression.name)
            return lambda row: row[at]
        if isinstance(expression, Call):
            return self._call(expression)
        if isinstance(expression, Unary):
            return self._unary(expression)
        if isinstance(expression, Membership):
            return self._membership(expression.operand, expression.choices)
        return self._binary(expression)

    # --- errors and types

    def error(self, message: str, at: Expr | Span) -> SPLSyntaxError:
        span = at if isinstance(at, Span) else at.span
        return SPLSyntaxError(
            f"Error in {self.scope.subject}: {message}",
            where=SplPlace(self.scope.text, span.start, span.end) if self.scope.text else None,
        )

    def argument_error(self, call: Call) -> SPLSyntaxError:
        return self.error(f"The arguments to the '{call.name.lower()}' function are invalid.", call)

    def is_boolean(self, expression: Expr) -> bool:
        """Whether the expression's type is known to be a truth value."""
        if isinstance(expression, Unary):
            return expression.operator == "NOT"
        if isinstance(expression, Binary):
            return expression.operator in _BOOLEAN_OPERATORS
        if isinstance(expression, Call):
            found = FUNCTIONS.get(expression.name.lower())
            return found is not None and found.boolean
        return isinstance(expression, Membership)

    def kind(self, expression: Expr) -> str:
        """What is known of an expression's type before any row: ``s``, ``n``, ``b``, ``0`` (null), or ``?``."""
        if isinstance(expression, Literal):
            return "s" if isinstance(expression.value, str) else "n"
        if self.is_boolean(expression):
            return "b"
        if isinstance(expression, Call) and expression.name.lower() == "null":
            return "0"
        return "?"

    # --- calls

    def _call(self, call: Call) -> Compiled:
        name = call.name.lower()
        found = find(name)
        if found is None:
            raise self.error(f"The '{call.name}' function is unsupported or undefined.", call)
        count = len(call.arguments)
        if count < found.minimum or (found.maximum is not None and count > found.maximum):
            raise self.argument_error(call)
        if found.build is not None:
            return found.build(self, call)
        return self._plain_call(call, found)

    def _plain_call(self, call: Call, found: EvalFunction) -> Compiled:
        for wanted, argument in zip(found.kinds, call.arguments, strict=False):
            kind = self.kind(argument)
            if wanted != "." and (kind == "0" or (kind in "snb" and kind != wanted)):
                raise self.argument_error(call)
        if not found.pure:
            self.pure = False
        arguments = [self.compile(argument) for argument in call.arguments]
        function = found.call
        assert function is not None  # a function either builds itself or is called
        leading: tuple[object, ...] = (self.scope,) if found.scoped else ()
        nulls = found.nulls

        def run(row: Row) -> Value:
            values = [argument(row) for argument in arguments]
            if not nulls and any(value is None for value in values):
                return None
            try:
                return function(*leading, *values)
            except InvalidArguments:
                raise self.argument_error(call) from None
            except re.error as problem:
                raise self.error(f"Regex: {problem}", call) from None

        return run

    # --- operators

    def _unary(self, node: Unary) -> Compiled:
        operand = self.compile(node.operand)
        if node.operator == "NOT":

            def negate(row: Row) -> Value:
                value = operand(row)
                return (not value) if type(value) is bool else None

            return negate
        if self.kind(node.operand) in "sb0":
            raise self.error(f"Type checking failed. '{node.operator}' only takes numbers.", node)
        sign = -1 if node.operator == "-" else 1

        def signed(row: Row) -> Value:
            number = to_number(operand(row))
            return None if number is None else sign * number

        return signed

    def _binary(self, node: Binary) -> Compiled:
        operator = node.operator
        if operator in ("AND", "OR", "XOR"):
            return _logic(operator, self.compile(node.left), self.compile(node.right))
        left, right = self.compile(node.left), self.compile(node.right)
        kinds = (self.kind(node.left), self.kind(node.right))
        if operator in _ORDER:
            if "0" in kinds or set(kinds) in ({"b", "s"}, {"b", "n"}):
                raise self.error(f"Type checking failed. The '{operator}' operator received different types.", node)
            return _comparison(_ORDER[operator], left, right)
        if operator == "LIKE":
            return _like(left, right)
        if operator == ".":
            if "0" in kinds or "b" in kinds:
                raise self.error("Type checking failed. The '.' operator only takes strings and numbers.", node)
            return _concatenation(left, right)
        if operator == "+":
            if set(kinds) == {"s", "n"} or "b" in kinds or "0" in kinds:
                raise self.error("Type checking failed. '+' only takes two strings or two numbers.", node)
            # A literal text makes it a concatenation whatever the field holds: a=1, a+"2" is 12 (M4.37).
            return _concatenation(left, right) if "s" in kinds else _addition(left, right)
        if any(kind in "sb0" for kind in kinds):
            raise self.error(f"Type checking failed. '{operator}' only takes numbers.", node)
        return _arithmetic(_ARITHMETIC[operator], left, right)

    def _membership(self, operand: Expr, choices: Sequence[Expr]) -> Compiled:
        left = self.compile(operand)
        tests = [_comparison(_ORDER["=="], left, self.compile(choice)) for choice in choices]

        def run(row: Row) -> Value:
            if left(row) is None:
                return None
            return any(test(row) is True for test in tests)

        return run


class InvalidArguments(Exception):
    """Raised by a function whose arguments cannot be used; becomes Splunk's message with the call underlined."""


def find(name: str) -> EvalFunction | None:
    """The function of that lower-case name, its family imported on first use."""
    if not FUNCTIONS.names():
        import importlib
        import pkgutil

        import harness.expressions.functions as families

        for module in pkgutil.iter_modules(families.__path__):
            importlib.import_module(f"{families.__name__}.{module.name}")
    return FUNCTIONS.get(name)


_BOOLEAN_OPERATORS: Final = frozenset(("==", "!=", "<", "<=", ">", ">=", "LIKE", "AND", "OR", "XOR"))

_ORDER: Final[dict[str, Callable[[int], bool]]] = {
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def _modulo(a: int | float, b: int | float) -> float | int | None:
    if b == 0:
        return None
    return math.fmod(a, b)


def _divide(a: int | float, b: int | float) -> float | None:
    return None if b == 0 else a / b


_ARITHMETIC: Final[dict[str, Callable[[int | float, int | float], int | float | None]]] = {
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": _modulo,
}


def _comparison(holds: Callable[[int], bool], left: Compiled, right: Compiled) -> Compiled:
    """True, false, or null if a side is null. A multivalue satisfies a comparison if one of its values does."""

    def run(row: Row) -> Value:
        first, second = left(row), right(row)
        if first is None or second is None:
            return None
        if type(first) is tuple or type(second) is tuple:
            return any(_holds(holds, a, b) for a in members(first) for b in members(second))
        return _holds(holds, first, second)  # type: ignore[arg-type]

    return run


def _holds(holds: Callable[[int], bool], a: Scalar, b: Scalar) -> bool:
    order = eval_compare(a, b)
    return order is not None and holds(order)


def _logic(operator: str, left: Compiled, right: Compiled) -> Compiled:
    """A null side counts as false, the other is still asked."""
    if operator == "AND":
        return lambda row: truth(left(row)) and truth(right(row))
    if operator == "OR":
        return lambda row: truth(left(row)) or truth(right(row))
    return lambda row: truth(left(row)) != truth(right(row))


def _like(left: Compiled, right: Compiled) -> Compiled:
    def run(row: Row) -> Value:
        value, pattern = left(row), right(row)
        if value is None or pattern is None:
            return None
        test = like_matcher(to_text(members(pattern)[0]))
        return any(test(to_text(member)) for member in members(value))

    return run


_like_cache: dict[str, Callable[[str], bool]] = {}


def like_matcher(pattern: str) -> Callable[[str], bool]:
    r"""``%`` any characters, ``_`` one; the whole text, case-sensitively; ``\`` makes the next character plain."""
    found = _like_cache.get(pattern)
    if found is None:
        parts: list[str] = []
        escaped = False
        for character in pattern:
            if escaped:
                parts.append(re.escape(character) if character in "%_\\" else "\\\\" + re.escape(character))
                escaped = False
            elif character == "\\":
                escaped = True
            else:
                parts.append({"%": ".*", "_": "."}.get(character) or re.escape(character))
        if escaped:
            parts.append("\\\\")
        # Atomic stars: once a literal is found after %, an earlier try cannot do better for a leftmost match.
        expression = re.compile("".join(parts), re.DOTALL)
        if len(_like_cache) > 4096:
            _like_cache.clear()
        found = _like_cache[pattern] = lambda text: expression.fullmatch(text) is not None
    return found


def _concatenation(left: Compiled, right: Compiled) -> Compiled:
    def run(row: Row) -> Value:
        first, second = left(row), right(row)
        if first is None or second is None or type(first) is bool or type(second) is bool:
            return None
        if type(first) is tuple or type(second) is tuple:
            return tuple(to_text(a) + to_text(b) for a in members(first) for b in members(second))
        return to_text(first) + to_text(second)  # type: ignore[arg-type]

    return run


def _addition(left: Compiled, right: Compiled) -> Compiled:
    """The sum of what both read as numbers; two texts that do not are joined (M4.36, M4.37)."""

    def run(row: Row) -> Value:
        a, b = left(row), right(row)
        first, second = to_number(a), to_number(b)
        if first is not None and second is not None:
            return rounded(first + second)
        return a + b if type(a) is str and type(b) is str else None

    return run


def _arithmetic(
    operation: Callable[[int | float, int | float], int | float | None], left: Compiled, right: Compiled
) -> Compiled:
    def run(row: Row) -> Value:
        first, second = to_number(left(row)), to_number(right(row))
        if first is None or second is None:
            return None
        try:
            result = operation(first, second)
        except OverflowError:
            return None
        return None if result is None or not math.isfinite(result) else rounded(result)

    return run
