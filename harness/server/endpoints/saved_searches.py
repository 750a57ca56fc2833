"""Saved searches: making, editing, dispatching, scheduling and silencing them."""

from __future__ import annotations

from datetime import datetime
from itertools import islice, takewhile
from typing import Final

from harness.server.answers import Answer, Refusal
from harness.server.atom import Entry, Feed, Fields, feed_answer, iso
from harness.server.call import Call, Namespace, quote_name
from harness.server.capabilities import Json
from harness.server.dispatch import MISSING_SEARCH
from harness.server.eai import Collection
from harness.server.endpoints.jobs import sid_answer
from harness.server.knowledge_objects import serve_sharing
from harness.server.saved_searches import (
    FILE,
    LINKS,
    SCHEDULED_LINKS,
    SavedSearch,
    check_settings,
    to_conf,
)
from harness.server.scheduler import moments
from harness.server.shapes import shape
from harness.spl.time import InvalidTimeError, resolve_time

MAX_TIMES: Final = 10_000
_WILDCARD_FIELDS: Final = (r"action\..*", r"args\..*", r"dispatch\..*", r"display\..*")

searches = Collection(
    "saved/searches",
    "savedsearch",
    arguments=frozenset(("add_orphan_field", "earliest_time", "latest_time")),
    capability=None,
    new=lambda: _fields(required=["name", "search"]),
)


def _fields(required: list[str]) -> Fields:
    """What a saved search may be given (N2.13)."""
    return Fields(required=required, optional=sorted(shape("saved_search")), wildcard=_WILDCARD_FIELDS)


# --- the collection ---------------------------------------------------------------------------------------------------


@searches.entries
def listed(call: Call) -> list[Entry]:
    """Those of all apps that the caller sees."""
    stanzas = call.instance.confs.all(FILE, call.namespace, call.viewer)
    return [_entry(call, SavedSearch(stanza)) for stanza in stanzas if stanza.name != "default"]


def of_name(call: Call, name: str) -> list[Entry]:
    """Those of one name."""
    stanzas = call.instance.confs.named(FILE, name, call.namespace, call.viewer)
    return [_entry(call, SavedSearch(stanza)) for stanza in stanzas]


searches.alone_function = of_name


@searches.creator
def create(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """Private under a user's namespace, shared under ``nobody`` (N5.3). ``search`` is needed."""
    if not settings.get("search", "").strip():
        raise Refusal(400, "ERROR", "The following required arguments are missing: search.")
    check_settings(settings)
    stanza = call.instance.confs.create(
        FILE, name, to_conf(settings), call.namespace, call.viewer, what="a saved search"
    )
    saved = SavedSearch(stanza)
    call.instance.scheduler.changed(saved)
    return _entry(call, saved)


@searches.editor
def edit(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """Changes what is sent, keeps the rest."""
    check_settings(settings)
    saved = _to_change(call, name)
    if "actions" in settings:
        off = {f"action.{action}": "0" for action in saved.actions}
        settings = {**off, **to_conf({"actions": settings["actions"]}), **settings}
        del settings["actions"]
    changed = SavedSearch(call.instance.confs.edit(saved.stanza, to_conf(settings), call.viewer))
    call.instance.scheduler.changed(changed)
    return _entry(call, changed)


@searches.remover
def remove(call: Call, name: str) -> None:
    """What a client has made can be removed, and its fired alerts with it."""
    call.instance.confs.remove(_to_change(call, name).stanza, call.viewer)
    call.instance.alerts.forget_search(name)


@searches.switch
def switch(call: Call, name: str, on: bool) -> Entry:
    """A disabled search neither runs by itself nor can be dispatched."""
    switch = {"disabled": "0" if on else "1"}
    changed = SavedSearch(call.instance.confs.edit(_to_change(call, name).stanza, switch, call.viewer))
    call.instance.scheduler.changed(changed)
    return _entry(call, changed)


serve_sharing(
    searches,
    lambda call, name: find(call, name).stanza,
    lambda call, stanza: _entry(call, SavedSearch(stanza)),
)


def _to_change(call: Call, name: str) -> SavedSearch:
    call.namespace.check_write("a saved search")
    return find(call, name)


def find(call: Call, name: str) -> SavedSearch:
    """404 if the caller sees none of that name (M5.9)."""
    return SavedSearch(call.instance.confs.get(FILE, name, call.namespace, call.viewer))


def _entry(call: Call, saved: SavedSearch) -> Entry:
    content = saved.content(call.instance.confs.merged("alert_actions"))
    following = call.instance.scheduler.next_run(saved)
    content["next_scheduled_time"] = "" if following is None else _with_zone(call, following)
    fired = sum(alert.saved_search == saved.name for alert in call.instance.alerts.fired(call.instance.clock.now()))
    if fired:
        content["triggered_alert_count"] = fired
    links = [*LINKS, "enable" if saved.flag("disabled") else "disable"]
    if saved.flag("is_scheduled"):
        links += SCHEDULED_LINKS
    return Entry(
        name=saved.name,
        content=dict(sorted(content.items())),
        acl=saved.stanza.acl,
        links=links if not saved.stanza.in_app else [link for link in links if link != "remove"],
        fields=_fields(required=["search"]),
    )


def _with_zone(call: Call, moment: float) -> str:
    """Text with the zone's name (N5.4)."""
    return datetime.fromtimestamp(moment, call.instance.timezone).strftime("%Y-%m-%d %H:%M:%S %Z")


# --- running ----------------------------------------------------------------------------------------------------------


@searches.action("dispatch", "POST")
def dispatch(call: Call, name: str) -> Answer:
    """Start the search; with ``trigger_actions`` as its schedule would (N5.7, N5.8). ``dispatch.now`` is the moment
    that its times are relative to."""
    saved = _to_change(call, name)
    if saved.flag("disabled"):
        raise Refusal(400, "ERROR", f'Saved search "{name}" is disabled.')
    if not saved.search.strip():
        raise Refusal(400, "FATAL", MISSING_SEARCH)
    job = call.instance.scheduler.dispatch(saved, call.user, call.settings(), actions=call.flag("trigger_actions"))
    return sid_answer(call, job.sid)


@searches.action("history", "GET")
def history(call: Call, name: str) -> Answer:
    """The jobs of the search, named by sid (N5.9)."""
    saved = find(call, name)
    jobs = [job for job in call.instance.jobs.all() if job.saved_search == saved.name and job.app == saved.stanza.app]
    count = call.one("count", "30")
    jobs = jobs[: int(count)] if count.isdigit() and int(count) else jobs
    entries = [
        Entry(
            name=job.sid,
            content={
                "durationTime": round(max(0.0, job.ended - job.started), 3),
                "eai:acl": None,
                "isDone": job.is_done,
                "isFinalized": job.finalized,
                "isRealTimeSearch": False,
                "isSaved": job.saved,
                "isScheduled": job.scheduled,
                "isZombie": False,
                "start": int(job.created),
                "ttl": max(0, int(job.expires() - call.instance.wall())) if job.is_done else job.ttl,
            },
            acl=saved.stanza.acl,
            links=("alternate",),
            updated=job.updated,
            published=iso(job.created),
            path=f"{Namespace('nobody', job.app).prefix}/search/jobs/{quote_name(job.sid)}",
        )
        for job in jobs
    ]
    feed = Feed(title=saved.name, path=f"{call.namespace.prefix}/{call.target.path}", entries=entries)
    return feed_answer(feed, json=call.json, base_url=call.base_url, now=call.instance.wall())


# --- the schedule -----------------------------------------------------------------------------------------------------


@searches.action("scheduled_times", "GET")
def scheduled_times(call: Call, name: str) -> Answer:
    """When the schedule has runs between two times (N5.5)."""
    saved = find(call, name)
    now = call.instance.clock.now()
    try:
        start = resolve_time(call.one("earliest_time", "now"), now, call.instance.timezone)
        end = resolve_time(call.one("latest_time", "+1d"), now, call.instance.timezone)
    except InvalidTimeError as error:
        raise Refusal(400, "ERROR", f"Invalid time: {error}") from error
    runs = moments(saved.text("cron_schedule"), start, call.instance.timezone) if saved.scheduled else iter(())
    times: list[Json] = [int(moment) for moment in islice(takewhile(lambda moment: moment <= end, runs), MAX_TIMES)]
    entry = _entry(call, saved)
    entry.content = {**entry.content, "scheduled_times": times}
    return searches.answer(call, [entry])


@searches.action("reschedule", "POST")
def reschedule(call: Call, name: str) -> Answer:
    """Checks ``schedule_time`` (N5.6). The next run stays where the schedule has it: no queue to move it in."""
    saved = find(call, name)
    try:
        resolve_time(call.one("schedule_time", "now"), call.instance.clock.now(), call.instance.timezone)
    except InvalidTimeError as error:
        raise Refusal(400, "ERROR", "Invalid schedule_time format") from error
    return searches.answer(call, [_entry(call, saved)])


@searches.action("suppress", "GET", "POST")
def suppress(call: Call, name: str) -> Answer:
    """Whether the alert is silent, and for how long; ``expiration`` seconds from now, 0 to let it speak (N5.10)."""
    saved = find(call, name)
    now = call.instance.clock.now()
    if call.method == "POST":
        expiration = call.one("expiration")
        if not expiration.isdigit():
            raise Refusal(400, "ERROR", "The following required arguments are missing: expiration.")
        call.instance.alerts.suppress(saved, now, float(expiration))
    left = call.instance.alerts.suppressed_for(saved, now)
    entry = _entry(call, saved)
    entry.content = {"eai:acl": None, "expiration": str(int(left)), "suppressed": left > 0}
    return searches.answer(call, [entry])


@searches.action("acknowledge", "POST")
def acknowledge(call: Call, name: str) -> Answer:
    """The alert may speak again (N5.11)."""
    saved = find(call, name)
    call.instance.alerts.suppress(saved, call.instance.clock.now(), 0)
    entry = _entry(call, saved)
    entry.content = {"eai:acl": None, "suppressionKey": f"{saved.stanza.owner};{saved.stanza.app};{saved.name};;"}
    return searches.answer(call, [entry])
