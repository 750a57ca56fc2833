"""The search parser: a search taken apart without running it."""

from __future__ import annotations

from typing import Any, Final

from harness.engine.plan import Plan, Step, describe, plan
from harness.errors import SPLError, UnsupportedSPL
from harness.server.answers import Answer, Refusal, json_answer, xml_answer
from harness.server.atom import xml_text
from harness.server.call import Call
from harness.server.dispatch import as_pipeline
from harness.server.jobs import UNSUPPORTED
from harness.server.routing import Style, endpoint

_STREAMING: Final = (
    "eval extract fields fillnull lookup makemv mvexpand regex rename rex search spath strcat table where"
)
_CLASSES: Final = {
    **dict.fromkeys(_STREAMING.split(), ("streaming", "SP_STREAM")),
    **dict.fromkeys(("stats", "chart", "timechart", "top", "rare", "makeresults"), ("report", "SP_STREAMREPORT")),
    **dict.fromkeys(("sort", "tail", "reverse"), ("events", "SP_EVENTS")),
    "head": ("report", "SP_STATEFUL"),
    "dedup": ("stateful", "SP_STATEFUL"),
    "inputlookup": ("report", "SP_REPORT"),
}
"""The kind of a command and its stream type (M3.42)."""


@endpoint("search/parser", "POST", style=Style.TOOL, default_mode="json")
def parser(call: Call) -> Answer:
    """``q`` as stages with their classes and arguments (M3.39-M3.48)."""
    text = call.one("q")
    if not text.strip():
        raise Refusal(400, "FATAL", "Invalid query.")
    try:
        found = plan(as_pipeline(text), call.instance.knowledge_of(call.user.name))
    except UnsupportedSPL as error:
        raise Refusal(400, "FATAL", UNSUPPORTED + error.message) from error
    except SPLError as error:
        raise Refusal(400, "FATAL", error.message) from error
    body = _describe(found)
    if call.json:
        return json_answer(body)
    keys = [f'    <s:key name="{name}">{xml_text(str(value))}</s:key>' for name, value in body.items()]
    return xml_answer("\n".join(["  <dict>", *keys, "  </dict>"]))


def _describe(found: Plan) -> dict[str, Any]:
    before, after = found.split()
    events = describe(before) if found.reads_events else ""
    return {
        "remoteSearch": f"litsearch {events.removeprefix('search ')}" if events else "",
        "normalizedSearch": f"litsearch {events.removeprefix('search ')}" if events else describe(before),
        "remoteTimeOrdered": True,
        "eventsSearch": events,
        "eventsTimeOrdered": True,
        "eventsStreaming": True,
        "reportsSearch": describe(after) if found.reads_events else describe([*before, *after]),
        "isStreamingSearch": not after,
        "canSummarize": bool(after) and found.reads_events,
        "commands": [_command(step) for step in found.steps],
    }


def _command(step: Step) -> dict[str, Any]:
    from harness.server.parsed_commands import parsed_arguments, pre_streaming

    name, arguments = step.name, step.source.arguments.strip()
    kind, stream = _CLASSES.get(name, ("report", "SP_REPORT"))
    found: dict[str, Any] = {
        "command": name,
        "rawargs": arguments,
        "pipeline": kind,
        "args": parsed_arguments(step.command, arguments),
        "isGenerating": step.command.generating or name == "search",
        "streamType": stream,
    }
    if kind != "streaming":
        found |= {"isStreamingOpRequired": name == "sort", "preStreamingOp": pre_streaming(step.command, arguments)}
    return found
