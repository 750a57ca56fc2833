"""Every report is a function of the run record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from junitparser import JUnitXml
from lxml import html as lxml_html

from harness.errors import UsageError
from harness.reports import FORMATS, console, parse_request, renderer, write
from harness.runner.record import decode, encode
from tests.reports.samples import sample_record


def test_a_record_reads_back_equal() -> None:
    record = sample_record()
    assert decode(encode(record)) == record


def test_the_json_report_has_exactly_the_keys_of_schema_1() -> None:
    document = json.loads(renderer("json")(sample_record()))
    assert list(document) == ["schema", "tool", "backend", "started", "duration_s", "summary", "detections"]
    assert document["schema"] == 1
    assert document["summary"] == {"pass": 2, "fail": 1, "error": 1, "skip": 1}
    assert document["backend"]["apps"] == [{"name": "Splunk_SA_CIM", "version": "1.0"}]
    detection = document["detections"][0]
    assert list(detection) == ["name", "id", "version", "type", "status", "file", "sha256", "results"]
    assert list(detection["results"][1]) == [
        *("level", "test", "status", "reason", "datasets", "search", "result_count", "rows", "stages", "duration_s"),
    ]
    assert detection["results"][1]["rows"][0] == {"dest": "host-1", "user": ["a", "b"]}
    assert detection["results"][1]["stages"] == [{"command": "tstats", "rows": 2}]
    assert list(detection["results"][1]["datasets"][0]) == ["data", "source", "sourcetype", "sha256", "events"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{", "not a run record"),
        (b"[]", "not a run record"),
        (encode(sample_record()).replace(b'"schema": 1', b'"schema": 2'), "schema 2"),
        (encode(sample_record()).replace(b'"pass"', b'"great"'), "not a run record"),
    ],
)
def test_what_is_no_record_of_this_schema_is_refused_with_its_file(text: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        decode(text, path=Path("old.json"))
    assert str(caught.value).startswith("old.json: ")


def test_the_console_shows_the_testing_table_as_published_and_the_reasons_below_it() -> None:
    text = console.render(sample_record())
    lines = [line.split() for line in text.splitlines()]
    assert ["Test", "Type", "Status", "Dataset", "Source", "Sourcetype"] in lines
    assert ["Validation", "✅", "Passing", "N/A", "N/A", "N/A"] in lines
    assert any(line[:4] == ["Unit", "✅", "Passing", "windows-sysmon.log"] for line in lines)
    assert "Unit: One: no rows" in text
    assert any(line[-3:] == ["[a].log", "[b]s[/b]", "[/]"] for line in lines)
    assert "Unit: Two: unsupported: [/x]" in text
    assert "2 passed, 1 failed, 1 error, 1 skipped in 1.2 s" in text


def test_junit_counts_what_a_ci_counts_and_is_well_formed_whatever_the_text() -> None:
    report = JUnitXml.fromstring(renderer("junit")(sample_record()).encode())
    assert (report.tests, report.failures, report.errors, report.skipped) == (5, 1, 1, 1)
    failing = next(case for suite in report for case in suite if case.name == "Unit: One")
    (failure,) = failing.result
    assert failure.message == "no rows"
    assert failure.text == "no rows\nsecond line \N{REPLACEMENT CHARACTER}"


def test_markdown_puts_what_did_not_pass_first_and_escapes_what_would_break_a_table() -> None:
    text = renderer("markdown")(sample_record())
    assert text.index("Odd") < text.index("Network Connection")
    assert "## Odd \\| \\<Name\\> & \\`More\\`" in text
    assert (
        "| Unit | ✅ Passing | [windows-sysmon.log](<https://example.com/datasets/T1049/windows-sysmon.log>) |" in text
    )
    assert "```text\nno rows\nsecond line" in text


def test_html_is_one_page_that_escapes_content_and_fetches_nothing() -> None:
    text = renderer("html")(sample_record())
    page = lxml_html.fromstring(text)
    assert page.xpath("//h2/text()") == ["Network Connection Discovery With Net", "Odd | <Name> & `More`"]
    assert not page.xpath("//script | //link | //img | //@src")
    statuses = [cell.text_content().strip() for cell in page.xpath("//td[@class]")]
    assert statuses == ["✅ Passing", "✅ Passing", "❌ Failing", "⚠️ Error", "⏭️ Skipped"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_is_written_where_it_was_asked_for_also_into_a_new_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "new" / "report"
    write(sample_record(), *parse_request(f"{name}={path}"))
    assert path.read_text(encoding="utf-8") == renderer(name)(sample_record())


@pytest.mark.parametrize(
    ("text", "message"), [("json", "not FORMAT=FILE"), ("json=", "not FORMAT"), ("pdf=a", "'pdf'")]
)
def test_a_report_request_that_cannot_be_met_is_refused_before_anything_runs(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_request(text)


def test_a_report_that_cannot_be_written_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write(sample_record(), "json", tmp_path / "file" / "below")
