"""Bitwise functions (Search Reference, "Bitwise functions"): of whole numbers from 0 to 2^53-1, null for others."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce

from harness.expressions.registry import function
from harness.values.column import Value
from harness.values.numbers import EXACT_INTEGER
from harness.values.values import number_of

_MASK = EXACT_INTEGER - 1
_BITS = 53


def _register(name: str, minimum: int, maximum: int | None = -1) -> Callable[[Callable[..., int]], Callable[..., int]]:
    def decorate(call: Callable[..., int]) -> Callable[..., int]:
        @function(name, minimum, maximum, kinds="n", result="n")
        def guarded(*values: Value) -> Value:
            numbers = [number_of(value) for value in values]
            if any(number is None or not 0 <= number <= _MASK or number != int(number) for number in numbers):
                return None
            return call(*(int(number) for number in numbers if number is not None))

        return call

    return decorate


@_register("bit_and", 2, None)
def bit_and(*values: int) -> int:
    return reduce(operator.and_, values)


@_register("bit_or", 2, None)
def bit_or(*values: int) -> int:
    return reduce(operator.or_, values)


@_register("bit_xor", 2, None)
def bit_xor(*values: int) -> int:
    return reduce(operator.xor, values)


@_register("bit_not", 1, 2)
def bit_not(value: int, mask: int = _MASK) -> int:
    return ~value & mask & _MASK


@_register("bit_shift_left", 2)
def bit_shift_left(value: int, count: int) -> int:
    return (value << count) & _MASK if count < _BITS else 0


@_register("bit_shift_right", 2)
def bit_shift_right(value: int, count: int) -> int:
    return value >> count if count < _BITS else 0
