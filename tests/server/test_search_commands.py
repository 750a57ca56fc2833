"""Commands that ask the server around the search: metrics sent to it, its endpoints, jobs and saved searches."""

from __future__ import annotations

import pytest

from tests.server.wire import Rest

EVENT = "/services/collector/event"


def failure(rest: Rest, search: str) -> str:
    reply = rest.post("/services/search/jobs", search=search, exec_mode="oneshot")
    return str(reply.json["messages"][0]["text"])


def as_plain(rest: Rest, search: str) -> str:
    """What a user without rights of an administrator is answered."""
    rest.post("/services/authentication/users", name="plain", password="long enough", roles="user")
    form = {"search": search, "exec_mode": "oneshot", "output_mode": "json", "count": 0}
    return rest("POST", "/services/search/jobs", form, headers=rest.basic("plain", "long enough")).text


def test_metrics_sent_to_a_metric_index_are_found_by_mstats_and_not_by_search(rest: Rest) -> None:
    assert rest.post("/services/data/indexes", name="measured", datatype="metric").status == 201
    point = b'{"time":100,"event":"metric","index":"measured","host":"h","fields":{"metric_name:cpu.usr":%d,"app":"x"}}'
    assert rest.hec(EVENT, point % 10 + point % 20).status == 200
    found = rest.search("| mstats avg(cpu.usr) AS usr WHERE index=measured BY app, host")
    assert found == [{"app": "x", "host": "h", "usr": "15"}]
    assert rest.search("search index=measured") == []
    assert rest.search("| mcatalog values(metric_name) AS m WHERE index=measured") == [{"m": "cpu.usr"}]


def test_rest_gives_a_row_for_each_entry(rest: Rest) -> None:
    rest.post("/services/saved/searches", name="nightly", search="index=main")
    rows = rest.search(
        '| rest /services/saved/searches search="name=nightly" | table title search disabled eai:acl.app'
    )
    assert rows == [{"title": "nightly", "search": "index=main", "disabled": "0", "eai:acl.app": "search"}]


def test_rest_sees_a_namespace_and_one_object(rest: Rest) -> None:
    rest.post("/services/saved/searches", name="one of a kind", search="index=main")
    path = '"/servicesNS/-/-/saved/searches/one of a kind"'
    assert rest.search(f"| rest {path} | table title splunk_server")[0]["title"] == "one of a kind"


@pytest.mark.measured("M2.51")
def test_rest_gives_only_the_settings_asked_for_and_its_path_needs_no_slash_in_front(rest: Rest) -> None:
    rest.post("/services/saved/searches", name="nightly", search="index=main")
    rows = rest.search('| rest services/saved/searches search="name=nightly" f=search f="cron*"')
    assert rows[0]["search"] == "index=main"
    assert "cron_schedule" in rows[0]
    assert "disabled" not in rows[0]


def test_rest_of_no_endpoint_warns_and_gives_no_rows(rest: Rest) -> None:
    reply = rest.post("/services/search/jobs", search="| rest /services/nonsense", exec_mode="oneshot").json
    assert reply["results"] == []
    assert [message["type"] for message in reply["messages"]] == ["WARN"]
    assert "/services/nonsense" in reply["messages"][0]["text"]


def test_rest_asks_with_the_rights_of_the_user(rest: Rest) -> None:
    rest.post("/services/saved/searches", name="secret of admin", search="index=main")
    rest.post("/servicesNS/admin/search/saved/searches/secret%20of%20admin/acl", owner="admin", sharing="user")
    form = {
        "search": "| rest /servicesNS/-/-/saved/searches",
        "exec_mode": "oneshot",
        "output_mode": "json",
        "count": 0,
    }
    reply = rest("POST", "/services/search/jobs", form, headers=rest.basic("plain", "long enough"))
    assert "secret of admin" not in reply.text


def test_loadjob_gives_the_rows_of_a_job_that_is_done(rest: Rest) -> None:
    made = rest.post("/services/search/jobs", search="| makeresults count=2 | eval n=7", exec_mode="blocking")
    sid = made.json["sid"]
    assert rest.search(f"| loadjob {sid} | stats count sum(n) as n") == [{"count": "2", "n": "14"}]


def test_loadjob_by_saved_search_takes_its_last_run(rest: Rest) -> None:
    rest.post("/services/saved/searches", name="counted", search="| makeresults | eval n=3 | table n")
    sid = rest.post("/services/saved/searches/counted/dispatch").json["sid"]
    assert rest.get(f"/services/search/jobs/{sid}/results").status in (200, 204)
    assert rest.search('| loadjob savedsearch="admin:search:counted"') == [{"n": "3"}]


def test_loadjob_of_no_job(rest: Rest) -> None:
    assert "There is no job with the id 'nope'." in failure(rest, "| loadjob nope")


def test_savedsearch_fills_in_its_arguments(rest: Rest) -> None:
    rest.post("/services/saved/searches", name="asks", search='| makeresults | eval who="$who$" | table who')
    assert rest.search('| savedsearch asks who="me"') == [{"who": "me"}]
    assert rest.search('| savedsearch "asks" nosubstitution=t who="me"') == [{"who": "$who$"}]


@pytest.mark.parametrize("search", ["| savedsearch past", "| from savedsearch:past", '| from savedsearch:"past"'])
def test_a_saved_search_brings_its_time_range(rest: Rest, search: str) -> None:
    name = "past"
    text = "| makeresults | addinfo | table info_max_time"
    bounds = {"dispatch.earliest_time": "100", "dispatch.latest_time": "200"}
    rest.post("/services/saved/searches", name=name, search=text, **bounds)
    assert rest.search(search) == [{"info_max_time": "200.000"}]
    assert rest.search(search, earliest_time="5", latest_time="6") == [{"info_max_time": "6.000"}]


def test_savedsearch_of_no_search(rest: Rest) -> None:
    assert "Unable to find saved search named 'nope'." in failure(rest, "| savedsearch nope")


def test_a_saved_search_that_runs_itself_ends(rest: Rest) -> None:
    rest.post("/services/saved/searches", name="endless", search="| savedsearch endless")
    assert "nested this deep" in failure(rest, "| savedsearch endless")


def test_typeahead_says_how_a_search_may_go_on(rest: Rest) -> None:
    rest.hec(EVENT, b'{"event":"x","sourcetype":"typed_ahead"}')
    assert rest.search("| typeahead prefix=sourcetype=typed count=5") == [
        {"content": 'sourcetype="typed_ahead"', "count": "1"}
    ]
    assert rest.search('| typeahead prefix="index=_" count=2 | table content')[1:] == [{"content": 'index="_internal"'}]
