"""Every error of the project: one tree, each saying what, where and what to do.

A place is either a line of a file (:class:`FilePlace`) or a piece of SPL (:class:`SplPlace`, printed with the piece
underlined). Loading collects errors instead of raising the first; everything else raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """What the process answers; the meaning is public and fixed."""

    OK = 0
    FAILED = 1
    USAGE = 2
    BACKEND = 3
    UNDECIDED = 4
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class FilePlace:
    path: Path
    line: int | None = None

    def __str__(self) -> str:
        return str(self.path) if self.line is None else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class SplPlace:
    """Characters ``start`` to ``end`` (exclusive) of ``text``."""

    text: str
    start: int
    end: int

    def __str__(self) -> str:
        line_start = self.text.rfind("\n", 0, self.start) + 1
        line_end = self.text.find("\n", self.start)
        line = self.text[line_start : line_end if line_end >= 0 else len(self.text)]
        first = self.start - line_start
        width = max(1, min(self.end, line_start + len(line)) - self.start)
        # A search can be thousands of characters on one line: show the neighbourhood of the place only.
        cut = max(0, first - 60)
        shown = line[cut : first + width + 40]
        lead = "…" if cut else ""
        tail = "…" if first + width + 40 < len(line) else ""
        return f"{lead}{shown}{tail}\n{' ' * (len(lead) + first - cut)}{'^' * width}"


class HarnessError(Exception):
    """Base of all errors that a user may see.

    ``message`` says what is wrong, ``where`` the place, ``hint`` what to do next.
    """

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, message: str, *, where: FilePlace | SplPlace | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        if isinstance(self.where, SplPlace):
            text = f"{self.message}\n{self.where}"
        elif self.where is not None:
            text = f"{self.where}: {self.message}"
        else:
            text = self.message
        return f"{text}\n{self.hint}" if self.hint else text


class UsageError(HarnessError):
    """The command line, or a file it names, cannot be used."""


class ContentError(HarnessError):
    """A detection, macro, lookup, dataset or data source cannot be read."""


class DatasetError(HarnessError):
    """A dataset is missing, not downloaded, or not what it claims to be."""

    exit_code = ExitCode.UNDECIDED


class KnowledgeError(HarnessError):
    """An app (``.conf``, lookup, data model) cannot be read."""


class BackendError(HarnessError):
    """The Splunk to talk to cannot be reached, refuses the login, or answers what it should not."""

    exit_code = ExitCode.BACKEND


class SPLError(HarnessError):
    """Something about a search. ``message`` is worded as Splunk words it wherever Splunk has words for it."""


class SPLSyntaxError(SPLError):
    """The search does not parse, or a command refuses its arguments."""


class UnsupportedSPL(SPLError):
    """The search is good SPL, but uses something the engine does not implement exactly.

    Never caught to go on without it: the verdict of such a test is ERROR, not PASS and not FAIL.
    """

    exit_code = ExitCode.UNDECIDED


class SearchError(SPLError):
    """The search parsed but failed while running."""
