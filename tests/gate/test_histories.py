"""``harness gate`` over git histories, each staged by its case: what is released, what is refused, and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.cli.root import run
from tests.runner.packs import a_test, detection, write
from tests.runner.repositories import Repository, repository
from tests.runner.test_run import NET_USE

NOW = datetime.now(UTC)
TODAY = NOW.date().isoformat()
YESTERDAY = (NOW - timedelta(days=1)).date().isoformat()
NEXT_WEEK = (NOW + timedelta(days=7)).date().isoformat()
OTHER_ID = "00000000-0000-0000-0000-000000000002"
OLD = {"version": 3, "date": "2026-01-02"}
NEW: dict[str, Any] = {"version": 4, "date": TODAY}
NARROWER = "`things` process=*use* user=ann | stats count by dest user process | `net_use_filter`"
FINDS_NOTHING = "`things` process=nothing | stats count by dest user process | `net_use_filter`"


def _waivers(*rules: str, until: str = NEXT_WEEK) -> str:
    about = f"owner: jane, reason: until 4.2, until: {until}"
    return "waivers:\n" + "".join(f"- {{detection: Net Use, rule: {rule}, {about}}}\n" for rule in rules)


@dataclass(frozen=True)
class History:
    """``change`` is what happens after the base; ``code`` and ``said`` are what the gate answers."""

    id: str
    change: Callable[[Repository], object]
    code: int
    said: str
    policy: str = ""


def put(**values: Any) -> Callable[[Repository], object]:
    """The detection with other values, in a commit."""

    def change(repo: Repository) -> None:
        repo.put(detection(**{**OLD, **values}))
        repo.commit()

    return change


def files(**texts: str | None) -> Callable[[Repository], object]:
    """Other files, or their removal, in a commit."""

    def change(repo: Repository) -> None:
        for name, text in texts.items():
            if text is None:
                (repo.root / name).unlink()
            else:
                write(repo.root / name, text)
        repo.commit()

    return change


def both(*changes: Callable[[Repository], object]) -> Callable[[Repository], object]:
    return lambda repo: [change(repo) for change in changes]


def reverted(repo: Repository) -> None:
    put(search=NARROWER)(repo)
    put()(repo)


HISTORIES = [
    History("nothing changed", lambda repo: repo.commit(), 0, "there is nothing to decide"),
    History("only a readme changed", files(**{"README.md": "Hello\n"}), 0, "there is nothing to decide"),
    History("changed and changed back", reverted, 0, "there is nothing to decide"),
    History("a description changed", put(description="Better"), 0, "Released: 1 changed."),
    History("a search with its version", put(search=NARROWER, **NEW), 0, "version 3 to 4"),
    History("a search without a version", put(search=NARROWER), 1, "version: what it does or how it is tested changed"),
    History("a version without a date", put(search=NARROWER, version=4), 1, "date: the version is new"),
    History("a version that fell", put(description="Better", version=2), 1, "version: the version fell from 3 to 2"),
    History("a date ahead", put(search=NARROWER, version=4, date=NEXT_WEEK), 1, "date: the date"),
    History("a test dropped", put(tests=[a_test(name="Another")]), 1, "version: what it does"),
    History("a new id", put(id=OTHER_ID), 1, "id: the id changed"),
    History(
        "a search that finds nothing",
        put(search=FINDS_NOTHING, **NEW),
        1,
        "unit: 'True Positive Test' failed on embedded",
    ),
    History(
        "a search nobody knows",
        put(search="`things` | sendemail to=a | `net_use_filter`", **NEW),
        4,
        "undecided: 'True Positive Test' (unit)",
    ),
    History("a dataset that is gone", files(**{"data.log": None}), 4, "undecided:"),
    History(
        "a macro that changed for the worse",
        files(**{"macros/things.yml": "name: things\ndefinition: x=1\n"}),
        1,
        "unit:",
    ),
    History("other data, as good as before", files(**{"data.log": NET_USE + NET_USE}), 0, "Released: 1 changed."),
    History("removed from production", files(**{"detections/net_use.yml": None}), 1, "deprecation: it is removed"),
    History(
        "deprecated, then removed",
        both(put(status="deprecated"), lambda repo: repo.git("tag", "base"), files(**{"detections/net_use.yml": None})),
        0,
        "Released: 1 removed.",
    ),
    History("to be tested by hand", put(tags={"manual_test": "needs a domain"}, **NEW), 1, "unit: nothing was tested"),
    History(
        "a failure that is waived",
        put(search=FINDS_NOTHING, **NEW),
        0,
        "waived by jane",
        _waivers("unit", "integration"),
    ),
    History(
        "a waiver that ended",
        put(search=FINDS_NOTHING, **NEW),
        1,
        "ended on",
        _waivers("unit", "integration", until=YESTERDAY),
    ),
    History("a waiver of another rule", put(search=FINDS_NOTHING, **NEW), 1, "no longer needed", _waivers("id")),
    History(
        "evidence of a real Splunk asked for",
        put(search=NARROWER, **NEW),
        1,
        "not tested on docker",
        "backends: [embedded, docker]\n",
    ),
    History(
        "experimental, and finding nothing", put(search=FINDS_NOTHING, status="experimental", **NEW), 0, "Released"
    ),
    History(
        "a failure newly declared as known",
        put(search=FINDS_NOTHING, tests=[a_test(known_failure={"reason": "later", "until": NEXT_WEEK})], **NEW),
        1,
        "known-failure: the failure of 'True Positive Test' is newly declared as known: later",
    ),
    History("not YAML", files(**{"detections/net_use.yml": "name: [\n"}), 2, "not YAML"),
    History("a policy nobody understands", put(), 2, "gate.yml:1: Invalid enum value 'units'", "levels: [units]\n"),
]


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.id)
def test_the_gate_over_a_history(
    tmp_path: Path, history: History, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = repository(
        tmp_path, detection(**OLD), **{"data.log": NET_USE}, **({"gate.yml": history.policy} if history.policy else {})
    )
    base = repo.git("rev-parse", "HEAD")
    history.change(repo)
    base = "base" if repo.git("tag") else base
    monkeypatch.chdir(repo.root)
    code = run(["gate", "--base", base, "--offline"])
    said = capsys.readouterr()
    assert history.said in said.out + said.err
    assert code == history.code


def _gate(repo: Repository, *options: str) -> int:
    return run(["gate", "--base", "HEAD~1", "--offline", "--root", str(repo.root), *options])


def test_a_record_of_the_same_content_is_evidence_and_nothing_is_run_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = repository(tmp_path, detection(**OLD), **{"data.log": NET_USE})
    put(search=NARROWER, **NEW)(repo)
    record = str(tmp_path / "out" / "run.json")
    assert run(["test", "-q", "--root", str(repo.root), "--report", f"json={record}"]) == 0
    capsys.readouterr()
    manifest = tmp_path / "out" / "manifest.json"
    assert _gate(repo, "--record", record, "--manifest", str(manifest)) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.splitlines()[0] == "✅ Net Use (changed, version 3 to 4, detections/net_use.yml)"
    statement = json.loads(manifest.read_text())
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    (subject,) = statement["subject"]
    assert subject["name"] == "detections/net_use.yml"
    assert subject["digest"]["sha256"] == hashlib.sha256((repo.root / subject["name"]).read_bytes()).hexdigest()
    predicate = statement["predicate"]
    assert predicate["result"] == "PASSED"
    assert predicate["base"] == repo.git("rev-parse", "HEAD~1")
    assert predicate["head"] == repo.git("rev-parse", "HEAD")
    (decision,) = predicate["decisions"]
    assert decision["version"] == {"before": 3, "after": 4}
    verdicts = decision["evidence"][0]["verdicts"]
    assert [verdict["level"] for verdict in verdicts] == ["validation", "unit", "integration"]


def test_a_record_of_other_content_is_no_evidence_so_it_is_tested_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = repository(tmp_path, detection(**OLD), **{"data.log": NET_USE})
    record = str(tmp_path / "out" / "run.json")
    assert run(["test", "-q", "--root", str(repo.root), "--report", f"json={record}"]) == 0
    put(search=FINDS_NOTHING, **NEW)(repo)
    assert _gate(repo, "--record", record) == 1
    assert "unit: 'True Positive Test' failed on embedded" in capsys.readouterr().out


def test_a_record_over_another_dataset_below_the_data_root_is_no_evidence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = repository(tmp_path / "pack", detection(**OLD))
    put(search=NARROWER, **NEW)(repo)
    data, record = tmp_path / "data", str(tmp_path / "run.json")
    write(data / "data.log", NET_USE)
    options = ["--data-root", str(data)]
    assert run(["test", "-q", "--root", str(repo.root), "--report", f"json={record}", *options]) == 0
    assert _gate(repo, "--record", record, *options) == 0
    write(data / "data.log", "nothing\n")
    capsys.readouterr()
    assert _gate(repo, "--record", record, *options) == 1
    assert "unit: 'True Positive Test' failed on embedded" in capsys.readouterr().out


def test_a_refused_release_has_a_manifest_too_without_the_refused_as_its_subject(tmp_path: Path) -> None:
    repo = repository(tmp_path, detection(**OLD), **{"data.log": NET_USE})
    put(search=NARROWER)(repo)
    manifest = tmp_path / "manifest.json"
    assert _gate(repo, "--manifest", str(manifest)) == 1
    statement = json.loads(manifest.read_text())
    assert statement["subject"] == []
    assert statement["predicate"]["result"] == "FAILED"
    assert statement["predicate"]["failedTests"] == ["Net Use"]
    assert statement["predicate"]["decisions"][0]["objections"][0]["rule"] == "version"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--base", "v99"], "the repository has no revision 'v99'"),
        (["--base", "HEAD", "--record", "gone.json"], "gone.json: cannot be read"),
        (["--base", "HEAD", "--policy", "gone.yml"], "gone.yml: the policy cannot be read"),
        ([], "--base"),
    ],
)
def test_what_the_gate_cannot_work_with_is_told_and_exits_2(
    tmp_path: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = repository(tmp_path, detection(**OLD))
    assert run(["gate", "--root", str(repo.root), *options]) == 2
    assert said in capsys.readouterr().err
