"""The Testing table for a terminal, as on a detection's published page, and why what did not pass did not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.reports import words
from harness.runner.record import DetectionRecord, RunRecord, Status, Summary, TestRecord

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

_STYLE = {Status.PASS: "green", Status.FAIL: "red", Status.ERROR: "yellow", Status.SKIP: "dim"}


def testing_table(detection: DetectionRecord) -> RenderableType:
    """One detection: its name and file, a row per test and dataset, and the reasons below."""
    from rich import box
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    title = Text.assemble((detection.name, "bold"), f"  {detection.type}  ", (detection.file, "dim"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in words.COLUMNS:
        table.add_column(column, overflow="fold")
    for result in detection.results:
        status = Text(words.STATUS[result.status], style=_STYLE[result.status])
        cells = [(words.dataset_name(item.data), item.source, item.sourcetype) for item in result.datasets]
        for index, (data, source, sourcetype) in enumerate(cells or [(words.NOT_APPLICABLE,) * 3]):
            first = index == 0
            kind = words.test_type(detection, result) if first else ""
            # As Text: what stands in square brackets is content, not markup.
            table.add_row(Text(kind), status if first else "", Text(data), Text(source), Text(sourcetype))
    reasons = [Padding(_reason(detection, result), (0, 0, 0, 2)) for result in detection.results if result.reason]
    return Group(title, table, *reasons, Text())


def _reason(detection: DetectionRecord, result: TestRecord) -> Text:
    from rich.text import Text

    head = f"{words.test_type(detection, result)}: "
    return Text.assemble((head, _STYLE[result.status]), result.reason.replace("\n", "\n  "))


def summary_text(summary: Summary, seconds: float) -> Text:
    from rich.text import Text

    worst = "red" if summary.failed else "yellow" if summary.errors else "green" if summary.passed else "dim"
    return Text(words.summary_line(summary, seconds), style=f"bold {worst}")


def render(record: RunRecord) -> str:
    """The whole record as plain text, 120 columns wide."""
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=120, color_system=None)
    for detection in record.detections:
        console.print(testing_table(detection))
    console.print(summary_text(record.summary, record.duration_s))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
