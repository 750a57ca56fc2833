"""The static rules' verdict on each detection."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from harness.content.models import Content, Problem
from harness.runner.record import Status
from harness.runner.subject import Subject
from harness.runner.verdict import PASSED, Verdict

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge

UNSUPPORTED = "spl-unsupported"
"""The rule that says nothing against a detection, but that our engine cannot run it."""


UNKNOWN_COMMAND = "Unknown search command"
"""How it begins what is said of a command that an app may bring."""


class StaticRules:
    """Checks the whole content once, when the first verdict is asked for."""

    def __init__(self, content: Content, knowledge: Callable[[], Knowledge], *, own_engine: bool = True) -> None:
        """Without ``own_engine`` a real Splunk runs the searches: what ours cannot do does not matter, and whether a
        macro, a lookup, a data model or a command is there, that Splunk says when it is searched."""
        self._content = content
        self._knowledge = knowledge
        self._own_engine = own_engine

    @cached_property
    def problems(self) -> list[Problem]:
        from harness.validation.validate import validate

        return validate(self._content, self._knowledge())

    def verdict(self, subject: Subject) -> Verdict:
        """FAIL for any error, ERROR if the only errors are that something is not supported; warnings do not count."""
        errors = [item for item in self.problems if item.file == subject.path and item.severity == "error"]
        left = [] if self._own_engine else [item for item in errors if _is_for_the_server(item)]
        errors = [item for item in errors if item not in left]
        wrong = [item for item in errors if item.rule != UNSUPPORTED]
        if wrong:
            return Verdict(Status.FAIL, "\n".join(_told(item) for item in wrong))
        if errors:
            return Verdict(Status.ERROR, "\n".join(f"unsupported: {_told(item)}" for item in errors))
        if left:
            names = ", ".join(dict.fromkeys(item.rule for item in left))
            return Verdict(Status.PASS, f"left to the Splunk that is searched: {names}")
        return PASSED


def _is_for_the_server(problem: Problem) -> bool:
    from harness.validation.rules import all_rules

    by_apps = {rule.id for rule in all_rules() if rule.by_apps}
    return problem.rule in by_apps or problem.message.startswith(UNKNOWN_COMMAND)


def _told(problem: Problem) -> str:
    hint = f"\n  {problem.hint}" if problem.hint else ""
    return f"line {problem.line}: {problem.message} [{problem.rule}]{hint}"
