"""The static rules' verdict on one detection."""

from __future__ import annotations

from harness.content.models import Content
from harness.runner.record import Status
from harness.runner.subject import Subject
from harness.runner.verdict import PASSED, Verdict


def judge_statically(content: Content, subject: Subject) -> Verdict:
    found = [problem for problem in content.problems if problem.file == subject.path and problem.severity == "error"]
    return Verdict(Status.FAIL, "\n".join(map(str, found))) if found else PASSED
