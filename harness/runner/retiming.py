"""Data that a test wants at another time (``retime``).

The newest event of a dataset is moved to a time that is seen from the moment at which the test begins, to the second;
all its other events keep their distance. The test's ``now`` is the second after that moment, for its window and its
baselines as for ``now()`` in the search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC
from math import floor
from typing import Final

from harness.errors import DatasetError, FilePlace, KnowledgeError
from harness.knowledge.knowledge import Knowledge, Metadata
from harness.knowledge.retiming import Movable
from harness.runner.draft import Draft
from harness.runner.replaying import Loaded, Moved
from harness.spl.time import resolve_time

_READS_TIMES: Final = re.compile(r"\b(?:strptime|mktime)\s*\(", re.IGNORECASE)


def retimed(loaded: Sequence[Loaded], now: float, host: str, knowledge: Callable[[], Knowledge]) -> list[Loaded]:
    """The datasets, moved where they are to be. Raises DatasetError for what cannot be moved to the second."""
    return [_moved(item, now, host, knowledge()) if item.described.retime else item for item in loaded]


def remark(draft: Draft, search: str) -> str:
    """What to bear in mind about a search over moved data: fields that hold a time do not move with it."""
    if draft.now is None or not _READS_TIMES.search(search):
        return ""
    return "warning: the search reads times out of fields, and retime leaves these as they were recorded"


def _moved(item: Loaded, now: float, host: str, knowledge: Knowledge) -> Loaded:
    described = item.described
    metadata = Metadata(described.host or host, described.source, described.sourcetype)
    try:
        bodies = [Movable(payload.data, metadata, now, knowledge) for payload in item.payloads]
        newest = max(body.newest for body in bodies)
        seconds = floor(resolve_time(described.retime, now, UTC)) - floor(newest)
        payloads = tuple(
            replace(payload, data=body.moved(seconds)) for payload, body in zip(item.payloads, bodies, strict=True)
        )
    except KnowledgeError as error:
        raise DatasetError(
            f"{described.data} cannot be moved in time: {error.message}",
            where=FilePlace(item.path),
            hint=f"take retime away, or check source and sourcetype ({described.source}, {described.sourcetype})",
        ) from error
    oldest = min(body.oldest for body in bodies)
    return replace(item, payloads=payloads, moved=Moved(seconds, oldest + seconds, newest + seconds))
