"""Windows events that a collector wrote as JSON become the XML that Splunk reads from Windows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from harness.errors import DatasetError
from harness.replay.payload import read_payloads

SYSMON = "Microsoft-Windows-Sysmon/Operational"
NXLOG = {
    "EventTime": "2025-05-08 06:31:02", "Hostname": "ws-1.corp.example", "Keywords": -9223372036854775808,
    "EventType": "INFO", "SeverityValue": 2, "Severity": "INFO", "EventID": 1, "SourceName": "Microsoft-Windows-Sysmon",
    "ProviderGuid": "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}", "Version": 5, "Task": 1, "OpcodeValue": 0,
    "RecordNumber": 123, "ExecutionProcessID": 2604, "ExecutionThreadID": 3380, "Channel": SYSMON,
    "Domain": "NT AUTHORITY", "AccountName": "SYSTEM", "UserID": "S-1-5-18", "Message": "Process Create:",
    "UtcTime": "2025-05-08 06:31:02.345", "ProcessId": "6120", "Image": "C:\\a&b.exe", "CommandLine": "it's <x>",
    "EventReceivedTime": "2025-05-08 06:31:03", "SourceModuleName": "eventlog", "SourceModuleType": "im_msvistalog",
}  # fmt: skip
WINLOGBEAT = {
    "@timestamp": "2025-05-08T06:31:02.345Z",
    "winlog": {
        "channel": SYSMON, "computer_name": "ws-1.corp.example", "event_id": 1, "record_id": 123,
        "provider_name": "Microsoft-Windows-Sysmon", "provider_guid": "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
        "process": {"pid": 2604, "thread": {"id": 3380}}, "user": {"identifier": "S-1-5-18"},
        "event_data": {
            "UtcTime": "2025-05-08 06:31:02.345", "ProcessId": "6120", "Image": "C:\\a&b.exe",
            "CommandLine": "it's <x>",
        },
    },
}  # fmt: skip

WINLOGBEAT_6 = {
    "@timestamp": "2025-05-08T06:31:02.345Z", "beat": {"name": "collector"}, "type": "wineventlog",
    "level": "Information", "log_name": SYSMON, "computer_name": "ws-1.corp.example", "event_id": 1,
    "record_number": "123", "source_name": "Microsoft-Windows-Sysmon",
    "provider_guid": "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
    "process_id": 2604, "thread_id": 3380, "user": {"identifier": "S-1-5-18"}, "message": "Process Create:",
    "event_data": WINLOGBEAT["winlog"]["event_data"],  # type: ignore[index]
}  # fmt: skip


def write(folder: Path, *events: Any, array: bool = False) -> Path:
    path = folder / "events.json"
    path.write_text(json.dumps(events) if array else "\n".join(map(json.dumps, events)) + "\n", encoding="utf-8")
    return path


def read(text: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """The elements of ``System`` with their attributes, and the ``Data``, of the one event."""
    root = ElementTree.fromstring(text.decode().replace(" xmlns='", " x='"))
    system = {element.tag: element.text or "" for element in root[0]}
    for element in root[0]:
        system.update({f"{element.tag}.{name}": value for name, value in element.attrib.items()})
    return system, {str(element.get("Name")): element.text or "" for element in root[1]}


@pytest.mark.parametrize("array", [False, True])
@pytest.mark.parametrize("event", [NXLOG, WINLOGBEAT, WINLOGBEAT_6], ids=["nxlog", "winlogbeat", "before 7"])
@pytest.mark.parametrize("sourcetype", ["", "XmlWinEventLog"])
def test_each_collector_s_event_becomes_the_same_xml(
    tmp_path: Path, event: dict[str, Any], sourcetype: str, array: bool
) -> None:
    (payload,) = read_payloads(write(tmp_path, event, array=array), sourcetype=sourcetype)
    system, data = read(payload.data)
    assert payload.channel == SYSMON
    assert payload.data.startswith(b"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>")
    assert (system["EventID"], system["Computer"], system["EventRecordID"]) == ("1", "ws-1.corp.example", "123")
    assert system["Channel"] == SYSMON
    assert system["Provider.Name"] == "Microsoft-Windows-Sysmon"
    assert system["TimeCreated.SystemTime"] == "2025-05-08T06:31:02.345000000Z"
    assert (system["Execution.ProcessID"], system["Security.UserID"]) == ("2604", "S-1-5-18")
    assert system["Keywords"] == "0x8000000000000000"
    assert data == {
        "UtcTime": "2025-05-08 06:31:02.345",
        "ProcessId": "6120",
        "Image": "C:\\a&b.exe",
        "CommandLine": "it's <x>",
    }


@pytest.mark.parametrize(
    ("event", "keywords"),
    [
        ({**NXLOG, "Keywords": "0x8020000000000000"}, "0x8020000000000000"),
        ({**NXLOG, "Keywords": -9218868437227405312}, "0x8010000000000000"),
        ({**WINLOGBEAT_6, "keywords": ["Audit Failure"]}, "0x8010000000000000"),
        ({**WINLOGBEAT, "winlog": {**WINLOGBEAT["winlog"], "keywords": ["Audit Success"]}}, "0x8020000000000000"),  # type: ignore[dict-item]
    ],
)
def test_success_and_failure_of_an_audit_are_kept(tmp_path: Path, event: dict[str, Any], keywords: str) -> None:
    (payload,) = read_payloads(write(tmp_path, event), sourcetype="XmlWinEventLog")
    assert read(payload.data)[0]["Keywords"] == keywords


def test_a_channel_has_the_name_that_windows_gives_it(tmp_path: Path) -> None:
    (payload,) = read_payloads(write(tmp_path, {**NXLOG, "Channel": "security"}), sourcetype="XmlWinEventLog")
    assert (payload.channel, read(payload.data)[0]["Channel"]) == ("Security", "Security")


def test_a_process_of_the_event_is_no_process_that_wrote_it(tmp_path: Path) -> None:
    old = {key: value for key, value in NXLOG.items() if not key.startswith("Execution")}
    cases = [({**NXLOG, "ProcessID": "7"}, "2604", "7"), ({**old, "ProcessID": "7"}, "", "7")]
    cases.append(({**old, "ProcessID": "7", "ThreadID": "8"}, "7", None))  # as nxlog wrote it before it named them so
    for event, writer, process in cases:
        (payload,) = read_payloads(write(tmp_path, event), sourcetype="XmlWinEventLog")
        system, data = read(payload.data)
        assert (system["Execution.ProcessID"], data.get("ProcessID")) == (writer, process)


def test_the_user_data_of_an_event_is_kept(tmp_path: Path) -> None:
    event = {key: value for key, value in WINLOGBEAT_6.items() if key != "event_data"}
    event |= {"event_id": 1102, "user_data": {"xml_name": "LogFileCleared", "SubjectUserName": "alice"}}
    (payload,) = read_payloads(write(tmp_path, event), sourcetype="XmlWinEventLog")
    assert (
        b"<UserData><LogFileCleared><SubjectUserName>alice</SubjectUserName></LogFileCleared></UserData>"
        in payload.data
    )


def test_events_of_several_channels_are_told_apart(tmp_path: Path) -> None:
    security = {**NXLOG, "Channel": "Security", "SourceName": "Microsoft-Windows-Security-Auditing"}
    payloads = read_payloads(write(tmp_path, NXLOG, security, NXLOG))
    assert [(payload.channel, payload.data.count(b"<Event ")) for payload in payloads] == [(SYSMON, 2), ("Security", 1)]


def test_said_to_be_json_they_stay_json(tmp_path: Path) -> None:
    path = write(tmp_path, NXLOG)
    (payload,) = read_payloads(path, sourcetype="_json")
    assert (payload.data, payload.channel) == (path.read_bytes(), "")


def test_a_line_that_is_no_such_event_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"events\.json:2.*not a Windows event"):
        read_payloads(write(tmp_path, NXLOG, {"EventID": 1}))


def test_of_a_table_exported_from_splunk_the_events_are_sent(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text('"_time","_raw",host\n1,"May 14 a ""b"" c",x\n2,"two\nlines",x\n', encoding="utf-8-sig")
    assert [payload.data for payload in read_payloads(path, sourcetype="syslog")] == [b'May 14 a "b" c\ntwo\nlines\n']
    assert [payload.data for payload in read_payloads(path, sourcetype="csv")] == [path.read_bytes()]


def test_a_table_of_anything_else_is_sent_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("time,user\n1,bob\n", encoding="utf-8")
    assert [payload.data for payload in read_payloads(path, sourcetype="mine")] == [path.read_bytes()]
