"""How an eval function is made known: one decorated function, found by its name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from harness.errors import SPLSyntaxError, UnsupportedSPL
from harness.expressions.scope import Scope
from harness.registry import Registry
from harness.spl.nodes import Call, Expr
from harness.values.column import Column, Value
from harness.values.frame import Frame

Row = tuple[Value, ...]
"""The values of the fields that an expression reads, one per field."""

Compiled = Callable[[Row], Value]
"""An expression as a function of the row."""

Kind = str
"""What is known of an expression's type before any row is read: ``s`` text, ``n`` number, ``b`` truth value, ``0`` the
literal null, ``?`` nothing."""


class Compiler(Protocol):
    """What a function that evaluates its own arguments (``if``, ``mvmap``) may use."""

    scope: Scope

    def compile(self, expression: Expr) -> Compiled: ...

    def condition(self, expression: Expr, call: Call) -> Compiled:
        """An argument that must be a truth value."""

    def kind(self, expression: Expr) -> Kind: ...

    def position(self, name: str) -> int:
        """The place of a field in the row."""

    def argument_error(self, call: Call) -> SPLSyntaxError:
        """``The arguments to the 'x' function are invalid.``, the call underlined."""

    def unsupported(self, what: str, call: Call) -> UnsupportedSPL: ...


class InvalidArguments(Exception):
    """Raised by a function whose arguments cannot be used; becomes Splunk's message with the call underlined."""


class NotImplementedExactly(Exception):
    """Raised by a function for arguments whose result we do not know; becomes UnsupportedSPL with its place."""


@dataclass(frozen=True, slots=True)
class EvalFunction:
    """``call`` takes evaluated values; ``build``, where given, takes the call's trees and compiles them itself.

    ``nulls``: whether ``call`` wants to see nulls; otherwise any null argument makes the result null.
    ``multivalues``: whether it takes multivalues; otherwise they are refused as Splunk's behaviour is not documented.
    ``binds``: an argument is evaluated once per value of a field (``mvmap``). ``frame``: gives the values of all rows
    at once, for a function that looks at the whole row (``searchmatch``); ``build`` then only checks.
    ``kinds``: what each argument must be, see :func:`function`. ``result``: the kind of what comes out, or the
    positions of the arguments that it comes from.
    """

    name: str
    minimum: int
    maximum: int | None
    call: Callable[..., Value] | None = None
    build: Callable[[Compiler, Call], Compiled] | None = None
    nulls: bool = False
    multivalues: bool = False
    scoped: bool = False
    pure: bool = True
    binds: bool = False
    frame: Callable[[Call, Frame, Scope], Column] | None = None
    kinds: str = ""
    result: Kind | Callable[[int], range] = "?"

    @property
    def boolean(self) -> bool:
        """The result is a truth value, which no field can hold."""
        return self.result == "b"

    def wanted(self, position: int) -> str:
        """The kind that the argument there must have; the last letter of ``kinds`` counts for all further ones."""
        return self.kinds[min(position, len(self.kinds) - 1)] if self.kinds else "."


FUNCTIONS: Final[Registry[EvalFunction]] = Registry("eval function")


def function(
    name: str,
    minimum: int = 1,
    maximum: int | None = -1,
    *,
    kinds: str = "",
    result: Kind = "?",
    nulls: bool = False,
    multivalues: bool = False,
    scoped: bool = False,
    pure: bool = True,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function of evaluated values under ``name``.

    ``maximum`` -1 means exactly ``minimum`` arguments, None any number. ``scoped``: the scope is the first argument.
    ``pure`` false: called once per row (``random``). ``kinds`` gives, per argument, what one of *known* type must be
    for the search to be accepted before any row is read (M4.30): ``s`` text, ``n`` number, ``!`` anything but the
    literal null (M4.38), ``.`` anything.
    """

    def decorate(call: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS.add(
            name,
            EvalFunction(
                name,
                minimum,
                minimum if maximum == -1 else maximum,
                call,
                nulls=nulls,
                multivalues=multivalues,
                scoped=scoped,
                pure=pure,
                kinds=kinds,
                result=result,
            ),
        )
        return call

    return decorate


Build = Callable[[Compiler, Call], Compiled]


def special(
    name: str,
    minimum: int,
    maximum: int | None = -1,
    *,
    result: Kind | Callable[[int], range] = "?",
    binds: bool = False,
    frame: Callable[[Call, Frame, Scope], Column] | None = None,
) -> Callable[[Build], Build]:
    """Register a function that compiles its own arguments: lazy ones, and those that bind a field."""

    def decorate(build: Build) -> Build:
        top = minimum if maximum == -1 else maximum
        FUNCTIONS.add(name, EvalFunction(name, minimum, top, build=build, result=result, binds=binds, frame=frame))
        return build

    return decorate


def find(name: str) -> EvalFunction | None:
    """The function of that lower-case name."""
    _load_families()
    return FUNCTIONS.get(name)


@cache
def _load_families() -> None:
    """Import every family, on the first use of any function."""
    families = importlib.import_module("harness.expressions.functions")
    for module in pkgutil.iter_modules(families.__path__):
        importlib.import_module(f"{families.__name__}.{module.name}")
