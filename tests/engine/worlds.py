"""Small engines to search in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.engine.search import Searcher
from harness.engine.store import Store
from harness.knowledge.knowledge import Knowledge
from harness.settings import Limits
from harness.values.column import Value
from harness.values.frame import Frame


def searcher(rows: Sequence[Mapping[str, Value]] = (), *, limits: Limits | None = None) -> Searcher:
    """An engine that knows no apps, over events of the index main."""
    store = Store()
    defaults: dict[str, Value] = {"index": "main", "sourcetype": "x", "source": "s", "host": "h"}
    if rows:
        store.append("main", Frame.from_rows([{**defaults, **row} for row in rows]))
    return Searcher(store, Knowledge.load([]), limits=limits)
