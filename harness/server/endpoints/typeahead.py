"""Completions for a search that is being typed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from harness.server.answers import CSV, NO_STORE, Answer, Refusal, json_answer
from harness.server.call import Call
from harness.server.results import csv_cell
from harness.server.routing import Style, endpoint
from harness.values.values import texts

if TYPE_CHECKING:
    from harness.server.instance import SplunkInstance

_FIELDS: Final = ("host", "source", "sourcetype")
_MODES: Final = frozenset(("csv", "json"))


@endpoint("search/typeahead", "GET", style=Style.TYPEAHEAD, modes=_MODES, default_mode="csv")
def typeahead(call: Call) -> Answer:
    """Indexes, hosts, sources and source types that begin as typed (M3.50, M3.51, N3.36)."""
    if not call.one("count").isdigit():
        raise Refusal(400, "FATAL", "The 'count' argument is required.")
    found = completions(call.instance, call.one("prefix"))[: int(call.one("count"))]
    if call.json:
        listed = [{"content": content, "count": count, "operator": operator} for content, count, operator in found]
        return json_answer({"results": listed})
    if not found:
        return Answer(status=204, headers=NO_STORE)
    lines = ["content,count,operator"]
    lines += [f"{csv_cell(content)},{count},{str(operator).lower()}" for content, count, operator in found]
    return Answer(["\n".join([*lines, ""]).encode()], 200, CSV, NO_STORE)


def completions(instance: SplunkInstance, prefix: str) -> list[tuple[str, int, bool]]:
    """What a search that ends in ``prefix`` may go on with, how often it is there, and whether it is an operator."""
    name, equals, value = prefix.rpartition(" ")[2].partition("=")
    value = value.strip('"')
    if not equals or "|" in prefix:
        return []
    if name == "index":
        names = [index for index in instance.indexes.names() if index.startswith(value)]
        return [(f'index="{index}"', 0, True) for index in names]
    if name not in _FIELDS:
        return []
    counts: Counter[str] = Counter()
    for part in instance.store.slices(instance.store.index_names()):
        column = part.segment.frame.column(name).take(part.rows)
        for each in column.to_values():
            counts.update(text for text in texts(each) if text.startswith(value))
    return [(f'{name}="{text}"', count, False) for text, count in sorted(counts.items())]
