"""Documents made from a run record: one module per format, each with ``render(record) -> str``."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

from harness.errors import FilePlace, UsageError
from harness.runner.record import RunRecord

FORMATS = {
    "html": "html",
    "json": "json_record",
    "junit": "junit",
    "markdown": "markdown",
    "navigator": "navigator",
    "summary-yml": "summary_yml",
}
"""What a user calls a format, and the module that writes it."""


def renderer(name: str) -> Callable[[RunRecord], str]:
    """The function that turns a record into a document of that format."""
    module = FORMATS.get(name)
    if module is None:
        raise UsageError(f"unknown report format {name!r}", hint=f"known formats: {', '.join(sorted(FORMATS))}")
    render: Callable[[RunRecord], str] = importlib.import_module(f"harness.reports.{module}").render
    return render


def parse_request(text: str) -> tuple[str, Path]:
    """``FORMAT=FILE`` as the command line takes it."""
    name, separator, file = text.partition("=")
    if not separator or not file:
        raise UsageError(f"{text!r} is not FORMAT=FILE", hint="for example --report json=results.json")
    renderer(name)
    return name, Path(file)


def write(record: RunRecord, name: str, path: Path) -> None:
    document = renderer(name)(record)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the report cannot be written: {error.strerror}", where=FilePlace(path)) from error
