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


class StaticRules:
    """Checks the whole content once, when the first verdict is asked for."""

    def __init__(self, content: Content, knowledge: Callable[[], Knowledge], *, own_engine: bool = True) -> None:
        """Without ``own_engine`` a real Splunk runs the searches, and what ours cannot do does not matter."""
        self._content = content
        self._knowledge = knowledge
        self._own_engine = own_engine

    @cached_property
    def problems(self) -> list[Problem]:
        from harness.validation.validate import validate

        found = validate(self._content, self._knowledge())
        return [problem for problem in found if self._own_engine or problem.rule != UNSUPPORTED]

    def verdict(self, subject: Subject) -> Verdict:
        """FAIL for any error, ERROR if the only errors are that something is not supported; warnings do not count."""
        errors = [item for item in self.problems if item.file == subject.path and item.severity == "error"]
        wrong = [item for item in errors if item.rule != UNSUPPORTED]
        if wrong:
            return Verdict(Status.FAIL, "\n".join(_told(item) for item in wrong))
        if errors:
            return Verdict(Status.ERROR, "\n".join(f"unsupported: {_told(item)}" for item in errors))
        return PASSED


def _told(problem: Problem) -> str:
    hint = f"\n  {problem.hint}" if problem.hint else ""
    return f"line {problem.line}: {problem.message} [{problem.rule}]{hint}"
