"""What changes events before they are indexed: ``SEDCMD-``, ``TRANSFORMS-``, ``RULESET-`` and ``INGEST_EVAL``
(props.conf and transforms.conf specifications)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from harness.errors import KnowledgeError, SPLError, SPLSyntaxError
from harness.expressions import Scope, check, evaluate, evaluate_mask
from harness.knowledge.conf import Stanza, boolean, integer, names
from harness.knowledge.extractions import source_keys
from harness.knowledge.sed import Change as TextChange
from harness.knowledge.sed import parse_sed
from harness.spl.eval_expression import parse_eval
from harness.spl.nodes import Expr
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.pcre import Pattern, PatternError, compile_pcre
from harness.values.values import members, texts, to_number

_REFERENCE: Final = re.compile(r"\$(\d+)")
_META_PAIR: Final = re.compile(r"""([^\s:]+)::("(?:[^"\\]|\\.)*"|\S+)""")
_ASSIGNMENT: Final = re.compile(
    r"\s*\$?(?:(?P<space>pd|field):)?(?P<name>[A-Za-z_][A-Za-z0-9_:.]*?)\$?"
    r"(?:\[(?:int|float|float32|float-sf|float32-sf|string)\])?\s*(?P<operator>:?=)(?!=)"
)

METADATA_KEYS: Final = {
    "MetaData:Host": ("host", "host::"),
    "MetaData:Source": ("source", "source::"),
    "MetaData:Sourcetype": ("sourcetype", "sourcetype::"),
    "_MetaData:Index": ("index", ""),
}


@dataclass(slots=True)
class Event:
    """One event on its way into an index. ``metadata`` holds host, source, sourcetype and index."""

    raw: str
    time: float
    metadata: dict[str, str]
    fields: dict[str, Value] = field(default_factory=dict)
    queue: str = "indexQueue"

    def read(self, key: str) -> str:
        """What ``SOURCE_KEY`` names: a key of the event, or an indexed field."""
        if key == "_raw":
            return self.raw
        if key in METADATA_KEYS:
            name, prefix = METADATA_KEYS[key]
            return prefix + self.metadata[name]
        if key == "queue":
            return self.queue
        if key == "_time":
            return str(int(self.time))
        if key == "_meta":
            return " ".join(f"{name}::{text}" for name, value in self.fields.items() for text in texts(value))
        return " ".join(texts(self.metadata.get(key, self.fields.get(key))))

    def add(self, name: str, value: str) -> None:
        """Add a value to an indexed field."""
        if name and value:
            old = self.fields.get(name)
            self.fields[name] = value if old is None else (*members(old), value)

    def copy(self) -> Event:
        return replace(self, metadata=dict(self.metadata), fields=dict(self.fields))


@dataclass(frozen=True, slots=True)
class Transform:
    """One index-time transform. ``name`` is for messages. ``clone``: the source type of the copy that it works on
    instead of the event. ``stops``: whether the transforms after it are passed over."""

    name: str
    change: Callable[[Event], bool] | None = None
    clone: str = ""
    stops: Callable[[Event], bool] | None = None


def read_changes(
    settings: Stanza, transforms: Mapping[str, Stanza], warn: Callable[[KnowledgeError], None]
) -> tuple[list[tuple[str, TextChange]], list[Transform]]:
    """The sed commands (with their names) and the transforms of some settings, in the order of their names, rule sets
    last; broken ones are reported and left out."""
    seds: list[tuple[str, TextChange]] = []
    changes: list[Transform] = []
    rulesets: list[Transform] = []
    for key in sorted(settings):
        kind, _, _ = key.partition("-")
        if kind == "SEDCMD" and settings[key]:  # an empty one takes that of a weaker layer away
            try:
                seds.append((key, parse_sed(settings[key])))
            except KnowledgeError as problem:
                warn(KnowledgeError(f"{key} is left out: {problem.message}"))
        elif kind in ("TRANSFORMS", "RULESET"):
            for name in names(settings[key]):
                try:
                    if name not in transforms:
                        raise KnowledgeError("it is not defined, or disabled")
                    (changes if kind == "TRANSFORMS" else rulesets).append(parse_transform(name, transforms[name]))
                except KnowledgeError as problem:
                    warn(KnowledgeError(f"{key}: the transform {name} is left out: {problem.message}"))
    return seds, [*changes, *rulesets]


# --- by regular expression --------------------------------------------------------------------------------------------


def parse_transform(name: str, settings: Stanza) -> Transform:
    """Raises KnowledgeError for a transform that cannot be carried out."""
    stops = _condition(settings["STOP_PROCESSING_IF"]) if "STOP_PROCESSING_IF" in settings else None
    if "INGEST_EVAL" in settings:
        return Transform(name, ingest_eval(settings["INGEST_EVAL"]), stops=stops)
    if stops is not None:
        return Transform(name, stops=stops)
    if "REGEX" not in settings:
        raise KnowledgeError("it has no REGEX")
    try:
        pattern = compile_pcre(settings["REGEX"])
    except (PatternError, SPLError) as problem:
        raise KnowledgeError(f"Regex: {problem}") from None
    destination = settings.get("DEST_KEY", "").strip()
    if destination not in ("", "_raw", "_meta", "_time", "queue", *METADATA_KEYS):
        raise KnowledgeError(f"DEST_KEY {destination} is not supported")
    # WRITE_META stands for a DEST_KEY of _meta, where there is no other: add-ons set both to change the source type
    to_fields = destination == "_meta" or (not destination and boolean(settings.get("WRITE_META"), False))
    if not destination and not to_fields:
        raise KnowledgeError("it has neither DEST_KEY nor WRITE_META")
    rule = _Rule(
        pattern,
        _sources(settings.get("SOURCE_KEY", "_raw")),
        destination,
        to_fields,
        settings.get("FORMAT"),
        f"{name}::$1",
        settings.get("DEFAULT_VALUE"),
        integer(settings.get("LOOKAHEAD"), 4096),
        boolean(settings.get("REPEAT_MATCH"), False) and destination != "_raw",
    )
    return Transform(name, rule.apply, clone=settings.get("CLONE_SOURCETYPE", "").strip())


def _sources(setting: str) -> tuple[str, ...]:
    setting = setting.strip()
    return (setting,) if setting in METADATA_KEYS else source_keys(setting)


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: Pattern
    sources: tuple[str, ...]
    destination: str
    to_fields: bool
    form: str | None
    default_form: str
    default_value: str | None
    lookahead: int
    repeat: bool

    def apply(self, event: Event) -> bool:
        """Whether the pattern matched; LOOKAHEAD counts from the start, inside a capture too (N10.20)."""
        text = " ".join(event.read(source) for source in self.sources)[: self.lookahead]
        first = self.pattern.search(text)
        if first is None:
            if self.default_value is not None and self.destination:
                _write(event, self.destination, self.default_value)
            return False
        for match in self.pattern.finditer(text) if self.repeat else (first,):
            if self.to_fields:
                self._add_fields(event, match)
            else:
                form = (self.form or "").replace("$0", event.read(self.destination))
                _write(event, self.destination, _expand(form, match, self.pattern))
        return True

    def _add_fields(self, event: Event, match: Any) -> None:
        if self.form is None and self.pattern.names:
            for name, value in match.groupdict().items():
                event.add(name, value or "")
            return
        form = self.form if self.form is not None else self.default_form
        if self.destination == "_meta" and "$0" not in form:
            event.fields.clear()  # what was there is not part of the new value
        for pair in _META_PAIR.finditer(form):
            event.add(*(_expand(part.strip('"'), match, self.pattern) for part in pair.groups()))


def _expand(template: str, match: Any, pattern: Pattern) -> str:
    """``$1`` is a group; ``$`` and a number that no group has stay as they are."""

    def group(found: re.Match[str]) -> str:
        number = int(found[1])
        return (match[number] or "") if 1 <= number <= pattern.groups else found[0]

    return _REFERENCE.sub(group, template)


def _write(event: Event, destination: str, value: str) -> None:
    if destination == "_raw":
        event.raw = value
    elif destination == "_meta":
        event.fields.clear()
        for name, text in _META_PAIR.findall(value):
            event.add(name.strip('"'), text.strip('"'))
    elif destination == "queue":
        event.queue = value.strip()
    elif destination == "_time":
        moment = to_number(value.strip())
        event.time = event.time if moment is None else float(int(moment))
    else:
        name, prefix = METADATA_KEYS[destination]
        event.metadata[name] = value.removeprefix(prefix).strip()


# --- by expressions ---------------------------------------------------------------------------------------------------


def _parsed(text: str, what: str) -> Expr:
    try:
        expression = parse_eval(text)
        check(expression, Scope(now=0.0))
    except SPLError as problem:
        raise KnowledgeError(f"{what}: {problem.message}") from None
    return expression


def _row(event: Event) -> Frame:
    """What an expression sees: keys and metadata, and of an indexed field the first value."""
    fields: dict[str, Value] = {name: members(value)[0] for name, value in event.fields.items() if members(value)}
    fields.update(event.metadata)
    fields.update({"_raw": event.raw, "_time": event.time, "queue": event.queue})
    fields["linecount"] = event.raw.count("\n") + 1
    return Frame.from_rows([fields])


def ingest_eval(text: str) -> Callable[[Event], bool]:
    """``field=expression, field:=expression``: each sees the fields before it, not those of search time (N10.22).

    ``=`` adds a value to an indexed field, ``:=`` replaces it, with null removes it.
    """
    assignments: list[tuple[str, bool, bool, Expr]] = []
    for part in split_assignments(text):
        found = _ASSIGNMENT.match(part)
        if found is None:
            raise KnowledgeError(f"INGEST_EVAL: not an assignment: {part[:40]}")
        expression = _parsed(part[found.end() :], "INGEST_EVAL")
        assignments.append((found["name"], found["space"] == "field", found["operator"] == ":=", expression))

    def change(event: Event) -> bool:
        for name, is_field, replaces, expression in assignments:
            value = evaluate(expression, _row(event), Scope(now=event.time))[0]
            _assign(event, name, value, is_field=is_field, replaces=replaces)
        return True

    return change


def _assign(event: Event, name: str, value: Value, *, is_field: bool, replaces: bool) -> None:
    found = texts(value)
    if not is_field and (name in ("_raw", "_time", "queue") or name in event.metadata):
        text = found[0] if found else None
        if name == "_time":
            moment = to_number(members(value)[0] if found else None)
            event.time = event.time if moment is None else float(moment)
        elif text is not None and name == "_raw":
            event.raw = text
        elif text is not None and name == "queue":
            event.queue = text
        elif text is not None:
            event.metadata[name] = text
        return
    if replaces:
        event.fields.pop(name, None)
    for text in found:
        event.add(name, text)


def _condition(text: str) -> Callable[[Event], bool]:
    """``STOP_PROCESSING_IF``: false, 0 and null are not fulfilled, everything else is."""
    expression = _parsed(text, "STOP_PROCESSING_IF")
    try:
        evaluate(expression, Frame(), Scope(now=0.0))
    except SPLSyntaxError:  # a truth value, which is no value of a field
        return lambda event: bool(evaluate_mask(expression, _row(event), Scope(now=event.time))[0])

    def fulfilled(event: Event) -> bool:
        value = evaluate(expression, _row(event), Scope(now=event.time))[0]
        return value is not None and to_number(value) != 0

    return fulfilled


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
