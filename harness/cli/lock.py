"""``harness lock``: pin the content of every dataset that the tests replay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.backends import locator_options, read_content, root_option
from harness.errors import DatasetError, ExitCode
from harness.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.content import Content


@click.command("lock")
@root_option
@locator_options
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail unless everything is pinned as it is.")
def command(root: Path | None, data_root: Path | None, offline: bool, only_check: bool) -> int:
    """Get every dataset of the content and write its SHA-256 into datasets.lock.

    A test then replays just that data, or ends in an error with both hashes. Datasets that are pinned and here are not
    asked for again, so runs need no network.
    """
    from harness.replay.download import Downloads
    from harness.replay.locate import Locator
    from harness.replay.pins import FILE, read_pins, write_pins
    from harness.replay.store import sha256_of

    content = read_content((), root)
    before = read_pins(content.root)
    locator = Locator(content.root, Downloads(offline=offline), data_root)
    after: dict[str, str] = {}
    missing = 0
    for data, file in _datasets(content):
        try:
            after[data] = sha256_of(locator.find(data, mentioned_in=file))
        except DatasetError as error:
            missing += 1
            click.echo(str(error), err=True)
            if data in before:
                after[data] = before[data]  # not here now: what was known of it still stands
    for data in sorted(before.keys() | after.keys()):
        if before.get(data) != after.get(data):
            click.echo(f"{_mark(data, before, after)} {data}")
    if not only_check:
        write_pins(content.root, after)
    click.echo(f"{counted(len(after), 'dataset')}, {FILE} {'checked' if only_check else 'written'}")
    if missing:
        return ExitCode.UNDECIDED
    return ExitCode.FAILED if only_check and before != after else ExitCode.OK


def _mark(data: str, before: dict[str, str], after: dict[str, str]) -> str:
    return "new    " if data not in before else "gone   " if data not in after else "changed"


def _datasets(content: Content) -> Iterator[tuple[str, Path]]:
    """Each dataset once, with a file that names it."""
    seen: set[str] = set()
    for detection in content.detections:
        for test in detection.tests:
            for item in (*test.attack_data, *(data for each in test.baselines for data in each.attack_data)):
                if item.data not in seen:
                    seen.add(item.data)
                    yield item.data, detection.file
