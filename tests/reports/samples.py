"""A run record with one test of every status."""

from __future__ import annotations

from harness.runner.record import (
    AppRecord,
    BackendRecord,
    DatasetRecord,
    DetectionRecord,
    Level,
    RunRecord,
    StageRecord,
    Status,
    TestRecord,
    Tool,
    summarise,
)

SYSMON = DatasetRecord(
    data="https://example.com/datasets/T1049/windows-sysmon.log",
    source="XmlWinEventLog:Microsoft-Windows-Sysmon/Operational",
    sourcetype="XmlWinEventLog",
    sha256="0" * 64,
    events=12,
)


def sample_record() -> RunRecord:
    detections = (
        DetectionRecord(
            name="Network Connection Discovery With Net",
            id="640337e5-6e41-4b7f-af06-9d9eab5e1e2d",
            version=4,
            type="Hunting",
            status="production",
            file="detections/endpoint/network_connection_discovery_with_net.yml",
            sha256="1" * 64,
            search="| tstats count from datamodel=Endpoint.Processes by Processes.dest",
            data_source=("Sysmon EventID 1",),
            mitre_attack=("T1049",),
            results=(
                TestRecord(level=Level.VALIDATION, test="Validation", status=Status.PASS, duration_s=0.01),
                TestRecord(
                    level=Level.UNIT,
                    test="True Positive Test",
                    status=Status.PASS,
                    datasets=(SYSMON,),
                    search="| tstats count from datamodel=Endpoint.Processes by Processes.dest",
                    result_count=2,
                    rows=({"dest": "host-1", "user": ["a", "b"]}, {"dest": "host-2"}),
                    stages=(StageRecord("tstats", 2),),
                    duration_s=0.3,
                ),
            ),
        ),
        DetectionRecord(
            name="Odd | <Name> & `More`",
            id="640337e5-6e41-4b7f-af06-9d9eab5e1e2e",
            version=1,
            type="TTP",
            status="production",
            file="detections/odd.yml",
            sha256="2" * 64,
            mitre_attack=("T1049", "T1059.001"),
            manual_test="needs a domain controller",
            results=(
                TestRecord(level=Level.UNIT, test="One", status=Status.FAIL, reason="no rows\nsecond line \x07"),
                TestRecord(
                    level=Level.UNIT,
                    test="Two",
                    status=Status.ERROR,
                    reason="unsupported: [/x]",
                    datasets=(DatasetRecord("[a].log", "[b]s[/b]", "[/]", "0" * 64, 1),),
                ),
                TestRecord(level=Level.INTEGRATION, test="One", status=Status.SKIP, reason="manual test"),
            ),
        ),
    )
    return RunRecord(
        tool=Tool("harness", "0.1.0"),
        backend=BackendRecord("embedded", "10.4.0", (AppRecord("Splunk_SA_CIM", "1.0"),)),
        started="2026-01-02T03:04:05+00:00",
        duration_s=1.25,
        summary=summarise(detections),
        detections=detections,
    )
