"""Content in all its dialects becomes the same models; whatever is wrong is told with its line, all of it at once."""

from __future__ import annotations

import tarfile
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.content import Content, Detection, find_root, load_content
from harness.content.app import content_app
from harness.content.expected import Expectation, parse_count
from harness.content.models import Dialect, RiskObject, ScheduleConfig, ThreatObject
from harness.content.yaml_document import read_yaml
from harness.errors import UsageError
from tests.corpus import require_corpus

COMMON = """\
name: Thing
id: 2b7e1516-28ae-4d2a-9bf7-158809cf4f3c
version: 3
author: A. Uthor
status: production
description: Finds a thing.
search: index=main thing=* | stats count by dest user | `thing_filter`
tests:
- name: True Positive Test
  attack_data:
  - data: thing.log
    source: s
    sourcetype: st
"""
OBSERVABLE = """\
date: '2024-10-17'
type: TTP
tags:
  analytic_story: [Things]
  confidence: 70
  impact: 80
  risk_score: 56
  message: Thing on $dest$
  mitre_attack_id: [T1049]
  observable:
  - {name: dest, type: Hostname, role: [Victim]}
  - {name: user, type: User, role: [Victim]}
  - {name: parent, type: Parent Process Name, role: [Attacker]}
  security_domain: endpoint
"""
RBA = """\
date: '2025-01-31'
type: Anomaly
rba:
  message: Thing on $dest$
  risk_objects:
  - {field: dest, type: system, score: 56}
  threat_objects:
  - {field: parent, type: parent_process_name}
tags:
  analytic_story: [Things]
  mitre_attack_id: [T1049]
  security_domain: endpoint
  throttling:
    fields: [dest]
    period: 1d
"""
FINDING = """\
creation_date: '2024-01-31'
modification_date: '2026-02-01'
type: TTP
analytic_story: [Things]
mitre_attack_id: [T1049]
security_domain: endpoint
finding:
  title: Thing seen on $dest$
  entity: {field: dest, type: system, score: 56}
intermediate_findings:
  entities:
  - {field: user, type: user, score: 20, message: $user$ did a thing}
threat_objects:
- {field: parent, type: parent_process_name}
"""


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_yml", ".yml").replace("_csv", ".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def only(content: Content) -> Detection:
    assert content.problems == ()
    (detection,) = content.detections
    return detection


def test_observables_become_risk_and_threat_objects(tmp_path: Path) -> None:
    detection = only(load_content(write(tmp_path, detections__thing_yml=COMMON + OBSERVABLE)))
    assert detection.dialect is Dialect.OBSERVABLE
    assert detection.risk.message == "Thing on $dest$"
    assert detection.risk.objects == (RiskObject("dest", "system", 56), RiskObject("user", "user", 56))
    assert detection.risk.threats == (ThreatObject("parent", "parent_process_name"),)
    assert detection.notable is not None
    assert detection.creates_risk


def test_rba_is_read_as_it_is(tmp_path: Path) -> None:
    detection = only(load_content(write(tmp_path, detections__thing_yml=COMMON + RBA)))
    assert detection.dialect is Dialect.RBA
    assert detection.risk.objects == (RiskObject("dest", "system", 56),)
    assert detection.throttling is not None
    assert (detection.throttling.fields, detection.throttling.period) == (("dest",), "1d")
    assert detection.notable is None
    assert detection.creates_risk


def test_findings_carry_a_message_each(tmp_path: Path) -> None:
    detection = only(load_content(write(tmp_path, detections__thing_yml=COMMON + FINDING)))
    assert detection.dialect is Dialect.FINDING
    assert detection.date == "2026-02-01"
    assert detection.risk.objects == (
        RiskObject("user", "user", 20, "$user$ did a thing"),
        RiskObject("dest", "system", 56, "Thing seen on $dest$"),
    )
    assert detection.notable is not None
    assert detection.notable.title == "Thing seen on $dest$"


@pytest.mark.parametrize("dialect", [OBSERVABLE, RBA, FINDING])
def test_what_all_dialects_have_is_the_same(tmp_path: Path, dialect: str) -> None:
    detection = only(load_content(write(tmp_path, detections__endpoint__thing_yml=COMMON + dialect)))
    assert (detection.name, detection.version, detection.filter_macro) == ("Thing", 3, "thing_filter")
    assert (detection.analytic_stories, detection.mitre_attack_ids) == (("Things",), ("T1049",))
    assert (detection.tests[0].attack_data[0].data, detection.tests[0].expect) == ("thing.log", Expectation(1))
    assert detection.line("search") == 7


def test_a_detection_runs_hourly_unless_its_type_or_itself_says_otherwise(tmp_path: Path) -> None:
    root = write(tmp_path, detections__thing_yml=COMMON + RBA)
    assert only(load_content(root)).schedule == ScheduleConfig("0 * * * *", "-70m@m", "-10m@m", "auto")
    deployment = "name: D\ntype: Anomaly\nscheduling: {cron_schedule: 5 * * * *, earliest_time: -65m@m}\n"
    write(root, deployments__anomaly_yml=deployment)
    assert only(load_content(root)).schedule == ScheduleConfig("5 * * * *", "-65m@m", "-10m@m", "auto")
    write(root, schedules__often_yml="name: often\ncron_schedule: '*/5 * * * *'\n")
    write(root, detections__thing_yml=COMMON + RBA + "schedule: often\n")
    assert only(load_content(root)).schedule.cron == "*/5 * * * *"
    write(root, detections__thing_yml=COMMON + RBA + "deployment: {scheduling: {cron_schedule: 0 1 * * *}}\n")
    assert only(load_content(root)).schedule.cron == "0 1 * * *"


@pytest.mark.parametrize(("written", "on"), [("true", True), ("'true'", True), ("'False'", False), ("false", False)])
def test_a_deployment_switches_risk_on_in_quotes_or_without(tmp_path: Path, written: str, on: bool) -> None:
    """``contentctl init`` writes ``enabled: 'true'``."""
    root = write(tmp_path, detections__thing_yml=COMMON + RBA)
    write(root, deployments__anomaly_yml=f"name: D\ntype: Anomaly\nalert_action: {{rba: {{enabled: {written}}}}}\n")
    content = load_content(root)
    assert only(content).creates_risk is on
    assert not content.problems


def test_files_without_a_name_do_not_clash(tmp_path: Path) -> None:
    root = write(
        tmp_path, data_sources__a_yml="source: a\nsourcetype: a\n", data_sources__b_yml="source: b\nsourcetype: b\n"
    )
    assert {problem.rule for problem in load_content(root).problems} == {"missing-key"}


def test_one_broken_file_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        detections__broken_yml="name: Broken\nsearch: `x` | y: z\n",
        detections__list_yml="- a\n- b\n",
        detections__thing_yml=COMMON.replace("version: 3", "version: three\nversion: 4\nauthr: x") + RBA,
    )
    content = load_content(root)
    assert [detection.name for detection in content.detections] == ["Thing"]
    told = [(problem.file.name, problem.line, problem.rule) for problem in content.problems]
    assert told == [
        ("broken.yml", 2, "yaml"),
        ("list.yml", 1, "yaml"),
        ("thing.yml", 4, "duplicate-key"),
        ("thing.yml", 5, "unknown-key"),
    ]
    assert content.problems[-1].hint == "Is author meant?"


@pytest.mark.parametrize(
    ("where", "key", "line"),
    [
        ("  message: Thing on $dest$", "  mesage: x", "rba.mesage"),
        ("  analytic_story: [Things]", "  stories: []", "tags.stories"),
        ("    sourcetype: st", "    sourcetyp: st", "tests.0.attack_data.0.sourcetyp"),
        ("- name: True Positive Test", "  expct: {}", "tests.0.expct"),
        ("    period: 1d", "    pause: 1d", "tags.throttling.pause"),
    ],
)
def test_an_unknown_key_is_told_wherever_it_stands(tmp_path: Path, where: str, key: str, line: str) -> None:
    text = (COMMON + RBA).replace(where, f"{where}\n{key}")
    (problem,) = load_content(write(tmp_path, detections__thing_yml=text)).problems
    assert (problem.rule, problem.message.split(":")[0], problem.severity) == ("unknown-key", line, "error")
    assert text.splitlines()[problem.line - 1].strip() == key.strip()


def test_further_keys_pass_with_a_warning_in_the_oldest_dialect(tmp_path: Path) -> None:
    text = COMMON + OBSERVABLE + "datamodel: [Endpoint]\n"
    (problem,) = load_content(write(tmp_path, detections__thing_yml=text)).problems
    assert (problem.rule, problem.severity) == ("unknown-key", "warning")


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("0", (0, 0)), ("3", (3, 3)), (">=2", (2, None)), ("> 2", (3, None)), ("<=4", (0, 4)), ("<4", (0, 3)),
        ("2..4", (2, 4)), ("4..2", None), ("<0", None), ("some", None), ("", None), ("-1", None),
    ],
)  # fmt: skip
def test_counts(text: str, bounds: tuple[int, int | None] | None) -> None:
    assert parse_count(text) == bounds


def test_expected_results_of_the_newest_dialect_are_honoured(tmp_path: Path) -> None:
    test = "- name: True Positive Test"
    none = (COMMON + FINDING).replace(test, f"{test}\n  expected_results: 0")
    assert only(load_content(write(tmp_path, detections__thing_yml=none))).tests[0].expect == Expectation(0, 0)
    two = (COMMON + FINDING).replace(test, f"{test}\n  expected_results: 2")
    assert only(load_content(write(tmp_path, detections__thing_yml=two))).tests[0].expect == Expectation(2)


def test_macros_and_lookups_become_an_app(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        detections__thing_yml=COMMON + RBA,
        macros__twice_yml="name: twice(1)\narguments: [what]\ndefinition: $what$ $what$\n",
        lookups__hosts_yml="name: hosts\ncase_sensitive_match: false\nmatch_type: [WILDCARD(host)]\n",
        lookups__hosts_csv="host,owner\na*,x\n",
        lookups__seen_yml="name: seen\ncollection: seen\nfields_list: _key, host\n",
    )
    content = load_content(root)
    assert content.problems == ()
    app = content_app(content)
    assert app.confs["macros"] == {
        "thing_filter": {"definition": "search *"},
        "twice(1)": {"definition": "$what$ $what$", "args": "what"},
    }
    assert app.confs["transforms"]["hosts"] == {
        "case_sensitive_match": "false", "match_type": "WILDCARD(host)", "filename": "hosts.csv",
    }  # fmt: skip
    assert app.confs["transforms"]["seen"]["external_type"] == "kvstore"
    assert app.lookups == {"hosts.csv": b"host,owner\na*,x\n"}


def test_a_filter_macro_that_the_content_defines_wins(tmp_path: Path) -> None:
    macro = "name: thing_filter\ndefinition: search NOT dest=lab-*\n"
    content = load_content(write(tmp_path, detections__thing_yml=COMMON + RBA, macros__f_yml=macro))
    assert content_app(content).confs["macros"]["thing_filter"] == {"definition": "search NOT dest=lab-*"}


def test_a_lookup_with_rows_that_do_not_fit_its_header_is_told(tmp_path: Path) -> None:
    yml = "name: hosts\n"
    content = load_content(write(tmp_path, lookups__hosts_yml=yml, lookups__hosts_csv="host,owner\na,b\nc,d,e\n"))
    (problem,) = content.problems
    assert (problem.rule, problem.file.name, problem.line) == ("lookup-file", "hosts.csv", 3)


def test_a_file_name_that_no_file_can_have_is_told_like_one_that_is_not_there(tmp_path: Path) -> None:
    content = load_content(write(tmp_path, lookups__hosts_yml=f"name: hosts\nfilename: {'x' * 400}.csv\n"))
    assert [problem.rule for problem in content.problems] == ["lookup-file"]


def test_two_macros_of_one_name_clash_but_not_with_another_number_of_arguments(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        macros__a_yml="name: m\ndefinition: a\n",
        macros__b_yml="name: m(1)\narguments: [x]\ndefinition: b\n",
    )
    assert load_content(root).problems == ()
    write(root, macros__c_yml="name: m\ndefinition: c\n")
    assert [(problem.rule, problem.file.name) for problem in load_content(root).problems] == [("name-clash", "c.yml")]


def test_the_root_is_found_upwards(tmp_path: Path) -> None:
    write(tmp_path, detections__endpoint__thing_yml=COMMON + RBA)
    assert find_root(tmp_path / "detections" / "endpoint" / "thing.yml") == tmp_path.resolve()
    with pytest.raises(UsageError, match="no content here"):
        find_root(Path("/"))


def test_only_the_detections_asked_for_are_read(tmp_path: Path) -> None:
    root = write(tmp_path, detections__a__one_yml=COMMON + RBA, detections__b__two_yml=COMMON + FINDING)
    assert [d.file.name for d in load_content(root, [root / "detections" / "b"]).detections] == ["two.yml"]
    assert len(load_content(root, [root]).detections) == 2


# --- lines ------------------------------------------------------------------------------------------------------------

WORD = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8)


@settings(max_examples=300, deadline=None)
@given(
    words=st.lists(st.tuples(WORD, st.sampled_from([" ", "\n", "  ", "\n\n"])), min_size=1, max_size=20),
    style=st.sampled_from([None, "|", ">", "'", '"']),
    at=st.integers(0, 19),
)
def test_the_line_of_a_character_is_found_in_every_style(
    words: list[tuple[str, str]], style: str | None, at: int
) -> None:
    marked = [(f"\u2603{word}" if number == at % len(words) else word, gap) for number, (word, gap) in enumerate(words)]
    text = "".join(word + gap for word, gap in marked).strip()
    if text.count("\u2603") != 1:
        return
    scalar = yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)
    plain = yaml.ScalarNode("tag:yaml.org,2002:str", "x")
    keys = [yaml.ScalarNode("tag:yaml.org,2002:str", key) for key in ("before", "search", "after")]
    node = yaml.MappingNode("tag:yaml.org,2002:map", list(zip(keys, (plain, scalar, plain), strict=True)))
    source = yaml.serialize(node, allow_unicode=True, width=40)
    document, _ = read_yaml(Path("x.yml"), source.encode())
    if document is None or document.data["search"] != text:
        return  # not every style can hold every text
    wanted = next(number for number, line in enumerate(source.split("\n"), 1) if "\u2603" in line)
    assert document.line_of("search", text.index("\u2603")) == wanted


# --- a whole repository -----------------------------------------------------------------------------------------------


@pytest.mark.corpus
def test_a_published_repository_loads_as_it_is_within_ten_seconds(tmp_path: Path) -> None:
    with tarfile.open(require_corpus() / "security_content.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    root = next(tmp_path.iterdir())
    begin = time.perf_counter()
    content = load_content(root)
    assert time.perf_counter() - begin < 10
    assert (len(content.detections), len(content.macros), len(content.lookups)) == (1711, 189, 79)
    assert len(content.data_sources) == 155
    assert {detection.dialect for detection in content.detections} == {Dialect.OBSERVABLE}
    assert {problem.severity for problem in content.problems} == {"warning"}
