"""Windows event log files come out as the XML that Splunk's Windows input writes."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from harness.replay.evtx import _render
from harness.replay.payload import read_payloads
from tests.corpus import require_corpus

SYSTEM = "{http://schemas.microsoft.com/win/2004/08/events/event}"


@pytest.mark.corpus
def test_every_record_of_a_recorded_sysmon_log_is_one_line_of_xml_in_the_form_splunk_writes() -> None:
    path = require_corpus() / "evtx/hh_decompile_Microsoft-Windows-Sysmon_Operational.evtx"
    (payload,) = read_payloads(path)
    assert payload.channel == "Microsoft-Windows-Sysmon/Operational"
    lines = payload.data.decode().splitlines()
    identifiers = [ElementTree.fromstring(line).findtext(f"{SYSTEM}System/{SYSTEM}EventRecordID") for line in lines]
    assert len(set(identifiers)) == len(lines) == 371
    assert lines[0].startswith(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        "<Provider Name='Microsoft-Windows-Sysmon' Guid='{5770385F-C22A-43E0-BF4C-06F5698FFBD9}'/><EventID>16</EventID>"
    )
    assert "<TimeCreated SystemTime='2022-08-31T20:39:06.551709000Z'/>" in lines[0]
    assert "<Correlation/>" in lines[0]
    assert "<Data Name='ProcessGuid'>{C2494F38-C6EA-630F-FD71-000000006A02}</Data>" in lines[1]


def test_markup_in_values_is_escaped_and_quotes_are_only_escaped_inside_attributes() -> None:
    source = """<Event><System><Provider Name="it's"></Provider></System>
      <EventData><Data Name="CommandLine">"a" &lt; b &amp; 'c'</Data><Data Name="Empty">
      </Data></EventData></Event>"""
    assert _render(ElementTree.fromstring(source)) == (
        "<Event><System><Provider Name='it&apos;s'/></System>"
        "<EventData><Data Name='CommandLine'>\"a\" &lt; b &amp; 'c'</Data><Data Name='Empty'></Data></EventData>"
        "</Event>"
    )


def test_line_breaks_and_tabs_inside_a_value_stay() -> None:
    source = "<Event><EventData><Data Name='PrivilegeList'>SeA\n\t\t\tSeB</Data></EventData></Event>"
    assert _render(ElementTree.fromstring(source)) == source
