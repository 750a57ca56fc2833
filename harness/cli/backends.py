"""Options that say which Splunk to use and what it knows, and the backend they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from harness.errors import FilePlace, UsageError

if TYPE_CHECKING:
    from harness.backends.base import Backend, Session
    from harness.content import Content
    from harness.knowledge.knowledge import Knowledge

Command = TypeVar("Command", bound=Callable[..., Any])

MOST_WARNINGS = 20
"""Warnings of one kind that are printed; the others are counted."""


def backend_option(function: Command) -> Command:
    return click.option(
        "--backend",
        default="embedded",
        show_default=True,
        metavar="embedded|URL",
        help="The Splunk to use: ours, or an existing one at https://host:8089, which may be one that harness up has "
        "started.",
    )(function)


def app_option(function: Command) -> Command:
    return click.option(
        "--app",
        "apps",
        multiple=True,
        metavar="DIR_OR_TGZ",
        type=click.Path(path_type=Path),
        help="A Splunk app for the embedded Splunk or the container to load, such as a real add-on. May be given "
        "several times.",
    )(function)


def root_option(function: Command) -> Command:
    return click.option(
        "--root",
        metavar="DIR",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        help="The content root. Default: the nearest folder upwards with contentctl.yml or detections/.",
    )(function)


def locator_options(function: Command) -> Command:
    """Where the datasets of tests come from: ``data_root`` and ``offline``."""
    function = click.option("--offline", is_flag=True, help="Never download a dataset.")(function)
    return click.option(
        "--data-root", metavar="DIR", type=click.Path(path_type=Path), help="Where datasets are looked for first."
    )(function)


def load_knowledge(apps: Sequence[Path], content: Content | None) -> Knowledge:
    from harness.backends import choice

    return choice.load_knowledge(apps, content)


def tell_app_warnings(knowledge: Knowledge, apps: Sequence[Path]) -> None:
    """What could not be read in the apps of ``--app``, on standard error."""
    about = [
        warning
        for warning in knowledge.warnings
        if isinstance(warning.where, FilePlace) and any(warning.where.path.is_relative_to(app) for app in apps)
    ]
    for warning in about[:MOST_WARNINGS]:
        click.echo(f"warning: {warning}", err=True)
    if len(about) > MOST_WARNINGS:
        click.echo(f"warning: {len(about) - MOST_WARNINGS} more about the apps", err=True)


def tell_data_warnings(session: Session) -> None:
    """What could not be read in the data that was sent, and with which rules, on standard error."""
    for text in session.warnings[:MOST_WARNINGS]:
        click.echo(f"warning: {text}", err=True)
    if len(session.warnings) > MOST_WARNINGS:
        click.echo(f"warning: {len(session.warnings) - MOST_WARNINGS} more about the data", err=True)


def read_content(paths: Sequence[Path], root: Path | None) -> Content:
    """The content that holds ``paths`` (default: the current folder), with only the detections under them."""
    from harness.content import find_root, load_content

    for path in paths:
        if not path.exists():
            raise UsageError("no such file or folder", where=FilePlace(path))
    found = root if root is not None else find_root(paths[0] if paths else Path.cwd())
    return load_content(found, paths)


def load_content_if_any(root: Path | None) -> Content | None:
    """The content at ``root``, or around the current folder; None where there is none and none was asked for."""
    from harness.content import find_root, load_content

    if root is None:
        try:
            root = find_root(Path.cwd())
        except UsageError:
            return None
    return load_content(root)


@contextmanager
def open_backend(name: str, apps: Sequence[Path], root: Path | None, indexes: Sequence[str] = ()) -> Iterator[Backend]:
    """A started backend, with the content around the current folder if there is any."""
    from harness.backends.choice import make_backend

    content = load_content_if_any(root)

    def knowledge() -> Knowledge:
        found = load_knowledge(apps, content)
        tell_app_warnings(found, apps)
        return found

    backend = make_backend(name, knowledge, apps, [index for index in indexes if index])
    try:
        backend.start()
        yield backend
    finally:
        backend.stop()
