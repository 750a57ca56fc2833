"""``sort``: rows in order. Follows "sort" in the Search Reference, M4.10 and M4.99.

Rows that lack a field come last, whichever way the field is sorted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.grouping import compare_automatically
from harness.errors import SPLSyntaxError, UnsupportedSPL
from harness.spl.arguments import Arguments
from harness.values.column import NULL, Column
from harness.values.frame import Frame
from harness.values.values import ip_key, members, number_key, to_number, to_text

_ORDERS: Final[dict[str, Callable[[Any], Any]]] = {
    "str": to_text,
    "num": number_key,
    "ip": ip_key,
    "auto": lambda value: cmp_to_key(compare_automatically)(to_text(value)),
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
    """The place of each row's value; nulls after all others."""
    used = np.unique(column.codes)
    used = used[used != NULL]
    values = {int(code): column.values[code] for code in used}
    if key.order in ("num", "auto") and all(to_number(value) is not None for value in values.values()):
        keyed = [(float(to_number(value) or 0), code) for code, value in values.items()]
    else:
        if any(isinstance(value, tuple) for value in values.values()) and key.order != "str":
            _refuse_mixed(key)
        convert = _ORDERS[key.order]
        keyed = [(convert(_single(value)), code) for code, value in values.items()]
    keyed.sort(key=lambda pair: pair[0])
    table = np.full(len(column.values) + 1, len(keyed) + 1, dtype=np.int64)
    place = -1
    before: Any = None
    for value, code in keyed:
        if place < 0 or value != before:
            place += 1
            before = value
        table[code] = -place - 1 if key.descending else place
    return table[column.codes]


def _single(value: Any) -> Any:
    found = members(value)
    return found[0] if len(found) == 1 else "\n".join(map(to_text, found))


def _refuse_mixed(key: Key) -> None:
    if key.order == "ip":
        raise UnsupportedSPL(
            f"The 'sort' command: sorting the multivalue field '{key.field}' as addresses is not supported."
        )
