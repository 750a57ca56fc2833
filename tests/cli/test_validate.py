"""``harness validate`` from the outside."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import harness
from tests.runner.packs import detection, write, write_pack
from tests.runner.test_run import NET_USE


def pack(root: Path, **changes: object) -> Path:
    return write_pack(root, detection(data_source=["Things"], **changes), **{"data.log": NET_USE})


def test_findings_are_printed_with_their_place_and_written_as_json(tmp_path: Path) -> None:
    pack(tmp_path, search="| tstatz count | `net_use_filter`")
    ended = harness("validate", "--report", "json=out/findings.json", cwd=tmp_path)
    assert ended.code == 1
    assert "detections/net_use.yml:" in ended.out
    assert "[spl-syntax]" in ended.out
    document = json.loads((tmp_path / "out" / "findings.json").read_text())
    assert document["schema"] == 1
    finding = next(item for item in document["findings"] if item["rule"] == "spl-syntax")
    assert list(finding) == ["rule", "severity", "file", "line", "message"]
    assert finding["file"] == "detections/net_use.yml"
    assert finding["line"] == 11
    assert finding["severity"] == "error"


def test_good_content_is_exit_code_0(tmp_path: Path) -> None:
    pack(tmp_path)
    ended = harness("validate", cwd=tmp_path)
    assert ended.code == 0, ended.out


def test_what_only_our_engine_cannot_do_is_exit_code_4(tmp_path: Path) -> None:
    pack(tmp_path, search="`things` | sendemail to=a | stats count by dest user process | `net_use_filter`")
    ended = harness("validate", cwd=tmp_path)
    assert "[spl-unsupported]" in ended.out
    assert ended.code == 4, ended.out


def test_a_file_that_is_no_yaml_is_exit_code_2_unless_something_is_wrong(tmp_path: Path) -> None:
    pack(tmp_path)
    write(tmp_path / "detections" / "broken.yml", "name: [\n")
    ended = harness("validate", cwd=tmp_path)
    assert "broken.yml:" in ended.out
    assert ended.code == 2
    pack(tmp_path, search="| tstatz")
    assert harness("validate", "-q", cwd=tmp_path).code == 1


def test_a_report_that_is_not_json_is_refused(tmp_path: Path) -> None:
    pack(tmp_path)
    assert harness("validate", "--report", "junit=a.xml", cwd=tmp_path).code == 2
