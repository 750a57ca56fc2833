"""What each test rests on: the evidence of pages, and the ids that Python tests name with ``@pytest.mark.measured``.

``M`` and ``N`` ids name answers of real Splunk servers. Their list lies beside the repository, at
``../shared/splunk/measured*.md``; nothing of it is part of the project.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from tests.conformance.runner import Case, cases
from tests.rest.exchanges import exchanges

TESTS: Final = Path(__file__).resolve().parent.parent
MEASURED: Final = TESTS.parent.parent / "shared" / "splunk"
UNPROVEN: Final = Path(__file__).with_name("unproven.yml")
REASONS: Final = ("outside", "superseded", "unclear")


@dataclass(frozen=True, slots=True)
class Proof:
    """One test: ``kind`` is its strongest evidence, ``gap`` says what is known to be missing."""

    area: str
    name: str
    kind: str
    ids: tuple[str, ...]
    gap: str | None = None


def proofs() -> list[Proof]:
    """Every test that says what it rests on."""
    return [
        *(_of_page(case, case.page.partition("/")[0]) for case in cases()),
        *(_of_page(case, "rest") for case in exchanges()),
        *_of_python(),
    ]


def _of_page(case: Case, area: str) -> Proof:
    return Proof(area, case.id, case.kind, tuple(case.measured), case.known)


def _of_python() -> Iterator[Proof]:
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.measured" not in text:
            continue
        area = path.parent.relative_to(TESTS).as_posix()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (ids := _marked(node, "measured")):
                yield Proof(area, f"{path.name}::{node.name}", "measured", tuple(ids), _gap(node))


def _gap(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """The reason why the test is expected to fail, or is skipped."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute):
            for keyword in decorator.keywords if decorator.func.attr in ("xfail", "skip") else ():
                if keyword.arg == "reason" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return None


def _marked(node: ast.FunctionDef | ast.AsyncFunctionDef, *names: str) -> list[str] | None:
    """The arguments of the first decorator ``pytest.mark.<name>``; None without one."""
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Attribute) and called.attr in names:
            arguments = decorator.args if isinstance(decorator, ast.Call) else []
            return [str(argument.value) for argument in arguments if isinstance(argument, ast.Constant)]
    return None


def unproven() -> dict[str, tuple[str, str]]:
    """What no test holds: id to (reason, note)."""
    listed = yaml.safe_load(UNPROVEN.read_text(encoding="utf-8"))
    return {number: (reason, note) for reason, notes in listed.items() for number, note in notes.items()}


def held(found: list[Proof]) -> set[str]:
    """Ids that passing tests hold: an id of which any part is a known gap is not held."""
    gaps = {number for proof in found if proof.gap is not None for number in proof.ids}
    return {number for proof in found for number in proof.ids} - gaps


def measured_ids(folder: Path = MEASURED) -> list[str]:
    """Every id of the measured answers, in their order; empty where they are not."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("measured*.md"))]
    return [number for text in texts for number in re.findall(r"^- \*\*([MN]\d+\.\d+)\*\*", text, re.MULTILINE)]


def by_section(numbers: Iterator[str] | set[str] | list[str]) -> Counter[str]:
    """How many ids each section has: ``M2`` for M2.13."""
    return Counter(number.partition(".")[0] for number in numbers)
