"""Documents made from a run record: one module per format, each with ``render(record) -> str``.

Those that people read take earlier records besides, and say what changed: ``render(record, history)``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.errors import FilePlace, UsageError
from harness.runner.record import RunRecord

FORMATS = {
    "html": "html",
    "json": "json_record",
    "junit": "junit",
    "markdown": "markdown",
    "navigator": "navigator",
    "ndjson": "ndjson",
    "sarif": "sarif",
    "summary-yml": "summary_yml",
}
"""What a user calls a format, and the module that writes it."""
WITH_HISTORY = frozenset({"html", "markdown"})
LIVE = "ndjson"
"""The format that is written while a run goes."""


def renderer(name: str) -> Callable[..., str]:
    """The function that turns a record into a document of that format."""
    module = FORMATS.get(name)
    if module is None:
        raise UsageError(f"unknown report format {name!r}", hint=f"known formats: {', '.join(sorted(FORMATS))}")
    render: Callable[..., str] = importlib.import_module(f"harness.reports.{module}").render
    return render


def parse_request(text: str) -> tuple[str, Path]:
    """``FORMAT=FILE`` as the command line takes it."""
    name, separator, file = text.partition("=")
    if not separator or not file:
        raise UsageError(f"{text!r} is not FORMAT=FILE", hint="for example --report json=results.json")
    renderer(name)
    return name, Path(file)


def write(record: RunRecord, name: str, path: Path, history: Sequence[RunRecord] = ()) -> None:
    render = renderer(name)
    document = render(record, history) if name in WITH_HISTORY else render(record)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the report cannot be written: {error.strerror}", where=FilePlace(path)) from error
