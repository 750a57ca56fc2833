"""Files with a structure of their own, beyond what tests/parsing has recorded."""

from __future__ import annotations

import pytest

from harness.errors import KnowledgeError
from harness.knowledge.structured import records


def read(text: str, kind: str = "csv", **settings: str) -> list[dict[str, object]]:
    warnings: list[KnowledgeError] = []
    found = [dict(fields) for _, fields in records(text, {"INDEXED_EXTRACTIONS": kind, **settings}, warnings.append)]
    assert not warnings
    return found


@pytest.mark.parametrize(("kind", "mark"), [("tsv", "\t"), ("psv", "|"), ("csv", ",")])
def test_each_kind_has_its_delimiter(kind: str, mark: str) -> None:
    assert read(f"a{mark}b\n1{mark}2\n", kind) == [{"a": "1", "b": "2"}]


def test_w3c_names_its_columns_in_a_comment_and_a_dash_is_nothing() -> None:
    text = "#Version: 1.0\n#Fields: date cs-uri-stem c-ip\n2026-01-15 /index.html -\n#Fields: c-ip\n10.0.0.1\n"
    assert read(text, "w3c") == [{"date": "2026-01-15", "cs_uri_stem": "/index.html"}, {"c_ip": "10.0.0.1"}]


def test_special_characters_in_column_names_become_underscores_but_for_blanks_and_the_accepted() -> None:
    assert read("field.name,user name,x-y\n1,2,3\n") == [{"field_name": "1", "user name": "2", "x_y": "3"}]
    assert read("field.name\n1\n", HEADER_FIELD_ACCEPTABLE_SPECIAL_CHARACTERS=".") == [{"field.name": "1"}]


@pytest.mark.parametrize(("text", "kind"), [('{"source":"PINGID","id":1}', "json"), ("source,id\nPINGID,1\n", "csv")])
def test_names_that_every_event_has_become_extracted_ones(text: str, kind: str) -> None:
    """Recorded: data_sources/pingid.yml has ``extracted_source`` of a member ``source``."""
    assert read(text, kind) == [{"extracted_source": "PINGID", "id": "1"}]


@pytest.mark.parametrize(
    ("delimiter", "line"),
    [("space", "1 2"), ("tab", "1\t2"), ("pipe", "1|2"), (r"\x14", "1\x142"), ("ws", "1  \t2"), (";", "1;2")],
)
def test_delimiters_by_name_and_code(delimiter: str, line: str) -> None:
    assert read(f"{line}\n", FIELD_DELIMITER=delimiter, FIELD_NAMES="a, b") == [{"a": "1", "b": "2"}]


def test_the_header_can_be_written_differently() -> None:
    text = "Header> a;b\n1,2\n"
    assert read(text, FIELD_HEADER_REGEX=r"Header>\s*", HEADER_FIELD_DELIMITER=";") == [{"a": "1", "b": "2"}]


def test_the_header_may_stand_in_the_preamble() -> None:
    text = "#path\tdns\n#fields\tts\tid.orig_h\n1\t192.0.2.7\n"
    found = [{"ts": "1", "id_orig_h": "192.0.2.7"}]
    settings = {"FIELD_DELIMITER": "tab", "HEADER_FIELD_DELIMITER": "tab", "FIELD_HEADER_REGEX": r"^#fields\t(.*)"}
    assert read(text, PREAMBLE_REGEX="^#", **settings) == found
    assert read(text, **settings) == [{}, *found]


def test_a_placeholder_is_no_value() -> None:
    assert read("a,b\nN/A,2\n", MISSING_VALUE_REGEX="^N/A$") == [{"b": "2"}]


def test_a_quoted_cell_may_hold_line_ends() -> None:
    assert read('a,b\n"one\ntwo",2\n3,4\n') == [{"a": "one\ntwo", "b": "2"}, {"a": "3", "b": "4"}]


def test_a_quote_that_is_never_closed_costs_its_own_line() -> None:
    warnings: list[KnowledgeError] = []
    text = 'a,b\n"one,1\ntwo,2\n' + "three,3\n" * 300
    found = list(records(text, {"INDEXED_EXTRACTIONS": "csv"}, warnings.append))
    assert [raw for raw, _ in found[:3]] == ['"one,1', "two,2", "three,3"]
    assert [warning.message for warning in warnings] == ["line 2: a quote is not closed; the line is taken by itself"]


def test_json_objects_may_span_lines() -> None:
    text = '{"a": 1}\n{\n "b": "}",\n "c": [1,\n2]}\n{"d": 2}\n'
    assert read(text, "json") == [{"a": "1"}, {"b": "}", "c{}": ("1", "2")}, {"d": "2"}]


def test_json_that_is_never_closed_is_taken_line_by_line() -> None:
    assert read('{"a": 1\n{"b": 2}\n', "json") == [{}, {"b": "2"}]


def test_braces_of_array_names_can_be_trimmed() -> None:
    assert read('{"a":{"b":[1,{"c":2}]}}', "json", JSON_TRIM_BRACES_IN_ARRAY_NAMES="true") == [
        {"a.b": "1", "a.b.c": "2"}
    ]


def test_a_member_named_like_a_default_field_is_kept_apart() -> None:
    """Recorded of PingID (``_json``) and of MCP messages: ``extracted_source`` and so on beside the event's own."""
    text = '{"source": "x", "sourcetype": "z", "a": 1}\n'
    assert read(text, "json") == [{"extracted_source": "x", "extracted_sourcetype": "z", "a": "1"}]
    assert read("host,a\ny,1\n") == [{"extracted_host": "y", "a": "1"}]
