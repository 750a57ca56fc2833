"""One self-contained HTML page: charts, a table of all detections to filter and sort, and the Testing page of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from harness.reports import charts, trend, words
from harness.runner.record import RunRecord

if TYPE_CHECKING:
    import jinja2


def render(record: RunRecord, history: Sequence[RunRecord] = ()) -> str:
    return _template().render(
        record=record, history=history, words=words, charts=charts, changes=trend.changes(record, history)
    )


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
