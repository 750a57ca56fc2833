"""What lies below a job beside its rows: the summary of its fields, its timeline, its log."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final

import numpy as np

from harness.engine.store import times_of
from harness.server.jobs import Job
from harness.values.frame import Frame
from harness.values.values import texts

TOP_VALUES: Final = 100
DEFAULT_BUCKETS: Final = 300
_SPANS: Final = (0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 86400, 2592000, 31536000)
"""Widths that a bucket of a timeline may have, in seconds."""


def summary(job: Job) -> dict[str, Any]:
    """Each field of the events with its most frequent values (N3.22)."""
    events = job.result.events if job.result is not None else Frame()
    fields: dict[str, Any] = {}
    for name in sorted(events.columns):
        if name.startswith("_"):
            continue
        counts: Counter[str] = Counter()
        column = events.columns[name]
        for code, count in zip(*np.unique(column.codes, return_counts=True), strict=True):
            if code >= 0:
                for text in texts(column.values[code]):
                    counts[text] += int(count)
        total = int(np.count_nonzero(column.codes >= 0))
        if total:
            modes = [
                {"value": value, "count": count, "is_exact": True} for value, count in counts.most_common(TOP_VALUES)
            ]
            fields[name] = {"count": total, "distinct_count": len(counts), "is_exact": True, "modes": modes}
    return {"event_count": events.length, "fields": fields}


def timeline(job: Job) -> dict[str, Any]:
    """How many events there are in each stretch of time, oldest first (N3.23)."""
    events = job.result.events if job.result is not None else Frame()
    times = times_of(events) if events.length else np.zeros(0)
    times = times[np.isfinite(times)]
    if not len(times):
        return {"event_count": events.length, "buckets": []}
    wanted = job.arguments.get("status_buckets", "")
    limit = int(wanted) if wanted.isdigit() and int(wanted) else DEFAULT_BUCKETS
    first, last = float(times.min()), float(times.max())
    span = next((width for width in _SPANS if (last - first) / width < limit), _SPANS[-1])
    start = math.floor(first / span) * span
    numbers, counts = np.unique(np.floor((times - start) / span).astype(np.int64), return_counts=True)
    buckets = [
        {
            "available_count": int(count),
            "duration": span,
            "earliest_time": round(start + int(number) * span, 3),
            "earliest_time_offset": 0,
            "is_finalized": True,
            "latest_time_offset": 0,
            "total_count": int(count),
        }
        for number, count in zip(numbers, counts, strict=True)
    ]
    return {"event_count": events.length, "buckets": buckets}


def log(job: Job) -> str:
    """What the search said, and what each of its commands did."""
    lines = [f"INFO  dispatchRunner - sid={job.sid} search={job.search!r}"]
    if job.result is not None:
        lines += [
            f"INFO  SearchPipeline - command={stage.command} rows={stage.rows} seconds={stage.seconds:.6f}"
            for stage in job.result.stages
        ]
    lines += [f"{message.type:<5} SearchMessages - {message.text}" for message in job.messages]
    lines.append(f"INFO  dispatchRunner - state={job.shown_state.value}")
    return "\n".join([*lines, ""])
