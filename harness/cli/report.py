"""``harness report``: merge run records and write reports."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.common import exit_code, print_record, read_record, report_option


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
    record = merge([read_record(path) for path in records])
    earlier = [read_record(path) for path in _files(history)]
    print_record(record, quiet=quiet)
    for title, lines in changes(record, earlier).titled():
        click.echo(f"\n{title}\n" + "\n".join(f"  {line}" for line in lines))
    for name, path in requests:
        write(record, name, path, earlier)
    return exit_code(record.summary)


def _files(paths: tuple[Path, ...]) -> list[Path]:
    """The records named, and those that lie in the folders named."""
    return [file for path in paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
