"""``foreach``: a template of commands, once for each of some fields or for each value of one.

In the default mode ``<<FIELD>>`` is the field's name, ``<<MATCHSTR>>`` what the wildcards found and
``<<MATCHSEG1>>`` to ``<<MATCHSEG3>>`` each of them, put in as text; the template's commands must work row by row. In
the other modes ``<<ITEM>>`` is a value of the field and ``<<ITER>>`` its number from 0, and the template is one
``eval``. Follows "foreach" in the Search Reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from harness.engine.columns import scattered
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import matching, wildcard_pattern
from harness.engine.plan import Step, plan_pipeline
from harness.errors import SPLSyntaxError, UnsupportedSPL
from harness.spl.arguments import Arguments, string
from harness.spl.parser import parse_pipeline
from harness.values.column import Column, Scalar, Value
from harness.values.frame import Frame
from harness.values.values import has_wildcard, members

MODES: Final = ("multifield", "multivalue", "json_array", "auto_collections")
_NAMES: Final = {
    "fieldstr": "<<FIELD>>",
    "matchstr": "<<MATCHSTR>>",
    "matchseg1": "<<MATCHSEG1>>",
    "matchseg2": "<<MATCHSEG2>>",
    "matchseg3": "<<MATCHSEG3>>",
    "itemstr": "<<ITEM>>",
    "iterstr": "<<ITER>>",
}
"""Options that rename what stands for something in the template, and its usual name."""

_ITEM: Final = "__foreach_item"
_ITER: Final = "__foreach_iter"


@dataclass(frozen=True, slots=True)
class Foreach(SearchCommand):
    names = ("foreach",)
    subsearches = True
    streaming = True

    patterns: tuple[str, ...]
    template: str
    mode: str
    marks: Mapping[str, str]

    @classmethod
    def parse(cls, arguments: Arguments) -> Foreach:
        known = {"mode": str.lower, **dict.fromkeys(_NAMES, string)}
        options: dict[str, Any] = arguments.options(known)
        patterns: list[str] = []
        while arguments.peek() is not None and not arguments.at_subsearch():
            found, given = arguments.field_list(), arguments.options(known)
            if not found and not given:
                raise arguments.invalid_argument()
            patterns += found
            options |= given
        mode = options.get("mode", "multifield")
        if mode not in MODES:
            raise arguments.error(f"Invalid mode '{mode}'.")
        if not patterns or (mode != "multifield" and len(patterns) > 1):
            raise arguments.unsupported(f"{len(patterns)} fields with mode={mode}")
        start = arguments.position
        subsearch = arguments.subsearch()
        arguments.expect_end()
        template = arguments.text_of(start + 1, subsearch.span.end - 1)
        return cls(tuple(patterns), template, mode, {name: options.get(name, mark) for name, mark in _NAMES.items()})

    def check(self, text: str) -> None:
        if self.mode == "multifield":
            _streaming(self._for_field("field", ("a", "b", "c")))
        else:
            self._item_steps()

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        from harness.engine.search import Run

        if self.mode != "multifield":
            return self._over_items(frame, context)
        for pattern in self.patterns:
            for name in matching(pattern, frame.columns) if has_wildcard(pattern) else [pattern]:
                found = wildcard_pattern(pattern).fullmatch(name)
                steps = _streaming(self._for_field(name, found.groups() if found is not None else ()))
                frame = Run(context).steps(steps, frame)
        return frame

    # --- over fields

    def _for_field(self, name: str, segments: tuple[str, ...]) -> str:
        text = self.template.replace(self.marks["fieldstr"], name).replace(self.marks["matchstr"], "".join(segments))
        for number, segment in enumerate(segments[:3], 1):
            text = text.replace(self.marks[f"matchseg{number}"], segment)
        return text

    # --- over values

    def _item_steps(self) -> tuple[Step, ...]:
        text = self.template
        for option, name in (("itemstr", _ITEM), ("iterstr", _ITER)):
            mark = self.marks[option]
            if any(mark in quoted for quoted in text.split('"')[1::2]):
                raise UnsupportedSPL(f"The 'foreach' command: {mark} inside a string is not supported.")
            text = text.replace(f"'{mark}'", mark).replace(mark, f"'{name}'")
        steps = _plan(text)
        if len(steps) != 1 or steps[0].name != "eval":
            raise SPLSyntaxError(f"Error in 'foreach' command: mode={self.mode} takes a single eval command.")
        return steps

    def _over_items(self, frame: Frame, context: SearchContext) -> Frame:
        from harness.engine.search import Run

        steps = self._item_steps()
        column = frame.column(self.patterns[0])
        items = [self._items(value) for value in column.values]
        sizes = np.array([*map(len, items), 0], dtype=np.int64)[column.codes]
        for turn in range(int(sizes.max()) if len(sizes) else 0):
            here = sizes > turn
            part = frame.take(here)
            own = [items[code][turn] for code in column.take(here).codes.tolist()]
            part = part.with_columns(
                {_ITEM: Column.from_values(own), _ITER: Column.constant(turn, part.length)},
            )
            done = Run(context).steps(steps, part)
            changed = {
                name: scattered(each, here, frame.column(name))
                for name, each in done.columns.items()
                if name not in (_ITEM, _ITER) and each is not part.columns.get(name)
            }
            frame = frame.with_columns(changed)
        return frame

    def _items(self, value: Value) -> list[Scalar]:
        elements = None if self.mode == "multivalue" else _json_items(value)
        if elements is not None:
            return elements
        return [] if self.mode == "json_array" else list(members(value))


def _json_items(value: Value) -> list[Scalar] | None:
    """The elements of a JSON array, objects and arrays in it as JSON; None for what is no array."""
    try:
        document = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, list):
        return None
    return [
        item if isinstance(item, str | int | float) and not isinstance(item, bool) else _compact(item)
        for item in document
    ]


def _compact(item: Any) -> str:
    return json.dumps(item, separators=(",", ":"), ensure_ascii=False)


def _plan(text: str) -> tuple[Step, ...]:
    return plan_pipeline(parse_pipeline(text if text.lstrip().startswith("|") else f"|{text}"), first=False)


def _streaming(text: str) -> tuple[Step, ...]:
    steps = _plan(text)
    for step in steps:
        if not step.command.streaming:
            raise UnsupportedSPL(f"The 'foreach' command: '{step.name}' in its template is not supported.")
    return steps
