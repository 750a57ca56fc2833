"""Content as each of the three tools has it, read as it is: nothing in it is unknown, and all of it is understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.content import load_content
from harness.content.app import content_app
from harness.content.models import Dialect, Notable, RiskObject, ThreatObject
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.validation.validate import validate
from tests.runner.packs import write

UUID = "2b7e1516-28ae-4d2a-9bf7-158809cf4f3c"
SEARCH = "`my_logs` action=opened | stats count by dest user | `door_opened_filter`"
COMMON = f"""\
name: Door Opened
id: {UUID}
version: 3
author: A. Uthor
status: production
description: |-
    A door was opened.
data_source:
    - Door Log
search: |-
    {SEARCH}
how_to_implement: Send the log.
known_false_positives: |-
    People come and go.
references:
    - https://attack.mitre.org/techniques/T1021/004/
drilldown_searches:
    - name: View what was found for "$dest$"
      search: '%original_detection_search% | search dest="$dest$"'
      earliest_offset: $info_min_time$
      latest_offset: $info_max_time$
    - name: View events of the last days
      search: index=main dest="$dest$"
      earliest_offset: 7d
      latest_offset: "0"
"""
TEST = """\
tests:
    - name: True Positive Test
      attack_data:
          - data: door.log
            source: door
            sourcetype: door_log
"""
TAGS = """\
tags:
    analytic_story: [Doors]
    asset_type: Endpoint
    mitre_attack_id: [T1021.004]
    product: [Splunk Enterprise, Splunk Enterprise Security, Splunk Cloud]
    security_domain: endpoint
"""
OBSERVABLE = f"""{COMMON}date: '2024-09-30'
type: TTP
{TAGS}    confidence: 80
    impact: 50
    risk_score: 40
    message: $user$ opened $dest$
    observable:
    - {{name: dest, type: Hostname, role: [Victim]}}
    - {{name: user, type: User, role: [Attacker]}}
    required_fields: [_time]
    atomic_guid: []
{TEST}"""
RBA = f"""{COMMON}date: '2026-03-10'
type: TTP
rba:
    message: $user$ opened $dest$
    risk_objects:
        - {{field: dest, type: system, score: 40}}
    threat_objects:
        - {{field: user, type: user}}
{TAGS}{TEST}"""
FINDING = f"""{COMMON}creation_date: '2025-07-11'
modification_date: '2026-05-13'
type: TTP
finding:
    title: $user$ opened $dest$
    entity:
        field: dest
        type: system
        score: 40
threat_objects:
    - field: user
      type: user
analytic_story:
    - Doors
asset_type: Endpoint
mitre_attack_id:
    - T1021.004
product:
    - Splunk Enterprise
    - Splunk Enterprise Security
    - Splunk Cloud
category: endpoint
security_domain: endpoint
{TEST}      test_type: unit
"""
NEW_HEADER = f"version: 4\ncreation_date: '2024-05-22'\nmodification_date: '2026-05-13'\nauthor: A\nid: {UUID[:-1]}"


def root(tmp_path: Path, detection: str, **files: str) -> Path:
    write(tmp_path / "detections" / "endpoint" / "door_opened.yml", detection)
    write(tmp_path / "detections" / "endpoint" / "door.log", "action=opened\n")
    files = {"macros/my_logs.yml": "name: my_logs\ndefinition: sourcetype=door_log\n"} | files
    for name, text in files.items():
        write(tmp_path / name, text)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "dialect"), [(OBSERVABLE, Dialect.OBSERVABLE), (RBA, Dialect.RBA), (FINDING, Dialect.FINDING)]
)
def test_a_detection_of_each_dialect_is_told_apart_and_says_the_same(
    tmp_path: Path, text: str, dialect: Dialect
) -> None:
    content = load_content(root(tmp_path, text))
    (detection,) = content.detections
    assert content.problems == ()
    assert detection.dialect is dialect
    assert [(each.field, each.type, each.score) for each in detection.risk.objects] == [("dest", "system", 40)]
    assert detection.risk.threats == (ThreatObject("user", "user"),)
    assert detection.risk.message == "$user$ opened $dest$"
    assert detection.creates_risk
    assert isinstance(detection.notable, Notable)
    knowledge = Knowledge([*map(load_app, shipped_apps()), content_app(content)])
    assert validate(content, knowledge) == []


def test_a_finding_has_its_own_title(tmp_path: Path) -> None:
    (detection,) = load_content(root(tmp_path, FINDING)).detections
    assert detection.notable is not None
    assert detection.notable.title == "$user$ opened $dest$"
    assert detection.risk.objects == (RiskObject("dest", "system", 40, "$user$ opened $dest$"),)


def test_the_files_beside_detections_of_the_newest_tool_are_read_as_they_are(tmp_path: Path) -> None:
    files = {
        "build.yml": (
            "author: A\nauthor_email: a@b.c\ncontent_prefix: ESCU\nlabel: ES Content Updates\napp_version: 6.6.0\n"
            "description: D\nid: DA-ESS-ContentUpdate\n"
            "external_app_content:\n    - app_name: Enterprise Security\n      macros: [get_whois]\n"
            "      lookups: [asset_lookup]\n"
        ),
        "schedules/default.yml": (
            f"name: Default EventBasedDetection\n{NEW_HEADER}5\ncron_schedule: 5 * * * *\nearliest_time: -75m@m\n"
            "latest_time: -15m@m\nschedule_window: auto\n"
        ),
        "data_sources/door_log.yml": (
            f"name: Door Log\n{NEW_HEADER}1\nsource: door\nsourcetype: door_log\nlogsource:\n  product: door\n"
            "supported_TA: []\nfields: [dest, user]\noutput_fields: [dest]\n"
        ),
        "lookups/kvstore/known_doors.yml": (
            f"name: known_doors\n{NEW_HEADER}2\nlookup_type: kvstore\nfields:\n    - _key\n    - dest\n"
        ),
        "lookups/csv/door_names.yml": (
            f"name: door_names\n{NEW_HEADER}3\nlookup_type: csv\ndefault_match: 'false'\n"
            "match_type:\n    - WILDCARD(dest)\nmin_matches: 1\ncase_sensitive_match: false\n"
        ),
        "lookups/csv/door_names.csv": "dest,label\nd*,door\n",
        "baselines/usual_doors.yml": (
            f"name: Usual Doors\n{NEW_HEADER}4\nstatus: production\nsearch: '`my_logs` | lookup door_names dest "
            "| stats count by dest | outputlookup known_doors'\nproduct: [Splunk Cloud]\nsecurity_domain: audit\n"
            "custom_schedule:\n    cron_schedule: 0 2 * * 0\n    earliest_time: -30d@d\n    latest_time: -1d@d\n"
        ),
    }  # fmt: skip
    text = FINDING.replace("action=opened", "action=opened `get_whois(dest)` | lookup asset_lookup dest OUTPUT x")
    content = load_content(root(tmp_path, text, **files))
    assert content.problems == ()
    assert (content.app.label, content.app.id, content.app.version) == ("ESCU", "DA-ESS-ContentUpdate", "6.6.0")
    (detection,) = content.detections
    assert (detection.schedule.cron, detection.schedule.earliest) == ("5 * * * *", "-75m@m")
    knowledge = Knowledge([*map(load_app, shipped_apps()), content_app(content)])
    assert validate(content, knowledge) == []


def test_the_label_is_that_of_contentctl_yml(tmp_path: Path) -> None:
    app = "path: .\napp:\n  uid: 3449\n  appid: my_app\n  version: 1.2.3\n  label: MINE\nmode: {}\napps: []\n"
    content = load_content(root(tmp_path, RBA, **{"contentctl.yml": app}))
    assert (content.app.label, content.app.id, content.app.version) == ("MINE", "my_app", "1.2.3")
