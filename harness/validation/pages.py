"""A page about each rule, made from its class: what it asks for, why, and how to switch it off."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from harness.errors import UsageError
from harness.validation.ignoring import READING
from harness.validation.rules import ContentRule, Rule, all_rules, nearest


def rule_ids() -> list[str]:
    """The ids of all rules, those that are found while files are read included."""
    return sorted({*READING, *(each.id for each in all_rules())})


def summary_of(name: str) -> str:
    rule = _rule(name)
    return READING[name] if rule is None else rule.summary


def page(name: str) -> str:
    """The page of one rule, as Markdown. Raises UsageError if there is no such rule."""
    if name not in READING and _rule(name) is None:
        raise UsageError(f"there is no rule {name!r}", hint=nearest(name, frozenset(rule_ids())))
    return "\n".join(_lines(name))


def _lines(name: str) -> Iterator[str]:
    rule = _rule(name)
    yield f"# {name}"
    yield ""
    yield summary_of(name)
    yield ""
    why = "" if rule is None or rule.__doc__ in (Rule.__doc__, ContentRule.__doc__) else inspect.getdoc(rule) or ""
    if why:
        yield why
        yield ""
    yield f"Severity: {'error' if rule is None else rule.severity}" + (
        ", where all of the content is checked." if isinstance(rule, ContentRule) else "."
    )
    yield ""
    yield "Switch it off with a reason, in a detection under `harness:`, or in `harness.yml` for all of the content:"
    yield ""
    yield "```yaml"
    reason = f"{name}: why it does not hold here"
    yield from (
        ("ignore:", f"  {reason}") if isinstance(rule, ContentRule) else ("harness:", "  ignore:", f"    {reason}")
    )
    yield "```"
    yield ""


def _rule(name: str) -> Rule | ContentRule | None:
    return next((each for each in all_rules() if each.id == name), None)
