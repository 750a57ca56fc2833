"""What every Splunk knows without an add-on: its own transforms by their names, for add-ons to refer to and to win over
(system/default/props.conf and transforms.conf of Splunk 9.0.6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.knowledge.knowledge import Knowledge, shipped_apps
from tests.knowledge.apps import events, write_app

BUILTIN = next(path for path in shipped_apps() if path.name == "harness_builtin_sourcetypes")

EVENT_LOG = (
    "05/14/2024 10:01:02 AM\nLogName=Security\nEventCode=4720\nMessage=A user account was created.\n\n"
    "Subject:\n\tAccount Name:\t\talice\n\nNew Account:\n\tAccount Name:\t\tmallory\n\tSID History:\t\t-\n"
)


def test_an_event_of_windows_as_text_has_its_lines_and_those_of_its_message() -> None:
    (row,) = events(Knowledge.load([BUILTIN]), EVENT_LOG, sourcetype="WinEventLog", source="WinEventLog:Security")
    assert (row["LogName"], row["EventCode"]) == ("Security", "4720")
    assert (row["Account_Name"], row["SID_History"]) == (("alice", "mallory"), "-")
    assert str(row["Message"]).startswith("A user account was created.\n\nSubject:")


def test_an_add_on_orders_the_transforms_of_every_splunk_anew_by_their_names(tmp_path: Path) -> None:
    props = "[source::WinEventLog...]\nREPORT-MESSAGE =\nREPORT-0MESSAGE = wel-message, wel-eq-kv, wel-col-kv\n"
    knowledge = Knowledge.load([write_app(tmp_path, props=props), BUILTIN])
    (row,) = events(knowledge, EVENT_LOG, sourcetype="WinEventLog", source="WinEventLog:Security")
    assert row["Account_Name"] == ("alice", "mallory")
    assert knowledge.warnings == []


def test_a_change_of_the_directory_ends_where_its_input_says_so() -> None:
    text = "05/14/2024 10:01:02.340\ndcName=dc-01\nadmonEventType=Update\n\tobjectGUID=1111-2222\n\tname=Default Policy"
    first, second = events(
        Knowledge.load([BUILTIN]), f"{text}\r\n---splunk-admon-end-of-event---\r\n{text}", sourcetype="ActiveDirectory"
    )
    assert first["name"] == second["name"] == "Default Policy"
    assert first["guid_lookup"] == "1111-2222"


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("Oct 11 22:14:15 web-1 sshd[12]: x", "web-1"),
        ("Oct 11 22:14:15 user.info web-1 sshd[12]: x", "web-1"),
        ("Oct 11 22:14:15 [192.0.2.7] sshd[12]: x", "192.0.2.7"),
        pytest.param("Oct 11 22:14:15 w1 sshd[12]: x", "collector", id="a host of two characters is none"),
    ],
)
def test_the_host_of_a_syslog_line_stands_after_its_time(line: str, host: str) -> None:
    (row,) = events(Knowledge.load([BUILTIN]), line, sourcetype="syslog", host="collector")
    assert (row["host"], row["process"], row["pid"]) == (host, "sshd", "12")


def test_a_line_of_the_secure_log_keeps_the_host_that_sent_it() -> None:
    (row,) = events(
        Knowledge.load([BUILTIN]), "Oct 11 22:14:15 web-1 sshd[12]: x", sourcetype="linux_secure", host="collector"
    )
    assert (row["host"], row["process"]) == ("collector", "sshd")


def test_a_line_of_a_web_server_has_the_parts_of_its_address_and_referrer() -> None:
    line = (
        '192.0.2.7 - bob [13/Dec/2021:17:29:15 +0000] "GET /shop/cart.do?id=7 HTTP/1.1" 200 1745 '
        '"http://www.corp.example/a" "Mozilla/5.0 (X11)"'
    )
    (row,) = events(Knowledge.load([BUILTIN]), line, sourcetype="access_combined")
    expected = {
        "clientip": "192.0.2.7", "user": "bob", "method": "GET", "uri": "/shop/cart.do?id=7",
        "uri_path": "/shop/cart.do", "root": "shop", "file": "cart.do", "uri_query": "id=7", "version": "HTTP/1.1",
        "status": "200", "bytes": "1745", "referer": "http://www.corp.example/a",
        "referer_domain": "http://www.corp.example", "useragent": "Mozilla/5.0 (X11)",
    }  # fmt: skip
    assert {name: row.get(name) for name in expected} == expected
