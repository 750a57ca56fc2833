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
EVENTS = '{"dest": "h", "CommandLine": "net use x"}\n{"dest": "h", "CommandLine": "net view"}\n'


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
    result = unit(tmp_path, rule() + "harness: {sigma: events}\n")
    assert (result.status, result.reason) == (Status.PASS, "")
    assert result.search == 'CommandLine="* use*" | search *'


def test_a_rule_is_read_and_validates(tmp_path: Path) -> None:
    write(tmp_path / "detections" / "net_shares.yml", rule())
    write(tmp_path / "data.log", EVENTS)
    content = load_content(tmp_path)
    (detection,) = content.detections
    assert detection.dialect is Dialect.SIGMA
    assert detection.mitre_attack_ids == ("T1049",)
    assert (detection.status, detection.type, detection.date) == ("production", "Hunting", "2024-01-02")
    assert "from datamodel=Endpoint.Processes" in detection.search
    assert detection.search.endswith("| `net_shares_filter`")
    assert validate(content, Knowledge([*map(load_app, shipped_apps()), content_app(content)])) == []


def test_a_log_source_without_a_data_model_is_searched_over_events(tmp_path: Path) -> None:
    write(tmp_path / "detections" / "net_shares.yml", rule(category="webserver", product="apache"))
    (detection,) = load_content(tmp_path).detections
    assert detection.search == 'CommandLine="* use*" | `net_shares_filter`'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rule().replace("condition: selection", "condition: nobody"), "the rule cannot be converted"),
        (rule() + "harness: {sigma: sometimes}\n", "must be one of data_model and events"),
        (rule("webserver") + "harness: {sigma: data_model}\n", "the rule cannot be converted"),
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
