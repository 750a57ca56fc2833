"""Time modifiers and their moments."""

from __future__ import annotations

from datetime import datetime, timedelta

from harness.errors import UnsupportedSPL
from harness.server.answers import NO_STORE, Answer, Refusal, json_answer, xml_answer
from harness.server.atom import xml_text
from harness.server.call import Call
from harness.server.routing import Style, endpoint
from harness.spl.time import InvalidTimeError, resolve_time


@endpoint("search/timeparser", "GET", style=Style.TOOL, default_mode="json")
def timeparser(call: Call) -> Answer:
    """Each ``time`` with its moment, as ISO text or as ``output_time_format`` says (M3.49, N3.34)."""
    times = call.arguments.get("time", [])
    if not times:
        return Answer(status=204, headers=NO_STORE)
    if len(set(times)) != len(times):
        raise Refusal(400, "FATAL", "Invalid time.")
    clock_now = call.instance.clock.now()
    try:
        now = resolve_time(call.one("now", "now"), clock_now, call.instance.timezone)
        moments = {text: resolve_time(text, now, call.instance.timezone) for text in times}
    except (InvalidTimeError, UnsupportedSPL) as error:
        raise Refusal(400, "FATAL", "Invalid time.") from error
    found = {text: _formatted(call, moment) for text, moment in moments.items()}
    if call.json:
        return json_answer(found)
    lines = [f'    <s:key name="{xml_text(text)}">{xml_text(value)}</s:key>' for text, value in found.items()]
    return xml_answer("\n".join(["  <dict>", *lines, "  </dict>"]))


def _formatted(call: Call, moment: float) -> str:
    """Milliseconds and offset, unless a format is asked for (``%s`` is the epoch)."""
    local = datetime.fromtimestamp(0, call.instance.timezone) + timedelta(seconds=moment)
    pattern = call.one("output_time_format")
    if not pattern:
        return local.isoformat(timespec="milliseconds")
    if pattern == "%s":
        return str(int(moment))
    return local.strftime(pattern.replace("%s", str(int(moment))))
