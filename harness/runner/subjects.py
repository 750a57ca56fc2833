"""From a detection of the content to what the runner tests."""

from __future__ import annotations

import json
import re
from pathlib import Path

from harness.content.models import Detection, Drilldown
from harness.content.root import relative
from harness.runner.record import DetectionRecord
from harness.runner.schedule import Schedule
from harness.runner.subject import Alert, SavedSearch, Subject

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SEVERITIES = ((20, "informational"), (40, "low"), (60, "medium"), (80, "high"), (100, "critical"))


def subject_of(detection: Detection, root: Path, label: str, evidence: str = "") -> Subject:
    """``label`` is that of the content's app, which begins the names of its saved searches; ``evidence`` is the digest
    that its verdicts rest on."""
    return Subject(
        header=DetectionRecord(
            name=detection.name,
            id=detection.id,
            version=detection.version,
            type=detection.type,
            status=detection.status,
            file=relative(detection.file, root),
            sha256=detection.sha256,
            search=detection.search,
            data_source=detection.data_sources,
            mitre_attack=detection.mitre_attack_ids,
            manual_test=detection.manual_test,
            evidence=evidence,
        ),
        path=detection.file,
        search=detection.search,
        alert=_alert(detection),
        saved_search=SavedSearch(
            name=f"{label} - {detection.name} - Rule",
            schedule=Schedule(
                detection.schedule.cron,
                detection.schedule.earliest,
                detection.schedule.latest,
                detection.schedule.window,
            ),
            settings=_settings(detection, label),
            throttle_fields=detection.throttling.fields if detection.throttling else (),
            throttle_seconds=seconds_of(detection.throttling.period) if detection.throttling else 0.0,
        ),
    )


def _alert(detection: Detection) -> Alert:
    risk = detection.risk
    return Alert(
        risk=detection.creates_risk,
        notable=detection.notable is not None,
        message=risk.message,
        risk_objects=risk.objects,
        threat_objects=risk.threats,
        title=detection.notable.title if detection.notable is not None else "",
        annotations=tuple(
            (name, values)
            for name, values in (
                ("analyticstories", detection.analytic_stories),
                ("annotations.mitre_attack", detection.mitre_attack_ids),
            )
            if values
        ),
        drilldowns=detection.drilldowns,
    )


def _settings(detection: Detection, label: str) -> dict[str, str]:
    annotations = {
        "analytic_story": list(detection.analytic_stories),
        "mitre_attack": list(detection.mitre_attack_ids),
        "data_source": list(detection.data_sources),
        "id": detection.id,
        "type": detection.type,
        "version": str(detection.version),
    }
    settings = {
        "description": detection.description,
        "action.correlationsearch.enabled": "1",
        "action.correlationsearch.label": f"{label} - {detection.name} - Rule",
        "action.correlationsearch.detection_type": "ebd",
        "action.correlationsearch.annotations": json.dumps(annotations),
    }
    if detection.throttling is not None:
        settings |= {
            "alert.suppress": "1",
            "alert.suppress.fields": ",".join(detection.throttling.fields),
            "alert.suppress.period": detection.throttling.period,
        }
    if detection.notable is not None:
        settings |= {
            "action.notable.param.rule_title": detection.notable.title,
            "action.notable.param.rule_description": detection.notable.description,
            "action.notable.param.nes_fields": ",".join(detection.notable.fields),
            "action.notable.param.security_domain": detection.security_domain,
            "action.notable.param.severity": _severity(detection),
            "action.notable.param.drilldown_searches": json.dumps([_drilldown(each) for each in detection.drilldowns]),
        }
    return settings


def _drilldown(drilldown: Drilldown) -> dict[str, str]:
    return {
        "name": drilldown.name,
        "search": drilldown.search,
        "earliest_offset": drilldown.earliest,
        "latest_offset": drilldown.latest,
    }


def seconds_of(period: str) -> float:
    """The seconds of a period such as ``86400s``, ``24h`` or ``1d``; 0 for what is none, which a static rule tells."""
    found = re.fullmatch(r"([0-9]+)([smhd])", period)
    return int(found[1]) * _UNITS[found[2]] if found is not None else 0.0


def _severity(detection: Detection) -> str:
    if not detection.risk.objects:
        return "high"
    worst = max(item.score for item in detection.risk.objects)
    return next((name for limit, name in _SEVERITIES if worst <= limit), "critical")
