"""What the rules say about searches: true, at the right line, and with what to do."""

from __future__ import annotations

import tarfile
import time
from collections import defaultdict
from pathlib import Path

import pytest

from harness.content import Problem, load_content
from harness.content.app import content_app
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.spl.macros import Macro, trace
from harness.validation.places import written_offset
from harness.validation.validate import validate
from tests.corpus import require_corpus

DETECTION = """\
name: Thing
id: 2b7e1516-28ae-4d2a-9bf7-158809cf4f3c
version: 1
date: '2025-01-31'
author: A. Uthor
status: production
type: Hunting
description: Finds a thing.
search: {search}
rba:
  message: {message}
  risk_objects: []
tests:
- name: True Positive Test
  attack_data:
  - data: https://data.example/thing.log
    source: s
    sourcetype: st
"""


@pytest.fixture(scope="module")
def shipped() -> list[Path]:
    return shipped_apps()


def found(root: Path, shipped: list[Path], search: str, message: str = "Thing") -> list[Problem]:
    file = root / "detections" / "thing.yml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(DETECTION.format(search=search, message=message), encoding="utf-8")
    content = load_content(root)
    return validate(content, Knowledge([*map(load_app, shipped), content_app(content)]))


def block(*lines: str) -> str:
    """A search in a literal block; its first line is line 10 of the file."""
    return "|\n" + "\n".join(f"  {line}" for line in lines)


@pytest.mark.parametrize(
    ("lines", "rule", "line"),
    [
        (["index=main", "| stats count by dest", "| eval x=(1", "| `thing_filter`"], "spl-syntax", 12),
        (["index=main", "| nonsense", "| `thing_filter`"], "spl-syntax", 11),
        (["index=main", "| `nobody`", "| `thing_filter`"], "unknown-macro", 11),
        (["index=main", "| stats count by dest", "| where user=1", "| `thing_filter`"], "absent-field", 12),
        (["index=main", "| lookup nobody a", "| `thing_filter`"], "unknown-lookup", 11),
        (["| tstats count", "from datamodel=Nothing", "| `thing_filter`"], "unknown-data-model", 10),
    ],
)
def test_a_finding_stands_at_the_line_of_what_it_is_about(
    tmp_path: Path, shipped: list[Path], lines: list[str], rule: str, line: int
) -> None:
    assert [(problem.rule, problem.line) for problem in found(tmp_path, shipped, block(*lines))] == [(rule, line)]


class _Table:
    def get(self, name: str, arity: int) -> Macro | None:
        definition = {("two", 0): "a `one` b", ("one", 0): "xxxxxxxxxx", ("none", 0): ""}.get((name, arity))
        return None if definition is None else Macro(name, (), definition)


def test_a_place_in_expanded_text_is_found_in_the_written_text() -> None:
    search = "before `two` middle `none``none` ```a comment with `two` ``` after"
    expansion = trace(search, _Table())
    for word in ("before", "middle", "after"):
        assert written_offset(search, expansion, expansion.text.index(word)) == search.index(word)
    assert written_offset(search, expansion, expansion.text.index("xxx")) == search.index("`two`")


@pytest.mark.parametrize(
    ("search", "rules"),
    [
        ("index=main | stats count by dest | where isnull(user) OR coalesce(user, dest)=1", []),
        ("index=main | stats count by dest | eval x=case(isnotnull(src), src, isnotnull(dest), dest)", []),
        ("index=main | stats count by dest | eval x=case(isnotnull(dest), src)", [("absent-field", "warning")]),
        ("index=main | stats count by dest | where NOT user=1 OR count>1", [("absent-field", "warning")]),
        ("index=main | stats count by dest | where count>1 AND user=1", [("absent-field", "error")]),
        ("index=main | stats count by dest | search user=* OR count=1", [("absent-field", "warning")]),
        ("index=main | stats count by dest | search NOT user=*", [("absent-field", "warning")]),
        ("index=main | stats count by dest | search user!=x", [("absent-field", "error")]),
        ("index=main | stats count by dest | stats count by user", [("absent-field", "error")]),
        ("index=main | stats count by dest | eventstats count by user", [("absent-field", "warning")]),
        ("index=main | stats count by dest | eval user=if(dest=1, null, 2) | where user=2", []),
        ("index=main | stats count by dest | dedup user", [("absent-field", "error")]),
        ("index=main | stats count by dest | table dest user | fields user", []),
        ("index=main | append [ search index=x | stats count by a | where b=1 ]", [("absent-field", "error")]),
        ("| tstats count from datamodel=Endpoint.Processes by Processes.dest user", [("data-model-field", "error")]),
        ("| tstats fillnull_value=x count from datamodel=Web.Web by user", [("data-model-field", "warning")]),
        (
            "| tstats count from datamodel=Web.Web where Web.x=1 OR Web.dest=a by Web.dest",
            [("data-model-field", "warning")],
        ),
        ("| tstats count from datamodel=Endpoint.Nothing by Processes.dest", [("unknown-data-model", "error")]),
        ("| tstats count from datamodel=Endpoint.Processes where Processes.process=a* by Processes.dest _time", []),
        ("| tstats count where index=main by host", []),
    ],
)  # fmt: skip
def test_what_is_missing_is_an_error_only_where_nothing_can_be_found_without_it(
    tmp_path: Path, shipped: list[Path], search: str, rules: list[tuple[str, str]]
) -> None:
    problems = found(tmp_path, shipped, f"{search!r}".replace("\\'", "''")[:-1] + " | `thing_filter`'")
    assert [(problem.rule, problem.severity) for problem in problems] == rules


def test_a_field_that_the_search_only_mentions_is_not_one_that_it_gives(tmp_path: Path, shipped: list[Path]) -> None:
    search = "index=main user=* | stats count by dest | `thing_filter`"
    (problem,) = found(tmp_path, shipped, search, message="$user$ on $dest$")
    assert problem.rule == "risk-field"
    assert problem.message == "no result has the field user, the token of the risk message"
    assert problem.hint == "The rows have count, dest."


def test_a_filter_macro_in_a_comment_does_not_count(tmp_path: Path, shipped: list[Path]) -> None:
    search = "'index=main ``` | `thing_filter` ```'"
    assert [problem.rule for problem in found(tmp_path, shipped, search)] == ["filter-macro"]


def test_missing_data_says_nothing_against_a_detection(tmp_path: Path, shipped: list[Path]) -> None:
    problems = [
        problem for problem in found(tmp_path, shipped, "index=main | `thing_filter`") if problem.severity == "error"
    ]
    assert problems == []
    file = tmp_path / "detections" / "thing.yml"
    file.write_text(file.read_text("utf-8").replace("https://data.example/thing.log", "nowhere.log"), "utf-8")
    content = load_content(tmp_path)
    (problem,) = validate(content, Knowledge([*map(load_app, shipped), content_app(content)]))
    assert (problem.rule, problem.severity) == ("test-data", "warning")


@pytest.mark.corpus
def test_a_published_repository_is_judged_within_twenty_seconds_and_truly(tmp_path: Path, shipped: list[Path]) -> None:
    with tarfile.open(require_corpus() / "security_content.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    content = load_content(next(tmp_path.iterdir()))
    knowledge = Knowledge([*map(load_app, shipped), content_app(content)])
    begin = time.process_time()
    problems = validate(content, knowledge)
    assert time.process_time() - begin < 20
    by_rule: defaultdict[str, set[str]] = defaultdict(set)
    for problem in problems:
        by_rule[problem.rule].add(problem.file.stem)
    # Looked at one by one: each is a mistake of that detection.
    assert by_rule["risk-field"] == {
        "azure_ad_multi_source_failed_authentications_spike",
        "detect_aws_console_login_by_user_from_new_city",
        "detect_aws_console_login_by_user_from_new_country",
        "detect_aws_console_login_by_user_from_new_region",
        "detect_distributed_password_spray_attempts",
        "getlocaluser_with_powershell_script_block",
        "getnettcpconnection_with_powershell_script_block",
        "linux_auditd_possible_append_cronjob_entry_on_existing_cronjob_file",
        "network_share_discovery_via_dir_command",
        "powershell_4104_hunting",
    }
    assert by_rule["data-model-field"] == {
        "create_local_admin_accounts_using_net_exe",
        "detect_remote_access_software_usage_traffic",
        "detect_windows_dns_sigred_via_zeek",
        "get_wmiobject_group_discovery",
        "okta_authentication_failed_during_mfa_challenge",
        "okta_user_logins_from_multiple_cities",
        "papercut_ng_remote_web_access_attempt",
        "previously_seen_cloud_instance_modifications_by_user___initial",
        "process_creating_lnk_file_in_suspicious_location",
        "supernova_webshell",
        "suspicious_copy_on_system32",
        "windows_modify_registry_qakbot_binary_data_registry",
        "windows_network_share_interaction_with_net",
    }
    assert "windows_privilege_escalation_suspicious_process_elevation" in by_rule["absent-field"]
    assert len(by_rule["absent-field"]) <= 8
    failing = {
        problem.file for problem in problems if problem.severity == "error" and problem.rule != "spl-unsupported"
    }
    assert len(failing) <= 40


@pytest.mark.parametrize(
    ("scheduling", "told"),
    [
        ({"cron_schedule": "0 * * * *"}, ""),
        ({"cron_schedule": "0 * * * 1-5"}, "2880 minutes are never searched"),
        ({"cron_schedule": "0 9-17 * * *"}, "900 minutes are never searched"),
        ({"cron_schedule": "*/5 * * * *", "earliest_time": "-4m@m", "latest_time": "now"}, "1 minutes are never"),
        ({"cron_schedule": "0 0 30 2 *"}, "is no cron schedule"),
        ({"earliest_time": "yesterday"}, "is no time range"),
        ({"cron_schedule": "* * * * *", "earliest_time": "rt-5m@m", "latest_time": "rt"}, ""),
        ({"earliest_time": "rt", "latest_time": "rt"}, ""),
        ({"earliest_time": "rt-5x", "latest_time": "rt"}, "is no time range"),
    ],
)
def test_every_hour_of_the_week_counts_for_a_schedule(
    tmp_path: Path, shipped: list[Path], scheduling: dict[str, str], told: str
) -> None:
    found(tmp_path, shipped, "index=main | `thing_filter`")
    file = tmp_path / "detections" / "thing.yml"
    file.write_text(file.read_text("utf-8") + f"deployment: {{scheduling: {scheduling}}}\n", "utf-8")
    content = load_content(tmp_path)
    problems = validate(content, Knowledge([*map(load_app, shipped), content_app(content)]))
    assert [told in problem.message for problem in problems] == ([True] if told else [])
