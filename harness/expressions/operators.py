"""The operators of eval expressions as functions of compiled operands."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from harness.expressions.registry import Compiled, NotImplementedExactly, Row
from harness.values.column import Value
from harness.values.numbers import ARITHMETIC, negated
from harness.values.values import eval_compare, members, number_of, pieces_matcher, to_text


def compare(symbol: str, left: Value, right: Value) -> bool | None:
    """As :func:`eval_compare`. Whether a multivalue meets a number by its texts, by theirs as numbers or not at all is
    not documented."""
    if (type(left) is tuple and _is_number(right)) or (type(right) is tuple and _is_number(left)):
        raise NotImplementedExactly("A comparison of a multivalue field with a number")
    return eval_compare(symbol, left, right)


def _is_number(value: Value) -> bool:
    return value is not None and not isinstance(value, str | tuple | bool)


def comparison(symbol: str, left: Compiled, right: Compiled) -> Compiled:
    return lambda row: compare(symbol, left(row), right(row))


def membership(operand: Compiled, choices: list[Compiled]) -> Compiled:
    """Whether the operand equals one of the choices; null is in no list and out of none."""

    def run(row: Row) -> Value:
        value = operand(row)
        if value is None:
            return None
        return any(compare("==", value, choice(row)) is True for choice in choices)

    return run


def logic(operator: str, left: Compiled, right: Compiled) -> Compiled:
    """Three-valued: what a null leaves open is null. The right side is not asked where the left one decides."""
    if operator == "XOR":
        return lambda row: _xor(truth(left(row)), truth(right(row)))
    deciding = operator == "OR"

    def run(row: Row) -> Value:
        first = truth(left(row))
        if first is deciding:
            return deciding
        second = truth(right(row))
        if second is deciding:
            return deciding
        return None if first is None or second is None else not deciding

    return run


def _xor(first: bool | None, second: bool | None) -> bool | None:
    return None if first is None or second is None else first is not second


def negation(operand: Compiled) -> Compiled:
    """NOT of a null is null."""

    def run(row: Row) -> Value:
        value = truth(operand(row))
        return None if value is None else not value

    return run


def truth(value: Value) -> bool | None:
    """The value of a condition; what is no truth value is neither true nor false."""
    return value if type(value) is bool else None


def sign(operator: str, operand: Compiled) -> Compiled:
    def run(row: Row) -> Value:
        number = number_of(operand(row))
        return number if number is None or operator == "+" else negated(number)

    return run


def concatenation(left: Compiled, right: Compiled) -> Compiled:
    def run(row: Row) -> Value:
        first, second = left(row), right(row)
        if first is None or second is None or type(first) is bool or type(second) is bool:
            return None
        if type(first) is tuple or type(second) is tuple:
            raise NotImplementedExactly("A multivalue field in a concatenation")
        return to_text(first) + to_text(second)  # type: ignore[arg-type]

    return run


def addition(left: Compiled, right: Compiled) -> Compiled:
    """The sum of two numbers; two texts are joined; a number and a text that is none have no sum (M4.36, M4.37)."""
    add = ARITHMETIC["+"]

    def run(row: Row) -> Value:
        a, b = left(row), right(row)
        if (type(a) is str and isinstance(b, str)) or (type(b) is str and isinstance(a, str)):
            return str(a) + str(b)
        first, second = number_of(a), number_of(b)
        if first is not None and second is not None:
            return add(first, second)
        # Two fields of which one only looks like a number are two texts.
        return a + b if isinstance(a, str) and isinstance(b, str) else None

    return run


def arithmetic(operator: str, left: Compiled, right: Compiled) -> Compiled:
    operation = ARITHMETIC[operator]

    def run(row: Row) -> Value:
        first, second = number_of(left(row)), number_of(right(row))
        return None if first is None or second is None else operation(first, second)

    return run


def likeness(left: Compiled, right: Compiled) -> Compiled:
    def run(row: Row) -> Value:
        value, pattern = left(row), right(row)
        return None if value is None or pattern is None else like(value, pattern)

    return run


def like(value: Value, pattern: Value) -> bool:
    """Whether the value, or one of a multivalue's, has the form of the pattern."""
    if type(pattern) is tuple:
        raise NotImplementedExactly("A multivalue field as the pattern of LIKE")
    test = like_matcher(to_text(pattern))  # type: ignore[arg-type]
    return any(test(to_text(member)) for member in members(value))


@lru_cache(maxsize=4096)
def like_matcher(pattern: str) -> Callable[[str], bool]:
    """``%`` stands for any characters, ``_`` for one; the whole text, case-sensitively, line ends included."""
    parts = pattern.split("%")
    if "_" not in pattern:
        return pieces_matcher(parts)
    expression = re.compile(_without_backtracking(parts), re.DOTALL)
    return lambda text: expression.fullmatch(text) is not None


def _without_backtracking(parts: list[str]) -> str:
    """Each piece between two ``%`` is taken where it first fits, which is never worse than later: no try is taken
    back, so that a pattern of many ``%`` stays linear."""
    pieces = ["".join("." if character == "_" else re.escape(character) for character in part) for part in parts]
    if len(pieces) == 1:
        return pieces[0]
    first, *middle, last = pieces
    taken = "".join(f"(?>.*?{piece})" for piece in middle if piece)
    return f"{first}{taken}.*{last}"
