"""What several commands share: options, the way from a summary to an exit code, and what stands on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from harness.errors import ExitCode, FilePlace, UsageError

if TYPE_CHECKING:
    from harness.runner.record import RunRecord, Summary

NARROWEST = 140
"""Columns of what is printed into a file or a pipe, where there is no terminal to ask."""

Command = TypeVar("Command", bound=Callable[..., Any])


def report_option(function: Command) -> Command:
    return click.option(
        "--report",
        "reports",
        multiple=True,
        metavar="FORMAT=FILE",
        help="Write a report (html, json, junit, markdown, navigator, ndjson, sarif, summary-yml). May be given "
        "several times.",
    )(function)


def exit_code(summary: Summary) -> ExitCode:
    """A failure outweighs what could not be decided; a run that passed nothing has decided nothing."""
    if summary.failed:
        return ExitCode.FAILED
    if summary.errors or not summary.passed:
        return ExitCode.UNDECIDED
    return ExitCode.OK


def console_width() -> int | None:
    """None leaves it to the terminal."""
    return None if sys.stdout.isatty() else NARROWEST


def print_record(record: RunRecord, *, quiet: bool) -> None:
    from rich.console import Console

    from harness.reports import console

    console.print_record(Console(highlight=False, width=console_width()), record, detections=not quiet)


def read_record(path: Path) -> RunRecord:
    """A run record, from its JSON or from the events of its run."""
    from harness.reports import ndjson
    from harness.runner.record import decode

    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=FilePlace(path)) from error
    if not text.strip():
        raise UsageError("the file is empty: the run that was to write it did not come so far", where=FilePlace(path))
    return ndjson.read(text, path) if ndjson.is_ndjson(text) else decode(text, path=path)


def is_terminal() -> bool:
    """Progress is shown to people only: a log of a CI has no use for it."""
    return sys.stderr.isatty()
