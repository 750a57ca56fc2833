"""Runs our workflows here, step by step, as GitHub's runner does.

Every ``run`` is carried out in bash, with the files that a runner gives (GITHUB_ENV, GITHUB_OUTPUT, GITHUB_PATH,
GITHUB_STEP_SUMMARY), a home and a workspace of its own. GitHub's own actions are not run but do here what they are
documented to do: check a repository out, put a Python first on the path, keep files in a cache, and hand artifacts from
job to job. Jobs run one after the other. Events, secrets and the schedule are GitHub's and are not imitated.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from tests.workflows.expressions import ExpressionError, fill, holds, value_of

ROOT = Path(__file__).resolve().parents[2]
STEP_SECONDS = 300
_OURS = ("HARNESS_", "GITHUB_", "PYTEST_", "PYTHON", "VIRTUAL_ENV", "XDG_CACHE_HOME", "MAKE", "COLUMNS")


@dataclass
class Ran:
    """What came of a job: ``success``, ``failure`` or ``skipped``, the exit codes of its shell steps, its page."""

    result: str
    codes: dict[str, int] = field(default_factory=dict)
    summary: str = ""
    log: str = ""


class GitHub:
    """What outlives a job: a repository, caches, artifacts, and actions of other repositories by their ``uses``."""

    def __init__(self, folder: Path, repository: Path, python: Path, actions: Mapping[str, Path] | None = None) -> None:
        self.folder = folder
        self.repository = repository
        self.python = python
        """The folder of a Python's commands, which setup-python puts on the path."""
        self.actions = actions or {}
        self.caches = folder / "caches"
        self.artifacts = folder / "artifacts"
        self.environment: dict[str, str] = {}
        """What the machine itself has, such as DOCKER_HOST."""
        self.jobs = 0

    def run(self, workflow: Path, event: Mapping[str, str], inputs: Mapping[str, str] | None = None) -> dict[str, Ran]:
        """Its jobs by name, those of a matrix as ``name 0``, ``name 1``; ``event`` is what ``github.`` names are."""
        document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        events = document[True]  # YAML reads `on` so
        called = events.get("workflow_call", {}) if isinstance(events, dict) else {}
        known: dict[str, Any] = {f"github.{name}": value for name, value in event.items()}
        known |= {f"inputs.{name}": item.get("default", "") for name, item in called.get("inputs", {}).items()}
        known |= {f"inputs.{name}": value for name, value in (inputs or {}).items()}
        env = {name: fill(str(value), known) for name, value in document.get("env", {}).items()}
        ran: dict[str, Ran] = {}
        results: dict[str, str] = {}
        for name, job in document["jobs"].items():
            needs = job.get("needs", [])
            heard = {f"needs.{other}.result": results[other] for other in needs}
            succeeded = all(results[other] == "success" for other in needs)
            done: list[Ran] = []
            if holds(str(job.get("if", "")), {**known, **heard}, succeeded=succeeded):
                for suffix, matrix in _matrix(job, known):
                    done.append(_Job(self, {**known, **heard, **matrix}, env).run(job["steps"]))
                    ran[f"{name}{suffix}"] = done[-1]
            else:
                ran[name] = Ran("skipped")
            results[name] = _together([one.result for one in done])
        return ran


def _matrix(job: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    axes = job.get("strategy", {}).get("matrix", {})
    if not axes:
        yield "", {}
        return
    ((axis, values),) = axes.items()
    for position, value in enumerate(value_of(values, known) if isinstance(values, str) else values):
        yield f" {position}", {f"matrix.{axis}": value, "strategy.job-index": str(position)}


def _together(results: list[str]) -> str:
    if not results:
        return "skipped"
    return "success" if set(results) == {"success"} else "failure"


class _Job:
    def __init__(self, github: GitHub, known: Mapping[str, Any], env: Mapping[str, str]) -> None:
        self.github = github
        self.folder = github.folder / f"job-{github.jobs}"
        github.jobs += 1
        self.home, self.workspace, self.temp = (self.folder / name for name in ("home", "workspace", "temp"))
        for path in (self.home, self.workspace, self.temp):
            path.mkdir(parents=True)
        self.files = {name: self.folder / name for name in ("ENV", "OUTPUT", "PATH", "STEP_SUMMARY")}
        self.summary = ""
        self.known = {**known, "runner.temp": str(self.temp), "github.run_attempt": "1"}
        self.known.setdefault("github.run_id", "1")
        self.env = dict(env)
        self.path: list[str] = []
        self.codes: dict[str, int] = {}
        self.log = ""
        self.failed = False
        self.saves: list[tuple[str, Path]] = []

    def run(self, steps: list[dict[str, Any]]) -> Ran:
        self._steps(steps, self.known)
        if not self.failed:
            for key, path in self.saves:
                _copy(path, self.github.caches / quote(key, safe="") / path.name)
        return Ran("failure" if self.failed else "success", self.codes, self.summary, self.log)

    def _steps(self, steps: list[dict[str, Any]], known: dict[str, Any]) -> None:
        for step in steps:
            if not holds(str(step.get("if", "")), known, succeeded=not self.failed):
                continue
            outputs = self._shell(step, known) if "run" in step else self._action(step, known)
            if step.get("id"):
                known |= {f"steps.{step['id']}.outputs.{name}": value for name, value in outputs.items()}

    def _shell(self, step: dict[str, Any], known: Mapping[str, Any]) -> dict[str, str]:
        for path in self.files.values():
            path.write_text("")
        script = self.folder / "script.sh"
        script.write_text(fill(step["run"], known))
        strict = ["--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell") == "bash" else ["-e"]
        own = {name: fill(str(value), known) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", *strict, str(script)],
            cwd=self.workspace,
            env={**self._machine(), **self.env, **own},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_SECONDS,
        )
        name = step.get("name") or step["run"]
        self.codes[name] = done.returncode
        self.log += f"--- {name}\n{done.stdout}"
        print(f"--- {name}: {done.returncode}\n{done.stdout}")
        self.failed |= done.returncode != 0
        self.summary += self.files["STEP_SUMMARY"].read_text()
        self.path = [*self.files["PATH"].read_text().split(), *self.path]
        self.env |= _pairs(self.files["ENV"])
        return _pairs(self.files["OUTPUT"])

    def _machine(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        ours = str(Path(sys.executable).parent)
        usual = [path for path in os.environ["PATH"].split(os.pathsep) if path != ours]
        return {
            **kept,
            **self.github.environment,
            **{f"GITHUB_{name}": str(path) for name, path in self.files.items()},
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            "CI": "true",
            "HOME": str(self.home),
            "PATH": os.pathsep.join([*self.path, *usual]),
            "PIP_CACHE_DIR": str(Path.home() / ".cache" / "pip"),
        }

    # --- what is used -------------------------------------------------------------------------------------------------

    def _action(self, step: dict[str, Any], known: Mapping[str, Any]) -> dict[str, str]:
        name = step["uses"]
        given = {key: fill(str(value), known) for key, value in step.get("with", {}).items()}
        if name.startswith("./"):
            return self._composite(self.workspace / name, given, known)
        if name in self.github.actions:
            return self._composite(self.github.actions[name], given, known)
        does = {
            "actions/checkout": self._checkout,
            "actions/setup-python": self._setup_python,
            "actions/cache": self._cache,
            "actions/upload-artifact": self._upload,
            "actions/download-artifact": self._download,
        }.get(name.partition("@")[0])
        if does is None:
            raise ExpressionError(f"the action {name}")
        return does(given)

    def _composite(self, folder: Path, given: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, str]:
        action = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
        unknown = given.keys() - action["inputs"].keys()
        assert not unknown, f"{folder.name} has no input {unknown}"
        inputs = {name: given.get(name, item.get("default", "")) for name, item in action["inputs"].items()}
        outer = {name: value for name, value in known.items() if not name.startswith(("inputs.", "steps.", "matrix."))}
        inner = {**outer, **{f"inputs.{name}": value for name, value in inputs.items()}}
        inner["github.action_path"] = str(folder)
        self._steps(action["runs"]["steps"], inner)
        return {name: fill(item["value"], inner) for name, item in action.get("outputs", {}).items()}

    def _checkout(self, given: Mapping[str, str]) -> dict[str, str]:
        depth = [] if given.get("fetch-depth") == "0" else ["--depth", "1", "--no-tags"]
        command = ["git", "clone", "--quiet", *depth, f"file://{self.github.repository}", str(self.workspace)]
        subprocess.run(command, check=True, capture_output=True)
        return {}

    def _setup_python(self, given: Mapping[str, str]) -> dict[str, str]:
        assert given["python-version"] == "3.11", given
        self.path = [str(self.github.python), *self.path]
        return {}

    def _cache(self, given: Mapping[str, str]) -> dict[str, str]:
        path = self._home(given["path"])
        stored = self.github.caches / quote(given["key"], safe="")
        if stored.is_dir():
            _copy(stored / path.name, path)
            return {"cache-hit": "true"}
        self.saves.append((given["key"], path))
        for prefix in given.get("restore-keys", "").split():
            found = sorted(self.github.caches.glob(f"{quote(prefix, safe='')}*"), key=lambda item: item.stat().st_mtime)
            if found:
                _copy(found[-1] / path.name, path)
                break
        return {"cache-hit": ""}

    def _upload(self, given: Mapping[str, str]) -> dict[str, str]:
        path = self.workspace / given["path"]
        target = self.github.artifacts / given["name"]
        if path.exists() and any(path.iterdir()):
            assert not target.exists(), f"a second artifact {given['name']}"
            shutil.copytree(path, target)
        return {}

    def _download(self, given: Mapping[str, str]) -> dict[str, str]:
        target = self.workspace / given["path"]
        if "name" in given:
            shutil.copytree(self.github.artifacts / given["name"], target, dirs_exist_ok=True)
            return {}
        for found in sorted(self.github.artifacts.iterdir()) if self.github.artifacts.is_dir() else []:
            if fnmatch.fnmatch(found.name, given["pattern"]):
                shutil.copytree(found, target / found.name, dirs_exist_ok=True)
        return {}

    def _home(self, path: str) -> Path:
        return self.home / path.removeprefix("~/") if path.startswith("~/") else self.workspace / path


def fresh_python(folder: Path) -> Path:
    """The commands of a Python without harness, as a runner's is before the step that installs it."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder / "bin"


def built_wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def git(root: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.com", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def _pairs(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
