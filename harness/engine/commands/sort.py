"""``sort``: rows in order. Follows "sort" in the Search Reference, M4.10 and M4.99.

Rows that lack a field come last, whichever way the field is sorted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.grouping import automatic_ranks
from harness.errors import SPLSyntaxError
from harness.spl.arguments import Arguments
from harness.values.column import NULL, Column
from harness.values.frame import Frame
from harness.values.values import ip_key, number_key, texts, to_number

_ORDERS: Final[dict[str, Callable[[str], Any]]] = {
    "str": str,
    "num": number_key,
    "ip": ip_key,
    "auto": number_key,
}


@dataclass(frozen=True, slots=True)
class Key:
    field: str
    descending: bool = False
    order: str = "auto"


@dataclass(frozen=True, slots=True)
class Sort(SearchCommand):
    """``limit`` 0 keeps all rows, None the default number of them."""

    names = ("sort",)

    keys: tuple[Key, ...]
    limit: int | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> Sort:
        limit = _limit(arguments)
        keys: list[Key] = []
        while not arguments.at_end:
            if arguments.accept(","):
                continue
            if keys and limit is None and (given := arguments.options({"limit": _count})):
                limit = given["limit"]
                continue
            if keys and arguments.accept_keyword("D", "DESC"):
                if arguments.peek() is not None:
                    raise arguments.unsupported("anything after the final 'desc'")
                keys = [Key(key.field, not key.descending, key.order) for key in keys]
                break
            keys.append(_key(arguments))
        if not keys:
            raise SPLSyntaxError("You must specify fields to sort.")
        return cls(tuple(keys), limit)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        ranks = [_ranks(frame.column(key.field), key) for key in self.keys]
        order = np.lexsort(ranks[::-1])
        limit = context.limits.sort_max_rows if self.limit is None else self.limit
        if limit and len(order) > limit:
            order = order[:limit]
        return frame.take(order)


def _limit(arguments: Arguments) -> int | None:
    limit: int | None = None
    given = arguments.options({"limit": _count})
    if "limit" in given:
        limit = given["limit"]
    token = arguments.peek()
    if token is not None and token.kind == "word" and token.text.isdigit():
        limit = int(arguments.next().text)
    return limit


def _count(text: str) -> int:
    if not text.isdigit():
        raise ValueError("a 'non-negative integer'")
    return int(text)


def _key(arguments: Arguments) -> Key:
    """``-field``, ``- field``, ``+num(field)``, ``field``."""
    token = arguments.peek()
    assert token is not None
    descending = False
    name = arguments.field_name()
    if not token.is_string and name[0] in "+-":
        descending = name[0] == "-"
        name = name[1:] or arguments.field_name()
    order, opened, inside = name.partition("(")
    if opened and inside.endswith(")") and order.lower() in _ORDERS:
        return Key(inside[:-1].strip('"'), descending, order.lower())
    if name.lower() in _ORDERS and arguments.accept("("):
        field = arguments.field_name()
        if not arguments.accept(")"):
            raise arguments.invalid_argument()
        return Key(field, descending, name.lower())
    return Key(name, descending)


def _ranks(column: Column, key: Key) -> npt.NDArray[np.int64]:
    """The place of each row's value; equal values share one, and nulls stand after all others."""
    used = np.unique(column.codes)
    used = used[used != NULL]
    values = ["\n".join(texts(column.values[code])) for code in used.tolist()]
    if key.order == "auto" and not all(to_number(value) is not None for value in values):
        places = automatic_ranks(values)
    else:
        keys = list(map(_ORDERS[key.order], values))
        ordered = {each: place for place, each in enumerate(sorted(set(keys)))}
        places = [ordered[each] for each in keys]
    table = np.full(len(column.values) + 1, len(used) + 1, dtype=np.int64)
    table[used] = [-place - 1 for place in places] if key.descending else places
    return table[column.codes]
