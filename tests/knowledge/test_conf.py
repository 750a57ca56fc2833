from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from harness.errors import KnowledgeError
from harness.knowledge.apps import load_app
from harness.knowledge.conf import parse_conf, with_default
from harness.knowledge.knowledge import Knowledge
from tests.knowledge.apps import write_app


def test_stanzas_comments_and_continued_lines() -> None:
    text = "# a comment\nkey = in default\n[one]\na = 1\nlong = first \\\nsecond\nb=x = y\n[two]\n"
    parsed = parse_conf(text.encode(), Path("x.conf"))
    assert parsed.stanzas == {
        "default": {"key": "in default"},
        "one": {"a": "1", "long": "first \nsecond", "b": "x = y"},
        "two": {},
    }
    assert not parsed.warnings


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter() -> None:
    assert parse_conf("\ufeff[one]\r\na = 1\r\n".encode(), Path("x.conf")).stanzas == {"one": {"a": "1"}}


def test_a_broken_line_is_reported_with_its_place_and_the_rest_is_kept() -> None:
    parsed = parse_conf(b"[one]\na = 1\nneither this nor that\n[two\nb = 2\n", Path("x.conf"))
    assert parsed.stanzas == {"one": {"a": "1"}}
    assert [str(w).splitlines()[0] for w in parsed.warnings] == [
        "x.conf:3: neither a stanza nor a setting: neither this nor that",
        "x.conf:4: a stanza's name has no closing bracket",
    ]


def test_only_line_ends_end_a_line() -> None:
    assert parse_conf("[a]\nx = one\x0ctwo\u2028three\n".encode(), Path("x.conf")).stanzas == {
        "a": {"x": "one\x0ctwo\u2028three"}
    }


def test_a_comment_is_not_continued() -> None:
    assert parse_conf(b"[a]\n# C:\\\nx = 1\n", Path("x.conf")).stanzas == {"a": {"x": "1"}}


def test_each_setting_knows_its_line() -> None:
    parsed = parse_conf(b"[a]\nx = 1 \\\n2\ny = 3\n", Path("x.conf"))
    assert parsed.lines == {("a", "x"): 2, ("a", "y"): 4}


def test_bytes_that_are_no_utf_8_are_reported_with_their_line() -> None:
    parsed = parse_conf(b"[a]\nx = \xff\n", Path("x.conf"))
    assert parsed.stanzas == {"a": {"x": "\ufffd"}}
    assert [str(warning).splitlines()[0] for warning in parsed.warnings] == ["x.conf:2: not UTF-8"]


def test_default_settings_hold_for_every_stanza_that_does_not_say_otherwise() -> None:
    stanzas = parse_conf(b"a = 1\n[default]\nb = 2\n[x]\nb = 3\n", Path("x.conf")).stanzas
    assert with_default(stanzas) == {"x": {"a": "1", "b": "3"}}


def test_local_wins_over_default_setting_by_setting(tmp_path: Path) -> None:
    app = write_app(tmp_path, props="[st]\na = 1\nb = 1\n")
    (app / "local").mkdir()
    (app / "local" / "props.conf").write_text("[st]\nb = 2\n", encoding="utf-8")
    assert load_app(app).confs["props"] == {"st": {"a": "1", "b": "2"}}


def test_a_later_app_wins_over_an_earlier_one(tmp_path: Path) -> None:
    first = write_app(tmp_path, "zz", macros="[m]\ndefinition = first\n")
    second = write_app(tmp_path, "aa", macros="[m]\ndefinition = second\n")
    macro = Knowledge.load([first, second]).macros.get("m", 0)
    assert macro is not None
    assert macro.definition == "second"


def test_a_real_add_on_takes_the_place_of_ours(tmp_path: Path) -> None:
    ours = write_app(
        tmp_path, "ours", app="[harness]\nstands_in_for = TA_real, TA_other\n", macros="[m]\ndefinition = x\n"
    )
    real = write_app(tmp_path, "TA_real", props="[st]\n")
    assert [app.name for app in Knowledge.load([ours, real]).apps] == ["TA_real"]


def package(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def test_a_package_is_read_like_a_folder(tmp_path: Path) -> None:
    path = package(tmp_path / "ta.tgz", {"TA_x/default/props.conf": "[st]\na = 1\n", "TA_x/bin/run.py": "x"})
    app = load_app(path)
    assert (app.name, app.confs) == ("TA_x", {"props": {"st": {"a": "1"}}})


def test_nothing_outside_a_package_s_own_folder_is_read(tmp_path: Path) -> None:
    files = {
        "TA_x/default/props.conf": "[st]\n",
        "TA_x/../evil/default/props.conf": "[evil]\n",
        "/etc/default/x.conf": "[evil]\n",
    }
    assert load_app(package(tmp_path / "ta.tgz", files)).confs == {"props": {"st": {}}}


@pytest.mark.parametrize("content", [b"no archive at all", b""])
def test_what_is_no_package_is_refused_with_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ta.tgz"
    path.write_bytes(content)
    with pytest.raises(KnowledgeError, match=r"ta\.tgz"):
        load_app(path)


def test_a_file_in_utf_16_is_left_out_and_reported() -> None:
    result = parse_conf("[a]\nx = 1\n".encode("utf-16"), Path("props.conf"))
    assert (result.stanzas, [str(w) for w in result.warnings]) == (
        {},
        ["props.conf: UTF-16 instead of UTF-8\nThe file is left out."],
    )
