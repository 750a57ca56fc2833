"""``harness new detection NAME``: the first files of a detection."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.backends import root_option
from harness.errors import ExitCode


@click.group("new")
def command() -> None:
    """Write the first files of something."""


@command.command("detection", short_help="Write a detection, its test and its data.")
@click.argument("name")
@click.option("--folder", default="", metavar="NAME", help="The folder below detections/, such as endpoint.")
@root_option
def detection(name: str, folder: str, root: Path | None) -> int:
    """Write a detection called NAME, with data that it finds and data that it must not: it passes as it is."""
    from harness.content import find_root
    from harness.runner.scaffold import new_detection

    files = new_detection(root or find_root(Path.cwd()), name, folder)
    for file in files:
        click.echo(f"wrote {file}")
    click.echo(f"test it with: harness test {files[0]}")
    return ExitCode.OK
