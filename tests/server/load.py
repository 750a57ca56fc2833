"""Many clients at once against ``harness serve``: half of them send, half of them search.

``python -m tests.server.load --seconds 60 --clients 50`` prints what came of it. Nothing may fail, every event that was
acknowledged must be found, and once nothing is sent any more the server's memory must stay where it is.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.server.serving import PASSWORD, Served, serve

BATCH = 20
PAUSE_SECONDS = 0.25
"""Between two batches of one sender: steady data, not as much as the machine can take."""
TIMEOUT_SECONDS = 60
CALM_SHARE = 0.25
"""How long the searches go on alone, as a share of the load's time."""
INDEX = "load"


@dataclass
class Outcome:
    """What happened. ``memory`` is the server's resident memory in MiB, by seconds since the start."""

    events_sent: int = 0
    events_found: int = 0
    distinct_found: int = 0
    searches: int = 0
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    calm_from: float = 0.0

    @property
    def calm(self) -> tuple[float, float]:
        """Memory in the middle and at the end of the time in which nothing was sent, each as the mean of a third of it:
        in the first third searches still work out the fields of the last events."""
        samples = [size for moment, size in self.memory if moment >= self.calm_from]
        third = max(1, len(samples) // 3)
        return sum(samples[third : 2 * third]) / third, sum(samples[-third:]) / third

    def __str__(self) -> str:
        before, after = self.calm
        return (
            f"{self.events_sent} events sent, {self.events_found} found ({self.distinct_found} distinct), "
            f"{self.searches} searches, {len(self.errors)} errors; memory {self.memory[0][1]:.0f} MiB at the start, "
            f"{before:.0f} MiB some time after the last event, {after:.0f} MiB at the end"
        )


class Client:
    """One client with one connection."""

    def __init__(self, served: Served, number: int) -> None:
        self.served = served
        self.number = number
        self.http = requests.Session()
        self.http.verify = False
        self.http.trust_env = False

    def send(self, batch: int) -> int:
        """A batch of events that no other batch has; how many were acknowledged."""
        events = [
            {"index": INDEX, "sourcetype": f"kind{self.number % 5}", "source": f"sender {self.number}",
             "event": f"sender={self.number} batch={batch} n={n} status={n % 7} message=\"event {n} of a batch\""}
            for n in range(BATCH)
        ]  # fmt: skip
        reply = self.http.post(
            f"{self.served.hec_url}/services/collector/event",
            data="\n".join(map(json.dumps, events)),
            headers={"Authorization": f"Splunk {self.served.hec_token}"},
            timeout=TIMEOUT_SECONDS,
        )
        reply.raise_for_status()
        assert reply.json() == {"text": "Success", "code": 0}
        return len(events)

    def search(self, turn: int) -> None:
        """Searches of three kinds: at once, as a job that is read and cancelled, and as an export."""
        kind = (self.number + turn) % 3
        if kind == 0:
            assert (
                self.rows(f"search index={INDEX} sender={self.number} | stats count by status")["results"] is not None
            )
        elif kind == 1:
            sid = self.post("jobs", search=f"search index={INDEX} | head 100", exec_mode="blocking").json()["sid"]
            found = self.http.get(
                f"{self.served.rest_url}/services/search/v2/jobs/{sid}/results",
                params={"output_mode": "json", "count": 10}, auth=("admin", PASSWORD), timeout=TIMEOUT_SECONDS,
            )  # fmt: skip
            found.raise_for_status()
            self.post(f"v2/jobs/{sid}/control", action="cancel")
        else:
            told = self.post("jobs/export", search=f"| tstats count where index={INDEX} by sourcetype")
            assert told.text.splitlines()

    def rows(self, spl: str) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = self.post("jobs", search=spl, exec_mode="oneshot").json()
        return found

    def post(self, path: str, **form: str) -> requests.Response:
        reply = self.http.post(
            f"{self.served.rest_url}/services/search/{path}",
            data={"output_mode": "json", **form}, auth=("admin", PASSWORD), timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
        reply.raise_for_status()
        return reply


def run(seconds: float, clients: int) -> Outcome:
    with serve() as served:
        outcome = Outcome()
        first = Client(served, 0)
        first.http.post(f"{served.rest_url}/services/data/indexes", data={"name": INDEX}, auth=("admin", PASSWORD),
                        timeout=TIMEOUT_SECONDS).raise_for_status()  # fmt: skip
        lock = threading.Lock()
        sending, searching = threading.Event(), threading.Event()

        def until(over: threading.Event, number: int, act: Callable[[Client, int], int], pause: float) -> None:
            client, turn = Client(served, number), 0
            while not over.is_set():
                try:
                    done = act(client, turn)
                except Exception as error:  # noqa: BLE001 - every failure counts, whatever it is
                    with lock:
                        outcome.errors.append(f"{type(error).__name__}: {error}")
                    return
                with lock:
                    if act is send:
                        outcome.events_sent += done
                    else:
                        outcome.searches += done
                turn += 1
                over.wait(pause)

        def send(client: Client, turn: int) -> int:
            return client.send(turn)

        def search(client: Client, turn: int) -> int:
            client.search(turn)
            return 1

        def watch() -> None:
            started = time.monotonic()
            while not searching.is_set():
                outcome.memory.append((time.monotonic() - started, resident(served.process.pid)))
                searching.wait(0.2)

        with ThreadPoolExecutor(clients + 1) as pool:
            pool.submit(watch)
            senders = [pool.submit(until, sending, n, send, PAUSE_SECONDS) for n in range(clients // 2)]
            for n in range(clients // 2, clients):
                pool.submit(until, searching, n, search, 0.0)
            time.sleep(seconds)
            sending.set()
            for each in senders:
                each.result()
            outcome.calm_from = outcome.memory[-1][0]
            time.sleep(seconds * CALM_SHARE)
            searching.set()
        counts = first.rows(f"search index={INDEX} | stats count dc(_raw) as distinct")["results"][0]
        outcome.events_found, outcome.distinct_found = int(counts["count"]), int(counts["distinct"])
        return outcome


def resident(process: int) -> float:
    """Resident memory in MiB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * 4096 / 1024 / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=50)
    options = parser.parse_args()
    import urllib3

    urllib3.disable_warnings()
    found = run(options.seconds, options.clients)
    print(found)
    print("\n".join(found.errors[:20]))
