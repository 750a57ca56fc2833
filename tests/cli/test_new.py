"""``harness new detection``: a start that holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import harness


def test_a_new_detection_validates_and_passes_on_every_level(tmp_path: Path) -> None:
    (tmp_path / "detections").mkdir()
    made = harness("new", "detection", "Odd Logon - First Seen", "--folder", "cloud", cwd=tmp_path)
    assert (made.code, made.err) == (0, "")
    path = tmp_path / "detections/cloud/odd_logon___first_seen.yml"
    assert made.out.splitlines()[0] == f"wrote {path}"
    assert f"harness test {path}" in made.out
    assert harness("validate", cwd=tmp_path).out == "1 detection, 0 errors, 0 warnings\n"
    tested = harness("test", path, "-q", cwd=tmp_path)
    assert tested.code == 0
    assert tested.out.startswith("4 passed, 0 failed, 0 errors, 1 skipped")


def test_nothing_is_overwritten_and_nothing_written_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "detections").mkdir()
    assert harness("new", "detection", "Odd Logon", cwd=tmp_path).code == 0
    assert "odd_logon.yml: is there already" in harness("new", "detection", "Odd Logon", cwd=tmp_path).err
    assert "leads out of the detections folder" in harness("new", "detection", "B", "--folder=../x", cwd=tmp_path).err


@pytest.mark.parametrize("name", ["", "../up", "a/b", "x: y", "`m`", "a\nb", "-"])
def test_a_name_is_made_of_words(tmp_path: Path, name: str) -> None:
    (tmp_path / "detections").mkdir()
    ended = harness("new", "detection", "--", name, cwd=tmp_path)
    assert ended.code == 2
    assert "is no name for a detection" in ended.err
    assert not list((tmp_path / "detections").iterdir())


def test_without_content_nothing_is_made(tmp_path: Path) -> None:
    ended = harness("new", "detection", "Odd Logon", cwd=tmp_path)
    assert ended.code == 2
    assert "no content here" in ended.err
