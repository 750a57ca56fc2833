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
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from harness.errors import UsageError
from harness.values.values import to_text

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
_HEADING: Final = re.compile(r"^## +(.+?)[ \t]*$", re.MULTILINE)
_EVIDENCE: Final = re.compile(r"^Evidence: *(.+?)\s*$", re.MULTILINE)
_KNOWN: Final = re.compile(r"^Known: *(.+?)\s*$", re.MULTILINE)
MEASURED: Final = re.compile(r"\b[MN]\d{1,2}\.\d{1,3}\b")
_PAIR: Final = re.compile(r'([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))')
_OPTION: Final = re.compile(r'([A-Za-z_][\w.-]*)=(?:"([^"]*)"|(\S+))')


class PageError(UsageError):
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


def cases(folder: Path, form: Form = SPL) -> Iterator[Case]:
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


# --- what blocks say


PAGE_NOW: Final = 1_767_225_600.0
"""2026-01-01T00:00:00Z: what ``now()`` is in a page. Events that give no time lie a second apart before it."""

UNASKED: Final = frozenset(
    (
        *("host", "source", "sourcetype", "index", "linecount", "splunk_server"),
        *("punct", "timestartpos", "timeendpos", "eventtype"),
    )
)
"""Fields that events have anyway: compared only if the page mentions them, as are names that begin with ``_``."""


def is_asked(name: str, mentioned: set[str]) -> bool:
    """Whether a field of the results counts where the page's own rows have the fields ``mentioned``."""
    return name in mentioned or not (name in UNASKED or name.startswith(("_", "date_")))


def expected_rows(results: Block) -> list[dict[str, Any]]:
    """The rows of a ``results`` block as its JSON has them."""
    return [json.loads(line) for line in results.body.splitlines() if line.strip()]


def row_as_text(row: Mapping[str, Any]) -> dict[str, Any]:
    """An expected row as results show it: texts, and lists of texts; a null is a field without value."""
    return {name: value_as_text(row[name]) for name in sorted(row) if row[name] is not None}


def value_as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [value_as_text(item) for item in value]
    return value if isinstance(value, str) else to_text(value)


def event_rows(block: Block) -> list[dict[str, Any]]:
    """The rows of an ``events`` block: JSON lines or ``field=value`` lines."""
    rows: list[dict[str, Any]] = []
    for line in block.body.splitlines():
        if not line.strip():
            continue
        if line.lstrip().startswith("{"):
            rows.append(json.loads(line))
        else:
            rows.append({m[1]: m[3] if m[2] is None else re.sub(r"\\(.)", r"\1", m[2]) for m in _PAIR.finditer(line)})
    return rows


@dataclass(frozen=True, slots=True)
class MacroLine:
    name: str
    arguments: tuple[str, ...]
    definition: str

    @property
    def stanza(self) -> str:
        return f"{self.name}({len(self.arguments)})" if self.arguments else self.name


def macro_lines(block: Block, page: str) -> list[MacroLine]:
    """The macros of a ``macros`` block: ``name(arguments) = definition``."""
    found: list[MacroLine] = []
    for number, line in enumerate(block.body.splitlines(), block.line + 1):
        if not line.strip():
            continue
        head, _, definition = line.partition("=")
        match = re.fullmatch(r"\s*([^\s(]+)\s*(?:\(([^)]*)\))?\s*", head)
        if match is None:
            raise PageError(f"{page}:{number}: no macro: {line!r}")
        arguments = tuple(name.strip() for name in (match[2] or "").split(",") if name.strip())
        found.append(MacroLine(match[1], arguments, definition.strip()))
    return found


# --- writing


def block_text(name: str, body: str) -> str:
    """A fenced block; its fence is longer than any in its body."""
    longest = max((len(found) for found in re.findall(r"`{3,}", body)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{name}\n{body}\n{fence}\n"


def with_answers(text: str, answers: Mapping[int, tuple[Case, Mapping[str, str] | None]], evidence: str) -> str:
    """The page with other bodies for the blocks of some cases, by the line of their heading, and their evidence.

    A block that the case does not have is put in place of its ``results`` or ``error``.
    """
    lines = text.splitlines()
    for line in sorted(answers, reverse=True):  # from the end, so that the lines before stay where they are
        case, blocks = answers[line]
        for block in sorted(case.blocks, key=lambda item: item.line, reverse=True):
            name, body = block.name, (blocks or {}).get(block.name)
            if body is None and name in {"results", "error"}:
                other = "error" if name == "results" else "results"
                name, body = other, (blocks or {}).get(other)
            if body is not None:
                start = block.line - 1
                info = lines[start].lstrip("`") if name == block.name else name
                lines[start : _closing(lines, start) + 1] = block_text(info, body).splitlines()
        first = min(block.line for block in case.blocks) - 1
        said = next((at for at in range(line, first) if _EVIDENCE.match(lines[at])), None)
        if said is not None:
            lines[said] = f"Evidence: {evidence}"
        else:
            lines[line:line] = ["", f"Evidence: {evidence}"]
    return "\n".join(lines) + "\n"


def _closing(lines: list[str], start: int) -> int:
    fence = lines[start][: len(lines[start]) - len(lines[start].lstrip("`"))]
    return next(at for at in range(start + 1, len(lines)) if lines[at].rstrip() == fence)
