"""What contentctl 5.6 refuses to build: each of these changes was tried on it, and so are those that it lets pass."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from harness.content import Problem, load_content
from harness.content.app import content_app
from harness.knowledge.apps import App, load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.validation.validate import validate

ABSENT: Final = object()
DETECTION, STORY, BASELINE = "detections/odd_tool.yml", "stories/odd_tools.yml", "baselines/usual_tools.yml"
SOURCE, LOOKUP, COLLECTION = "data_sources/tool_log.yml", "lookups/tools.yml", "lookups/tool_runs.yml"
MACRO, DEPLOYMENT = "macros/tools_of_all.yml", "deployments/escu_default_configuration_anomaly.yml"
DASHBOARD, PLAYBOOK, MAPPING = "dashboards/tools.yml", "playbooks/stop_tool.yml", "removed/deprecation_mapping.YML"
REMOVED, APP = "removed/detections/old_tool.yml", "contentctl.yml"


def _described(number: int, name: str, **more: Any) -> dict[str, Any]:
    header = {"version": 1, "date": "2025-01-31", "author": "A. Uthor", "description": f"About {name}."}
    return {"name": name, "id": f"6c1f6f4a-31c2-4f6e-8d2f-{number:012d}", **header, **more}


_SEARCHING: Final = {"how_to_implement": "Collect events.", "known_false_positives": "None known."}
_TAGS: Final = {"analytic_story": ["Odd Tools"], "product": ["Splunk Enterprise"], "security_domain": "endpoint"}
CONTENT: Final[Mapping[str, Any]] = {
    DETECTION: _described(
        1,
        "Odd Tool",
        status="production",
        type="Anomaly",
        data_source=["Tool Log"],
        search="`tools_of_all` | lookup tools tool OUTPUT kind | stats count by dest tool kind | `odd_tool_filter`",
        **_SEARCHING,
        references=["https://tools.example/odd"],
        drilldown_searches=[
            {
                "name": f"View {what}",
                "search": f"{search} | search dest=$dest$",
                "earliest_offset": "$info_min_time$",
                "latest_offset": "$info_max_time$",
            }
            for what, search in (("the results", "%original_detection_search%"), ("the host", "index=main"))
        ],
        rba={
            "message": "$tool$ on $dest$",
            "risk_objects": [{"field": "dest", "type": "system", "score": 20}],
            "threat_objects": [{"field": "tool", "type": "process_name"}],
        },
        tags={**_TAGS, "asset_type": "Endpoint", "mitre_attack_id": ["T1049"]},
        tests=[
            {
                "name": "True Positive Test",
                "attack_data": [{"data": "https://tools.example/odd.log", "source": "tool.log", "sourcetype": "tool"}],
            }
        ],
    ),
    STORY: _described(
        2,
        "Odd Tools",
        status="production",
        narrative="Tools that are odd.",
        tags={"category": ["Malware"], "product": ["Splunk Enterprise"], "usecase": "Other"},
    ),
    BASELINE: _described(
        3,
        "Usual Tools",
        status="production",
        type="Baseline",
        search="index=main | stats count by tool | outputlookup tool_runs",
        **_SEARCHING,
        tags={**_TAGS, "detections": ["Odd Tool"]},
    ),
    SOURCE: _described(
        4,
        "Tool Log",
        source="tool.log",
        sourcetype="tool",
        supported_TA=[{"name": "TA", "version": "1.0.0", "url": "https://tools.example/ta"}],
        fields=["dest", "user", "tool"],
    ),
    LOOKUP: _described(5, "tools", lookup_type="csv", match_type=["WILDCARD(tool)"], max_matches=1),
    COLLECTION: _described(6, "tool_runs", lookup_type="kvstore", fields=["_key", "tool", "count"]),
    MACRO: {"name": "tools_of_all", "description": "Where tools tell.", "definition": "index=main sourcetype=tool"},
    DEPLOYMENT: _described(
        7,
        "ESCU Default Configuration Anomaly",
        type="Anomaly",
        scheduling={
            "cron_schedule": "0 * * * *",
            "earliest_time": "-70m",
            "latest_time": "-10m",
            "schedule_window": "auto",
        },
        alert_action={"rba": {"enabled": "true"}},
    ),
    DASHBOARD: _described(8, "Tools"),
    PLAYBOOK: _described(
        9,
        "Stop Tool",
        type="Response",
        playbook="stop_tool",
        how_to_implement="Import it.",
        app_list=[],
        tags={"platform_tags": [], "playbook_type": "Automation", "vpe_type": "Modern"},
    ),
    REMOVED: _described(10, "Old Tool", status="removed", type="TTP"),
    MAPPING: {
        "detections": [
            {
                "content": "Old Tool",
                "removed_in_version": "1.0.0",
                "reason": "nobody has it any more",
                "replacement_content": ["Odd Tool"],
            }
        ]
    },
    APP: {"app": {"appid": "Tools", "version": "2.0.0", "label": "ESCU"}},
}  # fmt: skip
FILES: Final[Mapping[str, str]] = {
    "lookups/tools.csv": "tool,kind\nnc,odd\n",
    "dashboards/tools.json": json.dumps({"title": "Tools", "description": "Shows tools."}),
    "playbooks/stop_tool.json": "{}",
    "playbooks/stop_tool.py": "",
}


@pytest.fixture(scope="module")
def apps() -> list[App]:
    return [load_app(path) for path in shipped_apps()]


def judged(root: Path, apps: list[App], content: Mapping[str, Any], files: Mapping[str, str]) -> list[Problem]:
    texts = {name: yaml.safe_dump(document, sort_keys=False) for name, document in content.items()}
    for name, text in {**texts, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    loaded = load_content(root)
    return validate(loaded, Knowledge([*apps, content_app(loaded)]))


def changed(file: str, *path: str | int, to: Any) -> dict[str, Any]:
    content = copy.deepcopy(dict(CONTENT))
    inner = content[file]
    for key in path[:-1]:
        inner = inner[key]
    if to is ABSENT:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return content


def test_what_contentctl_builds_has_no_finding(tmp_path: Path, apps: list[App]) -> None:
    assert judged(tmp_path, apps, CONTENT, FILES) == []


def _absent(rule: str, file: str, *keys: str, within: tuple[str | int, ...] = ()) -> list[tuple[Any, ...]]:
    return [(rule, file, (*within, key), ABSENT) for key in keys]


@pytest.mark.parametrize(
    ("rule", "file", "path", "value"),
    [
        *_absent("contentctl-key", DETECTION, "how_to_implement", "known_false_positives", "tags"),
        *_absent("contentctl-key", DETECTION, "analytic_story", "asset_type", "product", within=("tags",)),
        *_absent("contentctl-key", DETECTION, "security_domain", within=("tags",)),
        ("known-value", DETECTION, ("tags", "nist"), ["Toast"]),
        *_absent("contentctl-key", DETECTION, "threat_objects", within=("rba",)),
        *_absent("contentctl-key", DETECTION, "earliest_offset", within=("drilldown_searches", 0)),
        ("contentctl-key", DETECTION, ("how_to_implement",), "abc"),
        ("contentctl-key", DETECTION, ("references",), "https://tools.example"),
        ("contentctl-key", DETECTION, ("tags", "cis20"), ["CIS 10"]),
        ("contentctl-key", DETECTION, ("tags", "product"), []),
        ("contentctl-key", DETECTION, ("baselines",), ["Usual Tools"]),
        ("contentctl-key", DETECTION, ("drilldown_searches", 0, "name"), "View"),
        ("contentctl-key", DETECTION, ("drilldown_searches", 0, "latest_offset"), ""),
        ("known-value", DETECTION, ("tags", "asset_type"), "Toaster"),
        ("known-value", DETECTION, ("tags", "product"), ["Splunk Toast"]),
        ("throttle-field", DETECTION, ("tags", "throttling"), {"fields": [], "period": "1h"}),
        ("status", DETECTION, ("status",), "removed"),
        ("deprecation-mapping", DETECTION, ("status",), "deprecated"),
        ("enabled-by-default", DETECTION, ("enabled_by_default",), "maybe"),
        ("reference-url", DETECTION, ("tags", "research_site_url"), "nowhere"),
        *_absent("contentctl-key", STORY, "id", "version", "date", "author", "description"),
        *_absent("contentctl-key", STORY, "narrative", "status", "tags"),
        ("schema", STORY, ("tags", "category"), ["Toasters"]),
        ("schema", STORY, ("tags", "category"), []),
        ("schema", STORY, ("tags", "product"), ["Splunk Toast"]),
        ("schema", STORY, ("tags", "usecase"), "Toast"),
        ("schema", STORY, ("tags", "cve"), ["CVE-24-1"]),
        ("unknown-key", STORY, ("nonsense",), 1),
        ("unknown-key", STORY, ("tags", "nonsense"), 1),
        ("status", STORY, ("status",), "experimental"),
        ("date", STORY, ("date",), "2999-01-01"),
        ("reference-url", STORY, ("references",), ["nowhere"]),
        *_absent("contentctl-key", BASELINE, "version", "date", "author", "status", "type", "description", "tags"),
        *_absent("contentctl-key", BASELINE, "how_to_implement", "known_false_positives"),
        ("unknown-key", BASELINE, ("nonsense",), 1),
        ("unknown-key", BASELINE, ("tags", "nonsense"), 1),
        ("schema", BASELINE, ("type",), "TTP"),
        ("schema", BASELINE, ("tags", "product"), []),
        ("schema", BASELINE, ("tags", "security_domain"), "kitchen"),
        ("baseline-reference", BASELINE, ("tags", "analytic_story"), ["Odd Toasters"]),
        ("name-length", BASELINE, ("name",), "U" * 68),
        ("file-name", BASELINE, ("name",), "Unusual Tools"),
        *_absent("contentctl-key", SOURCE, "id", "version", "date", "author", "description"),
        *_absent("missing-key", SOURCE, "name", "version", within=("supported_TA", 0)),
        ("schema", SOURCE, ("supported_TA", 0, "version"), 1.0),
        ("schema", SOURCE, ("supported_TA", 0, "url"), "nowhere"),
        ("schema", SOURCE, ("fields",), "dest"),
        ("id-uuid", SOURCE, ("id",), "tool-log"),
        ("id-clash", SOURCE, ("id",), "6c1f6f4a-31c2-4f6e-8d2f-000000000005"),
        ("version", SOURCE, ("version",), -1),
        ("status", SOURCE, ("status",), "experimental"),
        *_absent("contentctl-key", LOOKUP, "id", "version", "date", "author", "description"),
        ("lookup-setting", LOOKUP, ("match_type",), ["FUZZY(tool)"]),
        ("schema", LOOKUP, ("max_matches",), 1001),
        ("schema", LOOKUP, ("min_matches",), -1),
        ("schema", LOOKUP, ("lookup_type",), "xml"),
        ("lookup-setting", COLLECTION, ("fields",), ["tool"]),
        *_absent("contentctl-key", MACRO, "description"),
        ("schema", MACRO, ("arguments",), "x"),
        ("id-uuid", MACRO, ("id",), "x"),
        ("name-clash", BASELINE, ("name",), "tools"),
        *_absent("missing-key", DEPLOYMENT, "name", "type"),
        *_absent("contentctl-key", DEPLOYMENT, "id", "date", "author", "description", "scheduling"),
        *_absent("contentctl-key", DEPLOYMENT, "cron_schedule", "latest_time", within=("scheduling",)),
        ("unknown-key", DEPLOYMENT, ("scheduling", "nonsense"), 1),
        ("unknown-key", DEPLOYMENT, ("alert_action", "nonsense"), {}),
        ("missing-key", DEPLOYMENT, ("alert_action", "notable"), {"rule_title": "x", "nes_fields": ["dest"]}),
        ("missing-key", DEPLOYMENT, ("alert_action", "email"), {"to": "x"}),
        ("schema", DEPLOYMENT, ("type",), "Alert"),
        ("schema", DEPLOYMENT, ("alert_action", "rba", "enabled"), "maybe"),
        ("schema", DASHBOARD, ("theme",), "pink"),
        ("unknown-key", DASHBOARD, ("nonsense",), 1),
        *_absent("contentctl-key", DASHBOARD, "id", "description"),
        *_absent("missing-key", PLAYBOOK, "type", "playbook", "how_to_implement", "app_list", "tags"),
        ("schema", PLAYBOOK, ("type",), "Toast"),
        ("schema", PLAYBOOK, ("tags", "playbook_type"), "Toast"),
        ("schema", PLAYBOOK, ("tags", "vpe_type"), "Toast"),
        ("schema", PLAYBOOK, ("tags", "use_cases"), ["Toast"]),
        ("deprecation-mapping", MAPPING, ("detections", 0, "reason"), "x"),
        ("deprecation-mapping", MAPPING, ("detections", 0, "content"), "Older Tool"),
        ("deprecation-mapping", MAPPING, ("detections", 0, "removed_in_version"), "next"),
        ("deprecation-mapping", MAPPING, ("detections", 0, "removed_in_version"), "2.0.1"),
        ("deprecation-mapping", MAPPING, ("detections", 0, "replacement_content"), ["Nothing"]),
        ("deprecation-mapping", MAPPING, ("detections", 0, "replacement_content"), ["tools"]),
        ("deprecation-mapping", MAPPING, ("macros",), [{"content": "tools_of_all"}]),
        ("deprecation-mapping", MAPPING, ("detections",), []),
        ("status", REMOVED, ("status",), "production"),
        ("unknown-key", APP, ("app", "nonsense"), 1),
    ],
)  # fmt: skip
def test_what_contentctl_refuses_is_found(
    tmp_path: Path, apps: list[App], rule: str, file: str, path: tuple[str | int, ...], value: Any
) -> None:
    found = judged(tmp_path, apps, changed(file, *path, to=value), FILES)
    assert rule in {problem.rule for problem in found}, found


@pytest.mark.parametrize(
    ("file", "path", "value"),
    [
        (DETECTION, ("data_source",), ABSENT),
        (DETECTION, ("references",), ABSENT),
        (DETECTION, ("tags", "mitre_attack_id"), ABSENT),
        (DETECTION, ("drilldown_searches", 0, "earliest_offset"), None),
        (DETECTION, ("enabled_by_default",), True),
        (STORY, ("references",), None),
        (STORY, ("tags", "cve"), ["CVE-2024-12345"]),
        (BASELINE, ("deployment",), {"scheduling": {"cron_schedule": "0 0 * * *"}}),
        (MAPPING, ("detections", 0, "removed_in_version"), "2.0.0"),
    ],
)
def test_what_contentctl_lets_pass_is_no_finding(
    tmp_path: Path, apps: list[App], file: str, path: tuple[str | int, ...], value: Any
) -> None:
    assert judged(tmp_path, apps, changed(file, *path, to=value), FILES) == []


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("dashboard", lambda files: files.pop("dashboards/tools.json")),
        ("dashboard", lambda files: files.update({"dashboards/tools.json": "{"})),
        ("dashboard", lambda files: files.update({"dashboards/tools.json": "[]"})),
        ("dashboard", lambda files: files.update({"dashboards/tools.json": '{"description": "x"}'})),
        ("dashboard", lambda files: files.update({"dashboards/tools.json": '{"title": "Tools"}'})),
        ("playbook", lambda files: files.pop("playbooks/stop_tool.py")),
        ("playbook", lambda files: files.pop("playbooks/stop_tool.json")),
        ("lookup-file", lambda files: files.pop("lookups/tools.csv")),
        ("lookup-file", lambda files: files.update({"lookups/tools.csv": "tool,kind\nnc,odd,1\n"})),
        ("lookup-orphan", lambda files: files.update({"lookups/more.csv": "tool\n"})),
    ],
)
def test_files_that_belong_together_are_missed(
    tmp_path: Path, apps: list[App], rule: str, change: Callable[[dict[str, str]], object]
) -> None:
    files = dict(FILES)
    change(files)
    assert rule in {problem.rule for problem in judged(tmp_path, apps, CONTENT, files)}
