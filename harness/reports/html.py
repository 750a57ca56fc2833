"""One self-contained HTML page: the Testing table of each detection, its search, rows after each command, and rows."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from harness.reports import words
from harness.runner.record import RunRecord

if TYPE_CHECKING:
    import jinja2


def render(record: RunRecord) -> str:
    return _template().render(record=record, words=words)


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.reports", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
