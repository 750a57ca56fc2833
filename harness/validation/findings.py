"""What the static rules found, as documents that other tools read: JSON, SARIF 2.1.0, GitHub's annotations.

SARIF follows "Static Analysis Results Interchange Format 2.1.0" (OASIS) as far as code scanning reads it; annotations
follow "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from harness import __version__
from harness.content.models import Problem
from harness.content.root import relative
from harness.validation.pages import page, summary_of

SCHEMA: Final = 1
SARIF_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_json(problems: Sequence[Problem], root: Path) -> bytes:
    findings = [
        {
            "rule": problem.rule,
            "severity": problem.severity,
            "file": relative(problem.file, root),
            "line": problem.line,
            "message": problem.message,
        }
        for problem in problems
    ]
    return _json({"schema": SCHEMA, "findings": findings})


def as_sarif(problems: Sequence[Problem], root: Path) -> bytes:
    """Paths are relative to the repository that the content lies in, as code scanning wants them."""
    base = repository_of(root)
    rules = sorted({problem.rule for problem in problems})
    positions = {name: position for position, name in enumerate(rules)}
    results = [_result(problem, positions[problem.rule], base) for problem in problems]
    document = sarif_document([_rule(name) for name in rules], results)
    bases = {"SRCROOT": {"uri": f"{base.resolve().as_uri().rstrip('/')}/"}}
    document["runs"][0]["originalUriBaseIds"] = bases
    return _json(document)


def sarif_document(rules: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A SARIF log of one run of ours."""
    driver = {"name": "harness", "semanticVersion": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(name: str) -> dict[str, Any]:
    summary = summary_of(name)
    return {
        "id": name,
        "shortDescription": {"text": summary},
        "help": {"text": summary, "markdown": page(name)},
    }


def _result(problem: Problem, position: int, base: Path) -> dict[str, Any]:
    file = relative(problem.file, base)
    # The same finding stays the same when lines before it come or go.
    fingerprint = hashlib.sha256(f"{problem.rule}\n{file}\n{problem.message}".encode()).hexdigest()
    artifact = {"uri": uri_of(file), "uriBaseId": "SRCROOT"}
    return {
        "ruleId": problem.rule,
        "ruleIndex": position,
        "level": problem.severity,
        "message": {"text": _told(problem)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": problem.line}}}],
        "partialFingerprints": {"finding/v1": fingerprint},
    }


def as_annotation(problem: Problem, root: Path) -> str:
    """The line that makes GitHub show a finding beside the line that it is about."""
    properties = {
        "file": relative(problem.file, repository_of(root)),
        "line": str(problem.line),
        "title": problem.rule,
    }
    shown = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{problem.severity} {shown}::{_data(_told(problem))}"


def _told(problem: Problem) -> str:
    return "\n".join(filter(None, [problem.message, problem.hint]))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def repository_of(root: Path) -> Path:
    """The nearest folder from the content upwards that is a git work tree; the content where there is none."""
    root = root.resolve()
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)


def uri_of(path: str) -> str:
    from urllib.parse import quote

    return quote(path)


def _json(document: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
