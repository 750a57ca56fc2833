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
        hint = nearest(name, frozenset(rule_ids())) or "`harness validate --rules` lists them."
        raise UsageError(f"there is no rule {name!r}", hint=hint)
    return "\n".join([f"# {name}", "", *_about(name), "", *_switching_off(name), ""])


def all_pages() -> str:
    """Every rule on one page, as ``docs/rules.md`` has it."""
    head = "Written by `python -m harness.validation.pages > docs/rules.md`, from the rules themselves."
    lines = ["# Static rules", "", head, "", *_switching_off("rule-id"), ""]
    for name in rule_ids():
        lines += [f"## {name}", "", *_about(name), ""]
    return "\n".join(lines)


def _about(name: str) -> Iterator[str]:
    rule = _rule(name)
    yield summary_of(name)
    why = "" if rule is None or rule.__doc__ in (Rule.__doc__, ContentRule.__doc__) else inspect.getdoc(rule) or ""
    yield from ("", why) if why else ()
    yield ""
    severity = "error" if rule is None else rule.severity
    yield f"Severity: {severity}{', where all of the content is checked' if isinstance(rule, ContentRule) else ''}."


def _switching_off(name: str) -> Iterator[str]:
    reason = f"{name}: why it does not hold here"
    yield "A rule is switched off with a reason, in `harness.yml` for all of the content, or in a detection:"
    yield from ("", "```yaml", "harness:", "  ignore:", f"    {reason}", "```", "")
    yield "In `harness.yml`, `ignore:` is at the top, and a rule may be off in some files or folders only:"
    yield from ("", "```yaml", "ignore:", f"  {name}:", "    detections/cloud: why it does not hold there", "```")


def _rule(name: str) -> Rule | ContentRule | None:
    return next((each for each in all_rules() if each.id == name), None)


if __name__ == "__main__":
    import sys

    sys.stdout.write(all_pages())
