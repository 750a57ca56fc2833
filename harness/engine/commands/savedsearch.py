"""``savedsearch``: runs a saved search. Follows "savedsearch" in the Search Reference.

``$name$`` in it is replaced by the argument of that name. It runs over the time range of the request, or, if that is
all time, over its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from harness.engine.commands import SearchCommand
from harness.engine.context import Progress, SearchContext, Window
from harness.engine.host import host_of
from harness.engine.macros import EvalMacros
from harness.engine.plan import plan_text
from harness.engine.subsearch import MAX_DEPTH
from harness.errors import SearchError, UnsupportedSPL
from harness.spl.arguments import Arguments, boolean, string
from harness.spl.time import InvalidTimeError, resolve_time
from harness.values.frame import Frame

_TOKEN: Final = re.compile(r"\$([^$\s]+)\$")


@dataclass(frozen=True, slots=True)
class SavedSearchCommand(SearchCommand):
    names = ("savedsearch",)
    generating = True

    name: str
    replacements: tuple[tuple[str, str], ...] = ()
    substitute: bool = True

    @classmethod
    def parse(cls, arguments: Arguments) -> SavedSearchCommand:
        if arguments.at_end:
            raise arguments.error("The name of a saved search is expected.")
        name = arguments.value()
        replacements: list[tuple[str, str]] = []
        options = arguments.options({"nosubstitution": boolean})
        while (given := arguments.option_name()) is not None:
            replacements.append((given, arguments.options({given.lower(): string})[given.lower()]))
            options |= arguments.options({"nosubstitution": boolean})
        arguments.expect_end()
        return cls(name, tuple(replacements), not options.get("nosubstitution", False))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        return run_saved_search(self.name, dict(self.replacements) if self.substitute else {}, context)


def run_saved_search(name: str, replacements: dict[str, str], context: SearchContext) -> Frame:
    """The rows of a saved search."""
    from harness.engine.search import Run

    if context.depth >= MAX_DEPTH:
        raise UnsupportedSPL("Saved searches nested this deep are not supported.")
    stored = host_of(context).saved_search(name, context.user, context.app)
    text = _TOKEN.sub(lambda found: replacements.get(found[1], found[0]), stored.text)
    window = context.window
    if window == Window():
        window = Window(_moment(stored.earliest, context), _moment(stored.latest, context))
    plan = plan_text(text, context.knowledge.macros, EvalMacros())
    inner = replace(context, window=window, progress=Progress(window), depth=context.depth + 1)
    found = Run(inner).steps(plan.steps, Frame())
    context.progress.window = inner.progress.window
    context.progress.scanned += inner.progress.scanned
    context.progress.matched += inner.progress.matched
    return found


def _moment(text: str, context: SearchContext) -> float | None:
    try:
        return resolve_time(text, context.now, context.timezone) if text else None
    except InvalidTimeError:
        raise SearchError(f"Error in 'savedsearch' command: '{text}' is no time.") from None
