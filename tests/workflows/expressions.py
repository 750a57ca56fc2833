"""The expressions of GitHub's workflows, as far as ours use them: names, literals, operators and a few functions.

What is beyond it raises ExpressionError: a test must not pass because a condition was misread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<op>==|!=|&&|\|\||[!(),])|(?P<name>[A-Za-z_][\w.-]*))")
_STATUS = re.compile(r"\b(?:success|failure|always|cancelled)\s*\(")


class ExpressionError(Exception):
    """What is beyond this reader."""


def fill(text: str, known: Mapping[str, Any]) -> str:
    """A text with its ``${{ }}`` replaced."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: shown(evaluate(found[1], known)), text, flags=re.DOTALL)


def value_of(text: str, known: Mapping[str, Any]) -> Any:
    """The value where the text is one expression and nothing else, which may be a list."""
    whole = re.fullmatch(r"\$\{\{(.*)\}\}", text.strip(), re.DOTALL)
    return evaluate(whole[1], known) if whole else fill(text, known)


def holds(condition: str, known: Mapping[str, Any], *, succeeded: bool) -> bool:
    """An ``if``: what names no state of the job asks besides that nothing has failed."""
    text = re.sub(r"^\s*\$\{\{(.*)\}\}\s*$", r"\1", condition, flags=re.DOTALL)
    states = {"success()": succeeded, "failure()": not succeeded, "always()": True, "cancelled()": False}
    if not text.strip():
        return succeeded
    return (succeeded or bool(_STATUS.search(text))) and bool(evaluate(text, {**known, **states}))


def shown(value: Any) -> str:
    return {None: "", True: "true", False: "false"}.get(value, value) if not isinstance(value, list) else str(value)


def evaluate(text: str, known: Mapping[str, Any]) -> Any:
    reader = _Reader(text, known)
    value = reader.either()
    if reader.tokens:
        raise ExpressionError(f"{text!r}: what is {reader.tokens[0]!r}?")
    return value


class _Reader:
    def __init__(self, text: str, known: Mapping[str, Any]) -> None:
        self.known = known
        self.tokens: list[str] = []
        position, text = 0, text.strip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise ExpressionError(f"{text!r}: what is {text[position:]!r}?")
            self.tokens.append(found[0].strip())
            position = found.end()

    def _take(self, *wanted: str) -> str:
        if self.tokens and (not wanted or self.tokens[0] in wanted):
            return self.tokens.pop(0)
        return ""

    def either(self) -> Any:
        value = self.both()
        while self._take("||"):
            other = self.both()
            value = value or other
        return value

    def both(self) -> Any:
        value = self.compared()
        while self._take("&&"):
            other = self.compared()
            value = value and other
        return value

    def compared(self) -> Any:
        value = self.one()
        while operator := self._take("==", "!="):
            other = self.one()
            same = shown(value).lower() == shown(other).lower()
            value = same if operator == "==" else not same
        return value

    def one(self) -> Any:
        if self._take("!"):
            return not self.one()
        if self._take("("):
            value = self.either()
            self._expect(")")
            return value
        token = self._take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self._take("("):
            return self._called(token)
        return {"true": True, "false": False, "null": None}.get(token, self.known.get(token, ""))

    def _called(self, name: str) -> Any:
        given: list[Any] = []
        while not self._take(")"):
            given.append(self.either())
            self._take(",")
        if f"{name}()" in self.known:
            return self.known[f"{name}()"]
        if name == "fromJSON":
            return json.loads(given[0])
        if name == "format":
            return re.sub(r"\{(\d+)\}", lambda found: shown(given[1 + int(found[1])]), given[0])
        raise ExpressionError(f"the function {name}")

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise ExpressionError(f"no {token} before {self.tokens[:1]}")
