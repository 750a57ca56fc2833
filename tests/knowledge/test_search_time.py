"""The order of search-time operations, each with what it sees of the ones before."""

from __future__ import annotations

from pathlib import Path

from harness.knowledge.knowledge import Knowledge
from tests.knowledge.apps import events, fields, write_app


def knowledge(folder: Path, **confs: str) -> Knowledge:
    return Knowledge.load([write_app(folder, **confs)])


def test_extractions_come_before_key_values_and_aliases_after(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[st]\nEXTRACT-u = user:(?<user>\\w+)\nFIELDALIAS-a = role AS job\n")
    assert fields(k, "user:ann user=bob role=admin", "user", "job") == [{"user": "ann", "job": "admin"}]


def test_calculated_fields_see_each_other_s_old_values_and_null_overwrites(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[st]\nEVAL-a = b\nEVAL-b = a\nEVAL-c = null()\n")
    assert fields(k, "a=1 b=2 c=3", "a", "b", "c") == [{"a": "2", "b": "1"}]


def test_lookups_see_calculated_fields_and_overwrite_or_clear_only_with_output(tmp_path: Path) -> None:
    k = knowledge(
        tmp_path,
        props="[st]\nSHOULD_LINEMERGE = false\nEVAL-code = tonumber(x) + 1\n"
        "LOOKUP-a = names code OUTPUT name\nLOOKUP-b = names code OUTPUTNEW kind\n",
        transforms="[names]\nfilename = names.csv\n",
        names_csv="code,name,kind\n2,two,even\n3,three,odd\n",
    )
    assert fields(k, "x=1 name=old kind=old\nx=9 name=old", "name", "kind") == [
        {"name": "two", "kind": "old"},
        {},  # all inputs are there and nothing matches: OUTPUT clears
    ]


def test_event_types_and_tags_come_last(tmp_path: Path) -> None:
    k = knowledge(
        tmp_path,
        props="[st]\nEVAL-action = lower(verb)\n",
        eventtypes="[logins]\nsearch = action=login\n\n[night]\nsearch = eventtype=logins hour<6\n\n"
        "[off]\nsearch = *\ndisabled = 1\n",
        tags="[eventtype=logins]\nauthentication = enabled\nweb = disabled\n\n[action=login]\nentry = enabled\n",
    )
    assert fields(k, "verb=LOGIN hour=3", "eventtype", "tag", "tag::eventtype", "tag::action") == [
        {
            "eventtype": ("logins", "night"),
            "tag": ("authentication", "entry"),
            "tag::eventtype": "authentication",
            "tag::action": "entry",
        }
    ]


def test_each_event_follows_the_settings_of_its_own_source_type(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[source::a]\nEVAL-x = 1\n\n[source::b]\nEVAL-x = 2\n")
    assert fields(k, "hello", "x", source="a") == [{"x": 1}]
    assert fields(k, "hello", "x", source="b") == [{"x": 2}]
    assert fields(k, "hello", "x", source="c") == [{}]


def test_a_renamed_source_type_is_searched_by_its_new_name_and_settings(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[old]\nrename = new\n\n[new]\nEVAL-x = 1\n")
    assert fields(k, "hello", "x", "sourcetype", sourcetype="old") == [{"x": 1, "sourcetype": "new"}]
    assert k.search_sourcetype("old") == "new"


def test_alias_with_asnew_leaves_a_field_that_is_there(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[st]\nSHOULD_LINEMERGE = false\nFIELDALIAS-a = x ASNEW y x AS z\n")
    assert fields(k, "x=1 y=2 z=3\nx=1", "y", "z") == [{"y": "2", "z": "1"}, {"y": "1", "z": "1"}]


def test_key_and_value_groups_name_fields_from_the_data(tmp_path: Path) -> None:
    k = knowledge(
        tmp_path,
        props="[st]\nKV_MODE = none\nREPORT-d = data\n",
        transforms="[data]\nREGEX = <d n='(?<_KEY_1>[^']+)'>(?<_VAL_1>[^<]*)</d>\nMV_ADD = true\n",
    )
    assert fields(k, "<d n='a'>1</d><d n='b c'>2</d><d n='a'>3</d>", "a", "b_c") == [{"a": ("1", "3"), "b_c": "2"}]


def test_a_broken_setting_is_reported_once_and_the_others_work(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[st]\nEXTRACT-a = (unclosed\nEVAL-b = nosuchfunction(\nEVAL-c = 3\n")
    assert [row["c"] for row in [*events(k, "one"), *events(k, "two", source="other")]] == [3, 3]
    path = tmp_path / "an_app" / "default" / "props.conf"
    assert [str(warning).split(": ")[:2] for warning in k.warnings] == [
        [f"{path}:3", "[st] EVAL-b"],
        [f"{path}:2", "[st] EXTRACT-a"],
    ]


def test_json_gives_paths_for_members_and_braces_for_elements(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[st]\nKV_MODE = json\nSHOULD_LINEMERGE = false\n")
    row = events(k, '{"a":{"b":1.50,"c":[true,null,{"d":"x"}]},"e":""}')[0]
    assert {name: row[name] for name in ("a.b", "a.c{}", "a.c{}.d")} == {
        "a.b": "1.50",
        "a.c{}": ("true", "null"),
        "a.c{}.d": "x",
    }
