"""What other tools read of the findings, the pages of the rules, and what is left to a server elsewhere."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from harness.content import Problem, load_content
from harness.content.app import content_app
from harness.errors import UsageError
from harness.knowledge.knowledge import Knowledge
from harness.reports import renderer
from harness.runner.plan import plan_run
from harness.runner.record import Level, Status
from harness.runner.rules import StaticRules
from harness.runner.verdict import Verdict
from harness.validation.findings import as_annotation, as_sarif
from harness.validation.pages import all_pages, page, rule_ids, summary_of
from tests.cli.command import harness
from tests.reports.samples import sample_record
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE


def finding(root: Path, rule: str = "spl-syntax", severity: str = "error") -> Problem:
    return Problem(rule, root / "packs" / "a b.yml", 7, "50% of it: wrong,\nreally", severity, "Write it.")


def test_sarif_has_each_finding_with_its_rule_its_place_in_the_repository_and_a_lasting_fingerprint(
    tmp_path: Path,
) -> None:
    (tmp_path / ".git").mkdir()
    problems = [finding(tmp_path), finding(tmp_path, "cron", "warning")]
    document = json.loads(as_sarif(problems, tmp_path / "packs"))
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["cron", "spl-syntax"]
    assert [(each["ruleId"], each["ruleIndex"], each["level"]) for each in run["results"]] == [
        ("spl-syntax", 1, "error"),
        ("cron", 0, "warning"),
    ]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "packs/a%20b.yml"
    assert place["region"] == {"startLine": 7}
    moved = Problem(*(getattr(problems[0], name) for name in ("rule", "file")), 9, problems[0].message)
    other = json.loads(as_sarif([moved], tmp_path / "packs"))["runs"][0]["results"][0]
    assert other["partialFingerprints"] == run["results"][0]["partialFingerprints"]


@pytest.mark.skipif(not os.environ.get("SARIF_SCHEMA"), reason="SARIF_SCHEMA names no schema of SARIF 2.1.0")
def test_sarif_is_as_its_schema_says(tmp_path: Path) -> None:
    schema = json.loads(Path(os.environ["SARIF_SCHEMA"]).read_bytes())
    (tmp_path / ".git").mkdir()
    found = json.loads(as_sarif([finding(tmp_path), finding(tmp_path, "no-index", "warning")], tmp_path))
    verdicts = json.loads(renderer("sarif")(sample_record()))
    for document in (found, verdicts):
        Draft4Validator(schema).validate(document)


def test_an_annotation_is_one_line_whatever_the_finding_says(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert as_annotation(finding(tmp_path), tmp_path / "packs") == (
        "::error file=packs/a b.yml,line=7,title=spl-syntax::50%25 of it: wrong,%0Areally%0AWrite it."
    )


@pytest.mark.parametrize("name", rule_ids())
def test_every_rule_has_a_page_that_says_how_to_switch_it_off(name: str) -> None:
    text = page(name)
    assert text.startswith(f"# {name}\n\n{summary_of(name)}\n")
    assert f"{name}: why it does not hold here" in text


def test_the_page_of_all_rules_is_in_step() -> None:
    written = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    assert written == all_pages(), "call python -m harness.validation.pages > docs/rules.md"


def test_a_page_of_no_rule_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        page("spl-sintax")
    assert raised.value.hint == "Is spl-syntax meant?"
    with pytest.raises(UsageError) as raised:
        page("nope")
    assert raised.value.hint == "`harness validate --rules` lists them."


def test_the_command_writes_sarif_prints_annotations_and_explains_rules(tmp_path: Path) -> None:
    write_pack(
        tmp_path, detection(data_source=["Things"], search="| tstatz | `net_use_filter`"), **{"data.log": NET_USE}
    )
    ended = harness("validate", "--github", "--report", "sarif=out.sarif", cwd=tmp_path)
    assert "::error file=detections/net_use.yml,line=11,title=spl-syntax::Unknown search command" in ended.out
    assert json.loads((tmp_path / "out.sarif").read_text())["runs"][0]["results"]
    assert harness("validate", "--explain", "cron", cwd=tmp_path).out.startswith("# cron\n")
    assert "cron: The cron schedule has five fields" in harness("validate", "--rules", cwd=tmp_path).out


@pytest.mark.parametrize(
    ("search", "here", "elsewhere"),
    [
        ("`nobody` | stats count by dest user process | `net_use_filter`", Status.FAIL, "unknown-macro"),
        ("`things` | lookup nobody x | stats count by dest | `net_use_filter`", Status.FAIL, "unknown-lookup"),
        ("| tstats count from datamodel=No by No.dest | `net_use_filter`", Status.FAIL, "unknown-data-model"),
        ("`things` | mine | `net_use_filter`", Status.FAIL, "spl-syntax"),
        ("`things` | sendemail to=a | `net_use_filter`", Status.ERROR, "spl-unsupported"),
    ],
)  # fmt: skip
def test_what_another_splunk_may_have_is_left_to_it(tmp_path: Path, search: str, here: Status, elsewhere: str) -> None:
    content = load_content(write_pack(tmp_path, detection(search=search, rba=None, type="Hunting")))
    (test,) = plan_run(content, levels=(Level.VALIDATION,))

    def verdict(*, own_engine: bool) -> Verdict:
        rules = StaticRules(content, lambda: Knowledge([content_app(content)]), own_engine=own_engine)
        return rules.verdict(test.subject)

    assert verdict(own_engine=True).status is here
    assert verdict(own_engine=False) == Verdict(Status.PASS, f"left to the Splunk that is searched: {elsewhere}")


def test_what_is_wrong_everywhere_is_wrong_on_another_splunk_too(tmp_path: Path) -> None:
    content = load_content(write_pack(tmp_path, detection(search="`things` | stats count by (")))
    (test,) = plan_run(content, levels=(Level.VALIDATION,))
    rules = StaticRules(content, lambda: Knowledge([content_app(content)]), own_engine=False)
    assert rules.verdict(test.subject).status is Status.FAIL
