"""What the engine's fidelity rests on is told by the command, and kept in run records."""

from __future__ import annotations

import json
from pathlib import Path

from harness.fidelity import fidelity, fidelity_hash
from harness.runner.record import decode
from tests.cli.command import harness

ROOT = Path(__file__).resolve().parents[2]


def test_the_version_alone(tmp_path: Path) -> None:
    ended = harness("version", cwd=tmp_path)
    assert (ended.code, ended.out.split()[0], len(ended.out.splitlines())) == (0, "harness", 1)


def test_the_summary_and_its_hash(tmp_path: Path) -> None:
    told = harness("version", "--fidelity", cwd=tmp_path).out
    answers = fidelity()["answers"]
    assert fidelity_hash() in told
    assert f"{answers['held']} of {sum(answers.values())} held" in told
    assert all(f"differs: {text}" in told for text in fidelity()["differs"])


def test_a_run_record_says_what_engine_it_rests_on(tmp_path: Path) -> None:
    harness("test", ROOT, "--level", "validation", "--report", f"json={tmp_path / 'run.json'}", cwd=tmp_path)
    written = (tmp_path / "run.json").read_bytes()
    assert json.loads(written)["tool"]["fidelity"] == fidelity_hash()
    older = json.loads(written)
    del older["tool"]["fidelity"]
    assert decode(json.dumps(older).encode()).tool.fidelity == ""
