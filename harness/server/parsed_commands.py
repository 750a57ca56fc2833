"""The arguments of a command as the search parser's endpoint tells them, and what runs on the indexers before it.

The forms that were recorded (M3.43-M3.46); the arguments of every other command are their text.
"""

from __future__ import annotations

from typing import Any

from harness.engine.commands import SearchCommand
from harness.engine.commands.dedup import Dedup
from harness.engine.commands.head import Head
from harness.engine.commands.search import Search
from harness.engine.commands.sort import Sort
from harness.engine.commands.stats import Stats
from harness.engine.commands.timechart import TimeChart
from harness.engine.commands.top import Top
from harness.engine.statistics import Measure

SORT_LIMIT = 10_000


def parsed_arguments(command: SearchCommand, text: str) -> Any:
    """``args`` of one command."""
    if isinstance(command, Search):
        return {"search": [text]}
    if isinstance(command, Stats):
        return {"stat-specifiers": _specifiers(command.measures), "groupby-fields": list(command.by)}
    if isinstance(command, Top):
        return {
            "limit": command.limit,
            "showperc": command.percent_field is not None,
            "showcount": command.count_field is not None,
            "percentfield": command.percent_field or "percent",
            "countfield": command.count_field or "count",
            "fields": list(command.fields),
        }
    if isinstance(command, TimeChart):
        return _timechart(command, text)
    return text


def _specifiers(measures: tuple[Measure, ...]) -> list[dict[str, str]]:
    """``field`` is there for ``dc(host)``, not for a bare ``count`` (M3.44)."""
    found = []
    for measure in measures:
        field = {} if measure.field is None else {"field": measure.field}
        found.append({"function": measure.node.function, **field, "rename": measure.node.name})
    return found


def _timechart(command: TimeChart, text: str) -> dict[str, Any]:
    across = command.across
    options = [word for word in text.split() if word.lower().startswith(("span=", "bins="))]
    found: dict[str, Any] = {
        "stat-specifiers": _specifiers(command.measures),
        "xfield": "_time",
        "xfieldopts": options,
    }
    if across is not None:
        found |= {
            "seriesfield": across.field,
            "usenull": across.null is not None,
            "nullstr": across.null or "NULL",
            "useother": across.other is not None,
            "otherstr": across.other or "OTHER",
            "seriesfilter": f"{across.choice.score.names[0]} IN {'bottom' if across.choice.lowest else 'top'}"
            f"{across.choice.count}",
        }
    return found


def pre_streaming(command: SearchCommand, text: str) -> str:
    """``preStreamingOp`` of one command; nothing where none was recorded (M3.43)."""
    if isinstance(command, Stats | TimeChart):
        return f"prestats {text}"
    if isinstance(command, Head) and text.isdigit():
        return f"prehead limit={text} null=false keeplast=false"
    if isinstance(command, Sort):
        keys = [f"{'-' if key.descending else '+'}{key.order}({key.field})" for key in command.keys]
        return f"presort {SORT_LIMIT if command.limit is None else command.limit} {' '.join(keys)}"
    if isinstance(command, Dedup):
        names = " ".join(f'"{name}"' for name in command.fields)
        flags = {
            "keepempty": command.keep_empty,
            "consecutive": command.consecutive,
            "keepevents": command.keep_events,
        }
        shown = " ".join(f"{name}={str(on).lower()}" for name, on in flags.items())
        return f"prededup {command.count} {shown} {names}"
    return ""
