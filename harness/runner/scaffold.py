"""The first files of a detection: it validates and passes as they are, so that every change from there is one's own."""

from __future__ import annotations

import re
import subprocess
import uuid
from datetime import UTC, date, datetime
from pathlib import Path

from harness.errors import FilePlace, UsageError

_DETECTION = """\
name: {name}
id: {id}
version: 1
date: '{date}'
author: {author}
status: production
type: TTP
description: What an attacker does, and how this search finds it.
data_source: []
search: |-
  sourcetype=_json action="suspicious"
  | stats count min(_time) as firstTime max(_time) as lastTime by dest user process
  | `{stem}_filter`
how_to_implement: Which logs are needed, and which add-on reads them.
known_false_positives: What looks the same and is none.
references:
- https://attack.mitre.org/techniques/T1059/
drilldown_searches:
- name: View the detection results for - "$user$" and "$dest$"
  search: '%original_detection_search% | search user = "$user$" dest = "$dest$"'
  earliest_offset: $info_min_time$
  latest_offset: $info_max_time$
- name: View risk events for the last 7 days for - "$user$" and "$dest$"
  search: '| from datamodel Risk.All_Risk | search risk_object IN ("$user$", "$dest$") | stats count by search_name'
  earliest_offset: -7d@d
  latest_offset: $info_max_time$
rba:
  message: $user$ ran $process$ on $dest$
  risk_objects:
  - field: dest
    type: system
    score: 50
  - field: user
    type: user
    score: 50
  threat_objects:
  - field: process
    type: process_name
tags:
  analytic_story: []
  asset_type: Endpoint
  mitre_attack_id:
  - T1059
  product:
  - Splunk Enterprise
  - Splunk Enterprise Security
  - Splunk Cloud
  security_domain: endpoint
tests:
- name: True Positive Test
  attack_data:
  - data: {data}
    source: events.json
    sourcetype: _json
  expect:
    count: "1"
- name: True Negative Test
  attack_data:
  - data: {quiet}
    source: events.json
    sourcetype: _json
  expect:
    count: "0"
"""
_EVENT = '{{"time": "{time}", "dest": "host-1", "user": "ann", "process": "a.exe", "action": "{action}"}}\n'


def new_detection(root: Path, name: str, folder: str) -> list[Path]:
    """Write a detection, data that it must find and data that it must not; the files, the detection first.

    Raises UsageError for a name without letters, and for one that is taken.
    """
    if not re.fullmatch(r"[A-Za-z0-9]+(?:[ -]+[A-Za-z0-9]+)*", name):
        # It is the name of a file, a macro and a saved search too.
        raise UsageError(
            f"{name!r} is no name for a detection: it is made of letters, digits, blanks and hyphens",
            hint="words, as in: Suspicious Logon From New Country",
        )
    stem = name.lower().replace(" ", "_").replace("-", "_")
    detections = root / "detections"
    place = (detections / folder).resolve()
    if not place.is_relative_to(detections.resolve()):
        raise UsageError(f"--folder {folder!r} leads out of the detections folder")
    path = place / f"{stem}.yml"
    data = [f"attack_data/{stem}/{kind}.json" for kind in ("attack", "benign")]
    files = [path, *(root / each for each in data)]
    for file in files:
        if file.exists():
            raise UsageError("is there already", where=FilePlace(file), hint="choose another name")
    now = datetime.now(UTC)
    text = _DETECTION.format(
        name=_quoted(name), id=uuid.uuid4(), date=now.date(), author=_quoted(_author(root)), stem=stem, data=data[0],
        quiet=data[1],
    )  # fmt: skip
    texts = [text, *(_EVENT.format(time=_time(now.date()), action=each) for each in ("suspicious", "usual"))]
    for file, content in zip(files, texts, strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return files


def _time(day: date) -> str:
    return f"{day}T12:00:00Z"


def _quoted(text: str) -> str:
    """As YAML text, whatever is in it."""
    import json

    return text if re.fullmatch(r"[A-Za-z][A-Za-z0-9 ,.-]*", text) else json.dumps(text)


def _author(root: Path) -> str:
    """Whoever git would name."""
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), "config", "user.name"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return "Author"
    return done.stdout.strip() or "Author"
