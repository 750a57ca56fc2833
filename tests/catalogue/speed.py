"""How long the catalogue's production searches take: to plan, and to run over an empty store.

``python -m tests.catalogue.speed [FOLDER]`` measures; FOLDER is that of the corpus. Every search is run once before, so
that no import is counted, and then three times, of which the fastest counts: the machine may be busy.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.content import load_content
from harness.content.app import content_app
from harness.engine.plan import plan
from harness.engine.search import Searcher, SearchRequest
from harness.engine.store import Store
from harness.errors import SPLError
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from tests.catalogue.corpus_content import unpack
from tests.corpus import NO_CORPUS, corpus_dir

NOW = 1_767_225_600.0
ROUNDS = 3


def timings(corpus: Path) -> Iterator[tuple[str, float, float]]:
    """Name, seconds to plan and seconds to run of every production search that does both."""
    with tempfile.TemporaryDirectory() as folder:
        content = load_content(unpack(corpus, Path(folder)))
        knowledge = Knowledge([*map(load_app, shipped_apps()), content_app(content)])
    for detection in content.detections:
        text = detection.search
        if detection.status != "production":
            continue
        try:
            planned = plan(text, knowledge)
            Searcher(Store(), knowledge).execute(planned, SearchRequest(text, now=NOW))
        except SPLError:
            continue
        planning = fastest(lambda text=text: plan(text, knowledge))  # type: ignore[misc]
        running = fastest(
            lambda planned=planned, text=text: Searcher(Store(), knowledge).execute(  # type: ignore[misc]
                planned, SearchRequest(text, now=NOW)
            )
        )
        yield detection.name, planning, running


def fastest(call: Callable[[], object]) -> float:
    def once() -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return min(once() for _ in range(ROUNDS))


def main() -> None:
    corpus = Path(sys.argv[1]) if sys.argv[1:] else corpus_dir()
    if corpus is None:
        sys.exit(NO_CORPUS)
    found = sorted(timings(corpus), key=lambda each: -(each[1] + each[2]))
    print(f"{len(found)} searches: planned in {sum(each[1] for each in found):.2f} s", end=", ")
    print(f"run over an empty store in {sum(each[2] for each in found):.2f} s. The slowest:")
    for name, planning, running in found[:10]:
        print(f"{(planning + running) * 1000:7.1f} ms  {planning * 1000:6.1f} + {running * 1000:6.1f}  {name}")


if __name__ == "__main__":
    main()
