"""Search jobs: dispatch, listing, control, and what they found."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from harness.server import job_parts, results
from harness.server.answers import CSV, NO_STORE, TEXT, XML, Answer, Message, Refusal, info, json_answer, xml_answer
from harness.server.atom import Feed, entry_answer, feed_answer, xml_text
from harness.server.call import Call, quote_name
from harness.server.capabilities import Json
from harness.server.dispatch import new_job, post_process
from harness.server.instance import SplunkInstance
from harness.server.job_entry import job_entry
from harness.server.job_rows import event_page, result_page
from harness.server.jobs import SAVE_TTL, Job, State
from harness.server.routing import RESULTS, STRUCTURED, Style, endpoint

_ENTRY_MODES: Final = STRUCTURED | {"csv"}
_EXPORT_LIMIT: Final = 2**62


# --- dispatch ---------------------------------------------------------------------------------------------------------


@endpoint("search/jobs", "POST", style=Style.JOBS, modes=RESULTS)
async def dispatch(call: Call) -> Answer:
    """Start a search: at once back with its sid, when it is done (blocking), or with its rows (oneshot) (M3.1)."""
    from starlette.concurrency import run_in_threadpool

    mode = call.one("exec_mode", "normal")
    job = new_job(call.instance, call.user, call.app, call.settings())
    if mode == "oneshot":
        await run_in_threadpool(call.instance.jobs.start, job, listed=False)
        await job.wait()
        return await run_in_threadpool(_oneshot, call, job)
    if call.mode not in STRUCTURED:
        raise Refusal(400, "FATAL", "Invalid output_mode.", form="json" if call.json else "xml")
    await run_in_threadpool(call.instance.jobs.start, job)
    if mode == "blocking":
        await job.wait()
    return sid_answer(call, job.sid)


def sid_answer(call: Call, sid: str) -> Answer:
    """201 with the sid, and where the job is (N2.29)."""
    answer = json_answer({"sid": sid}, 201) if call.json else xml_answer(f"  <sid>{xml_text(sid)}</sid>", 201)
    answer.headers = {**NO_STORE, "Location": f"/services/search/jobs/{quote_name(sid)}"}
    return answer


def _oneshot(call: Call, job: Job) -> Answer:
    if job.failed:
        # 200, with nothing but the messages (M3.4).
        fatal = [message for message in job.messages if message.type == "FATAL"]
        return _only_messages(call, fatal)
    page = _paged(call, result_page(call.instance, job), default=100)
    answer = results.render(page, call.mode)
    if call.mode == "csv" and page.rows:
        answer.chunks = [b"\n", *answer.chunks]  # M2.20
    return answer


def _only_messages(call: Call, messages: list[Message]) -> Answer:
    if call.mode.startswith("json"):
        return json_answer({"messages": [message.as_json() for message in messages]})
    # The document of results has begun when the search fails: a second declaration follows the first (N2.23).
    begun = b"<?xml version='1.0' encoding='UTF-8'?>\n\n"
    answer = Refusal(200, "FATAL", messages[0].text if messages else "", more=messages[1:]).answer(json=False)
    answer.chunks = [begun, *answer.chunks]
    return answer


@endpoint("search/jobs/export", "POST", style=Style.TOOL, modes=RESULTS)
async def export(call: Call) -> Answer:
    """All rows of a search in one answer (M3.37, M3.38)."""
    from starlette.concurrency import run_in_threadpool

    job = new_job(call.instance, call.user, call.app, call.settings())
    await run_in_threadpool(call.instance.jobs.start, job, listed=False)
    await job.wait()
    return await run_in_threadpool(_exported, call, job)


def _exported(call: Call, job: Job) -> Answer:
    if job.failed:
        raise _failed(job)
    page = results.as_exported(results.choose(result_page(call.instance, job), call.arguments.get("f", [])))
    if call.mode == "json":
        return results.export_lines(page)
    return results.render(page, call.mode, blank_line=False)


# --- the collection and its entries -----------------------------------------------------------------------------------


@endpoint("search/jobs", "GET", style=Style.JOBS, modes=_ENTRY_MODES)
def listed(call: Call) -> Answer:
    """Jobs of the caller, newest first; of everybody for those who may see everything. ``f`` is ignored (M2.52)."""
    keys, directions = call.arguments.get("sort_key", []), call.arguments.get("sort_dir", [])
    if len(keys) != len(directions):
        raise Refusal(400, "FATAL", "Number of sort_key and sort_dir arguments do not match.")  # M2.43
    jobs = [job for job in call.instance.jobs.all() if _visible(call, job)]
    for key, direction in zip(reversed(keys), reversed(directions), strict=True):
        jobs.sort(key=lambda job: _sort_value(call, job, key), reverse=direction == "desc")
    total = len(jobs)
    count, offset = _whole(call.one("count", "30"), 30), max(0, _whole(call.one("offset", "0"), 0))
    jobs = jobs[offset : offset + count] if count > 0 else jobs[offset:]
    entries = [job_entry(call.instance, job, json=call.json) for job in jobs]
    if call.mode == "csv":
        return _entries_csv([entry.content for entry in entries])
    feed = Feed(
        title="jobs",
        path=f"{call.namespace.prefix}/{call.target.path}",
        entries=entries,
        total=total,
        per_page=0,  # N2.17
        offset=offset,
        messages=None,  # M2.59
    )
    return feed_answer(feed, json=call.json, base_url=call.base_url, now=call.instance.wall())


def _visible(call: Call, job: Job) -> bool:
    return job.owner == call.user.name or call.instance.accounts.may(call.user, "admin_all_objects")


def _sort_value(call: Call, job: Job, key: str) -> tuple[int, float, str]:
    value = job_entry(call.instance, job, json=True).content.get(key, "")
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, str(value))


def find(call: Call, sid: str) -> Job:
    """A job that the caller may see; others do not exist for the caller (M3.23)."""
    job = call.instance.jobs.get(sid)
    if not _visible(call, job):
        raise Refusal(404, "FATAL", "Unknown sid.")
    return job


@endpoint("search/jobs/{sid}", "GET", style=Style.JOB, modes=_ENTRY_MODES)
def one(call: Call, sid: str) -> Answer:
    """A bare entry in XML (N3.8), a feed of one in JSON."""
    return _entry(call, find(call, sid))


def _entry(call: Call, job: Job) -> Answer:
    prefix = "/services/search/v2/jobs" if "v2" in call.target.segments else "/services/search/jobs"
    entry = job_entry(call.instance, job, json=call.json, prefix=prefix)
    if call.mode == "csv":
        return _entries_csv([entry.content])
    if not call.json:
        return entry_answer(entry, base_url=call.base_url)
    feed = Feed(title="jobs", path=prefix, entries=[entry], total=1, per_page=0, messages=None)
    return feed_answer(feed, json=True, base_url=call.base_url, now=call.instance.wall())


def _entries_csv(rows: Sequence[Mapping[str, Json]]) -> Answer:
    """Scalars of the contents, in the job's own key order, booleans as words (M2.18, M2.19)."""
    if not rows:
        return Answer([], 200, TEXT, NO_STORE)
    names = [name for name, value in rows[0].items() if not isinstance(value, dict | list)]
    lines = [",".join(map(results.csv_cell, names))]
    lines += [",".join(results.csv_cell(_csv_text(row.get(name))) for name in names) for row in rows]
    return Answer(["\n".join([*lines, ""]).encode()], 200, CSV, NO_STORE)


def _csv_text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


@endpoint("search/jobs/{sid}", "POST", style=Style.JOB)
def edit(call: Call, sid: str) -> Answer:
    """Custom properties of a job (N3.16)."""
    job = find(call, sid)
    job.custom.update({name.removeprefix("custom."): value for name, value in call.settings().items()})
    job.touch(call.instance.wall())
    return _entry(call, job)


@endpoint("search/jobs/{sid}", "DELETE", style=Style.JOB)
def remove(call: Call, sid: str) -> Answer:
    """As ``cancel`` (M3.31)."""
    call.instance.jobs.remove(find(call, sid))
    return info("Search job cancelled.", json=call.json)


# --- control ----------------------------------------------------------------------------------------------------------


@endpoint("search/jobs/{sid}/control", "POST", style=Style.JOB)
def control(call: Call, sid: str) -> Answer:
    """Pause, stop, keep or drop a job (M3.28-M3.34, N3.17)."""
    job = find(call, sid)
    action = _ACTIONS.get(call.one("action"))
    if action is None:
        raise Refusal(400, "FATAL", "Unknown action.")
    return info(action(call, job), json=call.json)


def _pause(call: Call, job: Job) -> str:
    call.instance.jobs.pause(job)
    return "Search job paused."


def _unpause(call: Call, job: Job) -> str:
    call.instance.jobs.unpause(job)
    return "Search job continued."


def _finalize(call: Call, job: Job) -> str:
    call.instance.jobs.finalize(job)
    return "Search job finalized."


def _touch(call: Call, job: Job) -> str:
    job.touch(call.instance.wall())
    return "Search job touched."


def _cancel(call: Call, job: Job) -> str:
    call.instance.jobs.remove(job)
    return "Search job cancelled."


def _enable_preview(_: Call, job: Job) -> str:
    job.preview = True
    return "Search job results preview enabled."


def _disable_preview(_: Call, job: Job) -> str:
    job.preview = False
    return "Search job results preview disabled."


def _save(call: Call, job: Job) -> str:
    job.saved = True
    return _change_ttl(call, job, SAVE_TTL)


def _unsave(call: Call, job: Job) -> str:
    job.saved = False
    return _change_ttl(call, job, 600)


def _set_ttl(call: Call, job: Job) -> str:
    text = call.one("ttl")
    if not text.isdigit():
        raise Refusal(400, "FATAL", "Invalid ttl.")
    return _change_ttl(call, job, int(text))


def _change_ttl(call: Call, job: Job, seconds: int) -> str:
    job.ttl = seconds
    job.touch(call.instance.wall())
    return f"The ttl of the search job was changed to {seconds}."


def _set_priority(call: Call, job: Job) -> str:
    text = call.one("priority")
    if not text.isdigit() or int(text) > 10:
        raise Refusal(400, "FATAL", "Invalid priority.")
    job.priority = int(text)
    return f"The search job's priority was changed to {text}."


_ACTIONS: Final[dict[str, Callable[[Call, Job], str]]] = {
    "cancel": _cancel,
    "disablepreview": _disable_preview,
    "enablepreview": _enable_preview,
    "finalize": _finalize,
    "pause": _pause,
    "save": _save,
    "setpriority": _set_priority,
    "setttl": _set_ttl,
    "touch": _touch,
    "unpause": _unpause,
    "unsave": _unsave,
}


# --- what was found ---------------------------------------------------------------------------------------------------


@endpoint("search/jobs/{sid}/results", "GET", "POST", style=Style.JOBS, modes=RESULTS)
def job_results(call: Call, sid: str) -> Answer:
    """The rows; 204 until the job is done (M3.24), 400 if it failed (M3.5)."""
    return _found(call, find(call, sid))


def _found(call: Call, job: Job, page: Callable[[SplunkInstance, Job], results.Page] = result_page) -> Answer:
    if job.failed:
        raise _failed(job)
    if job.state is not State.DONE:
        return Answer(status=204, headers=dict(NO_STORE))
    return _rows(call, job, page(call.instance, job))


@endpoint("search/jobs/{sid}/results_preview", "GET", "POST", style=Style.JOBS, modes=RESULTS)
def job_preview(call: Call, sid: str) -> Answer:
    """As results once the job is done (N3.20); there is nothing to preview before."""
    return _found(call, find(call, sid))


@endpoint("search/jobs/{sid}/events", "GET", "POST", style=Style.JOBS, modes=RESULTS)
def job_events(call: Call, sid: str) -> Answer:
    """The events behind the rows, without search-time fields (M3.26, M3.27)."""
    return _found(call, find(call, sid), event_page)


def _rows(call: Call, job: Job, page: results.Page) -> Answer:
    search = call.one("search")
    if search:
        frame = post_process(call.instance, job, page.frame, search)
        page = results.Page(frame, frame.field_names(), messages=page.messages, post_processed=True)
    if call.flag("add_summary_to_metadata"):
        page = _summed(job, page)
    return results.render(_paged(call, page, default=100), call.mode)


def _summed(job: Job, page: results.Page) -> results.Page:
    """With how many events have each field, as the summary of the job counts them (N2.33)."""
    found = job_parts.summary(job)["fields"]
    attributes = {
        name: {**page.attributes.get(name, {}), "summary.count": str(found[name]["count"])}
        for name in page.names
        if name in found
    }
    return dataclasses.replace(page, attributes={**page.attributes, **attributes})


def _paged(call: Call, page: results.Page, *, default: int) -> results.Page:
    page = results.choose(page, call.arguments.get("f", []))
    count, offset = _whole(call.one("count", str(default)), default), _whole(call.one("offset", "0"), 0)
    return results.cut(page, offset, count, call.instance.config.limits.result_max_rows)


def _failed(job: Job) -> Refusal:
    """The messages of a failed job, as the answer to whoever asks for its rows (M3.5)."""
    fatal = next((message for message in job.messages if message.type == "FATAL"), None)
    others = [message for message in job.messages if message is not fatal]
    return Refusal(400, "FATAL", fatal.text if fatal is not None else "The search failed.", more=others)


def _whole(text: str, default: int) -> int:
    try:
        return int(text)
    except ValueError:
        return default


# --- beside the rows --------------------------------------------------------------------------------------------------


@endpoint("search/jobs/{sid}/summary", "GET", style=Style.JOBS)
def job_summary(call: Call, sid: str) -> Answer:
    """The most frequent values of each field of the events (N3.22)."""
    return _as_asked(call, job_parts.summary(find(call, sid)), "summary")


@endpoint("search/jobs/{sid}/timeline", "GET", style=Style.JOBS)
def job_timeline(call: Call, sid: str) -> Answer:
    """Events over time (N3.23)."""
    return _as_asked(call, job_parts.timeline(find(call, sid)), "timeline")


@endpoint("search/jobs/{sid}/search.log", "GET", style=Style.JOBS, modes=RESULTS | {"atom"})
def job_log(call: Call, sid: str) -> Answer:
    """What each command did, as text."""
    return Answer([job_parts.log(find(call, sid)).encode()], 200, TEXT, NO_STORE)


def _as_asked(call: Call, found: dict[str, Any], root: str) -> Answer:
    """JSON, or the same members as XML elements."""
    if call.json:
        return json_answer(found)
    lines = ["<?xml version='1.0' encoding='UTF-8'?>", f"<{root} c='{found['event_count']}'>"]
    lines += [
        f"  <bucket c='{bucket['total_count']}' a='{bucket['available_count']}' t='{bucket['earliest_time']}' "
        f"d='{bucket['duration']}' f='1'></bucket>"
        for bucket in found.get("buckets", ())
    ]
    for name, facts in found.get("fields", {}).items():
        lines.append(f"  <field k={quoteattr(name)} c='{facts['count']}' dc='{facts['distinct_count']}' exact='1'>")
        lines.append("    <modes>")
        for mode in facts["modes"]:
            value = f"<text>{xml_text(mode['value'])}</text>"
            lines.append(f"      <value c='{mode['count']}' exact='1'>{value}</value>")
        lines += ["    </modes>", "  </field>"]
    return Answer(["\n".join([*lines, f"</{root}>", ""]).encode()], 200, XML, NO_STORE)
