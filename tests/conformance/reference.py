"""Computes the page of all that the search language has here, ``docs/spl.md``, from the code and the pages.

Options of commands are what their parsers ask for while the searches of all pages are read. ``python -m
tests.conformance.reference`` writes the page.
"""

from __future__ import annotations

import importlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args

from harness.engine.aggregates import AGGREGATES, aggregate_names
from harness.engine.commands import ALIASES, SPLUNK_COMMANDS, SearchCommand, find, module_names
from harness.engine.plan import plan_text
from harness.errors import SPLError
from harness.expressions import registry
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.spl import nodes
from harness.spl.arguments import Arguments
from tests.conformance.runner import PAGES, cases

PAGE: Final = PAGES.parents[1] / "docs" / "spl.md"
ENGINE: Final = Path(importlib.import_module("harness.engine").__path__[0])

KINDS: Final = {"boolean": "true or false", "integer": "integer", "non_negative_integer": "number"}
"""What converters of option values are called; every other one takes a text."""

FORMS: Final = (nodes.Comparison, nodes.InList, nodes.Term, nodes.Directive, nodes.TimeModifier, nodes.Subsearch)

Options = Mapping[str, Mapping[str, str]]


@contextmanager
def watched_options() -> Iterator[dict[str, dict[str, str]]]:
    """Command -> option -> kind, of every command that is read meanwhile."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    original = Arguments.options

    def options(self: Arguments, known: Mapping[str, Callable[[str], Any]], **more: Any) -> dict[str, Any]:
        name = ALIASES.get(self.command.lower(), self.command.lower())
        for option, convert in known.items():
            found[name][option] = KINDS.get(getattr(convert, "__name__", ""), "text")
        return original(self, known, **more)

    Arguments.options = options  # type: ignore[method-assign]
    try:
        yield found
    finally:
        Arguments.options = original  # type: ignore[method-assign]


@cache
def command_options() -> Options:
    """The options of every command. A name that the code does not hold is one that the author of a search chose."""
    macros = Knowledge.load(shipped_apps()).macros
    with watched_options() as found:
        for case in cases():
            spl = case.one("spl")
            assert spl is not None
            try:
                plan_text(spl.body.strip(), macros)
            except SPLError:
                continue  # what is read before the mistake is seen
    written = set(re.findall(r'"(\w+)"', "".join(path.read_text(encoding="utf-8") for path in ENGINE.rglob("*.py"))))
    return {
        command: {option: kind for option, kind in sorted(options.items()) if option in written}
        for command, options in found.items()
    }


def commands() -> Iterator[str]:
    known = command_options()
    for name in sorted(module_names()):
        found = find(name)
        others = sorted(alias for alias, command in ALIASES.items() if command == name)
        also = f" ({', '.join(f'`{other}`' for other in others)})" if others else ""
        options = ", ".join(f"`{option}=` {kind}" for option, kind in known.get(name, {}).items())
        page = f"[tests](../tests/conformance/commands/{name}.md)"
        yield f"| `{name}`{also} | {place(found)} | {options} | {page} |"


def place(command: type[SearchCommand]) -> str:
    """What a command does to the rows, as far as the pipeline cares."""
    words = [word for word in ("generating", "transforming", "streaming") if getattr(command, word)]
    return ", ".join(words)


def functions() -> Iterator[str]:
    registry.find("len")  # loads the families
    families: dict[str, list[str]] = defaultdict(list)
    for name in registry.FUNCTIONS.names():
        function = registry.FUNCTIONS.get(name)
        assert function is not None
        family = (function.call or function.build).__module__.rpartition(".")[2]  # type: ignore[union-attr]
        families[family].append(f"`{name}({arity(function.minimum, function.maximum)})`")
    for family, names in sorted(families.items()):
        yield f"* {family}: {', '.join(sorted(names))}"


def arity(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} or more"
    return str(least) if least == most else f"{least} to {most}"


def statistics() -> Iterator[str]:
    families: dict[str, list[str]] = defaultdict(list)
    for name in aggregate_names():
        found = AGGREGATES.get(name)
        assert found is not None
        number = "N" if found.parametric else ""
        families[found.__module__.rpartition(".")[2]].append(f"`{name}{number}`")
    for family, names in sorted(families.items()):
        yield f"* {family}: {', '.join(sorted(names))}"


def forms() -> Iterator[str]:
    for form in FORMS:
        text = (form.__doc__ or "").split("\n\n")[0].replace("``", "`")
        yield "* " + re.sub(r"\s+", " ", re.sub(r"a :class:`SearchNot` around it", "its opposite", text)).strip()


def refused() -> Iterator[str]:
    """What the tests say is not carried out, page by page."""
    pages: dict[str, list[str]] = defaultdict(list)
    for case in cases():
        block = case.one("unsupported")
        if block is not None:
            pages[case.page].append(case.heading)
    for page, headings in sorted(pages.items()):
        name = page.removesuffix(".md")
        yield f"* [{name}](../tests/conformance/{page}): {'; '.join(headings)}"


def listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def page() -> str:
    missing = SPLUNK_COMMANDS - module_names() - ALIASES.keys()
    operators = " ".join(f"`{operator}`" for operator in get_args(nodes.ComparisonOperator))
    lines = [
        "# Search language",
        "",
        "What the embedded engine has of SPL. Computed from the code and from the pages that test it",
        "(`make spl-reference`). What is listed here works as Splunk's Search Reference says; what is not is refused",
        "with its place in the search, and the verdict is then an error.",
        "",
        "## Commands",
        "",
        "*generating* commands begin a search, *transforming* ones make a table of events, *streaming* ones work row",
        "by row. Options are those written `name=value`.",
        "",
        "| command | does | options | |",
        "|---|---|---|---|",
        *commands(),
        "",
        f"Known to a Splunk with the usual apps and not to the engine: {listed(missing)}.",
        "",
        "## Eval functions",
        "",
        "With the number of their arguments.",
        "",
        *functions(),
        "",
        "## Statistical functions",
        "",
        "Of `stats`, `eventstats`, `streamstats`, `chart`, `timechart` and `tstats`. N is a number.",
        "",
        *statistics(),
        "",
        "## Search expressions",
        "",
        f"Comparisons know {operators}. `NOT` binds tightest, then `OR`, then `AND`, written or implied.",
        "",
        *forms(),
        "",
        "## Refused",
        "",
        "Good SPL that is not carried out, because nobody wrote down what Splunk does or because it is not built yet.",
        "",
        *refused(),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
