"""Broken and hostile data: a warning with its place, the rest kept, and every event counted."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from harness.knowledge.knowledge import Knowledge, Metadata
from harness.values.column import Value
from tests.knowledge.apps import NOW, events, write_app

EVENT = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><EventID>{code}</EventID>"
    "<TimeCreated SystemTime='2026-01-10T10:00:0{code}.000Z'/><Computer>pc</Computer></System>"
    "<EventData><Data Name='Image'>C:\\a{code}.exe</Data></EventData></Event>"
)
PROPS = """[xml_events]
SHOULD_LINEMERGE = false
LINE_BREAKER = ([\\r\\n\\s]*)<Event(?=[\\s>])
TIME_PREFIX = SystemTime='
KV_MODE = none
REPORT-data = code, data
"""
TRANSFORMS = """[code]
REGEX = <EventID>(?<EventCode>\\d+)
[data]
REGEX = <Data Name='(?<_KEY_1>[^']+)'>(?<_VAL_1>[^<]*)</Data>
"""


def windows(folder: Path, text: str | bytes) -> list[dict[str, Value]]:
    knowledge = Knowledge.load([write_app(folder, props=PROPS, transforms=TRANSFORMS)])
    data = text if isinstance(text, bytes) else text.encode()
    indexed = knowledge.index_time(data, Metadata("h", "s", "xml_events"), NOW)
    return knowledge.search_time(indexed.frame).to_rows()


def test_malformed_xml_in_the_middle_of_a_log_costs_that_event_s_fields_only(tmp_path: Path) -> None:
    broken = "<Event><System><EventID>2</EventID><TimeCreated SystemTime='2026-01-10T10:00:02.000Z'/><Comp"
    rows = windows(tmp_path, "\n".join([EVENT.format(code=1), broken, EVENT.format(code=3)]))
    assert [row.get("Image") for row in rows] == ["C:\\a1.exe", None, "C:\\a3.exe"]
    assert [row["_time"] for row in rows] == [1768039201, 1768039202, 1768039203]


def test_events_without_line_ends_between_them_are_told_apart(tmp_path: Path) -> None:
    assert [row["EventCode"] for row in windows(tmp_path, EVENT.format(code=1) + EVENT.format(code=5))] == ["1", "5"]


def test_an_event_over_several_lines_stays_whole(tmp_path: Path) -> None:
    rows = windows(tmp_path, EVENT.format(code=1).replace("C:\\a1.exe", "two\nlines") + "\n" + EVENT.format(code=5))
    assert [row["Image"] for row in rows] == ["two\nlines", "C:\\a5.exe"]


def test_utf_16_and_byte_order_marks_are_read(tmp_path: Path) -> None:
    assert [row["EventCode"] for row in windows(tmp_path, EVENT.format(code=1).encode("utf-16"))] == ["1"]
    assert [row["EventCode"] for row in windows(tmp_path, b"\xef\xbb\xbf" + EVENT.format(code=1).encode())] == ["1"]


def test_bytes_that_are_no_utf_8_are_kept_and_reported_with_their_line(tmp_path: Path) -> None:
    knowledge = Knowledge.load([write_app(tmp_path, props="[st]\nSHOULD_LINEMERGE = false\n")])
    indexed = knowledge.index_time(b"good\nbad \xff\x00\nlast", Metadata("h", "s", "st"), NOW)
    assert indexed.frame.column("_raw").to_values() == ["good", "bad \\xFF\\x00", "last"]
    assert [w.message.split(";")[0] for w in indexed.warnings[:2]] == ["line 2: not UTF-8", "line 2: NUL bytes"]


def test_a_line_without_end_is_cut_and_marked_in_a_moment(tmp_path: Path) -> None:
    knowledge = Knowledge.load([write_app(tmp_path, props="[st]\nSHOULD_LINEMERGE = false\n")])
    started = time.monotonic()
    rows = events(knowledge, "a" * 5_000_000)
    assert (len(str(rows[0]["_raw"])), rows[0]["meta"]) == (10_000, "truncated")
    assert time.monotonic() - started < 20


def test_events_in_are_events_indexed_and_events_refused(tmp_path: Path) -> None:
    knowledge = Knowledge.load(
        [
            write_app(
                tmp_path,
                props="[st]\nSHOULD_LINEMERGE = false\nTRANSFORMS-drop = drop\n",
                transforms="[drop]\nREGEX = ^debug\nDEST_KEY = queue\nFORMAT = nullQueue\n",
            )
        ]
    )
    indexed = knowledge.index_time(b"one\ndebug two\nthree\n", Metadata("h", "s", "st"), NOW)
    assert (len(indexed.frame), indexed.refused) == (2, 1)


def test_xml_entities_are_never_expanded(tmp_path: Path) -> None:
    knowledge = Knowledge.load([write_app(tmp_path, props="[st]\nKV_MODE = xml\nSHOULD_LINEMERGE = false\n")])
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x><y>&b;</y></x>'
    assert "x.y" not in events(knowledge, bomb)[0]


def test_a_pattern_that_takes_too_long_changes_nothing_and_is_left_out_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.values.pcre._TIMEOUT", 0.01)
    props = "[st]\nSHOULD_LINEMERGE = false\nSEDCMD-a = s/(a+)+$/x/\nSEDCMD-b = s/b/B/\n"
    knowledge = Knowledge.load([write_app(tmp_path, props=props)])
    line = "a" * 5000
    indexed = knowledge.index_time(f"{line}b\n".encode() * 20, Metadata("h", "s", "st"), NOW)
    assert indexed.frame.column("_raw").to_values() == [f"{line}B"] * 20
    assert [warning.message.split(":")[0] for warning in indexed.warnings] == [
        "SEDCMD-a is left out for the rest of the data",
        "event 1 and 19 more",
        "event 1 and 2 more",
    ]


def test_an_unknown_character_set_discards_the_data_as_splunk_does(tmp_path: Path) -> None:
    knowledge = Knowledge.load([write_app(tmp_path, props="[st]\nCHARSET = NOSUCH\n")])
    indexed = knowledge.index_time(b"one", Metadata("h", "s", "st"), NOW)
    assert (len(indexed.frame), "NOSUCH" in indexed.warnings[0].message) == (0, True)


@pytest.mark.parametrize(
    ("charset", "data", "raw"),
    [
        ("ISO-8859-1", b"caf\xe9", "café"),
        ("UTF-16LE", "café".encode("utf-16-le"), "café"),
        ("SHIFT-JIS", "日本".encode("shift-jis"), "日本"),
        ("ASCII", b"caf\xe9", "caf\\xe9"),
    ],
)
def test_a_character_set_is_honoured(tmp_path: Path, charset: str, data: bytes, raw: str) -> None:
    knowledge = Knowledge.load([write_app(tmp_path, props=f"[st]\nCHARSET = {charset}\n")])
    assert knowledge.index_time(data, Metadata("h", "s", "st"), NOW).frame.column("_raw").to_values() == [raw]


def test_a_broken_rule_for_breaking_leaves_the_events_whole(tmp_path: Path) -> None:
    knowledge = Knowledge.load([write_app(tmp_path, props="[st]\nLINE_BREAKER = ((\nSHOULD_LINEMERGE = false\n")])
    indexed = knowledge.index_time(b"one\ntwo", Metadata("h", "s", "st"), NOW)
    assert indexed.frame.column("_raw").to_values() == ["one", "two"]
    assert indexed.warnings[0].message == "LINE_BREAKER is not used: Regex: missing closing parenthesis"


@pytest.mark.parametrize("data", [b"", b"\n\n \r\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_nothing_gives_no_events(tmp_path: Path, data: bytes) -> None:
    knowledge = Knowledge.load([write_app(tmp_path, props="[st]\n")])
    frame = knowledge.index_time(data, Metadata("h", "s", "st"), NOW).frame
    assert len(frame) == len(knowledge.search_time(frame)) == 0


@pytest.mark.parametrize(
    ("settings", "data"),
    [
        ("INDEXED_EXTRACTIONS = json", b'{"a":[' + b"1," * 100_000 + b"1]}"),
        ("SHOULD_LINEMERGE = false", b"\xff" * 200_000),
        ("SHOULD_LINEMERGE = false", b"\0" * 200_000),
    ],
)
def test_much_of_one_thing_takes_no_more_than_a_few_times_their_size(
    tmp_path: Path, settings: str, data: bytes
) -> None:
    knowledge = Knowledge.load([write_app(tmp_path, props=f"[st]\nKV_MODE = none\n{settings}\n")])
    tracemalloc.start()
    try:
        assert len(knowledge.index_time(data, Metadata("h", "s", "st"), NOW).frame) == 1
        assert tracemalloc.get_traced_memory()[1] < 25 * len(data)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("settings", ["", "TIME_FORMAT = %Y-%m-%d %H:%M:%S\n"])
def test_a_long_event_full_of_times_that_cannot_be_believed_is_read_in_a_moment(tmp_path: Path, settings: str) -> None:
    props = f"[st]\nSHOULD_LINEMERGE = false\nTRUNCATE = 0\nMAX_TIMESTAMP_LOOKAHEAD = 0\nKV_MODE = none\n{settings}"
    started = time.monotonic()
    rows = events(Knowledge.load([write_app(tmp_path, props=props)]), "1999-01-01 x 10:00:00 jan " * 8_000)
    assert rows[0]["timestamp"] == "none"
    assert time.monotonic() - started < 20
