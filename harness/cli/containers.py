"""Options that say which container to start, and what several commands do with containers."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from harness.containers.settings import DEFAULT_IMAGE, ContainerSettings, consent_in

if TYPE_CHECKING:
    from pathlib import Path

    from harness.knowledge.apps import App

Command = TypeVar("Command", bound=Callable[..., Any])


def container_options(function: Command) -> Command:
    """``--image`` and what a container is given; the command takes them as keywords for :func:`settings_of`."""
    options = [
        click.option(
            "--image",
            default=DEFAULT_IMAGE,
            show_default=True,
            help="The image of a container's Splunk: splunk/splunk by tag or digest, or one that obeys the same "
            "variables. Its licence and terms are accepted by you alone, with SPLUNK_START_ARGS and "
            "SPLUNK_GENERAL_TERMS.",
        ),
        click.option("--cpus", default=2.0, show_default=True, help="How many processors a container may use."),
        click.option("--memory", default="4g", show_default=True, help="How much memory a container may use."),
        click.option(
            "--network",
            type=click.Choice(["auto", "bridge", "host"]),
            default="auto",
            show_default=True,
            help="auto: a network of its own with ports on loopback, or the host's where Docker has no other.",
        ),
        click.option(
            "--start-timeout", default=600.0, show_default=True, help="Seconds until a container must be ready."
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def settings_of(
    *, image: str, cpus: float, memory: str, network: str, start_timeout: float, **more: Any
) -> ContainerSettings:
    return ContainerSettings(
        image=image,
        cpus=cpus,
        memory=memory,
        network=network,
        start_seconds=start_timeout,
        consent=consent_in(os.environ),
        **more,
    )


def say(line: str) -> None:
    """Progress is for people, but starting a container is worth a line in any log."""
    click.echo(line, err=True)


def content_with_saved_searches(root: Path | None) -> App | None:
    """The content at ``root`` or around the current folder as an app, with its detections as saved searches."""
    from harness.cli.backends import load_content_if_any
    from harness.content.app import content_app
    from harness.runner.saved import stanzas
    from harness.runner.subjects import subject_of

    content = load_content_if_any(root)
    if content is None:
        return None
    app = content_app(content)
    label = content.app.label
    app.confs["savedsearches"] = stanzas(subject_of(detection, content.root, label) for detection in content.detections)
    return app
