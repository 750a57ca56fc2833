"""What an app brings, and where it differs from what a Splunk would do with it."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from harness.knowledge import apps
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge
from tests.knowledge.apps import write_app


def said(knowledge: Knowledge) -> list[str]:
    return [warning.message for warning in knowledge.warnings]


def test_what_an_app_does_not_export_is_reported(tmp_path: Path) -> None:
    path = write_app(tmp_path, props="[st]\na = 1\n", macros="[m]\ndefinition = x\n", users_csv="a\n1\n")
    (path / "metadata" / "default.meta").write_text("[macros]\nexport = system\n", encoding="utf-8")
    knowledge = Knowledge.load([path])
    assert said(knowledge) == ["does not export all of its lookups, props: a Splunk applies those in this app only"]


@pytest.mark.measured("N9.22")
@pytest.mark.parametrize(
    ("meta", "exported"),
    [
        ("[]\nexport = system\n", True),
        ("[props]\nexport = system\n", True),
        ("[props/st]\nexport = system\n", True),
        ("[]\nexport = system\n[props/st]\nexport = none\n", False),
        ("[props]\naccess = read : [ * ]\n", False),
        ("", False),
    ],
)
def test_the_nearest_metadata_stanza_says_whether_an_object_is_exported(
    tmp_path: Path, meta: str, exported: bool
) -> None:
    path = write_app(tmp_path, props="[st]\na = 1\n")
    (path / "metadata" / "default.meta").write_text(meta, encoding="utf-8")
    assert load_app(path).exports("props", "st") is exported


@pytest.mark.measured("N9.22")
def test_an_object_of_its_own_goes_before_its_kind_whatever_the_layer(tmp_path: Path) -> None:
    path = write_app(tmp_path, props="[st]\na = 1\n")
    (path / "metadata" / "default.meta").write_text("[props/st]\nexport = none\n", encoding="utf-8")
    (path / "metadata" / "local.meta").write_text("[props]\nexport = system\n", encoding="utf-8")
    assert not load_app(path).exports("props", "st")


def test_local_metadata_wins_and_names_are_percent_encoded(tmp_path: Path) -> None:
    path = write_app(tmp_path, props="[source::a/b]\na = 1\n")
    (path / "metadata" / "default.meta").write_text("[props]\nexport = system\n", encoding="utf-8")
    (path / "metadata" / "local.meta").write_text("[props/source%3A%3Aa%2Fb]\nexport = none\n", encoding="utf-8")
    assert not load_app(path).exports("props", "source::a/b")


def test_a_setting_that_two_apps_give_differently_is_reported_with_its_place(tmp_path: Path) -> None:
    first = write_app(tmp_path, "zz", props="[st]\nTZ = UTC\nTRUNCATE = 5\n")
    second = write_app(tmp_path, "aa", props="[st]\nTZ = CET\nTRUNCATE = 5\n")
    knowledge = Knowledge.load([first, second])
    assert said(knowledge) == ["[st] TZ is also set in the app zz, differently; this one counts"]
    assert str(knowledge.warnings[0].where) == f"{second / 'default' / 'props.conf'}:2"


def test_an_app_given_by_a_relative_path_has_its_folder_s_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_app(tmp_path, "TA_here", props="[st]\n"))
    assert load_app(Path()).name == "TA_here"


def test_a_link_out_of_an_app_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    path = write_app(tmp_path, users_csv="a\n1\n")
    (path / "lookups" / "other.csv").symlink_to(tmp_path / "secret.csv")
    app = load_app(path)
    assert list(app.lookups) == ["users.csv"]
    assert [warning.message for warning in app.warnings] == ["a link that leaves the app is left out"]


def test_links_in_a_package_are_not_followed(tmp_path: Path) -> None:
    source = write_app(tmp_path, "TA_x", props="[st]\n")
    (source / "default" / "app.conf").symlink_to("/etc/passwd")
    with tarfile.open(tmp_path / "ta.spl", "w:gz") as archive:
        archive.add(source, "TA_x")
    app = load_app(tmp_path / "ta.spl")
    assert app.confs == {"props": {"st": {}}}
    assert "a link" in app.warnings[0].message


def test_a_package_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "MAX_APP_BYTES", 1000)
    source = write_app(tmp_path, "TA_x", props="[st]\n")
    (source / "appserver.js").write_bytes(b"0" * 100_000)
    with tarfile.open(tmp_path / "ta.tgz", "w:gz") as archive:
        archive.add(source, "TA_x")
    assert (tmp_path / "ta.tgz").stat().st_size < 1000
    with pytest.raises(apps.KnowledgeError, match="more than"):
        load_app(tmp_path / "ta.tgz")


def test_an_app_added_later_wins_and_the_rest_stays(tmp_path: Path) -> None:
    base = Knowledge.load([write_app(tmp_path, macros="[a]\ndefinition = 1\n[b]\ndefinition = 2\n")])
    more = base.with_app(apps.App("rest", Path("rest"), confs={"macros": {"a": {"definition": "3"}}}))
    assert [more.macros.table[name, 0].definition for name in ("a", "b")] == ["3", "2"]
    assert base.macros.table["a", 0].definition == "1"


def test_macros_have_arguments_and_may_be_disabled(tmp_path: Path) -> None:
    knowledge = Knowledge.load(
        [
            write_app(
                tmp_path,
                macros="[m(2)]\nargs = a, b\ndefinition = $a$ $b$\niseval = 1\n[off]\ndefinition = x\ndisabled = 1\n",
            )
        ]
    )
    macro = knowledge.macros.get("m", 2)
    assert macro is not None
    assert (macro.arguments, macro.definition, macro.is_eval) == (("a", "b"), "$a$ $b$", True)
    assert knowledge.macros.get("off", 0) is None
