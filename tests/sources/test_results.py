"""Searches over Sysmon events, and the rows that a real Splunk returned for them: ours returns the same rows.

The events themselves were not recorded. Each row holds what is needed to write the events it came from, as Sysmon
writes them; a value of ``unknown`` or ``null`` is what the data model shows for a field that the event lacks. They are
sent over HTTP Event Collector, and each recorded search is run over REST. Counts and times say how often the recorded
data had been sent, and are not compared.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.backends.choice import load_knowledge
from harness.backends.embedded import EmbeddedBackend
from harness.client.hec import Target
from harness.content import load_content
from tests.corpus import require_corpus

pytestmark = pytest.mark.corpus

ROOT = Path(__file__).resolve().parents[2]
CHANNEL = "Microsoft-Windows-Sysmon/Operational"
ABSENT = ("unknown", "null", None)
UNCOMPARED = ("count", "firstTime", "lastTime", "_time")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recording:
    name: str
    search: str
    rows: list[Row]


def recordings() -> Iterator[Recording]:
    with (require_corpus() / "splunk_results.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            found = json.loads(line)
            # What a filter macro leaves out is up to its user; the recording server left out nothing.
            search = re.sub(r"`\w+_filter`", "search *", found["spl_query"])
            yield Recording(found["file_name"], search, found["results"])


def event(number: int, row: Row, data: Mapping[str, Any]) -> str:
    user = {} if row.get("user") in ABSENT else {"User": f"DOMAIN\\{row['user']}"}
    time = row.get("firstTime", "2023-11-23T08:42:20")
    given = {"UtcTime": f"{time.replace('T', ' ')}.000", **data, **user}
    values = "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in given.items() if value not in ABSENT)
    return (
        f"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><EventID>{number}</EventID>"
        f"<TimeCreated SystemTime='{time}.000000000Z'/><Channel>{CHANNEL}</Channel><Computer>{row['dest']}</Computer>"
        f"</System><EventData>{values}</EventData></Event>"
    )


def registry_event(row: Row, path: str, details: str) -> str:
    kind = row.get("registry_value_type")
    data = {
        "ProcessGuid": row.get("process_guid"),
        "ProcessId": row.get("process_id"),
        "TargetObject": path,
        "Details": details if kind in ABSENT else f"{kind.removeprefix('REG_')} ({details})",
    }
    return event(13, row, data)


def process_event(row: Row) -> str:
    data = {
        "ProcessGuid": row["process_guid"],
        "ProcessId": row.get("process_id"),
        "Image": row.get("process_path", row["process_name"]),
        "OriginalFileName": row.get("original_file_name"),
        "CommandLine": row.get("process", row["process_name"]),
        "IntegrityLevel": row.get("process_integrity_level"),
        "Hashes": row.get("process_hash"),
        "ParentProcessGuid": row.get("parent_process_guid"),
        "ParentProcessId": row.get("parent_process_id"),
        "ParentImage": row.get("parent_process_path", row["parent_process_name"]),
        "ParentCommandLine": row.get("parent_process"),
    }
    return event(1, row, data)


def child_event(row: Row) -> str:
    """The process that the row's process started, which a subsearch looks for."""
    data = {"Image": "C:\\Windows\\System32\\reg.exe", "ParentImage": "cmd.exe", "ParentProcessId": row["process_id"]}
    return event(1, row, data)


def events_of(row: Row, search: str) -> Iterator[str]:
    """The events that a row came from."""
    if "registry_path" in row:
        yield registry_event(row, row["registry_path"], row["registry_value_data"])
    elif isinstance(row.get("registry_value_name"), list):
        key = row["values(registry_key_name)"]
        for name in row["registry_value_name"]:
            yield registry_event(row, f"HKLM\\SOFTWARE\\Microsoft\\{key}\\{name}", "Binary Data")
    if "process_name" in row:
        yield process_event(row)
    if "Processes.process_name= reg.exe" in search:
        yield child_event(row)


def compared(row: Row) -> str:
    return json.dumps({name: value for name, value in row.items() if name not in UNCOMPARED}, sort_keys=True)


def test_recorded_searches_return_the_rows_that_splunk_returned() -> None:
    backend = EmbeddedBackend(lambda: load_knowledge((), load_content(ROOT)))
    backend.start()
    expected, equal = 0, 0
    different: list[str] = []
    for recording in recordings():
        target = Target(f"XmlWinEventLog:{CHANNEL}", "XmlWinEventLog", "main", "collector")
        lines = dict.fromkeys(line for row in recording.rows for line in events_of(row, recording.search))
        with backend.session() as session:
            session.hec.send_raw("\n".join(lines).encode(), target)
            ours = Counter(compared(row) for row in session.client.search(recording.search).rows)
        theirs = Counter(compared(row) for row in recording.rows)
        expected += theirs.total()
        equal += (theirs & ours).total()
        different += [f"{recording.name}: - {row}" for row in theirs - ours]
        different += [f"{recording.name}: + {row}" for row in ours - theirs]
    assert expected >= 300
    assert equal / expected >= 0.99, "\n".join(different)
    assert different == [], "\n".join(different)
