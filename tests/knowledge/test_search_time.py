"""The order of search-time operations, each with what it sees of the ones before."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from harness.errors import UnsupportedSPL
from harness.knowledge.extractions import sought
from harness.knowledge.knowledge import Knowledge, Metadata
from harness.values.column import Column, RefusedColumn
from harness.values.frame import concatenate_frames
from tests.knowledge.apps import NOW, events, fields, write_app


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


def test_an_alias_goes_where_its_field_is_absent(tmp_path: Path) -> None:
    """props.conf specification: AS removes the alias field then, ASNEW keeps it."""
    props = "[st]\nSHOULD_LINEMERGE = false\nFIELDALIAS-a = x AS y x ASNEW z\n"
    assert fields(knowledge(tmp_path, props=props), "y=2 z=3", "y", "z") == [{"z": "3"}]


def test_two_fields_with_one_alias_are_reported(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[st]\nFIELDALIAS-a = x AS u\nFIELDALIAS-b = y AS u\n")
    assert fields(k, "x=1 y=2", "u") == [{"u": "2"}]
    assert [warning.message for warning in k.warnings] == ["x and y have the same alias u; the last one counts"]


def test_an_extraction_sees_lines_as_one_text_and_each_of_them(tmp_path: Path) -> None:
    """props.conf specification: the pattern becomes (?ms)<regex>."""
    props = "[st]\nSHOULD_LINEMERGE = false\nLINE_BREAKER = (;)\nEXTRACT-a = ^b=(?<b>.*)$\nKV_MODE = none\n"
    assert fields(knowledge(tmp_path, props=props), "a=1\nb=2\nc=3;", "b") == [{"b": "2\nc=3"}]


def test_an_extraction_reads_fields_of_extractions_before_it_and_indexed_ones(tmp_path: Path) -> None:
    k = knowledge(
        tmp_path,
        props="[st]\nKV_MODE = none\nTRANSFORMS-i = i\nEXTRACT-a = u=(?<url>\\S+)\n"
        "EXTRACT-b = //(?<server>[^/]+) in url\nEXTRACT-c = (?<first>\\w) in zone\nREPORT-d = d\n",
        transforms="[i]\nREGEX = z=(\\w+)\nWRITE_META = true\nFORMAT = zone::$1\n"
        "[d]\nSOURCE_KEY = host\nREGEX = (?<letter>.)\n",
    )
    row = events(k, "z=dmz u=http://a.b/c", host="web")[0]
    assert {name: row[name] for name in ("server", "first", "letter")} == {"server": "a.b", "first": "d", "letter": "w"}


def test_json_adds_to_indexed_fields_and_metadata_of_its_names(tmp_path: Path) -> None:
    """props.conf specification, INDEXED_EXTRACTIONS: extracted twice, at index time and again at search time."""
    k = knowledge(tmp_path, props="[st]\nINDEXED_EXTRACTIONS = json\nKV_MODE = json\n")
    row = events(k, '{"a":1,"host":"web"}')[0]
    assert (row["a"], row["host"], row["extracted_host"]) == (("1", "1"), ("h", "web"), "web")


def test_pairs_beside_json_are_fields_too(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[st]\nSHOULD_LINEMERGE = false\n")
    assert fields(k, '{"a":"x","m":"say b=2 a=9"}', "a", "b") == [{"a": "x", "b": "2"}]


def test_transforms_split_by_delimiters(tmp_path: Path) -> None:
    k = knowledge(
        tmp_path,
        props="[st]\nKV_MODE = none\nREPORT-d = pairs, columns, turns\n",
        transforms='[pairs]\nDELIMS = ";", "="\n'
        '[columns]\nSOURCE_KEY = source\nDELIMS = "/"\nFIELDS = "one", two\n'
        '[turns]\nSOURCE_KEY = host\nDELIMS = "."\n',
    )
    row = events(k, 'a=1;;b="x;y";c=', source="p//q", host="k.v..l.w")[0]
    assert {name: row.get(name) for name in ("a", "b", "c", "one", "two", "k", "l")} == {
        "a": "1", "b": "x;y", "c": None, "one": "p", "two": None, "k": "v", "l": "w",
    }  # fmt: skip


def test_a_disabled_transform_is_as_none(tmp_path: Path) -> None:
    transforms = "[t]\nREGEX = k=(?<a>.)\ndisabled = 1\n[l]\nfilename = l.csv\ndisabled = true\n"
    props = "[st]\nREPORT-t = t\nLOOKUP-l = l k OUTPUT b\n"
    k = knowledge(tmp_path, props=props, transforms=transforms, l_csv="k,b\nv,1\n")
    assert fields(k, "k=v", "k", "a", "b") == [{"k": "v"}]
    assert len(k.warnings) == 2


def test_delimiters_need_no_quotes(tmp_path: Path) -> None:
    """As in the vendor's add-on for Exchange."""
    transforms = "[t]\nDELIMS = ,\nFIELDS = a, b\n"
    k = knowledge(tmp_path, props="[st]\nKV_MODE = none\nREPORT-t = t\n", transforms=transforms)
    assert fields(k, "1,2", "a", "b") == [{"a": "1", "b": "2"}]


def test_columns_may_be_parted_by_blanks_and_have_names_without_other_characters(tmp_path: Path) -> None:
    """As in the vendor's add-on for IIS, which then reads ``cs_User_Agent_``."""
    transforms = '[t]\nDELIMS = " "\nFIELDS = s-ip cs(User-Agent)\n'
    k = knowledge(tmp_path, props="[st]\nKV_MODE = none\nREPORT-t = t\n", transforms=transforms)
    assert fields(k, "192.0.2.1 curl", "s_ip", "cs_User_Agent_") == [{"s_ip": "192.0.2.1", "cs_User_Agent_": "curl"}]


def test_an_empty_setting_takes_away_that_of_a_weaker_layer(tmp_path: Path) -> None:
    app = write_app(tmp_path, props="[st]\nEVAL-a = 1\nEXTRACT-b = (?<b>x)\nSEDCMD-c = s/x/y/\nFIELDALIAS-d = q AS r\n")
    (app / "local").mkdir()
    (app / "local" / "props.conf").write_text("[st]\nEVAL-a =\nEXTRACT-b =\nSEDCMD-c =\nFIELDALIAS-d =\n")
    k = Knowledge.load([app])
    assert fields(k, "x q=1", "a", "b", "r", "_raw") == [{"_raw": "x q=1"}]
    assert k.warnings == []


def test_a_transform_reads_the_values_of_a_multivalue_line_by_line(tmp_path: Path) -> None:
    """Splunk's add-on for Windows takes who acts from the first line of a field and who is acted on from the second."""
    k = knowledge(
        tmp_path,
        props="[st]\nKV_MODE = none\nREPORT-0 = pairs\nREPORT-1 = first, second, each\n",
        transforms="[pairs]\nREGEX = (\\w+)=(\\S+)\nFORMAT = $1::$2\nMV_ADD = true\n"
        '[first]\nSOURCE_KEY = name\nREGEX = (?!^-$)([^\\n]+)\\n\nFORMAT = src_user::"$1"\n'
        '[second]\nSOURCE_KEY = name\nREGEX = (?:[^\\n]*\\n)?([^\\n]*)\nFORMAT = user::"$1"\n'
        "[each]\nSOURCE_KEY = name\nREGEX = ^(.)\nFORMAT = letter::$1\nMV_ADD = true\n",
    )
    names = ("src_user", "user", "letter")
    assert fields(k, "name=ann name=bob", *names) == [{"src_user": "ann", "user": "bob", "letter": ("a", "b")}]
    assert fields(k, "name=- name=bob", "src_user", "user") == [{"user": "bob"}]
    assert fields(k, "name=ann", "src_user", "user") == [{"user": "ann"}]


def test_a_transform_begins_and_ends_at_any_line(tmp_path: Path) -> None:
    """The add-on for Windows finds ``Privileges:`` so in a message of many lines, as a recorded event shows."""
    k = knowledge(
        tmp_path,
        props="[st]\nSHOULD_LINEMERGE = false\nLINE_BREAKER = (\\x00)\nKV_MODE = none\nREPORT-a = t\n",
        transforms="[t]\nREGEX = ^Privileges: (.+)$\nFORMAT = privilege::$1\n",
    )
    assert fields(k, "A new logon\nPrivileges: SeTcb\nDone", "privilege") == [{"privilege": "SeTcb"}]


def test_a_format_that_puts_fields_together_is_left_out(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[st]\nREPORT-a = t\n", transforms="[t]\nREGEX = (a)(b)\nFORMAT = x::$1-$2\n")
    assert "x" not in events(k, "ab")[0]
    assert "FORMAT cannot put fields together" in k.warnings[0].message


def test_a_calculated_field_may_ask_for_the_time_of_the_search_only_where_it_is_known(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[st]\nEVAL-age = now() - 10\n")
    frame = k.index_time(b"x", Metadata("h", "s", "st"), NOW).frame
    assert k.search_time(frame, now=110.0).column("age").to_values() == [100]
    timeless = k.search_time(frame)
    assert timeless.column("host").to_values() == ["h"]
    with pytest.raises(UnsupportedSPL, match="'age'"):
        timeless.column("age").to_values()


def test_what_only_we_cannot_carry_out_is_refused_with_its_place_to_whoever_reads_its_fields(tmp_path: Path) -> None:
    """Leaving it out would make the field look absent."""
    props = "[st]\nSHOULD_LINEMERGE = false\nEXTRACT-0 = ^(?<a>one)\nEXTRACT-a = (*SKIP)(?<a>x)(?<b>y)\n"
    k = knowledge(tmp_path, props=f"{props}EXTRACT-c = (?<c>.) in b\nFIELDALIAS-x = b AS d z ASNEW e\nEVAL-f = a\n")
    frame = k.search_time(k.index_time(b"one z=1 e=2\ntwo z=3", Metadata("h", "s", "st"), NOW).frame)
    assert frame.column("e").to_values() == ["2", "3"]
    for name in "abcdf":
        with pytest.raises(UnsupportedSPL, match=r"props\.conf:4: \[st\] EXTRACT-a: .*SKIP"):
            frame.column(name).to_values()
    assert frame.take(np.array([0])).column("a").to_values() == ["one"]  # a field that is there stays
    assert [w.message.rpartition("; ")[2] for w in k.warnings] == ["a search that reads its fields is refused"]


@pytest.mark.parametrize(
    ("transform", "refused"),
    [
        ("REGEX = (*SKIP)(a)\nFORMAT = x.y::$1 z::1", ["x_y", "z"]),
        ("REGEX = (*SKIP)(?<x>a)\nFORMAT = y::$1", ["x"]),
    ],
)
def test_a_transform_that_is_not_carried_out_refuses_the_fields_that_it_names(
    tmp_path: Path, transform: str, refused: list[str]
) -> None:
    k = knowledge(tmp_path, props="[st]\nREPORT-t = t\n", transforms=f"[t]\n{transform}\n")
    frame = k.search_time(k.index_time(b"x=1 y=2 z=3 x_y=4 w=5", Metadata("h", "s", "st"), NOW).frame)
    names = ["x", "y", "z", "x_y", "w"]
    assert sorted(name for name in names if isinstance(frame.column(name), RefusedColumn)) == sorted(refused)


@pytest.mark.parametrize("regex", ["(*SKIP)(?<_KEY_1>a)=(?<_VAL_1>b)", "(*SKIP)(a)=(b)\nFORMAT = $1::$2"])
def test_where_events_name_fields_that_cannot_be_told_all_of_them_are_refused(tmp_path: Path, regex: str) -> None:
    k = knowledge(tmp_path, props="[st]\nREPORT-t = t\n", transforms=f"[t]\nREGEX = {regex}\n")
    with pytest.raises(UnsupportedSPL, match=r"transforms\.conf:2: \[st\] REPORT-t: the transform t: .*SKIP"):
        events(k, "x")
    assert events(k, "x", sourcetype="other")


def test_a_pattern_that_takes_too_long_refuses_its_fields_of_that_event_and_those_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.values.pcre._TIMEOUT", 0.01)
    k = knowledge(tmp_path, props="[st]\nSHOULD_LINEMERGE = false\nTRUNCATE = 0\nEXTRACT-a = ^(?<a>a(a+)+)$\n")
    text = "\n".join(["aa", *[f"{'a' * 5000}b n={number}" for number in range(200)]])
    started = time.monotonic()
    frame = k.search_time(k.index_time(text.encode(), Metadata("h", "s", "st"), NOW).frame)
    assert time.monotonic() - started < 10
    assert frame.take(np.array([0])).column("a").to_values() == ["aa"]
    assert frame.column("n").to_values()[-1] == "199"
    with pytest.raises(UnsupportedSPL, match="took more than"):
        frame.column("a").to_values()


def refused_rows(column: Column) -> list[int]:
    return np.flatnonzero(column.doubtful).tolist() if isinstance(column, RefusedColumn) else []


def test_what_depends_on_a_field_that_cannot_be_told_is_refused_in_those_events_only(tmp_path: Path) -> None:
    props = "[st]\nSHOULD_LINEMERGE = false\nEXTRACT-0 = ^(?<a>one)\nEXTRACT-a = (*SKIP)(?<a>x)\n"
    k = knowledge(
        tmp_path,
        props=f"{props}EVAL-b = upper(a)\nLOOKUP-l = numbers word AS a OUTPUT number n\nEVAL-c = 1\n",
        transforms="[numbers]\nfilename = numbers.csv\n",
        numbers_csv="word,number,n\none,1,I\n",
    )
    frame = k.search_time(k.index_time(b"two\none\nthree\none", Metadata("h", "s", "st"), NOW).frame)
    assert {name: refused_rows(frame.column(name)) for name in ("a", "b", "number", "n", "c")} == {
        "a": [0, 2], "b": [0, 2], "number": [0, 2], "n": [0, 2], "c": [],
    }  # fmt: skip
    rows = frame.take(np.array([1, 3]))
    assert (rows.column("b").to_values(), rows.column("number").to_values()) == (["ONE"] * 2, ["1"] * 2)


def test_a_calculated_field_that_cannot_be_told_of_one_event_is_told_of_the_others(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props='[st]\nSHOULD_LINEMERGE = false\nEVAL-b = if(match("x", a), 1, 2)\n')
    text = "\n".join("a=(*SKIP)x" if number == 70 else f"a={number}" for number in range(100))
    frame = k.search_time(k.index_time(text.encode(), Metadata("h", "s", "st"), NOW).frame)
    assert refused_rows(frame.column("b")) == [70]
    with pytest.raises(UnsupportedSPL, match=r"'b' cannot be told: .*SKIP"):
        frame.column("b").to_values()


def test_an_automatic_lookup_that_is_not_carried_out_refuses_the_fields_that_it_would_write(tmp_path: Path) -> None:
    k = knowledge(
        tmp_path,
        props="[st]\nLOOKUP-a = script x\n",
        transforms="[script]\nexternal_cmd = a.py x y\nfields_list = x, y\n",
    )
    frame = k.search_time(k.index_time(b"x=1 z=2", Metadata("h", "s", "st"), NOW).frame)
    assert (frame.column("x").to_values(), frame.column("z").to_values()) == (["1"], ["2"])
    with pytest.raises(UnsupportedSPL, match="external"):
        frame.column("y").to_values()


@pytest.mark.parametrize("mode", ["multi", "multi:stanza", "multi_stanza"])
def test_tables_are_refused_where_there_could_be_one(tmp_path: Path, mode: str) -> None:
    k = knowledge(tmp_path, props=f"[st]\nKV_MODE = {mode}\nBREAK_ONLY_BEFORE_DATE = true\n")
    assert events(k, "one line")
    with pytest.raises(UnsupportedSPL, match="multi"):
        events(k, "a b\n1 2")


def test_the_source_type_that_was_indexed_stays_known(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[old]\nrename = new\n")
    assert fields(k, "x", "sourcetype", "_sourcetype", sourcetype="old") == [
        {"sourcetype": "new", "_sourcetype": "old"}
    ]


def test_event_types_are_listed_by_priority_then_name(tmp_path: Path) -> None:
    k = knowledge(
        tmp_path,
        eventtypes="[b]\nsearch = x\npriority = 2\n[a]\nsearch = x\npriority = 9\n[c]\nsearch = x\npriority = 2\n",
    )
    assert fields(k, "x", "eventtype") == [{"eventtype": ("b", "c", "a")}]


def test_an_event_type_that_splunk_would_refuse_is_left_out_and_reported(tmp_path: Path) -> None:
    k = knowledge(tmp_path, eventtypes="[bad]\nsearch = x [search y]\n[worse]\nsearch = (x\n[good]\nsearch = x\n")
    assert fields(k, "x", "eventtype") == [{"eventtype": "good"}]
    assert ["bad" in str(k.warnings[0]), "worse" in str(k.warnings[1])] == [True, True]


def test_event_types_use_macros(tmp_path: Path) -> None:
    k = knowledge(tmp_path, macros="[m(1)]\nargs = v\ndefinition = x=$v$\n", eventtypes="[a]\nsearch = `m(1)`\n")
    assert fields(k, "x=1\n", "eventtype") == [{"eventtype": "a"}]


def test_tags_know_values_with_any_character(tmp_path: Path) -> None:
    k = knowledge(tmp_path, tags="[user=CORP%5Cann%20b]\nvip = enabled\n")
    assert fields(k, 'user="CORP\\ann b"', "tag", "tag::user") == [{"tag": "vip", "tag::user": "vip"}]


def test_rows_keep_their_order_whatever_settings_apply_to_them(tmp_path: Path) -> None:
    k = knowledge(tmp_path, props="[source::a]\nEVAL-x = 1\n\n[source::b]\nEVAL-x = 2\n")
    frames = [k.index_time(name.encode(), Metadata("h", name, "st"), NOW).frame for name in ("a", "b", "c", "a")]
    assert k.search_time(concatenate_frames(frames)).column("x").to_values() == [1, 2, None, 1]


def test_how_far_pairs_are_sought_is_a_limit(tmp_path: Path) -> None:
    k = knowledge(tmp_path, limits="[kv]\nmaxchars = 20\n")
    assert fields(k, "a=1 " + "-" * 20 + " b=2", "a", "b") == [{"a": "1"}]


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"(?m)^(\w)=", "a=1 b=2", ["a"]),
        (r"(?m)^(\w)=", "a=1\nb=2", ["a", "b"]),
        (r"(?ms)^x|(b)=", "a=1 b=2", ["b"]),
        (r"(?m)^(?:x|(b))=", "a=1 b=2", []),
        (r"(?m)^([|])", "|", ["|"]),
        (r"(?i)^(A)", "a", ["a"]),
    ],
)
def test_a_pattern_that_begins_a_line_finds_the_same_in_texts_of_one_line(
    pattern: str, text: str, matches: list[str]
) -> None:
    assert [found[1] for found in sought(pattern).in_text(text).finditer(text)] == matches


def test_a_calculated_field_looks_up(tmp_path: Path) -> None:
    props = (
        '[st]\nEVAL-role = json_extract(lookup("roles.csv", json_object("user", user), json_array("role")), "role")\n'
    )
    knowledge = Knowledge.load([write_app(tmp_path, props=props, roles_csv="user,role\nann,boss\n")])
    assert fields(knowledge, "user=ann", "role") == [{"role": "boss"}]
    assert fields(knowledge, "user=bob", "role") == [{}]


def test_a_calculated_field_that_looks_up_in_no_table_stops_who_reads_it(tmp_path: Path) -> None:
    props = '[st]\nEVAL-role = lookup("nowhere", json_object("user", user), json_array("role"))\n'
    knowledge = Knowledge.load([write_app(tmp_path, props=props)])
    with pytest.raises(UnsupportedSPL, match=r"'role' cannot be told: .*nowhere"):
        fields(knowledge, "user=ann", "role")
