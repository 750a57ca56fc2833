"""Date and time functions (Search Reference, "Date and Time functions")."""

from __future__ import annotations

from harness.errors import UnsupportedSPL
from harness.expressions.registry import NotImplementedExactly, function
from harness.expressions.scope import Scope
from harness.spl.time import resolve_time
from harness.values.column import Value
from harness.values.numbers import Measured
from harness.values.timeformat import format_time, parse_time
from harness.values.values import number_of, to_text

_FIRST = 31_536_000.0
"""Dates before 1 January 1971 are not for strptime (Search Reference)."""
_DECIMALS = 6
"""A moment is known to the microsecond, and written so (M4.61)."""


@function("now", 0, scoped=True, result="n")
def now(scope: Scope) -> Value:
    """The moment the search was started, in whole seconds."""
    return int(scope.now)


@function("time", 0, scoped=True, result="n")
def time(scope: Scope) -> Value:
    """The moment at which a row is processed: here that is the start of the search, so that results repeat."""
    return Measured(scope.now, _DECIMALS)


@function("relative_time", 2, scoped=True, kinds="ns", result="n")
def relative_time(scope: Scope, moment: Value, modifier: Value) -> Value:
    start = number_of(moment)
    if start is None:
        return None
    try:
        found = resolve_time(to_text(modifier), float(start), scope.timezone)  # type: ignore[arg-type]
    except UnsupportedSPL:
        raise
    except (OverflowError, ValueError, OSError):
        return None
    return Measured(found, _DECIMALS)


@function("strftime", 2, scoped=True, kinds=".s", result="s")
def strftime(scope: Scope, moment: Value, form: Value) -> Value:
    epoch = number_of(moment)
    if epoch is None:
        return None
    try:
        return format_time(epoch, to_text(form), scope.timezone)  # type: ignore[arg-type]
    except UnsupportedSPL as problem:
        raise NotImplementedExactly(problem.message.removesuffix(" is not supported here.")) from None
    except (OverflowError, ValueError, OSError):
        return None


@function("strptime", 2, scoped=True, kinds=".s", result="n")
def strptime(scope: Scope, text: Value, form: Value) -> Value:
    """Null for what does not parse; the text may go on after what was read."""
    try:
        found = parse_time(to_text(text), to_text(form), scope.timezone, scope.now)  # type: ignore[arg-type]
    except UnsupportedSPL as problem:
        raise NotImplementedExactly(problem.message.removesuffix(" is not supported here.")) from None
    if found is None:
        return None
    if found[0] < _FIRST and "%s" not in to_text(form):  # type: ignore[arg-type]
        raise NotImplementedExactly("strptime() of a date before 1971")
    return Measured(found[0], _DECIMALS)
