"""One detection's YAML, in any of three dialects, into a :class:`Detection`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from harness.content.fields import Fields
from harness.content.models import (
    AttackData,
    Deployment,
    Detection,
    DetectionTest,
    Dialect,
    Drilldown,
    Expectation,
    Notable,
    Risk,
    RiskObject,
    ScheduleConfig,
    ThreatObject,
    Throttling,
)
from harness.content.models import Problem as ContentProblem
from harness.content.yaml_document import YamlDocument

TYPES: Final = ("TTP", "Anomaly", "Hunting", "Correlation")
STATUSES: Final = ("production", "experimental", "deprecated", "removed")

KEYS: Final = frozenset(
    [
        "name",
        "id",
        "version",
        "date",
        "creation_date",
        "modification_date",
        "author",
        "status",
        "type",
        "description",
        "data_source",
        "search",
        "how_to_implement",
        "known_false_positives",
        "references",
        "drilldown_searches",
        "rba",
        "finding",
        "intermediate_findings",
        "threat_objects",
        "tags",
        "tests",
        "deployment",
        "enabled_by_default",
        "explanation",
        "analytic_story",
        "mitre_attack_id",
        "asset_type",
        "cve",
        "category",
        "product",
        "security_domain",
        "atomic_guid",
        "threat_group",
        "baselines",
        "schedule",
        "custom_schedule",
        "nes_fields",
        "deprecation_info",
        "suppress",
        "harness",
    ]
)
TEST_KEYS: Final = frozenset(
    ["name", "attack_data", "earliest_time", "latest_time", "test_type", "expected_results", "description", "expect"]
)
ATTACK_DATA_KEYS: Final = frozenset(
    ["data", "source", "sourcetype", "custom_index", "index", "host", "update_timestamp"]
)

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
_COUNT: Final = re.compile(
    r"\s*(?:(?P<exact>\d+)|(?P<sign>>=|<=|>|<)\s*(?P<bound>\d+)|(?P<low>\d+)\s*\.\.\s*(?P<high>\d+))\s*"
)


def read_detection(
    document: YamlDocument, data: bytes, deployments: Mapping[str, Deployment], problems: list[ContentProblem]
) -> Detection:
    """Read what is there; whatever is missing or wrong is among the problems."""
    fields = Fields(document, problems)
    fields.unknown(KEYS, "a detection")
    tags = fields.inner("tags")
    dialect = dialect_of(fields)
    kind = fields.text("type", required=True)
    deployment = deployments.get(kind)
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
        schedule=_schedule(fields, deployment),
        throttling=_throttling(tags),
        drilldowns=tuple(_drilldown(each) for each in fields.each("drilldown_searches")),
        analytic_stories=fields.texts("analytic_story") or tags.texts("analytic_story"),
        mitre_attack_ids=fields.texts("mitre_attack_id") or tags.texts("mitre_attack_id"),
        asset_type=fields.text("asset_type") or tags.text("asset_type"),
        security_domain=fields.text("security_domain") or tags.text("security_domain"),
        manual_test=tags.text("manual_test"),
        tests=tuple(_test(each) for each in fields.each("tests")),
        lines=document.top_lines(),
        document=document.data,
    )


def dialect_of(fields: Fields) -> Dialect:
    if fields.has("finding") or fields.has("intermediate_findings") or fields.has("modification_date"):
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
    rba.unknown(frozenset(("message", "risk_objects", "threat_objects")), "rba")
    return Risk(
        rba.text("message", required=True),
        tuple(
            RiskObject(
                each.text("field", required=True),
                each.text("type", required=True),
                each.integer("score", required=True),
            )
            for each in rba.each("risk_objects")
        ),
        _threats(rba),
    )


def _threats(fields: Fields) -> tuple[ThreatObject, ...]:
    return tuple(
        ThreatObject(each.text("field", required=True), each.text("type", required=True))
        for each in fields.each("threat_objects")
    )


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


def _schedule(fields: Fields, deployment: Deployment | None) -> ScheduleConfig:
    default = deployment.schedule if deployment is not None else ScheduleConfig()
    own = (
        fields.inner("custom_schedule")
        if fields.has("custom_schedule")
        else fields.inner("deployment").inner("scheduling")
    )
    return read_schedule(own, default)


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
    return Throttling(throttling.texts("fields", required=True), throttling.text("period", required=True))


def _drilldown(fields: Fields) -> Drilldown:
    return Drilldown(
        fields.text("name", required=True),
        fields.text("search", required=True),
        fields.text("earliest_offset"),
        fields.text("latest_offset"),
    )


def _test(fields: Fields) -> DetectionTest:
    fields.unknown(TEST_KEYS, "a test")
    return DetectionTest(
        fields.text("name", required=True),
        tuple(_attack_data(each) for each in fields.each("attack_data")),
        _expectation(fields),
        fields.line(),
    )


def _attack_data(fields: Fields) -> AttackData:
    fields.unknown(ATTACK_DATA_KEYS, "attack_data")
    return AttackData(
        fields.text("data", required=True).strip(),
        fields.text("source", required=True),
        fields.text("sourcetype", required=True),
        fields.text("custom_index") or fields.text("index"),
        fields.text("host"),
        fields.line("data"),
    )


def _expectation(fields: Fields) -> Expectation:
    if fields.has("expect"):
        expect = fields.inner("expect")
        expect.unknown(frozenset(("count",)), "expect")
        if expect.has("count"):
            found = parse_count(expect.text("count"))
            if found is not None:
                return found
            expect.note("schema", "must be a number, >=N, <=N or N..M", "count")
    elif fields.has("expected_results"):
        count = fields.integer("expected_results", default=1)
        return Expectation(0, 0) if count == 0 else Expectation(count)
    return Expectation()


def parse_count(text: str) -> Expectation | None:
    """``"0"``, ``"3"``, ``">=2"``, ``"<5"``, ``"2..4"``."""
    found = _COUNT.fullmatch(text)
    if found is None:
        return None
    if found["exact"] is not None:
        return Expectation(int(found["exact"]), int(found["exact"]))
    if found["low"] is not None:
        return Expectation(int(found["low"]), int(found["high"]))
    bound = int(found["bound"])
    return {
        ">=": Expectation(bound, None),
        ">": Expectation(bound + 1, None),
        "<=": Expectation(0, bound),
        "<": Expectation(0, max(bound - 1, 0)),
    }[found["sign"]]
