"""How an eval function is made known: one decorated function, found by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from harness.expressions.scope import Scope
from harness.registry import Registry
from harness.values.column import Value

Row = tuple[Value, ...]
"""The values of the fields that an expression reads, one per field."""

Compiled = Callable[[Row], Value]
"""An expression as a function of the row."""


class Compiler(Protocol):
    """What a function that evaluates its own arguments (``if``, ``mvmap``) may use."""

    scope: Scope

    def compile(self, expression: Any) -> Compiled: ...

    def position(self, name: str) -> int:
        """The place of a field in the row."""

    def argument_error(self, call: Any) -> Exception:
        """``The arguments to the 'x' function are invalid.``, the call underlined."""


@dataclass(frozen=True, slots=True)
class EvalFunction:
    """``call`` takes evaluated values; ``build``, where given, takes the call's trees and compiles them itself.

    ``nulls``: whether ``call`` wants to see nulls; otherwise any null argument makes the result null.
    ``boolean``: the result is a truth value, which no field can hold.
    """

    name: str
    minimum: int
    maximum: int | None
    call: Callable[..., Value] | None = None
    build: Callable[[Compiler, Any], Compiled] | None = None
    nulls: bool = False
    scoped: bool = False
    pure: bool = True
    boolean: bool = False
    kinds: str = ""


FUNCTIONS: Final[Registry[EvalFunction]] = Registry("eval function")


def function(
    name: str,
    minimum: int = 1,
    maximum: int | None = -1,
    *,
    nulls: bool = False,
    scoped: bool = False,
    pure: bool = True,
    boolean: bool = False,
    kinds: str = "",
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Register a function of evaluated values under ``name``.

    ``maximum`` -1 means exactly ``minimum`` arguments, None any number. ``scoped``: the scope is the first argument.
    ``pure`` false: called once per row (``random``). ``kinds`` gives, per argument, what a *literal* there must be for
    the search to be accepted before any row is read: ``s`` text, ``n`` number, ``.`` anything (M4.30).
    """

    def decorate(call: Callable[..., Value]) -> Callable[..., Value]:
        top = minimum if maximum == -1 else maximum
        FUNCTIONS.add(
            name,
            EvalFunction(name, minimum, top, call, nulls=nulls, scoped=scoped, pure=pure, boolean=boolean, kinds=kinds),
        )
        return call

    return decorate


def special(
    name: str, minimum: int, maximum: int | None = -1, *, boolean: bool = False
) -> Callable[[Callable[[Compiler, Any], Compiled]], Callable[[Compiler, Any], Compiled]]:
    """Register a function that compiles its own arguments: lazy ones, and those that bind a field."""

    def decorate(build: Callable[[Compiler, Any], Compiled]) -> Callable[[Compiler, Any], Compiled]:
        top = minimum if maximum == -1 else maximum
        FUNCTIONS.add(name, EvalFunction(name, minimum, top, build=build, nulls=True, boolean=boolean))
        return build

    return decorate
