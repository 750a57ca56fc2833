"""What fields rows can have: never less than what searches really give, and as little as can be told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.engine.plan import plan
from harness.errors import HarnessError
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.validation.flow import FieldSet, results_of
from harness.validation.matching_nothing import impossible
from tests.conformance.embedded import _searcher
from tests.conformance.runner import cases


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge.load(shipped_apps())


@pytest.mark.parametrize(
    ("search", "has", "lacks"),
    [
        ("index=main", ["anything"], []),
        ("index=main | stats count AS n values(a) by b", ["n", "values(a)", "b"], ["a", "count", "_time"]),
        ("index=main | stats values(*) AS * by b", ["anything", "b"], []),
        ("index=main | stats count by a b | stats values(*) AS x_* by b", ["x_a", "x_count", "b"], ["a", "x_b"]),
        ("index=main | stats count by a | eval c=1, d=a", ["a", "c", "d", "count"], ["e"]),
        ('index=main | stats count by a | eval "{a}"=1', ["anything"], []),
        ("index=main | stats count by a | rename a AS b", ["b", "count"], ["a"]),
        ("index=main | stats count by a b | rename x AS b", ["a"], ["b", "x"]),
        ("index=main | stats count by m.a m.b | rename m.* AS *", ["a", "b"], ["m.a"]),
        ("index=main | table a b", ["a", "b"], ["c", "_time"]),
        ("index=main | fields a", ["a", "_time", "_raw"], ["b"]),
        ("index=main | fields - a", ["b"], ["a"]),
        ("index=main | fields - a | eval a=1", ["a"], []),
        ("index=main | stats count by a b | fields - a*", ["b"], ["a"]),
        ("index=main | stats count by a | table a c", ["a"], ["c", "count"]),
        (r'index=main | stats count by a | rex field=a "(?<x>\w)(?<y>\w)"', ["x", "y"], ["z"]),
        ("index=main | stats count by a | spath input=a path=p output=o", ["o"], ["p"]),
        ("index=main | stats count by a | spath input=a", ["anything"], []),
        ("index=main | stats count by a | fillnull value=0 z", ["z"], ["y"]),
        ("index=main | stats count by a | addinfo", ["info_min_time"], ["b"]),
        ("index=main | stats count by a | eventstats max(count) AS m", ["a", "count", "m"], ["b"]),
        ("index=main | chart count over a", ["a", "count"], ["b"]),
        ("index=main | chart count over a by b", ["anything"], []),
        ("index=main | timechart count", ["_time", "count"], ["a"]),
        ("index=main | top a by b", ["a", "b", "count", "percent"], ["c"]),
        ("index=main | stats count by a | append [ search index=x | stats sum(c) AS s by d ]", ["a", "s", "d"], ["c"]),
        ("index=main | stats count by a | join a [ search index=x | stats dc(c) AS k by a ]", ["k"], ["c"]),
        (
            "index=main | stats count by a | join left=L right=R where L.a=R.b [ search index=x | stats count by b ]",
            ["L.a", "R.b", "R.count"],
            ["a", "b", "R.a"],
        ),
        ("index=main | join left=L right=R where L.a=R.b [ search index=x ]", ["L.anything"], []),
        ("index=main | stats count by a | appendpipe [ stats sum(count) AS total ]", ["a", "total"], ["b"]),
        ("index=main | stats count by a | where count > [ search index=x | return $n ]", ["anything"], []),
        ("| union [ search index=x | stats count by a ] [ search index=x | table b ]", ["a", "b"], ["c"]),
        ("| tstats count from datamodel=Web by Web.src", ["count", "Web.src"], ["src"]),
        ("| makeresults | eval a=1", ["a"], []),
        ("index=main | stats count by a | lookup nobody_has_this a OUTPUT b AS c", ["c"], ["b"]),
        ("index=main | stats count by a | lookup nobody_has_this a", ["anything"], []),
    ],
)
def test_fields_are_followed_through(knowledge: Knowledge, search: str, has: list[str], lacks: list[str]) -> None:
    fields = results_of(plan(search, knowledge), knowledge)
    assert [name for name in has if not fields.may_have(name)] == []
    assert [name for name in lacks if fields.may_have(name)] == []


def test_a_command_that_is_not_known_here_may_do_anything(knowledge: Knowledge) -> None:
    search = '| makeresults | eval a=1 | table a | map search="| makeresults | eval b=$a$"'
    assert results_of(plan(search, knowledge), knowledge).may_have("b")


def test_no_page_gives_a_field_or_a_row_that_is_said_to_be_impossible(tmp_path: Path) -> None:
    """Every documented result of every command judges the analysis."""
    checked = 0
    for number, case in enumerate(cases()):
        results, spl = case.one("results"), case.one("spl")
        if results is None or spl is None or case.known is not None:
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        knowledge = _searcher(case, folder).knowledge
        try:
            planned = plan(spl.body.strip(), knowledge)
            fields = results_of(planned, knowledge)
        except HarnessError:
            continue  # refused only while it runs
        given = {name for line in results.body.splitlines() if line.strip() for name in _named(json.loads(line))}
        assert [name for name in given if not fields.may_have(name)] == [], case.id
        assert not results.body.strip() or list(impossible(planned.steps)) == [], case.id
        checked += not fields.others
    assert checked > 100


def _named(row: dict[str, object]) -> list[str]:
    return [name for name, value in row.items() if value is not None]


def test_what_is_gone_comes_back_with_what_brings_it() -> None:
    fields = FieldSet(others=True).removing(["a"])
    assert not fields.may_have("a")
    assert fields.adding(["a"]).may_have("a")
    assert fields.joined(FieldSet(frozenset(["a"]))).may_have("a")
    assert not fields.joined(FieldSet(frozenset(["b"]))).may_have("a")
