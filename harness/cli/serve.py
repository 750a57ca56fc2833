"""``harness serve``: the embedded Splunk for whoever wants to talk to it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.backends import app_option, load_content_if_any, load_knowledge, root_option, tell_app_warnings
from harness.errors import ExitCode
from harness.wording import counted

if TYPE_CHECKING:
    from harness.cli.status_page import Rows
    from harness.containers.environment import Asked
    from harness.content import Content
    from harness.knowledge.knowledge import Knowledge
    from harness.server.config import ServerConfig
    from harness.server.server import RunningServer


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8089, show_default=True, help="The REST API; 0 is any free port.")
@click.option("--hec-port", default=8088, show_default=True, help="The HTTP Event Collector; 0 is any free port.")
@click.option("--web-port", default=8000, show_default=True, help="A page that shows what runs; 0 is any free port.")
@click.option("--no-tls", is_flag=True, help="Speak http instead of https.")
@click.option("--username", default="admin", show_default=True)
@click.option("--password", default="", help="Default: one is made up and printed.")
@click.option(
    "--data-dir",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep events, configuration, lookups, KV store and collector tokens in this folder, and begin with what is "
    "there. Without it all is gone at the end.",
)
@click.option(
    "--as-container",
    is_flag=True,
    help="Take password, token, ports and apps from the variables that the image splunk/splunk obeys, listen on "
    "all addresses and tell the state as it does. Our image starts so.",
)
@app_option
@root_option
def command(
    host: str,
    port: int,
    hec_port: int,
    web_port: int,
    no_tls: bool,
    username: str,
    password: str,
    data_dir: Path | None,
    as_container: bool,
    apps: tuple[Path, ...],
    root: Path | None,
) -> int:
    """Run the embedded Splunk until it is stopped with Ctrl-C.

    The macros, lookups and saved searches of the content around the current folder (or --root) are there in all apps.
    """
    from harness.backends.embedded import INDEXES
    from harness.server.config import ServerConfig

    if as_container:
        return _serve_as_container(root)
    content = load_content_if_any(root)
    knowledge = load_knowledge(apps, content)
    tell_app_warnings(knowledge, apps)
    _add_saved_searches(knowledge, content)
    config = ServerConfig(
        host=host,
        port=port,
        hec_port=hec_port,
        tls=not no_tls,
        username=username,
        password=password,
        knowledge=knowledge,
        data_dir=data_dir,
        indexes=INDEXES,
        follow_schedules=True,
    )
    return _serve(config, web_port)


def _serve(config: ServerConfig, web_port: int | None, ready: Callable[[], None] = lambda: None) -> int:
    """Until a signal comes. Without ``web_port`` there is no page; ``ready`` is called once all ports answer."""
    from harness.cli.status_page import StatusPage
    from harness.server.server import Server

    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with ExitStack() as stack:
        server = stack.enter_context(Server(config).start())
        click.echo(f"REST API   {server.rest_url}")
        click.echo(f"HEC        {server.hec_url}  token {'(yours)' if config.hec_token else server.hec_token}")
        click.echo(
            f"login      {server.username} / {'(the password you gave)' if config.password else server.password}"
        )
        if web_port is not None:
            page = stack.enter_context(StatusPage(config.host, web_port, lambda: _tables(server)))
            click.echo(f"web page   {page.url}")
        ready()
        click.echo("Ctrl-C stops it.")
        stopped.wait()
    return ExitCode.OK


def _serve_as_container(root: Path | None) -> int:
    from harness.backends.embedded import INDEXES
    from harness.containers import contract
    from harness.containers.environment import read_environment, staging
    from harness.containers.state import StateFile
    from harness.server.config import ServerConfig

    with StateFile(os.environ) as state:

        def ready() -> None:
            state.set("started")
            click.echo(contract.READY)

        asked = read_environment(os.environ)
        content = load_content_if_any(root)
        knowledge = _knowledge_asked_for(asked, content)
        _add_saved_searches(knowledge, content)
        config = ServerConfig(
            host="0.0.0.0",  # noqa: S104 - what is published of it is for whoever starts the container to say
            port=asked.port,
            hec_port=asked.hec_port,
            tls=asked.tls,
            hec_tls=asked.hec_tls,
            hec_token=asked.hec_token,
            hec_token_name=contract.HEC_TOKEN_NAME,
            username=contract.ADMIN,
            password=asked.password,
            knowledge=knowledge,
            indexes=INDEXES,
            server_name=asked.server_name or "harness",
            staging=staging(),
            follow_schedules=True,
        )
        return _serve(config, asked.web_port or None, ready)


def _knowledge_asked_for(asked: Asked, content: Content | None) -> Knowledge:
    """Our apps, those of the container, the file's settings, the content. An app takes the place of an earlier one of
    the same name."""
    from harness.containers.environment import install_apps
    from harness.content.app import content_app
    from harness.knowledge.apps import load_app
    from harness.knowledge.knowledge import Knowledge, shipped_apps
    from harness.replay.download import Downloads

    downloads = Downloads()
    paths = [downloads.fetch(app) if app.startswith(("http://", "https://")) else Path(app) for app in asked.apps]
    loaded = [load_app(path) for path in [*shipped_apps(), *install_apps(paths)]]
    if asked.settings is not None:
        loaded.append(asked.settings)
    if content is not None:
        loaded.append(content_app(content))
    return Knowledge(list({app.name: app for app in loaded}.values()))


def _add_saved_searches(knowledge: Knowledge, content: Content | None) -> None:
    from harness.runner.saved import stanzas
    from harness.runner.subjects import subject_of

    if content is not None:
        label = content.app.label
        subjects = [subject_of(detection, content.root, label) for detection in content.detections]
        knowledge.apps[-1].confs["savedsearches"] = stanzas(subjects)


def _tables(server: RunningServer) -> dict[str, Rows]:
    """What the page shows."""
    store = server.instance.store
    counts = [(name, store.facts(name).event_count) for name in store.index_names()]
    return {
        "Addresses": [("REST API", server.rest_url), ("HTTP Event Collector", server.hec_url)],
        "Indexes": [(name, counted(count, "event")) for name, count in counts if count] or [("all", "empty")],
        "Apps": [(app.name, app.version) for app in server.instance.knowledge.apps],
    }
