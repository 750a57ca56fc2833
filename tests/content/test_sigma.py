"""Sigma rules with tests beside them are tested like any other detection."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.content import load_content
from harness.content.app import content_app
from harness.content.models import Dialect
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.runner.plan import plan_run
from harness.runner.record import Level, Status, TestRecord
from harness.runner.run import run
from harness.validation.validate import validate
from tests.runner.packs import write
from tests.runner.test_run import record_of, tools_for

pytest.importorskip("sigma.backends.splunk")

RULE = """\
title: Net Looks At Shares
id: 640337e5-6e41-4b7f-af06-9d9eab5e1e2d
status: test
description: Somebody looks at the shares of the network.
author: A. Uthor
date: 2024-01-02
references:
    - https://attack.mitre.org/techniques/T1049/
tags:
    - attack.discovery
    - attack.t1049
logsource:
    category: {category}
    product: {product}
detection:
    selection:
        CommandLine|contains: ' use'
    condition: selection
falsepositives:
    - Administrators
level: medium
tests:
- name: True Positive Test
  attack_data:
  - data: data.log
    source: {source}
    sourcetype: {sourcetype}
  expect: {{count: 1}}
"""
EVENTS = "".join(f'{{"dest": "h", "EventCode": 1, "CommandLine": "net {what}"}}\n' for what in ("use x", "view"))
SYSMON = "Microsoft-Windows-Sysmon/Operational"


def unit(root: Path, rule: str, data: str = EVENTS) -> TestRecord:
    write(root / "detections" / "net_shares.yml", rule)
    write(root / "data.log", data)
    content = load_content(root)
    assert content.problems == ()
    (result,) = record_of(list(run(plan_run(content, levels=(Level.UNIT,)), tools_for(content)))).results()
    return result


def rule(category: str = "process_creation", product: str = "windows", **changes: str) -> str:
    return RULE.format(**{"category": category, "product": product, "source": "s", "sourcetype": "_json", **changes})


def test_a_rule_over_events_finds_its_attack_and_nothing_else(tmp_path: Path) -> None:
    result = unit(tmp_path, rule(source=f"XmlWinEventLog:{SYSMON}"))
    assert (result.status, result.reason) == (Status.PASS, "")
    sources = f'"WinEventLog:{SYSMON}", "XmlWinEventLog:{SYSMON}"'
    assert result.search == f'source IN ({sources}) EventCode=1 CommandLine="* use*" | search *'


def test_a_rule_is_read_and_validates(tmp_path: Path) -> None:
    write(tmp_path / "detections" / "net_shares.yml", rule())
    write(tmp_path / "data.log", EVENTS)
    content = load_content(tmp_path)
    (detection,) = content.detections
    assert detection.dialect is Dialect.SIGMA
    assert detection.mitre_attack_ids == ("T1049",)
    assert (detection.status, detection.type, detection.date) == ("production", "Hunting", "2024-01-02")
    assert detection.search.endswith("| `net_shares_filter`")
    assert validate(content, Knowledge([*map(load_app, shipped_apps()), content_app(content)])) == []


def test_a_log_source_without_a_data_model_is_searched_over_events(tmp_path: Path) -> None:
    write(tmp_path / "detections" / "net_shares.yml", rule(category="webserver", product="apache"))
    (detection,) = load_content(tmp_path).detections
    assert detection.search == 'CommandLine="* use*" | `net_shares_filter`'


def test_an_event_log_may_be_collected_as_xml(tmp_path: Path) -> None:
    text = rule().replace("category: process_creation", "service: security")
    write(tmp_path / "detections" / "net_shares.yml", text.replace("CommandLine|contains: ' use'", "EventID: 4688"))
    (detection,) = load_content(tmp_path).detections
    sources = '"WinEventLog:Security", "XmlWinEventLog:Security"'
    assert detection.search == f"source IN ({sources}) EventCode=4688 | `net_shares_filter`"


def test_a_new_rule_is_tested(tmp_path: Path) -> None:
    """In Sigma, a rule is called experimental until it has proved itself."""
    text = rule("webserver", "apache").replace("status: test", "status: experimental")
    assert unit(tmp_path, text).status is Status.PASS


PIPELINE = """\
name: Our process logs
priority: 10
transformations:
- id: source
  type: add_condition
  conditions: {sourcetype: _json}
  rule_conditions:
  - type: logsource
    category: process_creation
"""


def test_the_content_may_name_the_pipelines_as_for_sigma_cli(tmp_path: Path) -> None:
    write(tmp_path / "pipelines" / "ours.yml", PIPELINE)
    write(tmp_path / "harness.yml", "sigma:\n  pipelines: [pipelines/ours.yml, splunk_windows]\n")
    result = unit(tmp_path, rule())
    assert (result.status, result.reason) == (Status.PASS, "")
    assert result.search == 'sourcetype="_json" CommandLine="* use*" | search *'


def test_the_content_or_a_rule_may_ask_for_a_data_model(tmp_path: Path) -> None:
    write(tmp_path / "harness.yml", "sigma: {form: data_model}\n")
    write(tmp_path / "detections" / "net_shares.yml", rule())
    (detection,) = load_content(tmp_path).detections
    assert "from datamodel=Endpoint.Processes" in detection.search
    write(tmp_path / "detections" / "net_shares.yml", rule() + "harness: {sigma: events}\n")
    (detection,) = load_content(tmp_path).detections
    assert "datamodel" not in detection.search


def test_a_pipeline_that_nobody_knows_is_told(tmp_path: Path) -> None:
    write(tmp_path / "harness.yml", "sigma: {pipelines: [nobody]}\n")
    write(tmp_path / "detections" / "net_shares.yml", rule())
    (problem,) = load_content(tmp_path).problems
    assert "the rule cannot be converted" in problem.message
    assert "nobody" in problem.message


def test_what_sigma_does_not_ask_for_is_no_error(tmp_path: Path) -> None:
    text = rule().partition("tests:")[0].replace("title: Net", f"title: {'Long ' * 20}Net")
    text = text.replace("references:", "references:\n    - Internal Research")
    write(
        tmp_path / "detections" / "net_shares.yml", text.replace("attack.t1049", "attack.t1059\n    - attack.t1059.001")
    )
    content = load_content(tmp_path)
    found = validate(content, Knowledge([*map(load_app, shipped_apps()), content_app(content)]))
    assert [(problem.rule, problem.severity) for problem in found] == [("tests-missing", "warning")]


EITHER = "    selection:\n    - CommandLine|re: 'u.e'\n    - CommandLine: x\n    condition: selection"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rule().replace("condition: selection", "condition: nobody"), "the rule cannot be converted"),
        (rule() + "harness: {sigma: sometimes}\n", "must be one of events and data_model"),
        (rule("webserver") + "harness: {sigma: data_model}\n", "the rule cannot be converted"),
        (
            rule("webserver").replace(
                "    selection:\n        CommandLine|contains: ' use'\n    condition: selection", EITHER
            ),
            "makes a search that reads no events",
        ),
    ],
)
def test_what_cannot_be_converted_is_told_and_never_passes(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path / "detections" / "net_shares.yml", text)
    write(tmp_path / "data.log", EVENTS)
    content = load_content(tmp_path)
    (problem,) = content.problems
    assert told in problem.message
    (result,) = record_of(list(run(plan_run(content, levels=(Level.UNIT,)), tools_for(content)))).results()
    assert (result.status, result.reason) == (Status.ERROR, "the detection has no search")
