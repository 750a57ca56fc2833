"""Automatic fields: key=value pairs, JSON and XML."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from harness.knowledge.automatic_kv import from_pairs
from harness.knowledge.json_kv import from_json
from harness.knowledge.xml_kv import from_xml
from tests.corpus import require_corpus


def test_escapes_count_only_where_they_are_asked_for() -> None:
    text = r'field="value with \"nested\" quotes" path="C:\\a"'
    assert from_pairs(text) == {"field": "value with \\", "path": "C:\\\\a"}
    assert from_pairs(text, escaped=True) == {"field": 'value with "nested" quotes', "path": "C:\\a"}


def test_blanks_at_the_ends_of_a_value_are_trimmed_unless_they_are_kept() -> None:
    """The example of KV_TRIM_SPACES in the props.conf specification; tabs stay."""
    assert from_pairs('myfield=" apples " tab="\tx"') == {"myfield": "apples", "tab": "\tx"}
    assert from_pairs('myfield=" apples "', trim=False) == {"myfield": " apples "}


def test_the_end_of_a_text_in_base64_is_no_pair() -> None:
    """Recorded: a request of CloudFront has no field of its request id, which ends so."""
    assert from_pairs("sGwvcPA==\tb=2 cPA==") == {"b": "2"}
    assert from_pairs("k=v== a==b") == {"k": "v==", "a": "=b"}


def test_pairs_are_sought_in_the_first_10240_characters() -> None:
    assert from_pairs("x" * 10_230 + " a=1 " + " " * 100 + "b=2") == {"a": "1"}


def test_a_pair_inside_double_quotes_is_no_pair() -> None:
    assert from_pairs('msg="error code=42" z=3') == {"msg": "error code=42", "z": "3"}


def test_pairs_inside_single_quotes_count() -> None:
    """Vendors' rules for the audit log read op, acct and res, which stand so, without a rule that finds them."""
    text = 'type=USER_AUTH msg=audit(1.2:3): uid=0 msg=\'op=PAM:authentication acct="ann" res=success\'UID="root"'
    assert from_pairs(text) == {
        "type": "USER_AUTH",
        "msg": "audit(1.2:3):",
        "uid": "0",
        "op": "PAM:authentication",
        "acct": "ann",
        "res": "success",
        "UID": "root",
    }
    assert from_pairs("note='x=1 y=2' z=3") == {"note": "x=1 y=2", "x": "1", "y": "2", "z": "3"}


def test_json_values_are_kept_as_they_are_written() -> None:
    text = '{"n":1.50,"big":123456789012345678901234567890,"e":1e5,"t":true,"z":null,"s":"\\u00e9","empty":""}'
    assert from_json(text) == {
        "n": "1.50", "big": "123456789012345678901234567890", "e": "1e5", "t": "true", "z": "null", "s": "é",
        "empty": "",
    }  # fmt: skip


def test_json_names_are_paths_and_repeated_ones_multivalues() -> None:
    text = '{"a":{"b":[1,{"c":2},{"c":3}]},"none":{},"nil":[],"x.y":4,"twice":1,"twice":2}'
    assert from_json(text) == {"a.b{}": "1", "a.b{}.c": ("2", "3"), "x.y": "4", "twice": ("1", "2")}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('{"a":1,"b":{"c":"x","d":"brok', {"a": "1", "b.c": "x"}),
        ('{"a":1,"b":12', {"a": "1"}),
        ('{"a":[1,2', {"a{}": "1"}),
        ('{"a":1} and more', {"a": "1"}),
        ('before {"a":1}', {}),
        ("[not json]", {}),
        ("{", {}),
        ("", {}),
    ],
)
def test_json_that_breaks_off_gives_what_is_whole(text: str, fields: dict[str, Any]) -> None:
    assert from_json(text) == fields


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_json_nested_without_end_is_bounded(text: str) -> None:
    assert from_json(text) == {}


@pytest.mark.corpus
def test_a_github_event_that_splunk_cut_at_10000_bytes_has_the_fields_that_splunk_lists() -> None:
    documents = _example_logs()
    document = documents["GitHub"]
    log = document["example_log"]
    assert len(log) == 10_000  # cut by TRUNCATE: no whole JSON
    every = {
        "_time",
        "host",
        "index",
        "linecount",
        "meta",
        "punct",
        "source",
        "sourcetype",
        "splunk_server",
        "timestamp",
    }
    assert set(from_json(log)) == set(document["fields"]) - every


@pytest.mark.corpus
def test_every_value_of_a_cloudtrail_event_is_a_field_that_splunk_lists_however_long_the_event() -> None:
    found = {
        name: set(from_json(document["example_log"])) - set(document["fields"])
        for name, document in _example_logs().items()
        if name.startswith("AWS CloudTrail") and document["example_log"].lstrip().startswith("{")
    }
    assert len(found) > 20
    assert {name: missing for name, missing in found.items() if missing} == {}


def _example_logs() -> dict[str, dict[str, Any]]:
    """Data sources of the corpus by name: an event, and the fields that a Splunk extracted from it."""
    import tarfile

    folder = require_corpus()
    found: dict[str, dict[str, Any]] = {}
    with tarfile.open(folder / "security_content.tar.gz") as archive:
        for member in archive:
            if "/data_sources/" in member.name and member.name.endswith(".yml"):
                stream = archive.extractfile(member)
                assert stream is not None
                document = yaml.load(stream, Loader=yaml.CSafeLoader)
                if document.get("example_log") and document.get("fields"):
                    found[document["name"]] = document
    return found


def test_xml_gives_paths_for_texts_and_attributes() -> None:
    text = "<event id='7'><user>ann</user><tag>a</tag><tag>b</tag><empty/><deep><x>1</x></deep></event>"
    assert from_xml(text) == {
        "event{@id}": "7",
        "event.user": "ann",
        "event.tag": ("a", "b"),
        "event.deep.x": "1",
    }


@pytest.mark.parametrize("text", ["plain", "before <a>1</a>", ""])
def test_what_does_not_begin_like_xml_gives_nothing(text: str) -> None:
    assert from_xml(text) == {}


def test_xml_that_breaks_off_gives_what_is_whole() -> None:
    assert from_xml("<a><b>1</b><c>2") == {"a.b": "1"}


def test_xml_nested_without_end_is_bounded() -> None:
    assert from_xml("<a>" * 100_000) == {}
