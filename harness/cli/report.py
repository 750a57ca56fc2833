"""``harness report``: merge run records and write reports."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.common import exit_code, print_record, report_option
from harness.errors import FilePlace, UsageError


@click.command("report")
@click.argument("records", nargs=-1, required=True, metavar="RECORD...", type=click.Path(path_type=Path))
@report_option
@click.option("-q", "--quiet", is_flag=True, help="Print the summary only.")
def command(records: tuple[Path, ...], reports: tuple[str, ...], quiet: bool) -> int:
    """Merge run records (written by test --report json=FILE), print the Testing tables and write reports."""
    from harness.reports import parse_request, write
    from harness.reports.merge import merge
    from harness.runner.record import decode

    requests = [parse_request(text) for text in reports]
    read = []
    for path in records:
        try:
            text = path.read_bytes()
        except OSError as error:
            raise UsageError(f"cannot be read: {error.strerror}", where=FilePlace(path)) from error
        read.append(decode(text, path=path))
    record = merge(read)
    print_record(record, quiet=quiet)
    for name, path in requests:
        write(record, name, path)
    return exit_code(record.summary)
