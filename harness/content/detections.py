"""One detection's YAML, in any of three dialects, into a :class:`Detection`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.content import shapes
from harness.content.detection_tests import read_test
from harness.content.fields import Fields
from harness.content.models import (
    Deployment,
    Detection,
    Dialect,
    Drilldown,
    Notable,
    Risk,
    RiskObject,
    ScheduleConfig,
    ThreatObject,
    Throttling,
)
from harness.content.models import Problem as ContentProblem
from harness.content.sigma import Conversion
from harness.content.yaml_document import YamlDocument

TYPES: Final = ("TTP", "Anomaly", "Hunting", "Correlation")
DEFAULT_SCHEDULE: Final = "Default EventBasedDetection"
"""The schedule by which contentctl-ng runs every detection that names no other."""

_RISK_TYPES: Final = {
    "system": ("device", "endpoint", "hostname", "ip address", "ipaddress", "system"),
    "user": ("email", "email address", "user", "user name", "username"),
}
_THREAT_TYPES: Final = {
    "process name": "process_name",
    "parent process": "parent_process",
    "parent process name": "parent_process_name",
    "file name": "file_name",
    "file": "file_name",
    "url string": "url",
    "url": "url",
    "ip address": "ip_address",
    "hostname": "system",
    "process": "process",
    "command": "command",
    "user": "user",
    "domain": "domain",
    "registry key": "registry_path",
}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What detections refer to: deployments by detection type, schedules by name, the names of baselines, and how Sigma
    rules are converted."""

    deployments: Mapping[str, Deployment]
    schedules: Mapping[str, ScheduleConfig]
    baselines: frozenset[str] = frozenset()
    sigma: Conversion = field(default_factory=Conversion)


def read_detection(
    document: YamlDocument, data: bytes, defaults: Defaults, problems: list[ContentProblem]
) -> Detection:
    """Read what is there; whatever is missing or wrong is among the problems."""
    fields = Fields(document, problems)
    tags = fields.inner("tags")
    dialect = dialect_of(fields)
    # Tools of that time let further keys pass, and published content has some.
    severity = "warning" if dialect is Dialect.OBSERVABLE else "error"
    fields.unknown(shapes.Detection, "a detection", severity)
    tags.unknown(shapes.Tags, "tags", severity)
    kind = fields.text("type", required=True)
    deployment = defaults.deployments.get(kind)
    risk = _risk(fields, tags, dialect)
    return Detection(
        name=fields.text("name", required=True),
        id=fields.text("id", required=True),
        version=fields.integer("version", required=True),
        date=fields.text("modification_date") or fields.text("creation_date") or fields.text("date", required=True),
        author=fields.text("author", required=True),
        status=fields.text("status", required=True),
        type=kind,
        description=fields.text("description", required=True),
        search=fields.text("search", required=True),
        file=document.path,
        sha256=hashlib.sha256(data).hexdigest(),
        dialect=dialect,
        data_sources=fields.texts("data_source"),
        references=fields.texts("references"),
        how_to_implement=fields.text("how_to_implement"),
        known_false_positives=fields.text("known_false_positives"),
        risk=risk,
        notable=_notable(fields, dialect, deployment),
        creates_risk=_creates_risk(fields, dialect, kind, deployment),
        schedule=_schedule(fields, deployment, defaults.schedules),
        throttling=_throttling(tags),
        drilldowns=tuple(_drilldown(each) for each in fields.each("drilldown_searches")),
        analytic_stories=fields.texts("analytic_story") or tags.texts("analytic_story"),
        mitre_attack_ids=fields.texts("mitre_attack_id") or tags.texts("mitre_attack_id"),
        cves=fields.texts("cve") or tags.texts("cve"),
        asset_type=fields.text("asset_type") or tags.text("asset_type"),
        security_domain=fields.text("security_domain") or tags.text("security_domain"),
        manual_test=tags.text("manual_test"),
        tests=tuple(read_test(each, defaults.baselines) for each in fields.each("tests")),
        lines=document.top_lines(),
        document=document.data,
    )


def dialect_of(fields: Fields) -> Dialect:
    if any(map(fields.has, ("finding", "intermediate_findings", "creation_date", "modification_date"))):
        return Dialect.FINDING
    if not fields.has("rba") and fields.inner("tags").data.keys() & {"observable", "risk_score", "message"}:
        return Dialect.OBSERVABLE
    return Dialect.RBA


# --- risk -------------------------------------------------------------------------------------------------------------


def _risk(fields: Fields, tags: Fields, dialect: Dialect) -> Risk:
    if dialect is Dialect.RBA:
        return _rba_risk(fields.inner("rba")) if fields.has("rba") else Risk()
    if dialect is Dialect.FINDING:
        return _finding_risk(fields)
    return _observable_risk(tags)


def _rba_risk(rba: Fields) -> Risk:
    rba.unknown(shapes.Rba, "rba")
    return Risk(rba.text("message", required=True), tuple(map(_risk_object, rba.each("risk_objects"))), _threats(rba))


def _risk_object(fields: Fields) -> RiskObject:
    fields.unknown(shapes.RiskObject, "a risk object")
    return RiskObject(
        fields.text("field", required=True), fields.text("type", required=True), fields.integer("score", required=True)
    )


def _threats(fields: Fields) -> tuple[ThreatObject, ...]:
    return tuple(map(_threat_object, fields.each("threat_objects")))


def _threat_object(fields: Fields) -> ThreatObject:
    fields.unknown(shapes.ThreatObject, "a threat object")
    return ThreatObject(fields.text("field", required=True), fields.text("type", required=True))


def _finding_risk(fields: Fields) -> Risk:
    objects: list[RiskObject] = []
    message = ""
    for each in fields.inner("intermediate_findings").each("entities"):
        message = message or each.text("message")
        objects.append(_entity(each))
    finding = fields.inner("finding")
    if finding.has("entity"):
        message = message or finding.text("title")
        objects.append(_entity(finding.inner("entity"), finding.text("title")))
    return Risk(message, tuple(objects), _threats(fields))


def _entity(fields: Fields, message: str = "") -> RiskObject:
    fields.unknown(shapes.Entity, "an entity")
    return RiskObject(
        fields.text("field", required=True),
        fields.text("type", required=True),
        fields.integer("score", required=True),
        fields.text("message") or message,
    )


def _observable_risk(tags: Fields) -> Risk:
    """Victims are risk objects, attackers threat objects; the score is confidence times impact."""
    score = tags.rounded("risk_score") or round(tags.rounded("confidence") * tags.rounded("impact") / 100)
    objects: list[RiskObject] = []
    threats: list[ThreatObject] = []
    for each in tags.each("observable"):
        name, kind = each.text("name", required=True), each.text("type", required=True)
        roles = {role.lower() for role in each.texts("role")}
        if "victim" in roles:
            objects.append(RiskObject(name, _risk_type(kind), score))
        else:
            threats.append(ThreatObject(name, _THREAT_TYPES.get(kind.lower(), kind.lower().replace(" ", "_"))))
    return Risk(tags.text("message"), tuple(objects), tuple(threats))


def _risk_type(kind: str) -> str:
    return next((name for name, kinds in _RISK_TYPES.items() if kind.lower() in kinds), "other")


def _notable(fields: Fields, dialect: Dialect, deployment: Deployment | None) -> Notable | None:
    if dialect is Dialect.FINDING:
        finding = fields.inner("finding")
        if not fields.has("finding"):
            return None
        return Notable(finding.text("title", required=True), fields.text("description"), fields.texts("nes_fields"))
    if deployment is None or deployment.notable is None:
        return None
    values = {"%name%": fields.text("name"), "%description%": fields.text("description")}
    return Notable(
        _filled(deployment.notable.title, values),
        _filled(deployment.notable.description, values),
        deployment.notable.fields,
    )


def _filled(template: str, values: Mapping[str, str]) -> str:
    for mark, value in values.items():
        template = template.replace(mark, value)
    return template


def _creates_risk(fields: Fields, dialect: Dialect, kind: str, deployment: Deployment | None) -> bool:
    if dialect is Dialect.FINDING:
        return fields.has("intermediate_findings") or (fields.has("finding") and kind == "TTP")
    return deployment is not None and deployment.creates_risk


# --- schedule, drilldowns, tests --------------------------------------------------------------------------------------


def _schedule(fields: Fields, deployment: Deployment | None, schedules: Mapping[str, ScheduleConfig]) -> ScheduleConfig:
    default = deployment.schedule if deployment is not None else ScheduleConfig()
    default = schedules.get(DEFAULT_SCHEDULE, default)
    name = fields.text("schedule")
    if name and name not in schedules:
        hint = "The default of the detection's type is used instead."
        fields.note("unknown-schedule", f"schedules/ has no schedule called {name!r}", "schedule", hint=hint)
    default = schedules.get(name, default)
    if fields.has("custom_schedule"):
        return read_schedule(fields.inner("custom_schedule"), default)
    return read_schedule(fields.inner("deployment").inner("scheduling"), default)


def read_schedule(fields: Fields, default: ScheduleConfig) -> ScheduleConfig:
    return ScheduleConfig(
        fields.text("cron_schedule", default=default.cron),
        fields.text("earliest_time", default=default.earliest),
        fields.text("latest_time", default=default.latest),
        fields.text("schedule_window", default=default.window),
    )


def _throttling(tags: Fields) -> Throttling | None:
    if not tags.has("throttling"):
        return None
    throttling = tags.inner("throttling")
    throttling.unknown(shapes.Throttling, "throttling")
    return Throttling(throttling.texts("fields", required=True), throttling.text("period", required=True))


def _drilldown(fields: Fields) -> Drilldown:
    fields.unknown(shapes.Drilldown, "a drilldown")
    return Drilldown(
        fields.text("name", required=True),
        fields.text("search", required=True),
        fields.text("earliest_offset"),
        fields.text("latest_offset"),
    )
