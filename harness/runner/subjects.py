"""From a detection of the content to what the runner tests."""

from __future__ import annotations

import json
from pathlib import Path

from harness.content.models import Detection
from harness.runner.record import DetectionRecord
from harness.runner.schedule import Schedule
from harness.runner.subject import Alert, SavedSearch, Subject

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
        ),
    )


def relative(path: Path, root: Path) -> str:
    """The path below the root, with slashes; the whole path where it is not below."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def _alert(detection: Detection) -> Alert:
    risk = detection.risk
    return Alert(
        risk=detection.creates_risk,
        notable=detection.notable is not None,
        message=risk.message,
        risk_objects=risk.objects,
        threat_objects=risk.threats,
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
        }
    return settings


def _severity(detection: Detection) -> str:
    if not detection.risk.objects:
        return "high"
    worst = max(item.score for item in detection.risk.objects)
    return next((name for limit, name in _SEVERITIES if worst <= limit), "critical")
