"""Reads typed values out of a YAML document and notes whatever is not as it should be, with its line."""

from __future__ import annotations

import difflib
import re
from typing import Any

import msgspec

from harness.content.models import Problem
from harness.content.shapes import keys
from harness.content.yaml_document import YamlDocument

_WORDS = {**dict.fromkeys(("true", "yes", "on", "1"), True), **dict.fromkeys(("false", "no", "off", "0"), False)}

_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")


class Fields:
    """A mapping inside a document. Every getter gives a value of its type; a problem is noted, not raised."""

    def __init__(
        self, document: YamlDocument, problems: list[Problem], data: Any = None, path: tuple[str | int, ...] = ()
    ) -> None:
        self.document = document
        self.problems = problems
        self.path = path
        self.is_mapping = data is None or isinstance(data, dict)
        self.data: dict[str, Any] = document.data if data is None else data if self.is_mapping else {}
        if not self.is_mapping:
            self.note("schema", "must be a mapping of keys to values")

    def note(self, rule: str, message: str, *at: str | int, hint: str = "", severity: str = "error") -> None:
        name = ".".join(str(part) for part in (*self.path, *at))
        text = f"{name}: {message}" if name else message
        self.problems.append(Problem(rule, self.document.path, self.line(*at), text, severity, hint))

    def line(self, *at: str | int) -> int:
        return self.document.line(*self.path, *at)

    def has(self, key: str) -> bool:
        return self.data.get(key) is not None

    def text(self, key: str, *, required: bool = False, default: str = "") -> str:
        value = self.data.get(key)
        if value is None:
            if required:
                self.note("missing-key", f"the key {key} is missing")
            return default
        if isinstance(value, bool | list | dict):
            self.note("schema", "must be a text", key)
            return default
        return str(value)

    def integer(self, key: str, *, required: bool = False, default: int = 0) -> int:
        """A whole number; one in quotes is one too, as contentctl reads it."""
        value = self.data.get(key)
        if value is None:
            if required:
                self.note("missing-key", f"the key {key} is missing")
            return default
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.note("schema", "must be a whole number", key)
            return default
        return value

    def rounded(self, key: str) -> int:
        """A number of any kind, to the nearest whole one; 0 if it is missing."""
        value = self.data.get(key)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.note("schema", "must be a number", key)
            return 0
        return round(value)

    def boolean(self, key: str, *, default: bool = False) -> bool:
        """A switch; quoted words are switches too, as in the deployments that ``contentctl init`` writes."""
        value = self.data.get(key)
        if value is None:
            return default
        if isinstance(value, str):
            value = _WORDS.get(value.strip().lower(), value)
        if not isinstance(value, bool):
            self.note("schema", "must be true or false", key)
            return default
        return value

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        value = self.data.get(key)
        if value is None:
            if required:
                self.note("missing-key", f"the key {key} is missing")
            return ()
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return (str(value),)
        if not isinstance(value, list) or any(isinstance(each, dict | list) for each in value):
            self.note("schema", "must be a list of texts", key)
            return ()
        return tuple(str(each) for each in value if each is not None)

    def inner(self, key: str) -> Fields:
        return Fields(self.document, self.problems, self.data.get(key) or {}, (*self.path, key))

    def each(self, key: str) -> list[Fields]:
        """The mappings of a list."""
        value = self.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.note("schema", "must be a list", key)
            return []
        # An item without a value is no mapping either.
        items = ("" if item is None else item for item in value)
        return [Fields(self.document, self.problems, item, (*self.path, key, i)) for i, item in enumerate(items)]

    def unknown(self, shape: type[msgspec.Struct], where: str, severity: str = "error") -> None:
        """Note the keys that mean nothing here, with the nearest known one."""
        known = keys(shape)
        for key in self.data:
            if str(key) not in known:
                near = difflib.get_close_matches(str(key), known, n=1)
                hint = f"Is {near[0]} meant?" if near else ""
                self.note("unknown-key", f"{where} has no such key", str(key), hint=hint, severity=severity)
