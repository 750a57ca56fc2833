"""The release manifest: what was released, on what evidence, as an in-toto statement.

The shape is that of in-toto's Statement v1 with the predicate ``test-result`` v0.1: the subjects are the released files
with their digests, the configuration is the policy. The predicate's ``decisions`` are this project's own; readers of
the framework pass over members that they do not know.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from harness import __version__
from harness.gate.decision import Decision, Release
from harness.gate.policy import Policy
from harness.gate.rules import Change

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://in-toto.io/attestation/test-result/v0.1"


@dataclass(frozen=True, slots=True)
class Revisions:
    """The commits compared. ``clean``: nothing in the working tree differs from ``head``."""

    base: str
    head: str
    clean: bool


def render(release: Release, policy: Policy, revisions: Revisions, moment: datetime) -> str:
    """The manifest as JSON. Only what is released is a subject of it."""
    decisions = sorted(release.decisions, key=lambda decision: str(decision.case.file))
    there = [decision for decision in decisions if decision.case.change is not Change.REMOVED]
    statement = {
        "_type": STATEMENT,
        "subject": [
            {"name": decision.case.file, "digest": {"sha256": decision.case.detection.sha256}}
            for decision in there
            if decision.released
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "result": "PASSED" if release.released else "FAILED",
            "configuration": [{"name": "gate.yml", "content": msgspec.to_builtins(policy)}],
            "passedTests": [decision.case.detection.name for decision in decisions if decision.released],
            "failedTests": [decision.case.detection.name for decision in decisions if not decision.released],
            "tool": {"name": "harness", "version": __version__},
            "time": moment.isoformat(timespec="seconds"),
            "base": revisions.base,
            "head": revisions.head,
            "clean": revisions.clean,
            "decisions": [_decision(decision) for decision in decisions],
        },
    }
    return json.dumps(statement, indent=2, ensure_ascii=False) + "\n"


def _decision(decision: Decision) -> dict[str, Any]:
    case = decision.case
    return {
        "name": case.detection.name,
        "id": case.detection.id,
        "file": case.file,
        "change": case.change.value,
        "version": {"before": case.before and case.before.version, "after": case.after and case.after.version},
        "sha256": case.detection.sha256,
        "released": decision.released,
        "objections": [
            {
                "rule": each.rule,
                "message": each.message,
                "waiver": msgspec.to_builtins(each.waiver) if each.waiver else None,
            }
            for each in decision.objections
        ],
        "evidence": [
            {
                "backend": evidence.backend,
                "backend_version": evidence.version,
                "started": evidence.started,
                "digest": evidence.digest,
                "current": evidence.current,
                "verdicts": [
                    {
                        "level": result.level.value,
                        "test": result.test,
                        "status": result.status.value,
                        "flaky": result.flaky,
                    }
                    for result in evidence.results
                ],
                "datasets": sorted(
                    {(data.data, data.sha256) for result in evidence.results for data in result.datasets}
                ),
            }
            for evidence in case.evidence.values()
        ],
    }
