"""Changing events on their way into an index."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import KnowledgeError
from harness.knowledge.index_time import Indexed
from harness.knowledge.knowledge import Knowledge, Metadata
from harness.knowledge.sed import parse_sed
from harness.values.column import Value
from tests.knowledge.apps import NOW, write_app


def indexed(folder: Path, text: str, transforms: str, order: str = "t", props: str = "") -> Indexed:
    stanza = f"[st]\nSHOULD_LINEMERGE = false\nTRANSFORMS-x = {order}\n{props}"
    knowledge = Knowledge.load([write_app(folder, props=stanza, transforms=transforms)])
    return knowledge.index_time(text.encode(), Metadata("h", "s", "st"), NOW)


def row(folder: Path, text: str, transforms: str, order: str = "t", props: str = "") -> dict[str, Value]:
    found = indexed(folder, text, transforms, order, props)
    assert [warning.message for warning in found.warnings if "no time" not in warning.message] == []
    return found.frame.to_rows()[0]


@pytest.mark.parametrize(
    ("script", "text", "changed"),
    [
        ("s/a/b/", "aaa", "baa"),
        ("s/a/b/g", "aaa", "bbb"),
        ("s/a/b/2", "aaa", "aba"),
        (r"s/(\w)(\w)/\2\1/", "ab", "ba"),
        (r"s|/a/|\||", "x/a/y", "x|y"),
        ("s/a/b/ s/b/c/g y/c/d/", "aab", "dad"),
        (r"s/x/&/", "x", "&"),
        (r"y/ab\\/xy\//", "ab\\", "xy/"),
        ("s/a b/c d/", "a b", "c d"),
    ],
)
def test_sed_scripts(script: str, text: str, changed: str) -> None:
    assert parse_sed(script)(text) == changed


@pytest.mark.parametrize("script", ["", "d", "s/a/b", "s/a/b/i", "y/ab/c/", "s/(/x/", "s/a/b/ nonsense"])
def test_what_is_no_sed_script_is_refused(script: str) -> None:
    with pytest.raises(KnowledgeError):
        parse_sed(script)


def test_metadata_is_rewritten_by_its_keys(tmp_path: Path) -> None:
    transforms = (
        "[h]\nREGEX = host=(\\w+)\nDEST_KEY = MetaData:Host\nFORMAT = host::$1\n"
        "[s]\nREGEX = .\nDEST_KEY = MetaData:Source\nFORMAT = source::new\n"
        "[t]\nREGEX = .\nDEST_KEY = MetaData:Sourcetype\nFORMAT = sourcetype::other\n"
        "[i]\nSOURCE_KEY = MetaData:Host\nREGEX = host::web\nDEST_KEY = _MetaData:Index\nFORMAT = web\n"
    )
    found = row(tmp_path, "host=web1 x", transforms, "h, s, t, i")
    assert [found[name] for name in ("host", "source", "sourcetype", "index")] == ["web1", "new", "other", "web"]


def test_a_key_of_the_metadata_wins_over_write_meta(tmp_path: Path) -> None:
    transforms = "[t]\nREGEX = .\nDEST_KEY = MetaData:Sourcetype\nFORMAT = sourcetype::other\nWRITE_META = true\n"
    assert row(tmp_path, "x", transforms, "t")["sourcetype"] == "other"


def test_references_without_a_group_stay_as_they_are_and_0_is_what_was_there(tmp_path: Path) -> None:
    """The examples of the transforms.conf specification."""
    transforms = r"[t]" "\n" r"REGEX = (bar)" "\n" "DEST_KEY = _raw\n" r"FORMAT = foo$1 foo$bar foo$1234 foo$1\$2 <$0>"
    assert row(tmp_path, "a bar", transforms)["_raw"] == r"foobar foo$bar foo$1234 foobar\$2 <a bar>"


def test_fields_are_written_by_named_groups_or_the_stanza_s_name(tmp_path: Path) -> None:
    transforms = (
        "[named]\nREGEX = user=(?<user>\\w+)\nWRITE_META = true\n"
        "[plain]\nREGEX = role=(\\w+)\nWRITE_META = true\n"
        '[joined]\nREGEX = (\\d+)\\.(\\d+)\nWRITE_META = true\nFORMAT = both::"$1 and $2" first::$1\n'
    )
    found = row(tmp_path, "user=ann role=admin 1.2", transforms, "named, plain, joined")
    assert {name: found[name] for name in ("user", "plain", "both", "first")} == {
        "user": "ann", "plain": "admin", "both": "1 and 2", "first": "1",
    }  # fmt: skip


def test_a_match_is_repeated_only_where_it_is_asked_for(tmp_path: Path) -> None:
    once = "[t]\nREGEX = (\\w)=\\d\nWRITE_META = true\nFORMAT = key::$1\n"
    assert row(tmp_path, "a=1 b=2", once)["key"] == "a"
    assert row(tmp_path, "a=1 b=2", f"{once}REPEAT_MATCH = true\n")["key"] == ("a", "b")


def test_a_transform_reads_indexed_fields_of_those_before_it(tmp_path: Path) -> None:
    transforms = (
        "[a]\nREGEX = x=(\\d)\nWRITE_META = true\nFORMAT = a::$1\n"
        "[b]\nREGEX = y=(\\d)\nWRITE_META = true\nFORMAT = b::$1\n"
        "[t]\nSOURCE_KEY = fields:a,b\nREGEX = (\\d) (\\d)\nWRITE_META = true\nFORMAT = sum::$1$2\n"
    )
    assert row(tmp_path, "x=1 y=2", transforms, "a, b, t")["sum"] == "12"


def test_meta_without_0_replaces_all_indexed_fields(tmp_path: Path) -> None:
    first = "[a]\nREGEX = x\nWRITE_META = true\nFORMAT = a::1\n"
    keeps = row(tmp_path, "x", f"{first}[t]\nREGEX = x\nDEST_KEY = _meta\nFORMAT = $0 b::2\n", "a, t")
    drops = row(tmp_path, "x", f"{first}[t]\nREGEX = x\nDEST_KEY = _meta\nFORMAT = b::2\n", "a, t")
    assert ({"a", "b"} & keeps.keys(), {"a", "b"} & drops.keys()) == ({"a", "b"}, {"b"})


@pytest.mark.parametrize(
    ("expression", "field", "value"),
    [
        ("a=5, a=a+2", "a", ("5", "7")),  # the examples of the specification
        ("a=5, a:=a+2", "a", "7"),
        ("a=5, a:=null()", "a", None),
        ('x=mvappend("a","b")', "x", ("a", "b")),
        ('n[int]=len(_raw), unused=""', "n", "4"),
        ('$field:kind$=if(sourcetype=="st", "mine", "other")', "kind", "mine"),
        ('_raw=upper(_raw)', "_raw", "TEXT"),
        ("_time=12.5", "_time", 12.5),
        ('index="other"', "index", "other"),
        ('host=host . "." . source', "host", "h.s"),
        ("l=linecount", "l", "1"),
    ],
)  # fmt: skip
def test_ingest_eval(tmp_path: Path, expression: str, field: str, value: Value) -> None:
    assert row(tmp_path, "text", f"[t]\nINGEST_EVAL = {expression}\n").get(field) == value


def test_ingest_eval_sends_to_the_null_queue(tmp_path: Path) -> None:
    found = indexed(tmp_path, "keep\ndrop", '[t]\nINGEST_EVAL = queue=if(_raw=="drop", "nullQueue", queue)\n')
    assert (found.frame.column("_raw").to_values(), found.refused) == (["keep"], 1)


@pytest.mark.parametrize(
    ("condition", "stops"),
    [('match(_raw, "x")', True), ('_raw=="y"', False), ("1", True), ("0", False), ("null()", False), ('"a"', True)],
)
def test_stop_processing_if(tmp_path: Path, condition: str, stops: bool) -> None:
    transforms = f"[t]\nSTOP_PROCESSING_IF = {condition}\n[after]\nREGEX = .\nWRITE_META = true\nFORMAT = a::1\n"
    assert ("a" not in row(tmp_path, "x", transforms, "t, after")) is stops


def test_rule_sets_come_after_transforms(tmp_path: Path) -> None:
    transforms = "[t]\nREGEX = one\nDEST_KEY = _raw\nFORMAT = two\n[r]\nREGEX = two\nDEST_KEY = _raw\nFORMAT = three\n"
    assert row(tmp_path, "one", transforms, props="RULESET-a = r\n")["_raw"] == "three"


def test_a_clone_is_changed_and_goes_through_the_rules_of_its_source_type(tmp_path: Path) -> None:
    transforms = "[t]\nREGEX = secret\nCLONE_SOURCETYPE = public\nDEST_KEY = _raw\nFORMAT = hidden\n"
    found = indexed(tmp_path, "secret\nplain", transforms, props="[public]\nSEDCMD-x = s/hidden/HIDDEN/\n").frame
    assert [(event["_raw"], event["sourcetype"]) for event in found.to_rows()] == [
        ("secret", "st"),
        ("HIDDEN", "public"),
        ("plain", "st"),
    ]


def test_clones_of_clones_end(tmp_path: Path) -> None:
    transforms = (
        "[t]\nREGEX = .\nCLONE_SOURCETYPE = b\nDEST_KEY = _raw\nFORMAT = x\n"
        "[u]\nREGEX = .\nCLONE_SOURCETYPE = st\nDEST_KEY = _raw\nFORMAT = x\n"
    )
    found = indexed(tmp_path, "x", transforms, props="[b]\nTRANSFORMS-x = u\n")
    assert len(found.frame) < 20
    assert any("CLONE_SOURCETYPE" in warning.message for warning in found.warnings)


def test_what_cannot_be_carried_out_is_reported_and_the_rest_is(tmp_path: Path) -> None:
    transforms = (
        "[bad]\nREGEX = (\nDEST_KEY = _raw\nFORMAT = x\n[route]\nREGEX = .\nDEST_KEY = _TCP_ROUTING\nFORMAT = x\n"
        "[t]\nREGEX = a\nDEST_KEY = _raw\nFORMAT = b\n"
    )
    found = indexed(tmp_path, "a", transforms, "bad, route, missing, t")
    assert found.frame.column("_raw").to_values() == ["b"]
    assert [warning.message for warning in found.warnings[:3]] == [
        "TRANSFORMS-x: the transform bad is left out: Regex: missing closing parenthesis",
        "TRANSFORMS-x: the transform route is left out: DEST_KEY _TCP_ROUTING is not supported",
        "TRANSFORMS-x: the transform missing is left out: it is not defined, or disabled",
    ]
