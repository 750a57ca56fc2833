"""Which props stanzas apply: the examples of the props.conf specification, "stanza patterns"."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import KnowledgeError
from harness.knowledge.conf import parse_conf
from harness.knowledge.stanzas import Props


def props(text: str) -> Props:
    def warn(warning: KnowledgeError) -> None:
        raise AssertionError(str(warning))

    return Props(parse_conf(text.encode(), Path("props.conf")).stanzas, warn)


def layers(text: str, source: str = "s", host: str = "h", sourcetype: str = "st") -> list[str]:
    """The stanzas that apply, the strongest first, without [default]."""
    return [name for name in reversed(props(text).layers(source, host, sourcetype)) if name != "default"]


def test_of_colliding_patterns_the_one_earlier_in_ascii_order_wins_and_priority_overrides() -> None:
    collision = "[source::...a...]\nsourcetype = a\n{0}[source::...z...]\nsourcetype = z\n{1}"
    assert props(collision.format("", "")).settings("az", "h", "st")["sourcetype"] == "a"
    with_priority = collision.format("priority = 5\n", "priority = 10\n")
    assert props(with_priority).settings("az", "h", "st")["sourcetype"] == "z"


def test_sources_match_in_their_case_and_hosts_in_any() -> None:
    text = "[source::/var/log/app]\na = 1\n[host::Web]\nb = 1\n[host::(?-i)db]\nc = 1\n"
    assert layers(text, source="/var/log/APP", host="WEB") == ["host::Web"]
    assert layers(text, source="/var/log/app", host="DB") == ["source::/var/log/app"]
    assert layers(text, host="db") == ["host::(?-i)db"]


@pytest.mark.parametrize(
    ("stanza", "source", "applies"),
    [
        ("source::....(?<!tar.)(gz|bz2)", "/var/log/a.gz", True),
        ("source::....(?<!tar.)(gz|bz2)", "/var/log/a.tar.gz", False),
        ("source::/var/*.log", "/var/a.log", True),
        ("source::/var/*.log", "/var/a/b.log", False),
        ("source::/var/....log", "/var/a/b.log", True),
        ("source::/var/a*log", "/var/axlog", True),
        ("source::/var/a.log", "/var/axlog", False),
        ("source::...app", "/var/app2", False),
        (r"source::c:\\logs\\app.txt", r"c:\logs\app.txt", True),
        (r"source::c:\\logs\\*.txt", r"c:\logs\app.txt", True),
        (r"source::/log/\d+.txt", "/log/12.txt", True),
        (r"source::/log/x(\d+).txt", "/log/x12.txt", True),
        ("source::udp:514", "udp:514", True),
        ("source::WinEventLog:A-B/Operational", "WinEventLog:A-B/Operational", True),
    ],
)  # fmt: skip
def test_a_source_stanza_is_a_whole_name_or_a_pattern(stanza: str, source: str, applies: bool) -> None:
    assert (layers(f"[{stanza}]\na = 1\n", source=source) == [stanza]) is applies


def test_a_source_type_is_a_pattern_only_with_its_prefix() -> None:
    assert layers("[(?::){0}app*]\na = 1\n", sourcetype="app:x") == ["(?::){0}app*"]
    assert layers("[(?::){0}app:...]\na = 1\n", sourcetype="app:x/y") == ["(?::){0}app:..."]
    assert layers("[app*]\na = 1\n", sourcetype="app:x") == []


def test_a_stanza_in_another_case_does_not_apply_to_a_source_type_and_is_reported_unless_it_allows_any() -> None:
    warnings: list[KnowledgeError] = []
    found = Props({"App": {"a": "1"}, "(?::){0}(?i)Any": {"a": "2"}}, warnings.append)
    assert [found.settings("s", "h", name) for name in ("App", "ANY", "other")] == [{"a": "1"}, {"a": "2"}, {}]
    assert not warnings
    assert found.settings("s", "h", "app") == {}
    assert [warning.message for warning in warnings] == [
        "props.conf: no stanza applies to the source type app; [App] differs in case"
    ]


def test_settings_of_all_matching_stanzas_are_layered() -> None:
    text = "[default]\na = default\nb = default\n[st]\nb = type\nc = type\n[host::h]\nc = host\nd = host\n"
    assert props(text).settings("s", "h", "st") == {"a": "default", "b": "type", "c": "host", "d": "host"}


def test_events_with_the_same_stanzas_share_one_set_of_settings() -> None:
    found = props("[source::a*]\na = 1\n")
    assert found.settings("a1", "h", "st") is found.settings("a2", "other", "st")


def test_a_pattern_that_does_not_compile_is_reported() -> None:
    warnings: list[KnowledgeError] = []
    Props({"source::a(*": {}}, warnings.append)
    assert "[source::a(*]" in warnings[0].message
