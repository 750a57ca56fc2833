"""``harness report``: merge run records and write reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.common import exit_code, print_record, report_option
from harness.errors import FilePlace, UsageError

if TYPE_CHECKING:
    from harness.runner.record import RunRecord


@click.command("report")
@click.argument("records", nargs=-1, required=True, metavar="RECORD...", type=click.Path(path_type=Path))
@report_option
@click.option(
    "--history",
    multiple=True,
    metavar="RECORD|DIR",
    type=click.Path(path_type=Path),
    help="Earlier records, or a folder of them: say what changed since. May be given several times.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print the summary only.")
def command(records: tuple[Path, ...], reports: tuple[str, ...], history: tuple[Path, ...], quiet: bool) -> int:
    """Merge run records (written by test --report json=FILE), print the Testing tables and write reports."""
    from harness.reports import parse_request, write
    from harness.reports.merge import merge
    from harness.reports.trend import changes

    requests = [parse_request(text) for text in reports]
    record = merge([_read(path) for path in records])
    earlier = [_read(path) for path in _files(history)]
    print_record(record, quiet=quiet)
    for title, lines in changes(record, earlier).titled():
        click.echo(f"\n{title}\n" + "\n".join(f"  {line}" for line in lines))
    for name, path in requests:
        write(record, name, path, earlier)
    return exit_code(record.summary)


def _files(paths: tuple[Path, ...]) -> list[Path]:
    """The records named, and those that lie in the folders named."""
    return [file for path in paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]


def _read(path: Path) -> RunRecord:
    from harness.runner.record import decode

    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=FilePlace(path)) from error
    return decode(text, path=path)
