"""Trigonometric and hyperbolic functions (Search Reference, "Trig and Hyperbolic functions")."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from harness.expressions.functions.mathematical import numeric

_OF_ONE: Final[tuple[Callable[[float], float], ...]] = (
    math.acos,
    math.acosh,
    math.asin,
    math.asinh,
    math.atan,
    math.atanh,
    math.cos,
    math.cosh,
    math.sin,
    math.sinh,
    math.tan,
    math.tanh,
)
_OF_TWO: Final[tuple[Callable[[float, float], float], ...]] = (math.atan2, math.hypot)

for _call in _OF_ONE:
    numeric(_call.__name__)(_call)
for _call_of_two in _OF_TWO:
    numeric(_call_of_two.__name__, 2)(_call_of_two)
