"""Date and time functions (Search Reference, "Date and Time functions")."""

from __future__ import annotations

from harness.errors import SPLError
from harness.expressions.registry import function
from harness.expressions.scope import Scope
from harness.spl.time import resolve_time
from harness.values.column import Value
from harness.values.timeformat import format_time, parse_time
from harness.values.values import members, to_number, to_text


@function("now", 0, scoped=True)
def now(scope: Scope) -> Value:
    """The moment the search was started, in whole seconds."""
    return int(scope.now)


@function("time", 0, scoped=True, pure=False)
def time_(scope: Scope) -> Value:
    """The wall-clock time with microseconds; it is the moment the search was started, so that results repeat."""
    return round(scope.now, 6)


@function("relative_time", 2, scoped=True)
def relative_time(scope: Scope, moment: Value, modifier: Value) -> Value:
    start = to_number(moment)
    if start is None or type(modifier) is not str:
        return None
    try:
        return resolve_time(modifier, float(start), scope.timezone)
    except (SPLError, OverflowError, ValueError):
        return None


@function("strftime", 2, scoped=True)
def strftime(scope: Scope, moment: Value, form: Value) -> Value:
    epoch = to_number(moment)
    if epoch is None:
        return None
    try:
        return format_time(epoch, to_text(members(form)[0]), scope.timezone)
    except (OverflowError, ValueError):
        return None


@function("strptime", 2, scoped=True)
def strptime(scope: Scope, text: Value, form: Value) -> Value:
    """Epoch seconds with six decimals (M4.61); null for what does not parse."""
    if type(text) is tuple:
        return tuple(value for each in text if (value := _parsed(scope, to_text(each), form)) is not None)
    return _parsed(scope, to_text(text), form)  # type: ignore[arg-type]


def _parsed(scope: Scope, text: str, form: Value) -> str | None:
    try:
        found = parse_time(text, to_text(members(form)[0]), scope.timezone, scope.now)
    except ValueError:
        return None
    return None if found is None else f"{found[0]:.6f}"
