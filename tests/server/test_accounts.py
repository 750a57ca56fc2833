"""Users, roles, tokens, stored passwords."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.server.config import ServerConfig
from harness.server.server import Server
from tests.server.wire import PASSWORD, Rest

USERS = "/services/authentication/users"
ROLES = "/services/authorization/roles"
TOKENS = "/services/authorization/tokens"


@pytest.fixture
def rest() -> Iterator[Rest]:
    with Server(ServerConfig(password=PASSWORD, indexes=["attack"])).start() as running:
        yield Rest(running)


@pytest.mark.measured("M8.25", "M8.26", "M9.8", "N1.8")
def test_a_user(rest: Rest) -> None:
    entry = rest.get(f"{USERS}/admin").json["entry"][0]
    assert len(entry["content"]) == 23
    assert entry["content"]["password"] == "********"
    assert entry["id"].endswith("/services/authentication/users/admin")
    assert (entry["acl"]["owner"], entry["acl"]["app"], entry["acl"]["sharing"]) == ("system", "", "system")
    context = rest.get("/services/authentication/current-context").json["entry"][0]
    assert (context["name"], context["content"]["username"], len(context["content"])) == ("context", "admin", 24)
    assert {"admin_all_objects", "search", "rtsearch"} <= set(context["content"]["capabilities"])


@pytest.mark.measured("M8.29", "N1.9", "N1.10", "N1.11")
def test_users_are_made_changed_and_removed(rest: Rest) -> None:
    assert rest.post(USERS, name="x", roles="user").status == 400
    assert rest.post(USERS, name="x", roles="nope", password="p").status == 400
    made = rest.post(USERS, name="Alice", roles="user", password="secret one", defaultApp="search")
    content = made.json["entry"][0]["content"]
    assert made.json["entry"][0]["name"] == "alice"
    assert (content["defaultApp"], content["defaultAppIsUserOverride"], content["locked-out"]) == (
        "search",
        True,
        False,
    )
    assert rest("GET", "/services/server/info", headers=rest.basic("alice", "secret one")).status == 200
    changed = rest.post(f"{USERS}/alice", roles=["power", "user"], password="secret two").json["entry"][0]["content"]
    assert changed["roles"] == ["power", "user"]
    assert rest("GET", "/services/server/info", headers=rest.basic("alice", "secret one")).status == 401
    assert rest("DELETE", f"{USERS}/alice").status == 200
    assert rest.get(f"{USERS}/alice").message == ("ERROR", "Could not find object id=alice")
    assert rest("DELETE", f"{USERS}/admin").status == 400


@pytest.mark.measured("M8.27", "N1.12", "N1.13", "N1.18")
def test_a_role(rest: Rest) -> None:
    content = rest.get(f"{ROLES}/admin").json["entry"][0]["content"]
    assert len(content) == 43
    assert (content["imported_roles"], content["srchJobsQuota"]) == (["power", "user"], 50)
    assert (content["srchIndexesAllowed"], content["imported_srchJobsQuota"]) == (["*", "_*"], 10)
    computed = rest.post(f"{ROLES}/admin", imported_srchJobsQuota="1")
    assert computed.message == ("ERROR", 'Argument "imported_srchJobsQuota" is not supported by this handler.')
    assert rest.post(f"{ROLES}/admin", capabilities="edit_indexes").status == 400
    assert "srchMaxTime" not in rest.post(f"{ROLES}/admin", srchMaxTime="1").json["entry"][0]["content"]


def test_default_indexes_of_a_role_are_searched(rest: Rest) -> None:
    """contentctl 2.4: repeated arguments, and lists in one argument"""
    rest.hec("/services/collector/event", b'{"event":"needle","index":"attack"}')
    assert rest.search("search needle") == []
    reply = rest.post(
        f"{ROLES}/admin",
        imported_roles=["user", "power", "can_delete"],
        srchIndexesAllowed="attack;main",
        srchIndexesDefault="attack",
    )
    content = reply.json["entry"][0]["content"]
    assert content["imported_roles"] == ["user", "power", "can_delete"]
    assert content["srchIndexesAllowed"] == ["attack", "main"]
    assert len(rest.search("search needle")) == 1


@pytest.mark.measured("N4.13")
def test_deleting_events_needs_the_right(rest: Rest) -> None:
    rest.hec("/services/collector/event", b'{"event":"needle","index":"attack"}')
    search = "search index=attack | delete"
    refused = rest.post("/services/search/jobs", search=search, exec_mode="oneshot")
    text = "Error in 'delete' command: You have insufficient privileges to delete events."
    assert refused.json == {"messages": [{"type": "FATAL", "text": text}]}
    assert len(rest.search("search index=attack")) == 1
    rest.post(f"{ROLES}/admin", imported_roles=["power", "user", "can_delete"])
    rows = rest.search(search)
    assert [(row["index"], row["deleted"], row["errors"]) for row in rows if row["index"] == "attack"] == [
        ("attack", "1", "0")
    ]
    assert rest.search("search index=attack") == []


@pytest.mark.measured("N3.7")
def test_only_allowed_indexes_are_searched(rest: Rest) -> None:
    rest.hec("/services/collector/event", b'{"event":"needle","index":"attack"}{"event":"needle","index":"main"}')
    rest.post(ROLES, name="narrow", srchIndexesAllowed="main", srchIndexesDefault="main", capabilities="search")
    rest.post(USERS, name="bob", roles="narrow", password="secret bob")

    def count(search: str, name: str = "bob") -> object:
        form = {"search": f"search {search} | stats count", "exec_mode": "oneshot", "output_mode": "json"}
        headers = rest.basic(name, "secret bob") if name == "bob" else rest.basic()
        return rest("POST", "/services/search/jobs", form, headers=headers).json["results"][0]["count"]

    assert count("index=* needle") == "1"
    assert count("index=attack needle") == "0"
    assert count("index=* needle", "admin") == "2"
    rest.post(f"{ROLES}/narrow", srchIndexesAllowed="*", srchIndexesDisallowed="main")
    assert count("index=* needle") == "1"
    assert count("index=attack needle") == "1"


@pytest.mark.measured("M8.11")
def test_a_disabled_index_is_not_searched(rest: Rest) -> None:
    rest.hec("/services/collector/event", b'{"event":"needle","index":"attack"}')
    assert len(rest.search("search index=attack")) == 1
    rest.post("/services/data/indexes/attack/disable")
    assert rest.search("search index=attack") == []
    rest.post("/services/data/indexes/attack/enable")
    assert len(rest.search("search index=attack")) == 1


def test_a_search_filter_is_refused_rather_than_passed_over(rest: Rest) -> None:
    rest.post(f"{ROLES}/admin", srchFilter="host=a")
    reply = rest.post("/services/search/jobs", search="search index=main", exec_mode="oneshot")
    assert reply.json["messages"][0]["text"].startswith("Unsupported: ")


@pytest.mark.measured("M3.23")
def test_jobs_of_others_are_not_seen(rest: Rest) -> None:
    """They do not exist for a caller without the right to see everything."""
    rest.post(USERS, name="bob", roles="user", password="secret bob")
    sid = rest.post("/services/search/jobs", search="| makeresults").json["sid"]
    reply = rest("GET", f"/services/search/jobs/{sid}?output_mode=json", headers=rest.basic("bob", "secret bob"))
    assert (reply.status, reply.message) == (404, ("FATAL", "Unknown sid."))
    listed = rest("GET", "/services/search/jobs?output_mode=json", headers=rest.basic("bob", "secret bob"))
    assert listed.json["entry"] == []


@pytest.mark.measured("N9.8")
def test_private_knowledge_of_others_changes_no_search(rest: Rest) -> None:
    for name in ("bob", "eve"):
        rest.post(USERS, name=name, roles="user", password=f"secret {name}")
    rest.post("/servicesNS/nobody/search/admin/macros", name="whose", definition='eval whose="everybody"')
    bob, eve = rest.basic("bob", "secret bob"), rest.basic("eve", "secret eve")
    for path, form in (
        ("admin/macros", {"name": "whose", "definition": 'eval whose="bob"'}),
        ("configs/conf-props", {"name": "st", "EVAL-own": '"yes"'}),
    ):
        assert rest("POST", f"/servicesNS/bob/search/{path}", form, headers=bob).status == 201
    rest.hec("/services/collector/event", b'{"event":"x","sourcetype":"st"}')

    def found(headers: dict[str, str]) -> list[dict[str, str]]:
        form = {"search": "search index=main | `whose` | table whose own", "exec_mode": "oneshot"}
        reply = rest("POST", "/services/search/jobs?output_mode=json", form, headers=headers)
        answer: list[dict[str, str]] = reply.json["results"]
        return answer

    assert found(bob) == [{"whose": "bob", "own": "yes"}]
    assert found(eve) == [{"whose": "everybody"}]


@pytest.mark.measured("N5.3", "N9.8", "N9.15", "M1.16")
def test_objects_of_others(rest: Rest) -> None:
    """Private ones are not there, shared ones need a role that may write them."""
    for name, role in (("bob", "user"), ("eve", "user"), ("pat", "power")):
        rest.post(USERS, name=name, roles=role, password=f"secret {name}")

    def ask(who: str, method: str, path: str, **form: str) -> int:
        headers = rest.basic(who, f"secret {who}")
        return rest(method, path, form or None, headers=headers).status

    saved = "/services/saved/searches"
    shared = "/servicesNS/nobody/search/saved/searches"
    assert ask("bob", "POST", saved, name="private", search="x") == 201
    assert ask("bob", "GET", f"{saved}/private") == 200
    assert ask("eve", "GET", f"{saved}/private") == 404
    assert ask("eve", "GET", "/servicesNS/bob/search/saved/searches/private") == 404
    assert rest.get("/servicesNS/bob/search/saved/searches/private").status == 200
    assert ask("eve", "POST", "/servicesNS/bob/search/saved/searches", name="planted", search="x") == 403
    assert ask("bob", "POST", shared, name="shared", search="x") == 403
    assert ask("pat", "POST", shared, name="shared", search="x") == 201
    assert ask("bob", "GET", f"{shared}/shared") == 200
    assert ask("bob", "POST", f"{shared}/shared", search="y") == 403
    assert ask("bob", "DELETE", f"{shared}/shared") == 403
    assert ask("bob", "POST", "/servicesNS/nobody/search/admin/macros", name="m", definition="x") == 403
    assert ask("bob", "POST", "/services/properties/authorize/default/x", value="1") == 403


@pytest.mark.measured("M8.28")
def test_capabilities(rest: Rest) -> None:
    entry = rest.get("/services/authorization/capabilities/capabilities").json["entry"][0]
    assert "delete_by_keyword" in entry["content"]["capabilities"]
    assert entry["fields"] == {"required": [], "optional": [], "wildcard": []}


@pytest.mark.measured("N1.1", "N1.2", "N1.3", "N1.4", "N1.5")
def test_authentication_tokens(rest: Rest) -> None:
    made = rest.post(TOKENS, name="admin", audience="me", expires_on="+1h").json["entry"][0]["content"]
    header = {"Authorization": f"Bearer {made['token']}"}
    assert rest("GET", "/services/server/info", headers=header).status == 200
    entry = rest.get(TOKENS, id=made["id"]).json["entry"][0]
    assert (entry["name"], entry["content"]["status"]) == (made["id"], "enabled")
    assert entry["content"]["claims"]["sub"] == "admin"
    assert rest.post(f"{TOKENS}/admin", id=made["id"], audience="x").message[1].startswith('Argument "audience"')
    assert rest.get(TOKENS, id=made["id"], status="enabled").json["entry"][0]["content"]["headers"]["alg"]
    (said,) = rest.post(f"{TOKENS}/admin", id=made["id"], status="disabled").json["messages"]
    assert "disabled" in said["text"]
    assert rest("GET", "/services/server/info", headers=header).status == 401
    assert rest("DELETE", f"{TOKENS}/admin?id={made['id']}").status == 200
    assert rest.get(TOKENS, id=made["id"]).json["entry"] == []


@pytest.mark.measured("N8.37", "N8.38", "N8.39")
def test_stored_passwords(rest: Rest) -> None:
    made = rest.post("/services/storage/passwords", name="u:x", realm="r", password="p").json["entry"][0]
    assert made["name"] == "r:u\\:x:"
    assert made["content"]["clear_password"] == "p"
    assert "p" not in made["content"]["encr_password"].split("$")[1:2]
    plain = rest.post("/services/storage/passwords", name="u", password="p").json["entry"][0]
    assert (plain["name"], plain["content"]["realm"]) == (":u:", "")
    assert rest("DELETE", "/services/storage/passwords/%3Au%3A").status == 200
    assert rest.get("/services/storage/passwords/%3Au%3A").status == 404
