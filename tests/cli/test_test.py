"""``harness test`` from the outside: what it prints, what it writes, how it exits."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import harness
from tests.runner.packs import a_test, detection, write, write_pack
from tests.runner.test_run import NET_USE, POINTER


def pack(root: Path, *documents: dict[str, Any], **files: str) -> Path:
    return write_pack(root, *documents, **{"data.log": NET_USE, **files})


def statuses(path: Path) -> dict[str, list[str]]:
    document = json.loads(path.read_text())
    return {item["name"]: [result["status"] for result in item["results"]] for item in document["detections"]}


def test_a_passing_pack_prints_the_testing_table_and_exits_0(tmp_path: Path) -> None:
    pack(tmp_path, detection())
    ended = harness(
        "test", "--level", "unit", "--report", "json=out/run.json", "--report", "junit=out/j.xml", cwd=tmp_path
    )
    assert ended.err == ""
    assert ended.code == 0
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["Test", "Type", "Status", "Dataset", "Source", "Sourcetype"] in lines
    assert ["Unit", "✅", "Passing", "data.log", "things.log", "things"] in lines
    assert ended.out.splitlines()[-1].startswith("1 passed, 0 failed, 0 errors, 0 skipped in ")
    assert statuses(tmp_path / "out/run.json") == {"Net Use": ["pass"]}
    assert (tmp_path / "out/j.xml").read_text().startswith("<?xml")


def test_the_content_is_found_from_a_folder_inside_it_and_with_root_from_anywhere(tmp_path: Path) -> None:
    root = pack(tmp_path / "pack", detection())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert harness("test", "--level=unit", "-q", cwd=root / "detections").code == 0
    assert harness("test", "--level=unit", "-q", "--root", root, cwd=elsewhere).code == 0
    assert harness("test", "--level=unit", "-q", root / "detections" / "net_use.yml", cwd=elsewhere).code == 0


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"search": "`things` process=nothing"}, 1, "no rows: 3 events indexed"),
        ({"search": "`unknown_macro` x"}, 1, "unknown_macro"),
        ({"search": "| tstatz count"}, 1, "Unknown search command 'tstatz'."),
        ({"search": "`things` | sendemail to=a"}, 4, "unsupported: "),
        ({"tests": [a_test("gone.log")]}, 4, "the dataset gone.log does not exist"),
        ({"tests": [a_test("pointer.log")]}, 4, "git lfs pull --include='pointer.log'"),
        ({"search": "sourcetype=other | stats count"}, 1, "without any data"),
        ({"tests": None}, 4, "the detection declares no test"),
    ],
)
def test_every_kind_of_outcome_has_its_exit_code_and_says_why(
    tmp_path: Path, changes: dict[str, Any], code: int, said: str
) -> None:
    pack(tmp_path, detection(rba=None, **changes), **{"pointer.log": POINTER})
    ended = harness("test", "--level", "unit", cwd=tmp_path)
    assert said in ended.out
    assert "Traceback" not in ended.out + ended.err
    assert ended.code == code


def test_a_broken_file_is_told_with_its_line_and_the_others_are_tested(tmp_path: Path) -> None:
    pack(tmp_path, detection())
    write(tmp_path / "detections" / "broken.yml", "name: Broken\nsearch: [\n")
    ended = harness("test", "--level", "unit", "--report", "json=run.json", cwd=tmp_path)
    assert ended.code == 2
    assert "broken.yml:" in ended.out
    assert statuses(tmp_path / "run.json") == {"broken": ["error"], "Net Use": ["pass"]}


def test_a_failure_outweighs_an_error_and_a_broken_file(tmp_path: Path) -> None:
    pack(tmp_path, detection("A", search="`things` nothing"), detection("B", tests=[a_test("gone.log")]))
    write(tmp_path / "detections" / "broken.yml", "name: [\n")
    assert harness("test", "--level", "unit", "-q", cwd=tmp_path).code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["test", "gone"], "gone: no such file or folder"),
        (["test", "--level", "smoke"], "'smoke' is no level"),
        (["test", "-k", "nobody"], "no detection matches -k 'nobody'"),
        (["test", "-k", "(a"], "a parenthesis is not closed"),
        (["test", "--report", "pdf=x"], "unknown report format 'pdf'"),
        (["test", "--backend", "nonsense"], "unknown backend 'nonsense'"),
        (["test", "--backend", "https://127.0.0.1"], "no credentials for 127.0.0.1"),
        (["test", "--app", "gone.tgz"], "gone.tgz: no such app"),
        (["test", "--no-such-option"], "No such option"),
        (["explode"], "No such command 'explode'"),
        (["report", "gone.json"], "gone.json: cannot be read"),
        (["search", "x", "--sourcetype", "a"], "put it after the --data"),
        (["search", "x", "--data", "data.log"], "no source type for data.log"),
        (["replay", "data.log", "--backend", "embedded"], "the embedded Splunk ends with this command"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_message_and_exit_code_2(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    pack(tmp_path, detection())
    ended = harness(*arguments, cwd=tmp_path)
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert ended.code == 2


def test_without_content_there_is_nothing_to_test(tmp_path: Path) -> None:
    ended = harness("test", cwd=tmp_path)
    assert ended.code == 2
    assert "no content here" in ended.err


def test_a_splunk_that_does_not_answer_is_exit_code_3(tmp_path: Path) -> None:
    pack(tmp_path, detection())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{free.getsockname()[1]}"
        ended = harness("test", "--backend", url, cwd=tmp_path, env={"HARNESS_TOKEN": "t"})
    assert ended.code == 3
    assert f"nothing answers at {url}: connection refused" in ended.err


def test_nothing_but_the_summary_is_printed_with_q_and_everything_that_happens_with_v(tmp_path: Path) -> None:
    pack(tmp_path, detection())
    quiet = harness("test", "--level=unit", "-q", cwd=tmp_path)
    assert len(quiet.out.splitlines()) == 1
    verbose = harness("test", "--level=unit", "-v", cwd=tmp_path)
    assert "3 events indexed from data.log" in verbose.err
