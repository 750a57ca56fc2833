"""The files that content is written in, key by key, over all three dialects.

The loader takes its known keys from here, and editors a JSON Schema: ``detection.schema.json`` beside this file. A
detection asks for it in its first line::

    # yaml-language-server: $schema=<path or URL of detection.schema.json>
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

SCHEMA_FILE: Final = Path(__file__).with_name("detection.schema.json")

Text = Annotated[str, Meta(min_length=1)]
Date = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="YYYY-MM-DD")]
TechniqueId = Annotated[str, Meta(pattern=r"^T\d{4}(\.\d{3})?$", description="T1234 or T1234.567")]
CveId = Annotated[str, Meta(pattern=r"^CVE-[12]\d{3}-\d{4,}$", description="CVE-2024-12345")]
Url = Annotated[str, Meta(pattern=r"^https?://")]
FieldName = Annotated[str, Meta(min_length=1, description="A field of the search's results")]
Score = Annotated[int, Meta(ge=1, le=100)]
RiskType = Literal["system", "user", "other"]


class Shape(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A mapping with these keys and no others; a key without a value is as good as none."""


def keys(shape: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(shape.__struct_fields__)


class ReplayedData(Shape):
    data: Annotated[str, Meta(description="A URL, or a path from the content root or from this file")]
    source: Text
    sourcetype: Text
    custom_index: str | None = None
    index: str | None = None
    host: str | None = None
    retime: Annotated[
        bool | str | None,
        Meta(
            description="Where its newest event is moved in time, all others keeping their distance: true for the "
            "moment at which the test begins, or a time seen from it, as '-1d' or '-1d@d+12h'"
        ),
    ] = None
    update_timestamp: Annotated[Any, Meta(description="Of old; no tool reads it any more")] = None


class ExpectedComparison(Shape):
    like: Annotated[str | None, Meta(description="A pattern with * for anything, in any case, as search compares")] = (
        None
    )
    number: Annotated[int | float | str | None, Meta(description="3, '>=2', '<5' or '2..4'")] = None


Cell = str | int | float | list[str | int] | ExpectedComparison | None
Row = Annotated[
    dict[str, Cell],
    Meta(
        min_length=1,
        description="Fields and their values: a text, a number, a list (the values of a multivalue field, in any "
        "order), null (the field has no value), {like: 'a*'} or {number: '>=2'}",
    ),
]


Rows = Annotated[list[Row], Meta(min_length=1)]


class Expect(Shape):
    count: Annotated[
        int | str | None,
        Meta(description="How many result rows: 3, '>=2', '<5' or '2..4'; '0' for data that must not match"),
    ] = None
    rows: Annotated[Rows | None, Meta(description="Rows that must be among the results, each another one")] = None
    fields: Annotated[Row | None, Meta(description="What every result row must hold")] = None
    risk: Annotated[
        Rows | None,
        Meta(description="Risk events that must come of it, by their fields: risk_object, risk_score, risk_message"),
    ] = None


class TestBaseline(Shape):
    name: Text
    attack_data: list[ReplayedData] | None = None
    earliest: str | None = None
    latest: str | None = None


class KnownFailure(Shape):
    reason: Text
    until: Date


class Test(Shape):
    name: Text
    attack_data: list[ReplayedData]
    earliest: Annotated[str | None, Meta(description="Where the searched time begins; all time without it")] = None
    latest: Annotated[str | None, Meta(description="Where it ends; now is the time of the data's last event")] = None
    earliest_time: str | None = None
    latest_time: str | None = None
    test_type: Literal["unit", "experimental"] | None = None
    expected_results: Annotated[int, Meta(ge=0)] | None = None
    description: str | None = None
    expect: Expect | None = None
    baselines: Annotated[
        list[Text | TestBaseline] | None, Meta(description="Baselines that are run before the search")
    ] = None
    risk_from: Annotated[
        list[Text] | None,
        Meta(description="Detections that run by their schedule before the search, which rests on the risk they leave"),
    ] = None
    known_failure: Annotated[
        KnownFailure | None, Meta(description="A failure that is borne until a date, with its reason")
    ] = None


class RiskObject(Shape):
    field: FieldName
    type: RiskType
    score: Score


class ThreatObject(Shape):
    field: FieldName
    type: Text


class Rba(Shape):
    message: Annotated[str, Meta(description="The risk message; $field$ stands for a result's field")]
    risk_objects: list[RiskObject]
    threat_objects: list[ThreatObject] | None = None


class Entity(Shape):
    field: FieldName
    type: Text
    score: Annotated[int, Meta(ge=0, le=100)]
    message: str | None = None


class Finding(Shape):
    title: Text
    entity: Entity | None = None


class IntermediateFindings(Shape):
    entities: list[Entity]


class Observable(Shape):
    name: FieldName
    type: Text
    role: list[str]


class Throttling(Shape):
    fields: list[str]
    period: Annotated[str, Meta(pattern=r"^[0-9]+[smhd]$")]


class Drilldown(Shape):
    name: Text
    search: Text
    earliest_offset: str | None = None
    latest_offset: str | None = None


class Scheduling(Shape):
    cron_schedule: str | None = None
    earliest_time: str | None = None
    latest_time: str | None = None
    schedule_window: str | int | None = None


class Tags(Shape):
    analytic_story: list[str] | None = None
    asset_type: str | None = None
    atomic_guid: list[str] | None = None
    automated_detection_testing: str | None = None
    cis20: list[str] | None = None
    confidence: float | None = None
    context: list[str] | None = None
    cve: list[str] | None = None
    dataset: list[str] | None = None
    event_schema: str | None = None
    group: list[str] | None = None
    impact: float | None = None
    kill_chain_phases: list[str] | None = None
    manual_test: str | None = None
    mappings: list[Any] | None = None
    message: str | None = None
    mitre_attack_id: list[TechniqueId] | None = None
    nist: list[str] | None = None
    observable: list[Observable] | None = None
    product: list[str] | None = None
    required_fields: list[str] | None = None
    research_site_url: str | None = None
    risk_score: float | None = None
    security_domain: str | None = None
    throttling: Throttling | None = None


class Harness(Shape):
    ignore: Annotated[dict[str, Text], Meta(description="Static rules switched off: rule id and reason")] | None = None


class SigmaSettings(Shape):
    form: Literal["events", "data_model"] | None = None
    pipelines: list[Text] | None = None


class Settings(Shape):
    """``harness.yml`` at the content root."""

    ignore: dict[str, Any] | None = None
    sigma: SigmaSettings | None = None


class Detection(Shape):
    name: Annotated[str, Meta(min_length=1, max_length=67)]
    id: Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", description="A UUID")]
    version: Annotated[int, Meta(ge=1)]
    author: Text
    status: Literal["production", "experimental", "deprecated", "removed"]
    type: Literal["TTP", "Anomaly", "Hunting", "Correlation"]
    description: Text
    search: Text
    date: Date | None = None
    creation_date: Date | None = None
    modification_date: Date | None = None
    data_source: list[str] | None = None
    how_to_implement: str | None = None
    known_false_positives: str | None = None
    references: list[Url] | None = None
    explanation: str | None = None
    drilldown_searches: list[Drilldown] | None = None
    rba: Rba | None = None
    finding: Finding | None = None
    intermediate_findings: IntermediateFindings | None = None
    threat_objects: list[ThreatObject] | None = None
    tags: Tags | None = None
    tests: list[Test] | None = None
    deployment: dict[str, Any] | None = None
    schedule: str | None = None
    custom_schedule: Scheduling | None = None
    enabled_by_default: bool | None = None
    nes_fields: list[str] | str | None = None
    analytic_story: list[str] | None = None
    asset_type: str | None = None
    atomic_guid: list[str] | None = None
    baselines: list[str] | None = None
    category: str | None = None
    cve: list[str] | None = None
    deprecation_info: dict[str, Any] | None = None
    mitre_attack_id: list[TechniqueId] | None = None
    product: list[str] | None = None
    security_domain: str | None = None
    suppress: dict[str, Any] | None = None
    threat_group: list[str] | None = None
    harness: Harness | None = None


class Described(Shape):
    """What macros, lookups and data sources say of themselves."""

    name: Text
    id: str | int | None = None
    version: int | None = None
    date: str | None = None
    creation_date: str | None = None
    modification_date: str | None = None
    author: str | None = None
    description: str | None = None
    status: str | None = None
    references: list[str] | None = None
    deprecation_info: dict[str, Any] | None = None


Product = Literal[
    "Splunk Enterprise",
    "Splunk Enterprise Security",
    "Splunk Cloud",
    "Splunk Security Analytics for AWS",
    "Splunk Behavioral Analytics",
]
Products = Annotated[list[Product], Meta(min_length=1)]
SecurityDomain = Literal["access", "audit", "endpoint", "identity", "network", "threat"]
StoryCategory = Literal[
    "Abuse", "Account Compromise", "Adversary Tactics", "Best Practices", "Cloud Security", "Compliance",
    "Data Destruction", "Lateral Movement", "Malware", "Privilege Escalation", "Ransomware", "Unauthorized Software",
    "Uncategorized", "Vulnerability",
]  # fmt: skip
StoryCategories = Annotated[list[StoryCategory], Meta(min_length=1)]
UseCase = Literal[
    "Advanced Threat Detection", "Application Security", "Compliance", "Fraud Detection", "Insider Threat", "Other",
    "Security Monitoring",
]  # fmt: skip


class StoryTags(Shape):
    category: StoryCategories
    product: Products
    usecase: UseCase
    cve: list[CveId] | None = None
    group: list[str] | None = None


class Story(Described):
    """contentctl-ng has what other stories say in ``tags`` at the top."""

    narrative: str | None = None
    type: str | None = None
    tags: StoryTags | None = None
    category: StoryCategories | None = None
    product: Products | None = None
    usecase: UseCase | None = None
    cve: list[CveId] | None = None
    threat_group: list[str] | None = None


class BaselineTags(Shape):
    analytic_story: list[str] | None = None
    product: Products | None = None
    security_domain: SecurityDomain | None = None
    detections: list[str] | None = None
    asset_type: str | None = None
    cis20: list[str] | None = None
    confidence: float | None = None
    context: list[str] | None = None
    dataset: list[str] | None = None
    impact: float | None = None
    kill_chain_phases: list[str] | None = None
    message: str | None = None
    mitre_attack_id: list[str] | None = None
    nist: list[str] | None = None
    observable: list[Any] | None = None
    required_fields: list[str] | None = None
    risk_score: float | None = None


class Baseline(Described, kw_only=True):
    search: Annotated[str, Meta(min_length=4)]
    type: Literal["Baseline"] | None = None
    datamodel: list[str] | None = None
    how_to_implement: str | None = None
    known_false_positives: str | None = None
    deployment: dict[str, Any] | None = None
    tags: BaselineTags | None = None
    security_domain: SecurityDomain | None = None
    product: Products | None = None
    data_source: list[str] | None = None
    schedule: str | None = None
    custom_schedule: Scheduling | None = None
    atomic_guid: list[str] | None = None
    tests: list[Any] | None = None


class Switch(Shape):
    enabled: bool | str | None = None


class NotableAction(Shape):
    rule_title: str
    rule_description: str
    nes_fields: list[str]


class EmailAction(Shape):
    message: str
    subject: str
    to: str


class SlackAction(Shape):
    channel: str
    message: str


class PhantomAction(Shape):
    cam_workers: str
    label: str
    phantom_server: str
    sensitivity: str
    severity: str


class AlertActions(Shape):
    email: EmailAction | None = None
    notable: NotableAction | None = None
    phantom: PhantomAction | None = None
    rba: Switch | None = None
    slack: SlackAction | None = None


class Deployment(Described, kw_only=True):
    type: Literal["TTP", "Anomaly", "Hunting", "Correlation", "Baseline", "Embedded"]
    scheduling: Scheduling | None = None
    alert_action: AlertActions | None = None


class App(Shape):
    """What contentctl.yml says of the app that it builds."""

    appid: str | None = None
    author_company: str | None = None
    author_email: str | None = None
    author_name: str | None = None
    build: Any = None
    description: str | None = None
    label: str | None = None
    prefix: str | None = None
    title: str | None = None
    uid: Any = None
    version: str | None = None


class Dashboard(Described):
    theme: Literal["light", "dark"] | None = None


class PlaybookTags(Shape):
    platform_tags: list[str]
    playbook_type: Literal["Input", "Automation", "Enterprise Security"]
    vpe_type: Literal["Modern", "Classic"]
    analytic_story: list[str] | None = None
    detections: list[str] | None = None
    playbook_fields: list[str] | None = None
    product: list[Literal["Splunk SOAR", "Splunk Enterprise Security"]] | None = None
    use_cases: (
        list[Literal["Collection", "Endpoint", "Enrichment", "Malware", "Phishing", "Response", "Utility"]] | None
    ) = None
    defend_technique_id: list[str] | None = None
    labels: list[str] | None = None
    playbook_outputs: list[str] | None = None


class Playbook(Described, kw_only=True):
    type: Literal["Investigation", "Response"]
    playbook: Annotated[str, Meta(min_length=4)]
    how_to_implement: Annotated[str, Meta(min_length=4)]
    app_list: list[str]
    tags: PlaybookTags


class Macro(Described, kw_only=True):
    definition: Text
    arguments: list[str] | None = None


class Lookup(Described):
    lookup_type: Literal["csv", "kvstore", "mlmodel"] | None = None
    filename: str | None = None
    collection: str | None = None
    fields: str | list[str] | None = None
    fields_list: str | list[str] | None = None
    match_type: str | list[str] | None = None
    case_sensitive_match: bool | str | None = None
    default_match: bool | str | None = None
    min_matches: Annotated[int, Meta(ge=0)] | None = None
    max_matches: Annotated[int, Meta(ge=1, le=1000)] | None = None


class AddOn(Shape):
    name: Text
    version: Text
    url: Url | None = None


class DataSource(Described, kw_only=True):
    source: Text
    sourcetype: Text
    logsource: dict[str, Any] | None = None
    separator: str | None = None
    separator_value: str | None = None
    configuration: str | None = None
    supported_TA: list[AddOn] | None = None  # noqa: N815 - the key is written so
    fields: list[str] | None = None
    output_fields: list[str] | None = None
    field_mappings: list[dict[str, Any]] | None = None
    convert_to_log_source: list[dict[str, Any]] | None = None
    mitre_components: list[str] | None = None
    example_log: str | None = None


def detection_schema() -> dict[str, Any]:
    """The JSON Schema of a detection's file, of the draft that the YAML extensions of editors know best."""
    _, definitions = msgspec.json.schema_components([Detection], ref_template="#/definitions/{name}")
    # Draft 7 knows nothing beside a reference, so that the detection itself is none.
    detection = definitions.pop(Detection.__name__)
    return {"$schema": "http://json-schema.org/draft-07/schema#", **detection, "definitions": definitions}


def schema_text() -> bytes:
    return msgspec.json.format(msgspec.json.encode(detection_schema()), indent=2) + b"\n"


def write_schema() -> None:
    """Write the file anew, after a change here."""
    SCHEMA_FILE.write_bytes(schema_text())
