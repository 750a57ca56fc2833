"""From the arguments of a dispatch to a job: what each argument means, and which are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from harness.engine.plan import plan_pipeline
from harness.engine.search import Run, SearchRequest
from harness.errors import SPLError, UnsupportedSPL
from harness.server.answers import Refusal
from harness.server.jobs import TTL, UNSUPPORTED, Job
from harness.spl.macros import expand
from harness.spl.parser import parse_pipeline
from harness.spl.time import InvalidTimeError, resolve_time
from harness.values.frame import Frame

if TYPE_CHECKING:
    from harness.server.accounts import User
    from harness.server.instance import SplunkInstance

MISSING_SEARCH: Final = (
    "The required 'search' parameter for the Splunk platform REST API search/jobs endpoint is not specified. Specify "
    "the required 'search' parameter for the POST request on the endpoint and then retry your request."
)
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:[+-]\d\d:\d\d|Z)")
"""The default ``time_format``, ``%FT%T.%Q%:z``."""
_NEUTRAL: Final[Mapping[str, frozenset[str]]] = {
    "sample_ratio": frozenset(("", "1")),
    "index_earliest": frozenset(("",)),
    "index_latest": frozenset(("",)),
    "search_mode": frozenset(("", "normal")),
}
"""Arguments that change what a search finds, with the values that do not."""


def as_pipeline(text: str) -> str:
    """REST adds no ``search``: what has no leading pipe begins with a command all the same."""
    return text if text.lstrip().startswith("|") else f"| {text}"


def new_job(
    instance: SplunkInstance,
    user: User,
    app: str,
    arguments: Mapping[str, str],
    *,
    search: str | None = None,
    sid: str = "",
) -> Job:
    """A job that is not dispatched yet. ``search`` overrides the argument (saved searches)."""
    text = arguments.get("search", "") if search is None else search
    if not text.strip():
        raise Refusal(400, "FATAL", MISSING_SEARCH)
    for name, neutral in _NEUTRAL.items():
        if arguments.get(name, "") not in neutral:
            raise Refusal(400, "FATAL", f"{UNSUPPORTED}the argument {name}={arguments[name]}.")
    sid = sid or arguments.get("id") or instance.jobs.new_sid()
    now = _now(instance, arguments.get("now", ""))
    request = SearchRequest(
        search=as_pipeline(text),
        earliest=_time(arguments.get("earliest_time")),
        latest=_time(arguments.get("latest_time")),
        now=now,
        timezone=instance.timezone,
        user=user.name,
        app=arguments.get("namespace") or app,
        sid=sid,
        default_indexes=instance.accounts.listed(user, "srchIndexesDefault"),
        max_rows=_positive(arguments.get("max_count")),
        max_seconds=_positive(arguments.get("max_time")),
    )
    job = Job(
        sid=sid,
        search=text,
        owner=user.name,
        app=request.app,
        arguments=arguments,
        request=request,
        created=instance.wall(),
        ttl=_positive(arguments.get("timeout")) or _positive(arguments.get("ttl")) or TTL,
        label=arguments.get("label", ""),
        preview=arguments.get("preview", "0") in {"1", "true"},
        custom={name[7:]: value for name, value in arguments.items() if name.startswith("custom.")},
    )
    job.stoppable()
    return job


def _now(instance: SplunkInstance, text: str) -> float:
    moment = instance.clock.now()
    if not text:
        return moment
    try:
        found = _time(text)
        return found if isinstance(found, float) else resolve_time(text, moment, instance.timezone)
    except InvalidTimeError:
        raise Refusal(400, "FATAL", "Invalid now.") from None


def _time(text: str | None) -> str | float | None:
    """A time argument; the default ``time_format`` is read here, everything else where times are resolved."""
    if text is None or text == "":
        return None
    if _ISO.fullmatch(text):
        return datetime.fromisoformat(text).timestamp()
    return text


def _positive(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() and int(text) > 0 else None


def post_process(instance: SplunkInstance, job: Job, frame: Frame, text: str) -> Frame:
    """The rows of a finished job sent through further commands (``search=`` on results). Raises :class:`Refusal`."""
    try:
        expanded = expand(as_pipeline(text), instance.knowledge_of(job.request.user).macros)
        steps = plan_pipeline(parse_pipeline(expanded), first=False)
        return Run(instance.search_context(job.request)).steps(steps, frame)
    except UnsupportedSPL as error:
        raise Refusal(400, "FATAL", UNSUPPORTED + error.message) from error
    except SPLError as error:
        raise Refusal(400, "FATAL", error.message) from error
