"""Lookups that settings apply to events, and the tables behind them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from harness.errors import KnowledgeError, SearchError, UnsupportedSPL
from harness.knowledge.knowledge import Knowledge
from harness.knowledge.lookups import Lookup, Table, define
from tests.knowledge.apps import events, fields, write_app

USERS = "user,role,since\nann,admin,100\nbob,guest,200\nann,owner,300\n"


def knowledge(folder: Path, setting: str, definition: str = "", users: str = USERS) -> Knowledge:
    return Knowledge.load(
        [
            write_app(
                folder,
                props=f"[st]\nSHOULD_LINEMERGE = false\n{setting}\n",
                transforms=f"[users]\nfilename = users.csv\n{definition}\n",
                users_csv=users,
            )
        ]
    )


def test_all_matches_make_a_multivalue_unless_max_matches_bounds_them(tmp_path: Path) -> None:
    setting = "LOOKUP-a = users user OUTPUT role"
    assert fields(knowledge(tmp_path, setting), "user=ann", "role") == [{"role": ("admin", "owner")}]
    assert fields(knowledge(tmp_path, setting, "max_matches = 1"), "user=ann", "role") == [{"role": "admin"}]


def test_fields_have_other_names_in_events(tmp_path: Path) -> None:
    k = knowledge(tmp_path, "LOOKUP-a = users user AS who OUTPUT role AS job since AS from", "max_matches = 1")
    assert fields(k, "who=bob", "job", "from", "role") == [{"job": "guest", "from": "200"}]


@pytest.mark.parametrize("key", ["LOOKUP-a", "LOOKUP_a", "LOOKUPa", "lookup-a", "lookupa"])
def test_the_prefix_of_the_setting_is_written_in_any_way(tmp_path: Path, key: str) -> None:
    assert fields(knowledge(tmp_path, f"{key} = users user OUTPUT role"), "user=bob", "role") == [{"role": "guest"}]


def test_without_outputs_all_other_fields_are_written(tmp_path: Path) -> None:
    k = knowledge(tmp_path, "LOOKUP-a = users user")
    assert fields(k, "user=bob role=old", "role", "since") == [{"role": "guest", "since": "200"}]


def test_outputnew_decides_field_by_field(tmp_path: Path) -> None:
    k = knowledge(tmp_path, "LOOKUP-a = users user OUTPUTNEW role since")
    assert fields(k, "user=bob role=old", "role", "since") == [{"role": "old", "since": "200"}]


def test_an_event_without_the_input_is_left_alone(tmp_path: Path) -> None:
    k = knowledge(tmp_path, "LOOKUP-a = users user OUTPUT role")
    assert fields(k, "user=bob\nrole=old", "role") == [{"role": "guest"}, {"role": "old"}]


def test_the_default_is_given_only_with_min_matches(tmp_path: Path) -> None:
    setting = "LOOKUP-a = users user OUTPUT role"
    assert fields(knowledge(tmp_path, setting, "default_match = none"), "user=x", "role") == [{}]
    both = knowledge(tmp_path, setting, "default_match = none\nmin_matches = 1")
    assert fields(both, "user=x", "role") == [{"role": "none"}]


def test_a_filter_hides_rows(tmp_path: Path) -> None:
    k = knowledge(tmp_path, "LOOKUP-a = users user OUTPUT role", "filter = role!=admin since>100")
    assert fields(k, "user=ann", "role") == [{"role": "owner"}]


def test_a_lookup_by_time_gives_the_entry_that_holds(tmp_path: Path) -> None:
    setting = "TIME_FORMAT = %s\nMAX_DAYS_AGO = 30000\nLOOKUP-a = users user OUTPUT role"
    k = knowledge(tmp_path, setting, "time_field = since")
    text = "1768400000 user=ann\n1768400500 user=ann\n1768399000 user=ann"
    users = "user,role,since\nann,admin,1768399500\nann,owner,1768400400\n"
    k = knowledge(tmp_path, setting, "time_field = since", users)
    assert fields(k, text, "role") == [{"role": "admin"}, {"role": "owner"}, {}]
    k = knowledge(tmp_path, setting, "time_field = since\nmax_offset_secs = 200", users)
    assert fields(k, text, "role") == [{}, {"role": "owner"}, {}]


def test_a_lookup_by_time_is_refused_where_no_time_is_given() -> None:
    lookup = define("l", {"filename": "l.csv", "time_field": "t"}, Table(["t", "a"], [{"t": "1", "a": "x"}]))
    with pytest.raises(UnsupportedSPL, match="time of events"):
        lookup.match({"a": "x"})


def test_a_lookup_without_its_file_or_field_is_left_out_and_reported(tmp_path: Path) -> None:
    k = knowledge(tmp_path, "LOOKUP-a = users user OUTPUT nofield\nLOOKUP-b = missing user OUTPUT role")
    assert "role" not in events(k, "user=ann")[0]
    assert "the lookup users has no field nofield" in str(k.warnings[0])
    assert "Could not construct lookup 'missing'" in str(k.warnings[1])


def test_a_lookup_that_runs_a_program_is_refused_where_an_event_asks_it(tmp_path: Path) -> None:
    props = "[st]\nSHOULD_LINEMERGE = false\nLOOKUP-a = dns ip OUTPUT name\n"
    k = Knowledge.load(
        [write_app(tmp_path, props=props, transforms="[dns]\nexternal_cmd = dns.py ip\nfields_list = ip, name\n")]
    )
    assert events(k, "nothing to ask")
    with pytest.raises(UnsupportedSPL, match="'dns'"):
        events(k, "ip=10.0.0.1")


# --- tables -----------------------------------------------------------------------------------------------------------


def test_a_file_is_a_lookup_by_its_own_name_and_may_be_gzipped(tmp_path: Path) -> None:
    app = write_app(tmp_path, users_csv=USERS)
    (app / "lookups" / "packed.csv.gz").write_bytes(gzip.compress(USERS.encode()))
    k = Knowledge.load([app])
    assert k.lookup("users.csv").rows() == k.lookup("packed.csv.gz").rows()
    assert k.lookup_names() == ["packed.csv.gz", "users.csv"]


def test_a_table_that_is_written_is_found_anew_by_every_definition_over_it(tmp_path: Path) -> None:
    k = knowledge(tmp_path, "")
    by_name, by_file = k.lookup("users"), k.lookup("users.csv")
    assert by_name.match({"user": "eve"}) == []
    by_file.table.replace_rows(["user", "role"], [{"user": "eve", "role": "new"}])
    assert by_name.match({"user": "eve"}) == [{"user": "eve", "role": "new"}]


def test_appended_rows_bring_their_fields(tmp_path: Path) -> None:
    table = Table(["a"], [{"a": "1"}])
    table.append_rows([{"a": "2", "b": "3"}])
    assert (table.fields, table.rows()) == (["a", "b"], [{"a": "1"}, {"a": "2", "b": "3"}])


def test_what_one_session_writes_another_does_not_read(tmp_path: Path) -> None:
    base = knowledge(tmp_path, "")
    base.lookup("users")
    one, two = base.session(), base.session()
    one.lookup("users").table.replace_rows(["user"], [])
    assert [len(each.lookup("users").rows()) for each in (base, one, two)] == [3, 0, 3]
    assert len(one.with_app(write_nothing()).lookup("users").rows()) == 0


def write_nothing():  # type: ignore[no-untyped-def]
    from harness.knowledge.apps import App

    return App("rest", Path("rest"))


def test_a_collection_is_empty_until_somebody_writes_or_binds_it(tmp_path: Path) -> None:
    transforms = "[kv]\nexternal_type = kvstore\ncollection = things\nfields_list = _key, name\n"
    k = Knowledge.load([write_app(tmp_path, transforms=transforms)])
    lookup = k.lookup("kv")
    assert (list(lookup.fields), lookup.rows()) == (["_key", "name"], [])
    k.tables.collection("things").replace_rows(["_key", "name"], [{"_key": "1", "name": ("a", "b")}])
    assert lookup.match({"name": "b"}) == [{"_key": "1", "name": ("a", "b")}]


def test_an_unknown_lookup_is_refused_in_splunk_s_words(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match=r"Could not construct lookup 'x'\. See search\.log for more details\."):
        knowledge(tmp_path, "").lookup("x")


def test_a_filter_that_is_no_search_is_refused() -> None:
    with pytest.raises(KnowledgeError, match="filter"):
        define("l", {"filename": "l.csv", "filter": "(a"}, Table(["a"], []))


def test_wildcards_ignore_case_only_if_the_definition_does() -> None:
    table = Table(["p"], [{"p": "*NET*.exe"}])
    assert not Lookup("l", table, {"p": "WILDCARD"}).match({"p": "c:\\net1.exe"})
    assert Lookup("l", table, {"p": "WILDCARD"}, case_sensitive=False).match({"p": "c:\\net1.exe"})
