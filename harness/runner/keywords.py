"""``-k EXPR``: words joined by ``and``, ``or``, ``not`` and parentheses, each sought in a detection's names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from harness.errors import UsageError

Matcher = Callable[[Sequence[str]], bool]

_TOKEN = re.compile(r'\s*(?:([()])|"([^"]*)"|([^\s()"]+))')


class Keywords:
    """A parsed expression. A word, or words side by side as one phrase, is found anywhere in a text, in any case."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._read(text)
        self._position = 0
        self.match: Matcher = self._either()
        if self._position < len(self._tokens):
            raise self._error(f"unexpected {self._tokens[self._position][1]!r}")

    def _read(self, text: str) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._error("a quote is not closed")
            mark, quoted, word = found.groups()
            if mark or (word and word.lower() in {"and", "or", "not"}):
                tokens.append(("mark", (mark or word).lower()))
            else:
                tokens.append(("word", quoted if quoted is not None else word))
            position = found.end()
        return tokens

    def _either(self) -> Matcher:
        parts = [self._both()]
        while self._accept("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda texts: any(part(texts) for part in parts)

    def _both(self) -> Matcher:
        parts = [self._one()]
        while self._accept("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda texts: all(part(texts) for part in parts)

    def _one(self) -> Matcher:
        if self._accept("not"):
            inner = self._one()
            return lambda texts: not inner(texts)
        if self._accept("("):
            inner = self._either()
            if not self._accept(")"):
                raise self._error("a parenthesis is not closed")
            return inner
        words = []
        while self._position < len(self._tokens) and self._tokens[self._position][0] == "word":
            words.append(self._tokens[self._position][1].lower())
            self._position += 1
        if not words:
            raise self._error("a word is missing")
        word = " ".join(words)
        return lambda texts: any(word in text.lower() for text in texts)

    def _accept(self, mark: str) -> bool:
        if self._tokens[self._position : self._position + 1] != [("mark", mark)]:
            return False
        self._position += 1
        return True

    def _error(self, what: str) -> UsageError:
        return UsageError(f"-k {self._text!r}: {what}", hint="for example -k 'sysmon and not (registry or dns)'")
