"""Contradictions, unused content, ATT&CK ids, baselines: what is told, and what is left alone as not sure."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from harness.content import Problem, load_content
from harness.content.app import content_app
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.validation.techniques import known_techniques, text_of
from harness.validation.validate import validate
from tests.runner.packs import detection, write, write_pack

BASELINE = "name: Usual\nid: 6c1f6f4a-31c2-4f6e-8d2f-0f3f2b8c9a12\nsearch: '{search}'\n"


def problems(root: Path, *only: str) -> list[Problem]:
    content = load_content(root)
    return validate(content, Knowledge([*map(load_app, shipped_apps()), content_app(content)]), only=only or None)


@pytest.mark.parametrize(
    ("search", "told"),
    [
        ("index=a index=b x=1", "index=a and index=b exclude each other"),
        ("index=a sourcetype=x (index=b OR index=c)", "index=a and (index=b OR index=c) exclude each other"),
        ("index=a sourcetype=xml NOT sourcetype=x*", "sourcetype=xml and NOT sourcetype=x* exclude each other"),
        ("index=a sourcetype=xml sourcetype!=xml", "sourcetype=xml and sourcetype!=xml exclude each other"),
        ("index=a source IN (x, y) source=z", "source IN (x, y) and source=z exclude each other"),
        ("index=a user=ann NOT user=a*", "user=ann and NOT user=a* exclude each other"),
        ("index=a | stats count by user | where count > 5 AND count < 3", "no count is above 5 and below 3"),
        ("index=a | stats count by user | where count > 5 AND count <= 5", "no count is above 5 and at most 5"),
        ("| tstats count where index=a index=b by host", "index=a and index=b exclude each other"),
        ("index=a sourcetype=xml* sourcetype=win*", "sourcetype=xml* and sourcetype=win* exclude each other"),
        (
            "index=a EventCode IN (1, 2) NOT EventCode IN (1, 2, 3)",
            "EventCode IN (1, 2) and NOT EventCode IN (1, 2, 3)",
        ),
        ("index=a user=* NOT user=*", "user=* and NOT user=* exclude each other"),
        ("index=a failed NOT (failed OR denied)", "failed and NOT (failed OR denied) exclude each other"),
        ("index=a x=*.exe NOT x=*e", "x=*.exe and NOT x=*e exclude each other"),
        ("index=a | stats count by user | search count>5 | where count<3", "no count is above 5 and below 3"),
        ("index=a | stats count by user | rename count as n | where n<1", "no n is at least 1 and below 1"),
        (
            'index=a | stats count by user | where user="a" | where user="b"',
            "user is a there, if anything, and so never b",
        ),
        (
            'index=a | eval x=if(y=1, "low", "high") | where x="High"',
            "x is high or low there, if anything, and so never",
        ),
        (
            'index=a | eval x=case(y=1, "low", y=2, null()) | search x=hi*',
            "x is low there, if anything, and so never hi*",
        ),
        ('index=a | eval x="low" | where x IN ("a", "b")', "x is low there, if anything, and so never a or b"),
        (
            "index=a | append [search index=b | stats count by x | where count=0]",
            "no count is at least 1 and at most 0",
        ),
    ],
)
def test_a_search_that_can_find_nothing_is_told_which_terms_exclude_each_other(
    tmp_path: Path, search: str, told: str
) -> None:
    write_pack(tmp_path, detection(search=search))
    (problem,) = problems(tmp_path, "never-matches")
    assert problem.message.startswith(told)


@pytest.mark.parametrize(
    "search",
    [
        "index=a EventCode=1 EventCode=3",
        "index=a user=ann user!=ann",
        "index=a (index=a OR index=b)",
        "index=a* index=ab",
        "index=a NOT (index=a x=1)",
        "index=a sourcetype=X sourcetype=x",
        "index=a | where x > 5 AND x < 3",
        "index=a | stats count by user | where count >= 5 AND count <= 5",
        "index=a | stats count by user | where count > 5 OR count < 3",
        "index=a x=a*b x=*c*",
        "index=a src=10.0.0.0/8 NOT src=10.0.0.0*",
        "index=a EventCode IN (1, 2) NOT EventCode IN (1, 3)",
        'index=a failed NOT "failed login"',
        "index=a | stats count | where count=0",
        "index=a | stats count by user | append [ makeresults | eval count=0 ] | where count=0",
        "index=a | stats count(x) as n by user | where n=0",
        "index=a | stats count by user | where count > 5 | stats count by count | where count < 3",
        'index=a | stats values(x) as x by user | where x="a" AND x="b"',
        "index=a | stats count by user | where count > 5 | eval count=mvappend(1, 10) | where count > 5 AND count < 3",
        'index=a | stats count by user | where user="a" | eval user="b" | where user="b"',
        'index=a | eval x=if(y=1, "low", y) | where x="high"',
        'index=a | eval x=if(y=1, "low", "high") | search x=HIGH',
        'index=a | eval x="1" | where x=1.0',
        'index=a | eval x="low" | fillnull value=none x | lookup hosts dest OUTPUT x | where x="high"',
    ],
)
def test_terms_that_several_values_of_a_field_may_satisfy_together_are_left_alone(tmp_path: Path, search: str) -> None:
    write_pack(tmp_path, detection(search=search))
    assert problems(tmp_path, "never-matches") == []


@pytest.mark.parametrize(
    ("search", "count"),
    [
        ("user=x", 1), ("* | stats count", 1), ("index=a", 0), ("eventtype=x", 0), ("tag=x", 0), ("`things`", 0),
        ("host IN (a, b)", 0), ("| tstats count by host", 1), ("| tstats count where index=* by host", 0),
        ("index=a [ search user=x | fields user ]", 1), ("| tstats count from datamodel=Web", 0),
        ("index=* user=x", 1), ("index!=a user=x", 1), ("NOT index=a user=x", 1), ("(index=a OR Channel=b) x=1", 0),
    ],
)  # fmt: skip
def test_a_search_that_reads_everything_is_told(tmp_path: Path, search: str, count: int) -> None:
    write_pack(tmp_path, detection(search=search))
    assert len(problems(tmp_path, "no-index")) == count


def test_what_nothing_uses_is_told_and_what_something_uses_is_not(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(search="`outer` | lookup hosts dest | `net_use_filter`"))
    for name, text in {
        "outer": "`inner(1)`",
        "inner(1)": "$x$",
        "itself": "`itself`",
        "net_use_filter": "search *",
    }.items():
        write(tmp_path / "macros" / f"{name}.yml", f"name: {name}\ndefinition: '{text}'\n")
    for name in ("hosts", "nobodys"):
        write(tmp_path / "lookups" / f"{name}.yml", f"name: {name}\nlookup_type: csv\n")
        write(tmp_path / "lookups" / f"{name}.csv", "dest\na\n")
    told = [problem.message for problem in problems(tmp_path, "unused-macro", "unused-lookup")]
    assert told == [
        "nothing uses the lookup nobodys",
        "nothing calls the macro itself",
        "nothing calls the macro things",
    ]


def test_what_is_unused_is_not_asked_where_only_some_detections_were_read(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(search="index=a"))
    some = load_content(tmp_path, [tmp_path / "detections" / "net_use.yml"])
    knowledge = Knowledge([content_app(some)])
    assert validate(some, knowledge, only={"unused-macro"}) == []
    whole = load_content(tmp_path, [tmp_path])
    assert len(validate(whole, knowledge, only={"unused-macro"})) == 1


@pytest.mark.parametrize(
    ("search", "rule"),
    [
        ("index=a | stats count by dest | outputlookup usual.csv", None),
        ("index=a | nonsense", "spl-syntax"),
        ("`nobody` | stats count", "unknown-macro"),
        ("index=a | lookup nobody x", "unknown-lookup"),
        ("index=a | fit DensityFunction x", None),
    ],
)
def test_the_search_of_a_baseline_is_checked_as_a_detections_is(tmp_path: Path, search: str, rule: str | None) -> None:
    write_pack(tmp_path, detection(), **{"baselines/usual.yml": BASELINE.format(search=search)})
    found = [(problem.rule, problem.line) for problem in problems(tmp_path) if problem.file.name == "usual.yml"]
    assert found == ([] if rule is None else [(rule, 3)])


def test_a_lookup_that_a_baseline_writes_is_known(tmp_path: Path) -> None:
    search = "index=a | stats count by dest | outputlookup append=true usual.csv"
    reader = detection(search="index=a | lookup usual.csv dest OUTPUT count | `net_use_filter`")
    write_pack(tmp_path, reader, **{"baselines/usual.yml": BASELINE.format(search=search)})
    assert problems(tmp_path, "unknown-lookup") == []


def test_a_revoked_technique_is_told_with_the_one_that_took_its_place(tmp_path: Path) -> None:
    tags = detection()["tags"] | {"mitre_attack_id": ["T1086", "T1059.001", "T1999", "T0800", "T1660"]}
    write_pack(tmp_path, detection(tags=tags))
    told = {problem.message: problem.hint for problem in problems(tmp_path, "mitre-unknown", "mitre-revoked")}
    version = known_techniques().version
    assert told[f"ATT&CK {version} has revoked T1086"] == "It is T1059.001 now."
    assert set(told) == {f"ATT&CK {version} has revoked T1086", f"ATT&CK {version} has no technique T1999"}


def test_the_list_of_techniques_is_made_from_the_published_bundles() -> None:
    def technique(name: str, **more: object) -> dict[str, object]:
        reference = {"source_name": "mitre-attack", "external_id": name}
        return {"type": "attack-pattern", "id": f"id-{name}", "external_references": [reference], **more}

    objects = [
        technique("T3", kill_chain_phases=[{"phase_name": "impact"}]), technique("T4"),
        technique("T1", revoked=True), technique("T2", x_mitre_deprecated=True),
        technique("T0", revoked=True), {"type": "tool", "id": "x"},
        {"type": "relationship", "relationship_type": "revoked-by", "source_ref": "id-T1", "target_ref": "id-T3"},
    ]  # fmt: skip
    assert text_of("99", objects) == "# ATT&CK 99\nT0 revoked\nT1 revoked T3\nT2 deprecated\nT3 impact\nT4\n"


def test_a_token_that_puts_its_value_in_quotes_is_read(tmp_path: Path) -> None:
    search = "| from datamodel:Endpoint.Processes | search dest=$dest|s$ user=$who|s$"
    drilldown = {"name": "See $dest$", "search": search, "earliest_offset": "-1d", "latest_offset": "now"}
    write_pack(tmp_path, detection(drilldown_searches=[drilldown]))
    assert problems(tmp_path, "drilldown") == []
    (problem,) = problems(tmp_path, "drilldown-token")
    assert problem.message == "no result has the field who for the drilldown 'See $dest$'"


def test_a_version_in_quotes_is_a_number(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(version="3"))
    assert problems(tmp_path, "schema", "version") == []


def test_fields_that_an_app_makes_or_results_are_to_have_are_fields_of_the_data_source(tmp_path: Path) -> None:
    search = "index=a | stats count by Computer dest score colour"
    write_pack(tmp_path, detection(search=search, data_source=["Script Blocks"]))
    source = {
        "name": "Script Blocks",
        "source": "XmlWinEventLog:Microsoft-Windows-PowerShell/Operational",
        "sourcetype": "XmlWinEventLog",
        "fields": ["Computer"],
        "output_fields": ["score"],
    }
    write(tmp_path / "data_sources" / "script_blocks.yml", yaml.safe_dump(source))
    (problem,) = problems(tmp_path, "data-source-field")
    assert problem.message == "stats groups by colour: no such field is described in Script Blocks"


def test_the_name_of_a_story_may_go_on_in_the_next_line(tmp_path: Path) -> None:
    document = detection("Odd Tool")
    document["tags"]["analytic_story"] = ["Odd Tools of Many Makers", "Other Tools"]
    write_pack(tmp_path, document)
    write(
        tmp_path / "stories" / "odd_tools.yml",
        "name: Odd Tools of\n  Many Makers\nid: 6c1f6f4a-31c2-4f6e-8d2f-0f3f2b8c9a12\n",
    )
    assert [each.message for each in problems(tmp_path, "unknown-story")] == [
        "there is no analytic story 'Other Tools'"
    ]
