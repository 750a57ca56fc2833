"""What a server with a data folder keeps: over a restart, over the death of its process, over a damaged file."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from harness.errors import BackendError
from harness.knowledge.apps import App
from harness.knowledge.knowledge import Knowledge
from harness.server.config import ServerConfig
from harness.server.journal import Journal
from harness.server.server import Server
from tests.server.serving import PASSWORD, start
from tests.server.wire import Rest

SEARCH = "/servicesNS/nobody/search"
PRIVATE = "/servicesNS/admin/search"


@contextmanager
def running(folder: Path) -> Iterator[Rest]:
    app = App("TA_one", Path("TA_one"))
    app.confs = {"macros": {"given": {"definition": "eval x=1"}, "moved": {"definition": "eval x=2"}}}
    app.lookups = {"given.csv": b"host,owner\nh1,alice\n"}
    config = ServerConfig(password=PASSWORD, knowledge=Knowledge([app]), data_dir=folder)
    with Server(config).start() as server:
        yield Rest(server)


def send(rest: Rest, *events: dict[str, Any]) -> None:
    assert rest.hec("/services/collector/event", "\n".join(map(json.dumps, events)).encode()).status == 200


def test_everything_that_was_written_is_there_again(tmp_path: Path) -> None:
    asked = [
        "search index=* | fields _time index host source sourcetype tags level | fields + _raw",
        "search index=books | stats count by title",
        "| tstats count where index=* by index",
        "| makeresults | `mine` | `given` | table a x",
        '| makeresults | eval host="h1" | lookup given.csv host | table owner',
        "| inputlookup written.csv",
        "| inputlookup people | table _key name age",
    ]
    with running(tmp_path) as rest:
        assert rest.post("/services/data/indexes", name="books", maxTotalDataSizeMB="77").status == 201
        assert rest.post("/services/data/indexes", name="emptied").status == 201
        assert rest.post("/services/apps/local", name="made", label="Made here").status == 201
        same = [
            {"event": f"n={n}", "time": 1700000000.5, "fields": {"tags": ["a", "b"], "level": "7"}} for n in range(5)
        ]
        send(rest, *same, {"event": {"title": "Ünïcode", "n": 1.5}, "index": "books", "host": "h9"})
        send(rest, {"event": "title=gone", "index": "books"}, {"event": "lost", "index": "emptied"})
        assert rest("POST", "/services/receivers/simple?index=books&sourcetype=x", b"title=one\n").status == 200
        rest.post("/services/authorization/roles/admin", imported_roles=["user", "power", "can_delete"])
        assert rest.search("search index=books title=gone | delete")[0]["errors"] == "0"
        rest("DELETE", "/services/data/indexes/emptied")
        assert rest.post("/services/data/indexes", name="emptied").status == 201

        assert rest.post(f"{PRIVATE}/admin/macros", name="mine", definition='eval a="private"').status == 201
        assert rest.post("/servicesNS/nobody/TA_one/admin/macros/given", definition="eval x=9").status == 200
        assert rest.post("/servicesNS/nobody/TA_one/admin/macros/moved/move", app="search", user="nobody").status == 200
        assert rest.post(f"{SEARCH}/saved/searches", name="kept", search="index=books").status == 201
        assert rest.post(f"{SEARCH}/saved/searches", name="dropped", search="x").status == 201
        assert rest("DELETE", f"{SEARCH}/saved/searches/dropped").status == 200
        assert rest.post(f"{SEARCH}/properties", __conf="own").status == 201
        assert rest.post(f"{SEARCH}/storage/collections/config", name="folk").status == 201
        rest.post(f"{SEARCH}/storage/collections/config/folk", **{"field.age": "number"})
        records = [{"_key": key, "name": key.upper(), "age": str(age)} for key, age in (("b", 2), ("a", 1), ("c", 3))]
        path = f"{SEARCH}/storage/collections/data/folk"
        assert rest("POST", f"{path}/batch_save", json.dumps(records).encode()).status == 200
        assert rest("DELETE", f"{path}/c").status == 200
        rest.post(f"{SEARCH}/data/transforms/lookups", name="people", external_type="kvstore", collection="folk",
                  fields_list="_key,name,age")  # fmt: skip
        rows = json.dumps([["k", "v"], ["1", "one"]])
        rest.post("/services/data/lookup_edit/lookup_contents", lookup_file="written.csv", contents=rows)
        rest.search('| makeresults | eval host="h1", owner="bob" | table host owner | outputlookup given.csv')
        token = rest.post("/services/data/inputs/http", name="sender", index="books").json["entry"][0]["content"]
        rest.post("/services/data/inputs/http/sender/disable")
        model = json.dumps({"modelName": "Mine", "displayName": "Mine", "description": "", "objects": []})
        assert rest.post("/services/datamodel/model", name="Mine", **{"eai:data": model}).status == 201
        rest.post("/services/datamodel/model/Mine", acceleration='{"enabled":true}')
        before = [rest.search(spl) for spl in asked]
        index = rest.get("/services/data/indexes/books").json["entry"][0]["content"]
        first = rest.server.hec_token
    assert before[0]
    assert before[1] == [{"title": title, "count": "1"} for title in ("one", "Ünïcode")]
    assert before[4:] == [[{"owner": "bob"}], [{"k": "1", "v": "one"}],
                          [{"_key": "b", "name": "B", "age": "2"}, {"_key": "a", "name": "A", "age": "1"}]]  # fmt: skip

    for _ in range(2):  # what was restored is kept as well
        with running(tmp_path) as rest:
            assert [rest.search(spl) for spl in asked if "makeresults" not in spl] == [
                rows for spl, rows in zip(asked, before, strict=True) if "makeresults" not in spl
            ]
            assert rest.search(asked[3]) == [{"a": "private", "x": "9"}]
            assert rest.search(asked[4]) == [{"owner": "bob"}]
            again = rest.get("/services/data/indexes/books").json["entry"][0]["content"]
            assert (again["maxTotalDataSizeMB"], again["totalEventCount"]) == (77, index["totalEventCount"])
            assert rest.get(f"{SEARCH}/saved/searches/kept").json["entry"][0]["content"]["search"] == "index=books"
            assert rest.get(f"{SEARCH}/saved/searches/dropped").status == 404
            assert rest.get("/servicesNS/nobody/TA_one/configs/conf-macros/moved").status == 404
            assert rest.get(f"{SEARCH}/configs/conf-macros/moved").json["entry"][0]["acl"]["app"] == "search"
            assert rest.get(f"{SEARCH}/properties/own").status == 200
            mine = rest.get("/services/datamodel/model/Mine").json["entry"][0]["content"]
            assert json.loads(mine["acceleration"])["enabled"] is True
            assert rest.get("/services/apps/local/made").json["entry"][0]["content"]["label"] == "Made here"
            assert rest.get(f"{SEARCH}/storage/collections/data/folk/b").json["age"] == 2
            kept = rest.get("/services/data/inputs/http/sender").json["entry"][0]["content"]
            assert (kept["token"], kept["disabled"]) == (token["token"], True)
            assert rest.server.hec_token == first


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
def test_what_was_acknowledged_outlives_a_killed_process(tmp_path: Path) -> None:
    """SIGKILL in the middle of many requests: every event that was answered for is found, and none twice."""
    command = ["--host", "127.0.0.1", "--port", "0", "--hec-port", "0", "--web-port", "0", "--password", PASSWORD,
               "--data-dir", str(tmp_path / "data")]  # fmt: skip
    served = serve_again(command, tmp_path)
    acknowledged: list[str] = []
    enough = threading.Event()

    def send_until_it_dies(number: int) -> None:
        with requests.Session() as session:
            for n in range(10_000):
                name = f"sender={number} n={n}"
                try:
                    reply = session.post(
                        f"{served.hec_url}/services/collector/event", json={"event": name}, verify=False, timeout=10,
                        headers={"Authorization": f"Splunk {served.hec_token}"},
                    )  # fmt: skip
                except requests.RequestException:
                    return
                if reply.status_code == 200:
                    acknowledged.append(name)
                if len(acknowledged) > 200:
                    enough.set()

    with ThreadPoolExecutor(6) as pool:
        for number in range(6):
            pool.submit(send_until_it_dies, number)
        assert enough.wait(60)
        served.process.send_signal(signal.SIGKILL)
        served.process.communicate(timeout=20)
    again = serve_again(command, tmp_path)
    try:
        reply = requests.post(
            f"{again.rest_url}/services/search/jobs", auth=("admin", PASSWORD), verify=False, timeout=30,
            data={"search": "search index=main | fields _raw", "exec_mode": "oneshot", "output_mode": "json",
                  "count": 0},
        )  # fmt: skip
        found = [row["_raw"] for row in reply.json()["results"]]
        assert len(acknowledged) > 200
        assert set(acknowledged) <= set(found)
        assert len(found) == len(set(found))
        assert again.hec_token == served.hec_token
    finally:
        again.process.terminate()
        again.process.communicate(timeout=20)


def serve_again(options: list[str], cwd: Path) -> Any:
    return start([sys.executable, "-m", "harness", "serve", *options], cwd)


def test_a_folder_serves_one_server_at_a_time(tmp_path: Path) -> None:
    with running(tmp_path), pytest.raises(BackendError, match="is in use") as found, running(tmp_path):
        pass
    assert "--data-dir" in found.value.hint
    with running(tmp_path):
        pass


def test_another_format_is_refused(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    (tmp_path / "state").write_bytes(b"harness state 9\n")
    with pytest.raises(BackendError, match="not written in the format"), running(tmp_path):
        pass


def test_a_record_that_was_not_written_whole_is_cut_off(tmp_path: Path) -> None:
    with running(tmp_path) as rest:
        send(rest, {"event": "one"})
        send(rest, {"event": "two"})
    events = tmp_path / "events"
    events.write_bytes(events.read_bytes()[:-3])
    for _ in range(2):
        with running(tmp_path) as rest:
            assert [row["_raw"] for row in rest.search("search index=main | sort _raw")] == ["one"]


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    with running(tmp_path) as rest:
        send(rest, {"event": "one"})
        send(rest, {"event": "two"})
    events = tmp_path / "events"
    data = bytearray(events.read_bytes())
    data[40] ^= 0xFF
    events.write_bytes(bytes(data))
    with pytest.raises(BackendError, match=r"events is damaged at byte \d+"), running(tmp_path):
        pass


def test_what_cannot_be_written_is_not_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path) as rest:
        send(rest, {"event": "one"})

        def full(self: Journal, record: bytes) -> None:
            raise BackendError("the disk is full")

        with monkeypatch.context() as patched:
            patched.setattr(Journal, "append", full)
            assert rest.hec("/services/collector/event", b'{"event":"two"}').status == 500
            assert rest.post(f"{SEARCH}/saved/searches", name="s", search="x").status == 500
        assert [row["_raw"] for row in rest.search("search index=main")] == ["one"]
        assert rest.get(f"{SEARCH}/saved/searches/s").status == 404


def test_what_was_deleted_takes_no_room_after_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as rest:
        rest.post("/services/authorization/roles/admin", imported_roles=["user", "power", "can_delete"])
        send(rest, *({"event": f"n={n} {'x' * 200}"} for n in range(300)))
        rest.search("search index=main n>9 | delete")
        path = f"{SEARCH}/storage/collections/data/folk"
        rest.post(f"{SEARCH}/storage/collections/config", name="folk")
        for _ in range(30):
            rest("POST", f"{path}/batch_save", json.dumps([{"_key": "k", "v": "x" * 100_000}]).encode())
    before = {name: (tmp_path / name).stat().st_size for name in ("events", "state")}
    with running(tmp_path):
        pass
    after = {name: (tmp_path / name).stat().st_size for name in ("events", "state")}
    assert after["events"] < before["events"] / 5
    assert after["state"] < before["state"] / 5
    with running(tmp_path) as rest:
        assert rest.search("search index=main | stats count") == [{"count": "10"}]
        assert len(rest.get(f"{SEARCH}/storage/collections/data/folk/k").json["v"]) == 100_000
