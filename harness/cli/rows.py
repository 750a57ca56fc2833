"""Result rows on the terminal: a table, JSON lines, or CSV."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

import click
import msgspec

from harness.wording import counted

if TYPE_CHECKING:
    from harness.client.answers import Outcome, Row

FORMATS = ("table", "json", "csv")
_INTERNAL = {"_bkt", "_cd", "_serial", "_si", "_sourcetype", "_indextime", "_subsecond"}
_OF_AN_EVENT = ("_time", "host", "source", "sourcetype", "_raw")


def print_rows(outcome: Outcome, output: str | None) -> None:
    """Rows on standard output; what the search said, and how many rows a table has, on standard error."""
    for message in outcome.warnings():
        click.echo(f"{message.type}: {message.text}", err=True)
    chosen = output or ("table" if sys.stdout.isatty() else "json")
    if chosen == "json":
        for row in outcome.rows:
            click.echo(msgspec.json.encode(row))
    elif chosen == "csv":
        _print_csv(outcome)
    else:
        _print_table(outcome)
        click.echo(f"{counted(outcome.result_count, 'row')} in {outcome.seconds:.2f} s", err=True)


def _print_csv(outcome: Outcome) -> None:
    columns = _columns(outcome)
    if not columns:
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row, column) for column in columns] for row in outcome.rows)


def _print_table(outcome: Outcome) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    if not outcome.rows:
        return
    columns = _columns(outcome)
    if "_raw" in columns:
        columns = [column for column in _OF_AN_EVENT if column in columns]
    table = Table(*map(Column, columns), box=box.SIMPLE_HEAD, pad_edge=False)
    for row in outcome.rows:
        table.add_row(*(Text(_cell(row, column)) for column in columns))
    from harness.cli.common import console_width

    Console(highlight=False, markup=False, width=console_width()).print(table)


def _columns(outcome: Outcome) -> list[str]:
    """The fields in the order that the server gives them; those it lists but no row has, too."""
    names = dict.fromkeys(outcome.fields)
    names.update((name, None) for row in outcome.rows for name in row)
    return [name for name in names if name not in _INTERNAL]


def _cell(row: Row, column: str) -> str:
    """A multivalue's values stand under each other, as in Splunk's own CSV (M2.16)."""
    value = row.get(column, "")
    return value if isinstance(value, str) else "\n".join(value)
