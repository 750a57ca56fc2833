"""``harness serve``: the embedded Splunk for whoever wants to talk to it."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.backends import app_option, load_content_if_any, load_knowledge, root_option
from harness.errors import ExitCode

if TYPE_CHECKING:
    from harness.cli.status_page import Rows
    from harness.server.server import RunningServer


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8089, show_default=True, help="The REST API; 0 is any free port.")
@click.option("--hec-port", default=8088, show_default=True, help="The HTTP Event Collector; 0 is any free port.")
@click.option("--web-port", default=8000, show_default=True, help="A page that shows what runs; 0 is any free port.")
@click.option("--no-tls", is_flag=True, help="Speak http instead of https.")
@click.option("--username", default="admin", show_default=True)
@click.option("--password", default="", help="Default: one is made up and printed.")
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
    apps: tuple[Path, ...],
    root: Path | None,
) -> int:
    """Run the embedded Splunk until it is stopped with Ctrl-C.

    The macros, lookups and saved searches of the content around the current folder (or --root) are there in all apps.
    """
    from harness.backends.embedded import INDEXES
    from harness.cli.status_page import StatusPage
    from harness.runner.saved import stanzas
    from harness.runner.subjects import app_label, subject_of
    from harness.server.config import ServerConfig
    from harness.server.server import Server

    content = load_content_if_any(root)
    knowledge = load_knowledge(apps, content)
    if content is not None:
        label = app_label(content.root)
        subjects = [subject_of(detection, content.root, label) for detection in content.detections]
        knowledge.apps[-1].confs["savedsearches"] = stanzas(subjects)
    config = ServerConfig(
        host=host,
        port=port,
        hec_port=hec_port,
        tls=not no_tls,
        username=username,
        password=password,
        knowledge=knowledge,
        indexes=INDEXES,
        follow_schedules=True,
    )
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with Server(config).start() as server, StatusPage(host, web_port, lambda: _tables(server)) as page:
        click.echo(f"REST API   {server.rest_url}")
        click.echo(f"HEC        {server.hec_url}  token {server.hec_token}")
        click.echo(f"login      {server.username} / {server.password if not password else '(the password you gave)'}")
        click.echo(f"web page   {page.url}")
        click.echo("Ctrl-C stops it.")
        stopped.wait()
    return ExitCode.OK


def _tables(server: RunningServer) -> dict[str, Rows]:
    """What the page shows."""
    store = server.instance.store
    counts = [(name, store.facts(name).event_count) for name in store.index_names()]
    return {
        "Addresses": [("REST API", server.rest_url), ("HTTP Event Collector", server.hec_url)],
        "Indexes": [(name, f"{count} events") for name, count in counts if count] or [("all", "empty")],
        "Apps": [(app.name, app.version) for app in server.instance.knowledge.apps],
    }
