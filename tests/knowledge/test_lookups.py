"""Matching rows of lookup tables."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.knowledge.lookup_index import FEW, Index
from harness.knowledge.lookups import Lookup, Table


def lookup(rows: str, **settings: object) -> Lookup:
    from pathlib import Path

    return Lookup("t", Table.from_csv(rows.encode(), Path("t.csv")), **settings)  # type: ignore[arg-type]


def test_values_match_exactly_and_with_case() -> None:
    table = lookup("user,role\nann,admin\nAnn,guest\n")
    assert table.match({"user": "ann"}) == [{"user": "ann", "role": "admin"}]
    assert table.match({"user": "an"}) == []


def test_without_case_if_the_definition_says_so() -> None:
    table = lookup("user,role\nann,admin\nANN,guest\n", case_sensitive=False)
    assert [row["role"] for row in table.match({"user": "Ann"})] == ["admin", "guest"]


def test_wildcards_in_the_table_match_in_its_order_up_to_the_maximum() -> None:
    table = lookup("name,kind\n*.exe,program\nnet*,network\n*,any\n", match_types={"name": "WILDCARD"}, maximum=2)
    assert [row["kind"] for row in table.match({"name": "net.exe"})] == ["program", "network"]


def test_networks_match_the_addresses_in_them() -> None:
    table = lookup("net,zone\n10.0.0.0/8,inside\nbroken,none\n2001:db8::/32,six\n", match_types={"net": "CIDR"})
    assert [row["zone"] for row in table.match({"net": "10.1.2.3"})] == ["inside"]
    assert [row["zone"] for row in table.match({"net": "2001:db8::1"})] == ["six"]
    assert table.match({"net": "not an address"}) == []


def test_the_default_stands_in_for_a_row_that_is_not_there() -> None:
    table = lookup("user,role\nann,admin\n", default="none", minimum=1)
    assert table.match({"user": "bob"}) == [{"role": "none"}]


def test_several_inputs_must_match_one_row() -> None:
    table = lookup("a,b,c\n1,1,x\n1,2,y\n")
    assert [row["c"] for row in table.match({"a": "1", "b": "2"})] == ["y"]


_TEXT = st.text("ab.*", max_size=6)


@given(
    patterns=st.lists(_TEXT, min_size=FEW + 1, max_size=FEW + 20), asked=_TEXT.map(lambda text: text.replace("*", "c"))
)
def test_many_patterns_are_found_as_if_they_were_tried_one_by_one(patterns: list[str], asked: str) -> None:
    rows = [{"pattern": pattern, "row": str(at)} for at, pattern in enumerate(patterns)]
    alone = [row for row in rows if pattern_index([row]).find((asked,))]
    assert pattern_index(rows).find((asked,)) == alone


def pattern_index(rows: list[dict[str, str]]) -> Index:
    return Index(rows, ("pattern",), {"pattern": "WILDCARD"}, case_sensitive=True)


def test_rows_are_read_once_and_only_when_asked_for() -> None:
    read: list[str] = []

    def rows() -> list[dict[str, str]]:
        read.append("read")
        return [{"a": "1"}]

    table = Table(["a"], rows)
    assert (table.fields, read) == (["a"], [])
    assert (table.rows(), table.rows(), read) == ([{"a": "1"}], [{"a": "1"}], ["read"])
