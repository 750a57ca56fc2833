"""``--data FILE --sourcetype ST --source SRC --index IX`` on a command line: groups of options, in the order given."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.replay.payload import Payload

_META = "harness.datasets"
_LOOKED_AT = 10_000
_WINDOWS = {
    "XmlWinEventLog": re.compile(rb"(?s)<Event[ >].*?<Channel>([^<]+)</Channel>"),
    "WinEventLog": re.compile(rb"\d+/\d+/\d+ [\d:]+ [AP]M\r?\nLogName=([^\r\n]+)"),
}
"""Windows events as they are shipped to Splunk, and where their channel stands."""

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


def described(given: Given, path: Path, payload: Payload) -> Given:
    """``given`` with what follows from the file filled in. A log needs its source type said."""
    if payload.channel:
        return replace(
            given,
            sourcetype=given.sourcetype or "XmlWinEventLog",
            source=given.source or f"XmlWinEventLog:{payload.channel}",
        )
    if not given.sourcetype:
        raise UsageError(f"no source type for {given.data}", hint=_sourcetype_hint(payload.data))
    return replace(given, source=given.source or path.name)


def _sourcetype_hint(data: bytes) -> str:
    """What to add; Windows events are known by their look."""
    head = data[:_LOOKED_AT].lstrip()
    for kind, pattern in _WINDOWS.items():
        found = pattern.match(head)
        if found is not None:
            source = f"{kind}:{found[1].decode(errors='replace')}"
            return f"these look like Windows events: add --sourcetype {kind} --source '{source}'"
    return "add --sourcetype, for example --sourcetype XmlWinEventLog"
