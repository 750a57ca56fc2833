"""Conformance pages: Markdown that is documentation and test at once.

A ``##`` heading is one test. Its fenced blocks:

* ``events`` – rows of the index ``main``: JSON lines, or ``field=value field="a b"`` lines. Rows come back in the order
  written unless they give ``_time`` themselves. Values are text, as events have it. ``events index=x sourcetype=y``;
  with ``datatype=metric`` they are data points of a metric index.
* ``raw sourcetype=… source=… host=… index=…`` – text that goes through index time and search time.
* ``lookup NAME`` – a CSV lookup. Options become settings of its stanza (``lookup x match_type=WILDCARD(p)``).
* ``macros`` – ``name(arguments) = definition`` lines.
* ``conf FILE`` – a ``.conf`` file of the test's own app (``conf props``).
* ``data-model NAME`` – the JSON of a data model.
* ``locations`` – records of a database of IP addresses: ``network JSON`` lines.
* ``spl`` – the search. Options ``earliest=``, ``latest=``, ``now=`` (epoch seconds).
* ``results`` – its rows as JSON lines, in order; ``results unordered`` if order does not matter.
* ``columns`` – the fields that the results list, in order, separated by blanks or commas.
* ``messages`` – the messages of the job: ``INFO text`` lines.
* ``error`` – text that the refusal contains; ``unsupported`` the same for what the engine does not carry out.

``Evidence: docs <page> | recorded <source> | measured <id> | reasoned`` is required, once per test or once per page
before its first heading. ``Known: <reason>`` marks a gap: a strict xfail.

``python -m tests.conformance.runner --count`` counts the tests by kind of evidence.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PAGES: Final = Path(__file__).resolve().parent
KINDS: Final = ("docs", "recorded", "measured", "reasoned")


@dataclass(frozen=True, slots=True)
class Form:
    """What the tests of a page consist of: given blocks, exactly ``asks`` and at least one of ``expects``."""

    given: frozenset[str]
    asks: str
    expects: frozenset[str]
    repeats: bool = False
    """A test may ask more than once."""


SPL: Final = Form(
    frozenset(("events", "raw", "lookup", "macros", "conf", "data-model", "locations")),
    "spl",
    frozenset(("results", "columns", "messages", "error", "unsupported")),
)

_FENCE: Final = re.compile(
    r"^(?P<fence>`{3,})(?P<info>[^`\n]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL
)
_HEADING: Final = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)
_EVIDENCE: Final = re.compile(r"^Evidence: *(.+?)\s*$", re.MULTILINE)
_KNOWN: Final = re.compile(r"^Known: *(.+?)\s*$", re.MULTILINE)
MEASURED: Final = re.compile(r"\b[MN]\d{1,2}\.\d{1,3}\b")
_OPTION: Final = re.compile(r'([A-Za-z_][\w.-]*)=(?:"([^"]*)"|(\S+))')


class PageError(Exception):
    """A page that does not say what it must."""


@dataclass(frozen=True, slots=True)
class Block:
    name: str
    argument: str
    options: dict[str, str]
    body: str
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """One heading of a page."""

    page: str
    heading: str
    line: int
    evidence: str
    known: str | None
    blocks: tuple[Block, ...] = field(repr=False)

    @property
    def id(self) -> str:
        return f"{self.page}::{self.heading}"

    @property
    def kind(self) -> str:
        """The strongest evidence that the test rests on."""
        return "measured" if self.measured else self.evidence.split()[0]

    @property
    def measured(self) -> list[str]:
        """Ids of the measured answers that the test holds."""
        return MEASURED.findall(self.evidence)

    def all(self, name: str) -> list[Block]:
        return [block for block in self.blocks if block.name == name]

    def one(self, name: str) -> Block | None:
        found = self.all(name)
        if len(found) > 1:
            raise PageError(f"{self.page}:{found[1].line}: a second `{name}` block")
        return found[0] if found else None


def cases(folder: Path = PAGES, form: Form = SPL) -> Iterator[Case]:
    """Every test of every page below the folder."""
    for path in sorted(folder.rglob("*.md")):
        yield from page_cases(path.read_text(encoding="utf-8"), path.relative_to(folder).as_posix(), form)


def page_cases(text: str, page: str, form: Form = SPL) -> list[Case]:
    """The tests of one page. Raises :class:`PageError` for a page that is not well formed."""
    fences = [(found.start(), found.end()) for found in _FENCE.finditer(text)]
    heads = [h for h in _HEADING.finditer(text) if not any(a <= h.start() < b for a, b in fences)]
    default = _EVIDENCE.search(text[: heads[0].start()]) if heads else None
    found: list[Case] = []
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        end = following.start() if following is not None else len(text)
        found.append(_case(text, page, head, end, default[1] if default is not None else None, form))
    twice = [name for name, count in Counter(case.heading for case in found).items() if count > 1]
    if twice:
        raise PageError(f"{page}: two tests are called {twice[0]!r}")
    return found


def _case(text: str, page: str, head: re.Match[str], end: int, default: str | None, form: Form) -> Case:
    line = text.count("\n", 0, head.start()) + 1
    section = text[head.end() : end]
    prose = _FENCE.sub("", section)
    evidence = _EVIDENCE.search(prose)
    said = evidence[1] if evidence is not None else default
    if said is None or said.split()[0] not in KINDS:
        raise PageError(f"{page}:{line}: needs `Evidence: {' | '.join(KINDS)}`")
    known = _KNOWN.search(prose)
    blocks = tuple(
        _block(found, page, line + section.count("\n", 0, found.start()), form) for found in _FENCE.finditer(section)
    )
    case = Case(page, head[1], line, said, known[1] if known is not None else None, blocks)
    if not (case.all(form.asks) if form.repeats else case.one(form.asks)):
        raise PageError(f"{page}:{line}: needs a block `{form.asks}`")
    if not any(block.name in form.expects for block in blocks):
        raise PageError(f"{page}:{line}: expects nothing, so it cannot fail")
    return case


def _block(found: re.Match[str], page: str, line: int, form: Form) -> Block:
    info = found["info"].strip()
    name, _, rest = info.partition(" ")
    if name != form.asks and name not in form.given | form.expects:
        raise PageError(f"{page}:{line}: no block is called {name!r}")
    options = {match[1]: match[2] if match[2] is not None else match[3] for match in _OPTION.finditer(rest)}
    return Block(name, _OPTION.sub("", rest).strip(), options, found["body"].rstrip("\n"), line)


def count(folder: Path = PAGES) -> Counter[str]:
    """Tests by kind of evidence, and how many of them are known gaps."""
    counted: Counter[str] = Counter()
    for case in cases(folder):
        counted[case.kind] += 1
        counted["known gaps"] += case.known is not None
    return counted


if __name__ == "__main__":
    if sys.argv[1:] != ["--count"]:
        sys.exit("usage: python -m tests.conformance.runner --count")
    for name, number in sorted(count().items()):
        print(f"{number:6d} {name}")
