"""Many clients at once."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

from harness.server.config import ServerConfig
from harness.server.server import Server
from tests.server.wire import PASSWORD, Rest


def test_clients_that_send_and_search_at_once_lose_nothing() -> None:
    senders, batches, size = 8, 12, 25
    with Server(ServerConfig(password=PASSWORD, indexes=["busy"])).start() as running:
        rest = Rest(running)
        done = threading.Event()
        counts: list[int] = []

        def send(number: int) -> None:
            for batch in range(batches):
                events = [
                    {"event": f"sender={number} batch={batch} n={n}", "index": "busy", "sourcetype": f"t{number % 3}"}
                    for n in range(size)
                ]
                assert rest.hec("/services/collector/event", "\n".join(map(json.dumps, events)).encode()).status == 200

        def search() -> None:
            while not done.is_set():
                counts.append(int(rest.search("search index=busy | stats count")[0]["count"]))

        with ThreadPoolExecutor(senders + 3) as pool:
            searching = [pool.submit(search) for _ in range(3)]
            sending = [pool.submit(send, number) for number in range(senders)]
            for future in sending:
                future.result(60)
            done.set()
            for future in searching:
                future.result(60)
        assert rest.search("search index=busy | stats count") == [{"count": str(senders * batches * size)}]
        distinct = rest.search("search index=busy | stats count by _raw | stats count")
        assert distinct == [{"count": str(senders * batches * size)}]
        assert counts, "no search ran beside the senders"


def test_what_comes_and_goes_meanwhile_disturbs_nobody() -> None:
    """Indexes, data models, macros and collections are made and removed while others list them and search."""
    model = json.dumps({"modelName": "M", "displayName": "M", "description": "", "objects": []})
    kinds = {
        "/services/data/indexes": {},
        "/services/datamodel/model": {"eai:data": model},
        "/services/admin/macros": {"definition": "eval x=1"},
        "/servicesNS/nobody/search/storage/collections/config": {},
        "/services/saved/searches": {"search": "x"},
        "/services/apps/local": {},
    }
    with Server(ServerConfig(password=PASSWORD)).start() as running:
        rest = Rest(running)
        rest.hec("/services/collector/event", b'{"event":"x"}')
        done = threading.Event()

        def come_and_go(path: str, settings: dict[str, str]) -> int:
            turns = 0
            while not done.is_set():
                name = f"n{turns}"
                assert rest.post(path, name=name, **settings).status == 201, path
                assert rest("DELETE", f"{path}/{name}").status == 200, path
                turns += 1
            return turns

        def look(path: str) -> None:
            for _ in range(40):
                reply = rest.get(path, count=0)
                assert reply.status == 200, (path, reply.text)

        def search() -> None:
            for _ in range(40):
                assert rest.search("search index=* | stats count") == [{"count": "1"}]
                assert rest.search("| tstats count where index=*") == [{"count": "1"}]

        with ThreadPoolExecutor(2 * len(kinds) + 2) as pool:
            changing = [pool.submit(come_and_go, path, settings) for path, settings in kinds.items()]
            looking = [pool.submit(look, path) for path in kinds] + [pool.submit(search) for _ in range(2)]
            try:
                for future in looking:
                    future.result(60)
            finally:
                done.set()
            assert all(future.result(60) > 1 for future in changing)
