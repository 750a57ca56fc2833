"""Parts of a run, by what changed and by shard, and a run that goes on after it was killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Ended, environment, harness
from tests.runner.packs import a_test, detection, write, write_pack
from tests.runner.repositories import Repository, repository
from tests.runner.test_run import NET_USE


def results(path: Path) -> dict[str, list[Any]]:
    """By detection, what was found, without times."""
    document = json.loads(path.read_text())
    for item in document["detections"]:
        for result in item["results"]:
            del result["duration_s"]
    return {item["file"]: item["results"] for item in document["detections"]}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    other = detection("Other", id="0" * 8 + "-0000-4000-8000-000000000001", tests=[a_test("b.log")])
    files = {"data.log": NET_USE, "b.log": NET_USE, ".gitignore": ".cache\nrun.json\n"}
    return repository(tmp_path, detection(), other, **files)


def changed(repo: Repository, *options: str) -> Ended:
    (repo.root / "run.json").unlink(missing_ok=True)
    return harness(
        "test", "--level=unit", "-q", "--changed-since=HEAD", "--report=json=run.json", *options, cwd=repo.root
    )


def test_nothing_changed_is_said_and_is_no_failure(repo: Repository) -> None:
    write(repo.root / "README.md", "Hello\n")
    ended = changed(repo)
    assert ended.err == "harness: nothing that these detections use has changed since HEAD: nothing was tested\n"
    assert ended.out.startswith("0 passed, 0 failed, 0 errors, 0 skipped in ")
    assert ended.code == 0
    assert results(repo.root / "run.json") == {}


def test_what_uses_something_that_changed_is_tested_and_told(repo: Repository) -> None:
    write(repo.root / "b.log", NET_USE + "\n")
    ended = changed(repo)
    assert ended.err == "harness: 1 of 2 detections changed since HEAD\n"
    assert list(results(repo.root / "run.json")) == ["detections/other.yml"]
    assert ended.code == 0


def test_an_absolute_path_selects_as_a_relative_one_does(repo: Repository) -> None:
    write(repo.root / "b.log", NET_USE + "\n")
    for path in ("detections", repo.root / "detections", repo.root / "detections/other.yml"):
        ended = changed(repo, str(path))
        assert list(results(repo.root / "run.json")) == ["detections/other.yml"], ended.err


def test_a_broken_new_file_is_not_passed_over(repo: Repository) -> None:
    write(repo.root / "detections/new.yml", "name: [\n")
    ended = changed(repo)
    assert list(results(repo.root / "run.json")) == ["detections/new.yml"]
    assert ended.code == 2


def test_an_app_that_changed_reaches_every_detection(repo: Repository) -> None:
    conf = write(repo.root / "apps/TA/default/props.conf", "[things]\nEVAL-x = 1\n")
    repo.commit()
    write(conf, "[things]\nEVAL-x = 2\n")
    assert len(results_of(repo, "--app=apps/TA")) == 2
    assert len(results_of(repo)) == 0


def results_of(repo: Repository, *options: str) -> dict[str, list[Any]]:
    assert changed(repo, *options).code == 0
    return results(repo.root / "run.json")


def test_a_revision_that_is_not_there_is_exit_code_2_with_a_hint(repo: Repository) -> None:
    ended = harness("test", "--changed-since", "nonsense", cwd=repo.root)
    assert ended.code == 2
    assert "the repository has no revision 'nonsense'" in ended.err
    assert "fetch-depth: 0" in ended.err


def test_shards_merged_are_the_whole_run(tmp_path: Path) -> None:
    write_pack(tmp_path, *(detection(f"D{number}") for number in range(3)), **{"data.log": NET_USE})
    run = ["test", "--level=unit", "-q"]
    assert harness(*run, "--report=json=whole.json", cwd=tmp_path).code == 0
    for shard in "12":
        options = [f"--shard={shard}/2", "--durations=whole.json", f"--report=json=part{shard}.json"]
        assert harness(*run, *options, cwd=tmp_path).code == 0
    parts = [results(tmp_path / f"part{shard}.json") for shard in "12"]
    assert all(parts)
    assert not set(parts[0]) & set(parts[1])
    merged = harness("report", "part2.json", "part1.json", "-q", "--report=json=merged.json", cwd=tmp_path)
    assert merged.code == 0
    assert results(tmp_path / "merged.json") == results(tmp_path / "whole.json")
    assert "without shard 2/2" in harness("report", "part1.json", cwd=tmp_path).err


def test_a_shard_without_detections_says_so(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(), **{"data.log": NET_USE})
    ended = harness("test", "--level=unit", "-q", "--shard=2/2", cwd=tmp_path)
    assert "shard 2/2 holds no detection" in ended.err
    assert ended.code == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_run_killed_in_the_middle_goes_on_to_the_record_of_one_that_was_not(tmp_path: Path, workers: str) -> None:
    write_pack(tmp_path, *(detection(f"D{number}") for number in range(6)), **{"data.log": NET_USE})
    run = ["test", "--level=unit,integration", f"--workers={workers}"]
    assert harness(*run, "--report=json=whole.json", cwd=tmp_path).code == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *run, "-v"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    passed = 0
    for line in process.stderr:
        passed += "pass in" in line
        if passed == 4:
            break
    process.kill()
    process.communicate()
    ended = harness(*run, "--resume", "-v", "--report=json=rest.json", cwd=tmp_path)
    assert ended.code == 0
    assert results(tmp_path / "rest.json") == results(tmp_path / "whole.json")
    assert ended.err.count("events indexed from") <= 12 - passed
    assert ended.err.startswith("harness: going on: ")
    assert "of 12 tests had finished before" in ended.err


def test_where_no_journal_can_be_written_tests_run_and_only_resume_is_refused(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(), **{"data.log": NET_USE})
    nowhere = {"XDG_CACHE_HOME": str(write(tmp_path / "file", "no folder") / "below")}
    assert harness("test", "--level=unit", "-q", cwd=tmp_path, env=nowhere).code == 0
    ended = harness("test", "--level=unit", "-q", "--resume", cwd=tmp_path, env=nowhere)
    assert (ended.code, "the journal cannot be written" in ended.err) == (2, True)
