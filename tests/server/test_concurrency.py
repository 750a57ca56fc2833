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
