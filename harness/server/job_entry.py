"""A search job as an entity: the members of its content, which grow with its state (M3.9-M3.22)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from harness.engine.plan import Step, describe
from harness.server.atom import Entry, iso
from harness.server.call import quote_name
from harness.server.capabilities import Json
from harness.server.jobs import Job, State, messages_for_entry

if TYPE_CHECKING:
    from harness.engine.search import SearchResult
    from harness.server.instance import SplunkInstance

LINKS: Final = (
    "alternate",
    "search.log",
    "search_telemetry.json",
    "events",
    "results",
    "results_preview",
    "timeline",
    "summary",
    "control",
)
"""In the order of recorded entries (N3.9); JSON has the same set (M3.20)."""

_CUTTING: Final = frozenset(("head", "tail", "sort", "dedup", "reverse"))
_DECIMALS: Final = {"doneProgress": 5, "runDuration": 6}
"""Numbers that XML writes with decimals (N3.10)."""
_EPOCH: Final = "1970-01-01T00:00:00.000+00:00"
_EARLY: Final = {State.QUEUED, State.PARSING}


def job_entry(instance: SplunkInstance, job: Job, *, json: bool, prefix: str = "/services/search/jobs") -> Entry:
    """The entity of a job. Its id is plain, whatever its ACL says (M9.3)."""
    early = job.state in _EARLY
    return Entry(
        name="" if early and not json else job.search,
        content=_content(instance, job, json=json),
        acl={
            "app": job.app,
            "can_write": True,
            "modifiable": True,
            "owner": job.owner,
            "perms": {"read": [job.owner], "write": [job.owner]},
            "sharing": "global",
            "ttl": str(job.ttl),
        },
        links=LINKS,
        updated=iso(job.updated, millis=True),
        published=_EPOCH if early and not json else iso(job.created, millis=True),
        path=f"{prefix}/{quote_name(job.sid)}",
        author=job.owner,
        job=True,
    )


def _content(instance: SplunkInstance, job: Job, *, json: bool) -> dict[str, Json]:
    with job.lock:
        found = _always(instance, job)
        if job.state not in _EARLY:
            found |= _running(instance, job)
        listed: list[Json] = [dict(message.as_json()) for message in messages_for_entry(job)]
        if not json:
            found |= {name: f"{found[name]:.{digits}f}" for name, digits in _DECIMALS.items() if name in found}
        return {
            **dict(sorted(found.items())),
            "performance": _performance(job),
            "messages": listed if json else _grouped(job),
            "request": dict(job.arguments),
            "runtime": {"auto_cancel": job.arguments.get("auto_cancel", "0"), "auto_pause": "0"},
            **({} if json else {"eai:acl": None}),
            "searchProviders": [instance.name],
            **({"searchTelemetry": _telemetry(job)} if job.state not in _EARLY else {}),
        }


def _always(instance: SplunkInstance, job: Job) -> dict[str, Json]:
    """What a job has from the first moment on."""
    result = job.result
    return {
        "cursorTime": _EPOCH,
        "defaultSaveTTL": "604800",
        "defaultTTL": "600",
        "delegate": "scheduler" if job.scheduled else "",
        "diskUsage": 0 if result is None else 4096 * (1 + result.frame.length),
        "dispatchState": job.shown_state.value,
        "doneProgress": 1 if job.is_done or job.state is State.FINALIZING else 0,
        **_times(job),
        "isDone": job.is_done,
        "isEventsPreviewEnabled": False,
        "isFailed": job.failed,
        "isFinalized": job.finalized,
        "isPaused": job.paused,
        "isPreviewEnabled": job.preview or _buckets(job) > 0,
        "isSaved": job.saved,
        "isSavedSearch": bool(job.saved_search),
        "isZombie": False,
        "label": job.label,
        "numPreviews": 0,
        "pid": str(instance.pid),
        "priority": job.priority,
        "provenance": job.provenance,
        "resultPreviewCount": 0 if result is None else result.frame.length,
        "sampleRatio": "1",
        "sampleSeed": "0",
        "search": job.search,
        "sid": job.sid,
        "statusBuckets": _buckets(job),
        "ttl": job.ttl,
        "workload_action_information": "",
        "workload_pool": "",
        **{f"custom.{name}": value for name, value in job.custom.items()},
    }


def _running(instance: SplunkInstance, job: Job) -> dict[str, Json]:
    """What comes in when the search starts to run (M3.12)."""
    result = job.result
    before, after = _halves(job)
    remote = f"litsearch {_without_search(before)}"
    seconds = (job.ended or time.monotonic()) - job.started if job.started else 0.0
    found: dict[str, Json] = {
        "canSummarize": False,
        "dropCount": 0,
        "eventAvailableCount": 0 if result is None else result.events.length,
        "eventCount": _event_count(job),
        "eventFieldCount": 0 if result is None else len(result.events.columns),
        "eventIsStreaming": True,
        "eventIsTruncated": False,
        "eventSearch": describe(before) + (" " if after and _buckets(job) else ""),
        "eventSorting": "desc" if not after else "none",
        "fieldMetadataResults": _metadata(job),
        "fieldMetadataStatic": _metadata(job),
        "indexEarliestTime": _index_time(result, first=True),
        "indexLatestTime": _index_time(result, first=False),
        "isBatchModeSearch": False,
        "isRealTimeSearch": False,
        "isRemoteTimeline": False,
        "isTimeCursored": not after,
        "is_prjob": False,
        "keywords": instance.keywords(job),
        "normalizedSearch": remote,
        "optimizedSearch": f"| {describe([*before, *after])}" if before or after else job.search,
        "phase0": remote,
        "phase1": describe(after),
        "remoteSearch": remote,
        "reportSearch": describe(after),
        "resultCount": 0 if result is None else result.frame.length,
        "resultIsStreaming": not after,
        "runDuration": round(seconds, 3),
        "scanCount": 0 if result is None else result.scan_count,
        "searchCanBeEventType": len(before) == 1 and not after,
        "searchTotalBucketsCount": 0,
        "searchTotalEliminatedBucketsCount": 0,
    }
    if result is not None and result.earliest is not None:
        found["searchEarliestTime"] = result.earliest
    if result is not None and result.latest is not None:
        found["searchLatestTime"] = result.latest
    return found


def _buckets(job: Job) -> int:
    return _whole(job.arguments.get("status_buckets"))


def _halves(job: Job) -> tuple[list[Step], list[Step]]:
    """The steps that give events and those that report on them. A timeline counts the events before they are cut, so
    that with one ``head`` and its like report (N3.15)."""
    if job.plan is None:
        return [], []
    before, after = job.plan.split()
    cut = next((place for place, step in enumerate(before) if step.name in _CUTTING), len(before))
    return (before[:cut], [*before[cut:], *after]) if _buckets(job) else (before, after)


def _metadata(job: Job) -> dict[str, Json]:
    """What the columns of the results are, beside their names (M2.35)."""
    from harness.server.job_rows import attributes

    names = job.result.frame.field_names() if job.result is not None else []
    return {name: dict(facts) for name, facts in attributes(job, names).items()}


def _event_count(job: Job) -> int:
    """Events that the search gave before anything reported on them; those scanned for where it reads none itself."""
    if job.result is None:
        return 0
    reads = job.plan is not None and job.plan.reads_events
    return job.result.events.length if reads else job.result.event_count


def _without_search(steps: Sequence[Step]) -> str:
    text = describe(steps)
    return text.removeprefix("search ") if steps and steps[0].name == "search" else text


def _times(job: Job) -> dict[str, Json]:
    """The range that the search covers; a search without a beginning begins with its first event, one without an end
    does not say when it ends (M3.14)."""
    result = job.result
    if result is None:
        return {"earliestTime": _EPOCH}
    earliest = _first_event(result) if result.earliest is None else result.earliest
    found: dict[str, Json] = {"earliestTime": iso(earliest, millis=True)}
    if result.latest is not None:
        found["latestTime"] = iso(result.latest, millis=True)
    return found


def _first_event(result: SearchResult) -> float:
    import numpy as np

    from harness.engine.store import times_of

    # A search may take the time away from its events.
    times = times_of(result.events) if result.events.length else np.empty(0)
    known = times[~np.isnan(times)]
    return float(known.min()) if len(known) else 0.0


def _index_time(result: SearchResult | None, *, first: bool) -> int:
    """``_indextime`` of the events found: the first or the last one."""
    from harness.values.values import to_number

    column = None if result is None else result.events.columns.get("_indextime")
    if column is None:
        return 0
    numbers = [number for value in column.compact().values if (number := to_number(value)) is not None]
    if not numbers:
        return 0
    return int(min(numbers) if first else max(numbers))


def _performance(job: Job) -> dict[str, Json]:
    """Counters by command (N3.13)."""
    found: dict[str, Json] = {}
    rows = 0
    for stage in job.result.stages if job.result is not None else ():
        counter = found.get(f"command.{stage.command}")
        if not isinstance(counter, dict):
            counter = {"duration_secs": 0.0, "invocations": 0, "input_count": 0, "output_count": 0}
        counter = {
            "duration_secs": round(float(str(counter["duration_secs"])) + stage.seconds, 6),
            "invocations": int(str(counter["invocations"])) + 1,
            "input_count": int(str(counter["input_count"])) + rows,
            "output_count": int(str(counter["output_count"])) + stage.rows,
        }
        found[f"command.{stage.command}"] = counter
        rows = stage.rows
    return dict(sorted(found.items()))


def _telemetry(job: Job) -> dict[str, Json]:
    status = "failed" if job.failed else "success" if job.is_done else "running"
    return {"type": job.kind, "search_id": job.sid, "root_search_id": job.sid, "status": status}


def _grouped(job: Job) -> dict[str, Json]:
    """XML lists messages by type (N3.12)."""
    found: dict[str, list[Json]] = {}
    for message in messages_for_entry(job):
        found.setdefault(message.type.lower(), []).append(message.text)
    return dict(found)


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isdigit() else 0
