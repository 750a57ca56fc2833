"""The Testing table for a terminal, as on a detection's published page, and why what did not pass did not pass."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from harness.reports import words
from harness.runner.record import DetectionRecord, RunRecord, Status, TestRecord

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_STYLE = {Status.PASS: "green", Status.FAIL: "red", Status.ERROR: "yellow", Status.SKIP: "dim"}


def print_record(console: Console, record: RunRecord, *, detections: bool = True) -> None:
    """Each detection with its table and its reasons, then the summary; only the summary without ``detections``."""
    for detection in record.detections if detections else ():
        _print_detection(console, detection)
    console.print(_summary(record))


def _print_detection(console: Console, detection: DetectionRecord) -> None:
    """One detection: its name and file, a row per test and dataset, and the reasons below."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console.print(
        Text.assemble(
            (detection.name, "bold"), f"  {detection.type}" if detection.type else "", (f"  {detection.file}", "dim")
        )
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in words.COLUMNS:
        table.add_column(column, overflow="fold")
    for result in detection.results:
        status = Text(words.status(result), style=_STYLE[result.status])
        cells = [(words.dataset_name(item.data), item.source, item.sourcetype) for item in result.datasets]
        for index, (data, source, sourcetype) in enumerate(cells or [(words.NOT_APPLICABLE,) * 3]):
            first = index == 0
            kind = words.test_type(detection, result) if first else ""
            # As Text: what stands in square brackets is content, not markup.
            table.add_row(Text(kind), status if first else "", Text(data), Text(source), Text(sourcetype))
    console.print(table)
    for result in detection.results:
        if result.reason:
            _print_reason(console, words.test_type(detection, result), result)
    console.print()


def _print_reason(console: Console, kind: str, result: TestRecord) -> None:
    """Between words, as wide as the terminal: a path or an address stays whole, to be copied. Into a file as it is."""
    from rich.text import Text

    head = f"  {kind}: "
    for number, line in enumerate(f"{head}{result.reason}".replace("\n", "\n    ").split("\n")):
        text = Text("\n".join(_between_words(line, console.width)) if console.is_terminal else line)
        if number == 0:
            text.stylize(_STYLE[result.status], 0, len(head))
        console.print(text, soft_wrap=True)


def _between_words(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False) or [""]


def _summary(record: RunRecord) -> Text:
    from rich.text import Text

    summary = record.summary
    worst = "red" if summary.failed else "yellow" if summary.errors else "green" if summary.passed else "dim"
    return Text(words.summary_line(record), style=f"bold {worst}")


def render(record: RunRecord) -> str:
    """The whole record as plain text, 120 columns wide."""
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=120, color_system=None)
    print_record(console, record)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
