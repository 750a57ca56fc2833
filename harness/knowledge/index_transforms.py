"""What changes events before they are indexed: ``SEDCMD-``, ``TRANSFORMS-`` and ``INGEST_EVAL`` (props.conf,
transforms.conf)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.errors import KnowledgeError, SPLError
from harness.expressions import Scope, evaluate
from harness.knowledge.conf import Stanza, boolean, integer
from harness.spl.eval_expression import parse_eval
from harness.spl.nodes import Expr
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.pcre import Pattern, PatternError, compile_pcre
from harness.values.values import to_number

_REFERENCE = re.compile(r"\$(\d+)")
_META_PAIR = re.compile(r"""([^\s:]+)::("(?:[^"\\]|\\.)*"|\S+)""")
_ASSIGNMENT = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_:.]*)\s*(:?=)(?!=)")

METADATA_KEYS = {
    "MetaData:Host": ("host", "host::"),
    "MetaData:Source": ("source", "source::"),
    "MetaData:Sourcetype": ("sourcetype", "sourcetype::"),
    "_MetaData:Index": ("index", ""),
}


@dataclass(slots=True)
class Event:
    """One event on its way into an index."""

    raw: str
    time: float
    metadata: dict[str, str]
    fields: dict[str, Value] = field(default_factory=dict)
    queue: str = "indexQueue"

    def read(self, key: str) -> str:
        if key == "_raw":
            return self.raw
        if key in METADATA_KEYS:
            name, prefix = METADATA_KEYS[key]
            return prefix + self.metadata[name]
        value = self.fields.get(key.removeprefix("field:"))
        return value if isinstance(value, str) else ""


Change = Callable[[Event], None]


# --- SEDCMD -----------------------------------------------------------------------------------------------------------


def parse_sed(script: str) -> Callable[[str], str]:
    r"""``s/regex/replacement/flags`` and ``y/from/to/``. Without ``g`` only the first match is replaced, a number is
    the match to replace; ``\1`` is a group (N10.18). Raises KnowledgeError for anything else."""
    script = script.strip()
    if len(script) < 4 or script[0] not in "sy" or script[1].isalnum() or script[1].isspace():
        raise KnowledgeError(f"not a sed command: {script[:40]}")
    parts = re.split(rf"(?<!\\){re.escape(script[1])}", script[2:])
    if len(parts) != 3:
        raise KnowledgeError(f"not a sed command: {script[:40]}")
    first, second, flags = parts
    if script[0] == "y":
        source, target = first.replace("\\\\", "\\"), second.replace("\\\\", "\\")
        if len(source) != len(target):
            raise KnowledgeError(f"the two sides of a sed y command differ in length: {script[:40]}")
        table = str.maketrans(source, target)
        return lambda text: text.translate(table)
    try:
        pattern = compile_pcre(("(?i)" if "i" in flags.lower() else "") + first)
    except PatternError as problem:
        raise KnowledgeError(f"Regex: {problem}") from None
    replace = replacement(second, pattern)
    if "g" in flags:
        return lambda text: pattern.sub(replace, text)
    nth = int(digits) if (digits := re.sub(r"\D", "", flags)) else 1
    return lambda text: _replace_nth(pattern, replace, text, nth)


def replacement(template: str, pattern: Pattern) -> Callable[[re.Match[str]], str]:
    r"""A sed replacement: ``\1`` and ``&`` stand for what was matched, ``\n`` and ``\t`` for themselves."""

    def part(found: re.Match[str], match: re.Match[str]) -> str:
        mark = found[0]
        if mark == "&":
            return match[0]
        code = mark[1]
        if code.isdigit():
            group = int(code)
            return (match[group] or "") if group <= pattern.groups else ""
        return {"n": "\n", "t": "\t", "r": "\r"}.get(code, code)

    return lambda match: re.sub(r"\\.|&", lambda found: part(found, match), template, flags=re.DOTALL)


def _replace_nth(pattern: Pattern, replace: Callable[[re.Match[str]], str], text: str, nth: int) -> str:
    for count, match in enumerate(pattern.finditer(text), 1):
        if count == nth:
            return text[: match.start()] + replace(match) + text[match.end() :]
    return text


# --- TRANSFORMS -------------------------------------------------------------------------------------------------------


def parse_change(name: str, settings: Stanza) -> Change:
    """An index-time transform. Raises KnowledgeError for one that cannot be carried out."""
    if "INGEST_EVAL" in settings:
        return ingest_eval(settings["INGEST_EVAL"])
    if "CLONE_SOURCETYPE" in settings or "REGEX" not in settings:
        raise KnowledgeError(f"the transform {name} has no REGEX, or clones events, which is not supported")
    try:
        pattern = compile_pcre(settings["REGEX"])
    except PatternError as problem:
        raise KnowledgeError(f"transform {name}: Regex: {problem}") from None
    destination = settings.get("DEST_KEY", "")
    if destination not in ("", "_raw", "_meta", "queue", *METADATA_KEYS):
        raise KnowledgeError(f"transform {name}: DEST_KEY {destination} is not supported")
    write_meta = destination == "_meta" or boolean(settings.get("WRITE_META"), False)
    source = settings.get("SOURCE_KEY", "_raw").strip()
    form = settings.get("FORMAT", f"{name}::$1" if write_meta else "")
    default = settings.get("DEFAULT_VALUE")
    lookahead = integer(settings.get("LOOKAHEAD"), 4096)
    repeat = boolean(settings.get("REPEAT_MATCH"), False)

    def change(event: Event) -> None:
        text = event.read(source)[:lookahead]  # counts from the start of the event, inside a capture too (N10.20)
        matches = list(pattern.finditer(text)) if repeat else [m for m in (pattern.search(text),) if m is not None]
        if not matches:
            if default is not None and destination:
                _write(event, destination, default)
            return
        for match in matches:
            values = form
            if write_meta or not destination:
                if pattern.names and "FORMAT" not in settings:
                    event.fields.update({key: match[key] for key in pattern.names if match[key]})
                else:
                    for pair in _META_PAIR.finditer(values):
                        _add_field(event, _expand(pair[1], match, pattern), _expand(pair[2].strip('"'), match, pattern))
            else:
                _write(event, destination, _expand(values, match, pattern))

    return change


def _expand(template: str, match: re.Match[str], pattern: Pattern) -> str:
    return _REFERENCE.sub(
        lambda found: (match[int(found[1])] or "") if int(found[1]) <= pattern.groups else "", template
    )


def _add_field(event: Event, name: str, value: str) -> None:
    if not name or not value:
        return
    old = event.fields.get(name)
    if old is None:
        event.fields[name] = value
    else:
        event.fields[name] = (*old, value) if isinstance(old, tuple) else (old, value)


def _write(event: Event, destination: str, value: str) -> None:
    if destination == "_raw":
        event.raw = value
    elif destination == "queue":
        event.queue = value.strip()
    else:
        name, prefix = METADATA_KEYS[destination]
        event.metadata[name] = value.removeprefix(prefix).strip()


def ingest_eval(text: str) -> Change:
    """``field=expression, field:=expression``: each sees the fields before it, not those of search time (N10.22)."""
    assignments: list[tuple[str, bool, Expr]] = []
    for part in split_assignments(text):
        found = _ASSIGNMENT.match(part)
        if found is None:
            raise KnowledgeError(f"INGEST_EVAL: not an assignment: {part[:40]}")
        try:
            assignments.append((found[1], found[2] == ":=", parse_eval(part[found.end() :])))
        except SPLError as problem:
            raise KnowledgeError(f"INGEST_EVAL: {problem.message}") from None

    def change(event: Event) -> None:
        for name, overwrite, expression in assignments:
            row: dict[str, Value] = {**event.fields, **event.metadata, "_raw": event.raw, "_time": event.time}
            value = evaluate(expression, Frame.from_rows([row]), Scope(now=event.time))[0]
            if value is not None:
                _assign(event, name, value, overwrite=overwrite)

    return change


def _assign(event: Event, name: str, value: Value, *, overwrite: bool) -> None:
    if name == "_raw":
        event.raw = str(value)
    elif name == "_time":
        moment = to_number(value)
        event.time = event.time if moment is None else float(moment)
    elif name == "queue":
        event.queue = str(value)
    elif name in event.metadata:
        event.metadata[name] = str(value)
    elif overwrite or name not in event.fields:
        event.fields[name] = value


def split_assignments(text: str) -> list[str]:
    """Split at commas outside quotes and parentheses."""
    parts: list[str] = []
    start, depth, quote = 0, 0, ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote and text[position - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "," and not depth:
            parts.append(text[start:position])
            start = position + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def read_changes(
    settings: Stanza, transforms: Mapping[str, Stanza], warn: Callable[[KnowledgeError], None]
) -> tuple[list[Callable[[str], str]], list[Change]]:
    """The sed commands and the transforms of some settings, each in name order; broken ones are reported."""
    seds: list[Callable[[str], str]] = []
    changes: list[Change] = []
    for key in sorted(settings):
        kind, _, _ = key.partition("-")
        try:
            if kind == "SEDCMD":
                seds.append(parse_sed(settings[key]))
            elif kind == "TRANSFORMS":
                for name in (part.strip() for part in settings[key].split(",")):
                    if name and name in transforms:
                        changes.append(parse_change(name, transforms[name]))
                    elif name:
                        warn(KnowledgeError(f"the transform {name} is not defined"))
        except KnowledgeError as problem:
            warn(KnowledgeError(f"{key} is left out: {problem.message}"))
    return seds, changes
