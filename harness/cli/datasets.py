"""``--data FILE --sourcetype ST --source SRC --index IX`` on a command line: groups of options, in the order given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.errors import UsageError

_META = "harness.datasets"
_OPTIONS = ("data", "sourcetype", "source", "index", "host")

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Given:
    """One dataset and what was said about it; empty where nothing was."""

    data: str
    sourcetype: str = ""
    source: str = ""
    index: str = ""
    host: str = ""


class WithDatasets(click.Command):
    """A command whose data options belong together: those after a ``--data`` describe it, up to the next one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        given: list[Given] = []
        taken = dict.fromkeys(_OPTIONS, 0)
        for parameter in order:
            name = parameter.name
            if name not in taken:
                continue
            value = values[name][taken[name]]
            taken[name] += 1
            if name == "data":
                given.append(Given(value))
            elif not given:
                raise click.UsageError(f"--{name} describes a dataset: put it after the --data it belongs to", ctx)
            elif getattr(given[-1], name):
                raise click.UsageError(f"--{name} is given twice for --data {given[-1].data}", ctx)
            else:
                given[-1] = replace(given[-1], **{name: value})
        ctx.meta[_META] = given
        return super().parse_args(ctx, args)


def data_options(function: Command) -> Command:
    """The options, for the help; their values are read by :func:`given_datasets`."""
    texts = {
        "data": ("FILE", "A dataset: a log, .json, .evtx, .gz or .zip file. May be given several times."),
        "sourcetype": ("ST", "Its source type; an .evtx file is XmlWinEventLog unless said otherwise."),
        "source": ("SRC", "Its source; the file's name unless said otherwise."),
        "index": ("IX", "The index it goes to; main unless said otherwise."),
        "host": ("HOST", "The host it is sent as."),
    }
    for name in reversed(_OPTIONS):
        metavar, text = texts[name]
        function = click.option(f"--{name}", name, multiple=True, metavar=metavar, help=text, expose_value=False)(
            function
        )
    return function


def given_datasets(ctx: click.Context) -> list[Given]:
    found: list[Given] = ctx.meta.get(_META, [])
    return found


def described(given: Given, path: Path, channel: str) -> Given:
    """``given`` with what follows from the file filled in. A log needs its source type said."""
    if channel:
        return replace(
            given,
            sourcetype=given.sourcetype or "XmlWinEventLog",
            source=given.source or f"XmlWinEventLog:{channel}",
        )
    if not given.sourcetype:
        raise UsageError(
            f"no source type for {given.data}", hint="add --sourcetype, for example --sourcetype XmlWinEventLog"
        )
    return replace(given, source=given.source or path.name)
