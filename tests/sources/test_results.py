"""Rows that a real Splunk returned for searches over Sysmon events: our add-on gives the events those values.

The events themselves were not recorded. Each row holds what is needed to write the event it came from, as Sysmon writes
it; a value of ``unknown`` or ``null`` is what the data model shows for a field that the event lacks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from harness.knowledge.knowledge import Knowledge, Metadata, shipped_apps
from harness.values.values import texts
from tests.corpus import require_corpus

pytestmark = pytest.mark.corpus

CHANNEL = "Microsoft-Windows-Sysmon/Operational"
ABSENT = ("unknown", "null", None)

REGISTRY = (
    "action", "dest", "process_guid", "process_id", "registry_hive", "registry_path", "registry_key_name",
    "registry_value_data", "registry_value_name", "registry_value_type", "status", "user", "vendor_product",
)  # fmt: skip
PROCESS = (
    "action", "dest", "original_file_name", "parent_process", "parent_process_exec", "parent_process_guid",
    "parent_process_id", "parent_process_name", "parent_process_path", "process", "process_exec", "process_guid",
    "process_hash", "process_id", "process_name", "process_path", "user", "vendor_product",
)  # fmt: skip


def event(number: int, computer: str, data: Mapping[str, str]) -> str:
    values = "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in data.items() if value not in ABSENT)
    return (
        f"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><EventID>{number}</EventID>"
        f"<Channel>{CHANNEL}</Channel><Computer>{computer}</Computer></System><EventData>{values}</EventData></Event>"
    )


def with_user(data: dict[str, str], row: Mapping[str, str]) -> dict[str, str]:
    return data if row["user"] in ABSENT else {**data, "User": f"DOMAIN\\{row['user']}"}


def registry_event(row: Mapping[str, str]) -> str:
    details = row["registry_value_data"]
    if row["registry_value_type"] not in ABSENT:
        details = f"{row['registry_value_type'].removeprefix('REG_')} ({details})"
    data = {
        "UtcTime": "2023-11-23 08:42:20.000",
        "ProcessGuid": row["process_guid"],
        "ProcessId": row["process_id"],
        "TargetObject": row["registry_path"],
        "Details": details,
    }
    return event(13, row["dest"], with_user(data, row))


def process_event(row: Mapping[str, str]) -> str:
    data = {
        "UtcTime": "2023-11-23 08:42:20.000",
        "ProcessGuid": row["process_guid"],
        "ProcessId": row["process_id"],
        "Image": row["process_path"],
        "OriginalFileName": row["original_file_name"],
        "CommandLine": row["process"],
        "IntegrityLevel": row["process_integrity_level"],
        "Hashes": row["process_hash"],
        "ParentProcessGuid": row["parent_process_guid"],
        "ParentProcessId": row["parent_process_id"],
        "ParentImage": row["parent_process_path"],
        "ParentCommandLine": row["parent_process"],
    }
    return event(1, row["dest"], with_user(data, row))


def recorded(needed: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    """The rows with all those fields, each with one value."""
    with (require_corpus() / "splunk_results.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            for row in json.loads(line)["results"]:
                if all(isinstance(row.get(name), str) for name in needed):
                    yield row


@pytest.mark.parametrize(
    ("names", "write", "at_least"),
    [
        pytest.param(REGISTRY, registry_event, 200, id="registry"),
        pytest.param(PROCESS, process_event, 50, id="process"),
    ],
)
def test_events_have_the_values_that_splunk_showed(names: tuple[str, ...], write: Any, at_least: int) -> None:
    rows = list(recorded(names))
    assert len(rows) >= at_least
    knowledge = Knowledge.load(shipped_apps())
    metadata = Metadata("collector", f"XmlWinEventLog:{CHANNEL}", "XmlWinEventLog")
    body = "\n".join(write(row) for row in rows).encode()
    found = knowledge.search_time(knowledge.index_time(body, metadata, 1_750_000_000.0).frame).to_rows()
    assert len(found) == len(rows)
    for ours, theirs in zip(found, rows, strict=True):
        values = {name: None if ours.get(name) is None else next(iter(texts(ours[name]))) for name in names}
        assert values == {name: None if theirs[name] in ABSENT else theirs[name] for name in names}
