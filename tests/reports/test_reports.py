"""Every report is a function of the run record."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from junitparser import JUnitXml
from lxml import html as lxml_html
from msgspec.structs import replace

from harness.errors import UsageError
from harness.reports import FORMATS, console, parse_request, renderer, write
from harness.runner.record import (
    Attempt,
    ContributorRecord,
    DetectionRecord,
    RunRecord,
    Status,
    decode,
    encode,
    summarise,
)
from tests.reports.samples import sample_record


def test_a_record_reads_back_equal() -> None:
    record = sample_record()
    assert decode(encode(record)) == record


def test_the_json_report_has_exactly_the_keys_of_schema_1() -> None:
    document = json.loads(renderer("json")(sample_record()))
    assert list(document) == [
        *("schema", "tool", "backend", "started", "duration_s", "summary", "detections", "shard"),
    ]
    assert document["schema"] == 1
    assert document["summary"] == {"pass": 2, "fail": 1, "error": 1, "skip": 1}
    assert document["backend"]["apps"] == [{"name": "Splunk_SA_CIM", "version": "1.0"}]
    detection = document["detections"][0]
    assert list(detection) == [
        *("name", "id", "version", "type", "status", "file", "sha256", "search", "data_source", "mitre_attack"),
        *("manual_test", "evidence", "results"),
    ]
    assert list(detection["results"][1]) == [
        *("level", "test", "status", "reason", "datasets", "search", "result_count", "rows", "stages", "duration_s"),
        *("attempts", "risk_from"),
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


def test_junit_keeps_to_what_the_schemas_of_ant_and_jenkins_both_allow() -> None:
    root = ElementTree.fromstring(renderer("junit")(sample_record()))
    assert root.attrib == {}
    for suite in root:
        assert set(suite.attrib) == {
            *("name", "package", "id", "hostname", "timestamp", "time", "tests", "failures", "errors", "skipped"),
        }
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
        tags = [child.tag for child in suite]
        assert tags == ["properties", *["testcase"] * int(suite.get("tests", "")), "system-out", "system-err"]
        for case in suite.iter("testcase"):
            assert set(case.attrib) == {"classname", "name", "time"}
            assert [set(child.attrib) for child in case] in ([], [{"message"}], [{"message", "type"}])


def flaky_record() -> RunRecord:
    record = sample_record()
    first, unit = record.detections[0].results
    flaky = replace(unit, attempts=(Attempt(Status.FAIL, "no rows", 0.1),), reason="flaky: passed in run 2")
    return replace(record, detections=(replace(record.detections[0], results=(first, flaky)),))


def test_a_flaky_test_is_called_so_in_every_report_that_people_read() -> None:
    record = flaky_record()
    assert decode(encode(record)) == record
    assert "2 passed (1 flaky), 0 failed" in console.render(replace(record, summary=summarise(record.detections)))
    assert "✅ Passing (flaky)" in console.render(record)
    assert "| Unit | ✅ Passing (flaky) |" in renderer("markdown")(record)
    page = lxml_html.fromstring(renderer("html")(record))
    assert page.xpath("//table[@id='detections']//td[3]/text()") == ["✅ Passing (flaky)"]
    properties = ElementTree.fromstring(renderer("junit")(record)).iter("property")
    assert {each.get("name"): each.get("value") for each in properties}["flaky"] == "Unit: flaky: passed in run 2"


def test_the_page_tells_what_was_moved_in_time_and_whose_risk_a_test_rests_on() -> None:
    record = sample_record()
    first, unit = record.detections[0].results
    dataset = replace(unit.datasets[0], moved_s=86_400)
    rests = replace(unit, datasets=(dataset,), risk_from=(ContributorRecord("Net Use", 1, 2),))
    record = replace(record, detections=(replace(record.detections[0], results=(first, rests)),))
    text = lxml_html.fromstring(renderer("html")(record)).text_content()
    assert "12 events, moved by +86,400 s" in text
    assert "Unit: rests on 2 risk events that Net Use left in 1 run" in text


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
    assert not page.xpath("//link | //img | //iframe | //@src | //@style")
    assert "import(" not in text
    assert "fetch(" not in text
    statuses = [cell.text_content().strip() for cell in page.xpath("//section//td[@class]")]
    assert statuses == ["✅ Passing", "✅ Passing", "❌ Failing", "⚠️ Error", "⏭️ Skipped"]


def test_summary_yml_has_the_keys_and_the_counts_that_readers_of_contentctls_file_look_for() -> None:
    document = yaml.safe_load(renderer("summary-yml")(sample_record()))
    summary = document["summary"]
    assert summary["success"] is False
    assert (summary["total_detections"], summary["total_pass"], summary["total_fail"]) == (2, 1, 1)
    assert (summary["total_manual"], summary["total_production"], summary["success_rate"]) == (1, 2, "50.0%")
    failed, passed = document["tested_detections"]
    assert (failed["status"], failed["success"], failed["source_category"]) == ("fail", False, "detections")
    assert [test["status"] for test in failed["tests"]] == ["fail", "error", "skip"]
    assert failed["tests"][1]["exception"] == "unsupported: [/x]"
    assert passed["data_source"] == ["Sysmon EventID 1"]
    assert passed["tests"][0] | {"duration": 0} == {
        "name": "True Positive Test",
        "test_type": "unit",
        "success": True,
        "message": "TEST PASSED",
        "exception": None,
        "status": "pass",
        "duration": 0,
        "wait_duration": None,
        "resultCount": "2",
        "runDuration": "0.300",
        "reason": "",
    }
    assert document["percent_complete"] == "100.0%"


def test_a_detection_with_nothing_but_its_validation_is_skipped_in_summary_yml() -> None:
    record = sample_record()
    only = replace(record.detections[0], results=(record.detections[0].results[0],))
    skipped = replace(only, results=(*only.results, record.detections[1].results[2]))
    document = yaml.safe_load(renderer("summary-yml")(replace(record, detections=(skipped,))))
    assert document["summary"]["success"] is True
    assert document["summary"]["success_rate"] == "UKNOWN"
    assert [each["name"] for each in document["skipped_detections"]] == [skipped.name]


def test_sarif_has_a_finding_for_each_test_that_did_not_pass_and_tells_failed_from_undecided() -> None:
    (run,) = json.loads(renderer("sarif")(sample_record()))["runs"]
    assert [(each["ruleId"], each["level"]) for each in run["results"]] == [("unit", "error"), ("unit", "warning")]
    assert run["results"][0]["message"]["text"].startswith("Odd | <Name> & `More`, Unit: One: no rows")
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "detections/odd.yml"}
    assert run["results"][0]["partialFingerprints"] != run["results"][1]["partialFingerprints"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["unit"]


def test_the_page_counts_a_detection_once_for_each_tactic_that_its_techniques_serve() -> None:
    page = lxml_html.fromstring(renderer("html")(sample_record()))
    (chart,) = page.xpath("//figure[h3='Detections by ATT&CK tactic']/svg")
    assert chart.get("aria-label") == "discovery: 1 of 2. execution: 0 of 1. "


def test_the_navigator_layer_scores_a_technique_by_the_share_of_its_detections_that_pass() -> None:
    layer = json.loads(renderer("navigator")(sample_record()))
    assert layer["domain"] == "enterprise-attack"
    assert {each["techniqueID"]: each["score"] for each in layer["techniques"]} == {"T1049": 50, "T1059.001": 0}
    first = layer["techniques"][0]["comment"].splitlines()
    assert first == ["✅ Passing: Network Connection Discovery With Net", "❌ Failing: Odd | <Name> & `More`"]


def test_the_pages_table_has_a_row_per_detection_with_its_verdict_and_what_the_filter_looks_into() -> None:
    page = lxml_html.fromstring(renderer("html")(sample_record()))
    rows = page.xpath("//table[@id='detections']/tbody/tr")
    assert [(row.get("data-verdict"), row.get("data-type")) for row in rows] == [("pass", "Hunting"), ("fail", "TTP")]
    assert all(page.get_element_by_id(row.get("data-section")).tag == "section" for row in rows)
    assert "t1049" in rows[0].get("data-text")
    assert "xmlwineventlog" in rows[0].get("data-text")


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


def test_a_file_that_could_not_be_read_is_shown_without_blanks_for_what_is_not_known() -> None:
    unread = DetectionRecord(name="broken", id="", version=0, type="", status="", file="detections/b.yml", sha256="")
    record = replace(sample_record(), detections=(unread,))
    assert "\ndetections/b.yml" not in renderer("markdown")(record)
    assert "\n`detections/b.yml`\n" in renderer("markdown")(record)
    page = lxml_html.fromstring(renderer("html")(record))
    assert page.xpath("//section/small/text()") == ["detections/b.yml"]
    assert page.xpath("//input[@data-filter='type']") == []
