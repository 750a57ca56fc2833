"""``harness fields``: datasets as they come, what is made of them, and what is said about data that is broken."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.command import Ended, harness
from tests.corpus import require_corpus
from tests.replay.test_windows_json import NXLOG, WINLOGBEAT

ROOT = Path(__file__).resolve().parents[2]
NET = ROOT / "detections/endpoint/network_connection_discovery_with_net.yml"
LOG = ROOT / "attack_data/T1049/net_use/windows-sysmon.log"
SYSMON = "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"
XML = ("--sourcetype", "XmlWinEventLog", "--source", SYSMON)


def fields(folder: Path, name: str, data: bytes, *arguments: str | Path) -> Ended:
    (folder / name).write_bytes(data)
    return harness("fields", name, *arguments, cwd=folder)


def zipped(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("a.log", LOG.read_bytes(), id="log"),
        pytest.param("a.log.gz", gzip.compress(LOG.read_bytes(), mtime=0), id="gz"),
        pytest.param("a.zip", zipped("a.log", LOG.read_bytes()), id="zip"),
    ],
)
def test_a_log_is_shown_packed_or_not(tmp_path: Path, name: str, data: bytes) -> None:
    ended = fields(tmp_path, name, data, *XML)
    assert (ended.code, ended.err) == (0, "")
    assert f"{name}: 9 events of 1 kind\n\nms-sysmon-process, windows_event_signature: 9 events of Xml" in ended.out
    assert "tags: process, report, track_event_signatures" in ended.out
    assert "data model Endpoint.Processes: 9 events\n    filled: action, dest, original_file_name, os" in ended.out


@pytest.mark.parametrize("event", [NXLOG, WINLOGBEAT], ids=["nxlog", "winlogbeat"])
def test_windows_events_of_collectors_are_those_of_windows(tmp_path: Path, event: dict[str, object]) -> None:
    ended = fields(tmp_path, "a.json", json.dumps([event, event]).encode())
    assert (ended.code, ended.err) == (0, "")
    assert "ms-sysmon-process, windows_event_signature: 2 events of XmlWinEventLog" in ended.out
    assert "data model Endpoint.Processes: 2 events" in ended.out


@pytest.mark.corpus
def test_an_evtx_file_needs_nothing_said(tmp_path: Path) -> None:
    ended = harness("fields", require_corpus() / "evtx" / "hh_decompile_Security.evtx", cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert "265 events of 8 kinds" in ended.out
    assert "data model Endpoint.Processes: 56 events" in ended.out


def test_a_json_array_and_a_table_are_shown_by_event_type(tmp_path: Path) -> None:
    events = [
        {"CreationTime": "2025-05-08T06:31:02", "Operation": "Set-Mailbox", "Workload": "Exchange"},
        {"CreationTime": "2025-05-08T06:31:03", "Operation": "UserLoginFailed", "Workload": "AzureActiveDirectory"},
    ]
    ended = fields(tmp_path, "a.json", json.dumps(events).encode(), "--sourcetype", "o365:management:activity")
    assert "a.json: 2 events of 2 kinds" in ended.out
    assert "o365_account_management: 1 event of o365:management:activity" in ended.out
    assert "data model Authentication.Failed_Authentication: 1 event\n" in ended.out
    ended = fields(tmp_path, "a.csv", b"time,user\n2025-05-08T06:31:02Z,bob\n", "--sourcetype", "csv")
    assert "no event type: 1 event of csv\n  in no data model" in ended.out
    assert [line.split() for line in ended.out.splitlines() if line.startswith(" user ")] == [["user", "1", "1", "bob"]]


def test_what_a_detection_asks_for_and_the_data_lacks_is_named(tmp_path: Path) -> None:
    ended = fields(tmp_path, "a.json", json.dumps(WINLOGBEAT).encode(), "--for", NET)
    said = ended.out.partition("Network Connection Discovery With Net")[2]
    assert said.splitlines() == [
        " asks for 8 fields, of which the data in Endpoint.Processes lacks 4.",
        "  missing: original_file_name (tstats); made by the model",
        "  missing: user (tstats); made by the model",
        "  missing: parent_process (tstats); made by the model",
        "  missing: parent_process_id (tstats)",
    ]


def test_a_model_over_none_of_the_data_is_named_before_its_fields(tmp_path: Path) -> None:
    ended = fields(tmp_path, "a.log", b"2025-05-08T06:31:02Z a=1\n", "--sourcetype", "mine", "--for", NET)
    said = " asks for 8 fields of Endpoint.Processes, which has no event here."
    assert f"Network Connection Discovery With Net{said}" in ended.out


def test_the_fields_that_a_model_makes_are_told_apart_and_its_children_show_only_their_own(tmp_path: Path) -> None:
    event = {"CreationTime": "2025-05-08T06:31:03", "Operation": "UserLoginFailed", "Workload": "AzureActiveDirectory"}
    ended = fields(tmp_path, "a.json", json.dumps([event]).encode(), "--sourcetype", "o365:management:activity")
    parent, _, child = ended.out.partition("data model Authentication.Failed_Authentication: 1 event\n")
    assert "    made by the model: src, src_user, user" in parent
    assert not child.startswith("    filled")


def test_events_that_speak_of_an_error_are_no_kind_of_their_own(tmp_path: Path) -> None:
    data = b"2025-05-08T06:31:02Z a=1 ok\n2025-05-08T06:31:03Z a=1 error\n"
    ended = fields(tmp_path, "a.log", data, "--sourcetype", "mine")
    assert "a.log: 2 events of 1 kind\n\nno event type: 2 events of mine\n  tags: error" in ended.out


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (LOG.read_bytes(), f"add --sourcetype XmlWinEventLog --source '{SYSMON}'"),
        (b"05/08/2025 06:31:02 AM\r\nLogName=Security\r\nEventCode=1102\r\n",
         "add --sourcetype WinEventLog --source 'WinEventLog:Security'"),
        (b"a b c\n", "add --sourcetype, for example --sourcetype XmlWinEventLog"),
    ],
    ids=["xml", "text", "other"],
)  # fmt: skip
def test_what_a_dataset_looks_like_is_proposed_as_its_source_type(tmp_path: Path, data: bytes, hint: str) -> None:
    ended = fields(tmp_path, "a.log", data)
    assert (ended.code, "no source type for a.log" in ended.err, hint in ended.err) == (2, True, True)


def test_broken_data_is_kept_counted_and_named(tmp_path: Path) -> None:
    first, second, *_ = LOG.read_bytes().splitlines()
    data = b"\xef\xbb\xbf" + b"\r\n".join([first, second[:700], first.replace(b"FIN-WS", b"\xffIN\x00WS"), second])
    ended = fields(tmp_path, "a.log", data, *XML)
    assert ended.code == 0
    assert "a.log: 4 events" in ended.out
    assert f"warning: {SYSMON}: line 3: not UTF-8; the bytes are kept as \\xNN" in ended.err
    assert f"warning: {SYSMON}: line 3: NUL bytes; kept as \\x00" in ended.err
    assert f"warning: {SYSMON}: event 2: the XML ends before </Event>; fields may be missing" in ended.err


def test_json_that_breaks_off_is_named(tmp_path: Path) -> None:
    data = b'{"t": "2025-05-08T06:31:02Z"} x\n{"t": "2025-05-08T06:31:03Z", "a": {"b": 2}\n'
    ended = fields(tmp_path, "a.log", data, "--sourcetype", "_json")
    assert "warning: a.log: event 2: the JSON ends before its closing brace; fields may be missing" in ended.err
    assert "event 1" not in ended.err


def test_a_line_that_has_no_end_is_cut_and_said_so(tmp_path: Path) -> None:
    ended = fields(tmp_path, "a.log", b"2025-05-08T06:31:02Z " + b"x" * 50_000_000, "--sourcetype", "mine")
    assert (ended.code, "a.log: 1 event of 1 kind" in ended.out) == (0, True)
    assert "warning: a.log: event 1: longer than TRUNCATE = 10000 bytes; the rest is cut off" in ended.err


def test_a_wrong_source_type_is_seen_by_the_times_that_are_not_found(tmp_path: Path) -> None:
    ended = fields(tmp_path, "a.log", b'{"a": 1}\n{"a": 2}\n', "--sourcetype", "OktaIM2:log")
    assert "a.log: 2 events" in ended.out
    assert "warning: a.log: event 1 and 1 more: no time found" in ended.err


def test_a_source_type_whose_rules_read_nothing_is_doubted(tmp_path: Path) -> None:
    text = b"Jan  1 00:00:01 h sshd[1]: Failed password for root from 192.0.2.1 port 22 ssh2\n"
    wrong = fields(tmp_path, "a.log", text, "--sourcetype", "cisco:asa")
    assert "warning: the rules of the source type cisco:asa find no field in any of its events" in wrong.err
    right = fields(tmp_path, "a.log", text, "--sourcetype", "linux_secure")
    assert "warning" not in right.err


def test_a_source_type_that_no_app_knows_is_named(tmp_path: Path) -> None:
    ended = fields(tmp_path, "a.log", b"2025-05-08T06:31:02Z a=1\n", "--sourcetype", "mine")
    assert "warning: no app has settings for the source type mine: is its add-on missing?" in ended.err


def test_broken_lines_and_rules_of_an_app_are_named_and_its_refusals_counted(tmp_path: Path) -> None:
    (tmp_path / "TA-mine" / "default").mkdir(parents=True)
    (tmp_path / "TA-mine" / "default" / "props.conf").write_text(
        "this is no setting\n[mine]\nSHOULD_LINEMERGE = false\nTRANSFORMS-drop = drop\nEXTRACT-bad = (?<user>\n"
    )
    (tmp_path / "TA-mine" / "default" / "transforms.conf").write_text(
        "[drop]\nREGEX = noise\nDEST_KEY = queue\nFORMAT = nullQueue\n"
    )
    data = b"2025-05-08T06:31:02Z a=1\n2025-05-08T06:31:03Z noise\n2025-05-08T06:31:04Z a=2\n"
    ended = fields(tmp_path, "a.log", data, "--sourcetype", "mine", "--app", "TA-mine")
    assert "a.log: 2 events of 1 kind" in ended.out
    assert "warning: 1 event refused: a rule sends it to the null queue" in ended.err
    assert "TA-mine/default/props.conf:1" in ended.err
    assert "TA-mine/default/props.conf:5" in ended.err


def test_fields_that_cannot_be_told_are_named_and_the_others_shown(tmp_path: Path) -> None:
    (tmp_path / "TA-mine" / "default").mkdir(parents=True)
    (tmp_path / "TA-mine" / "default" / "props.conf").write_text(
        '[mine]\nSHOULD_LINEMERGE = false\nEVAL-odd = mvmap(a, a="1")\nEVAL-age = now() - _time\nEVAL-fine = a * 2\n'
    )
    data = b"2025-05-08T06:31:02Z a=1\n2025-05-08T06:31:03Z a=2\n"
    ended = fields(tmp_path, "a.log", data, "--sourcetype", "mine", "--app", "TA-mine")
    assert ended.code == 0
    assert [line.split()[:3] for line in ended.out.splitlines() if line.startswith(" fine ")] == [["fine", "2", "2"]]
    refused = ended.out.partition("Not told, and refused in a search that reads them:\n")[2].splitlines()
    assert refused[0] == "  age: The calculated field 'age' asks for the time of the search."
    assert refused[1].startswith("  odd: ")
    assert "TA-mine/default/props.conf:3: [mine] EVAL-odd: mvmap" in refused[1]
