"""``harness serve``: the embedded Splunk for whoever wants to talk to it."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from harness.cli.backends import app_option, load_content_if_any, load_knowledge, root_option
from harness.errors import ExitCode


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8089, show_default=True, help="The REST API; 0 is any free port.")
@click.option("--hec-port", default=8088, show_default=True, help="The HTTP Event Collector; 0 is any free port.")
@click.option("--no-tls", is_flag=True, help="Speak http instead of https.")
@click.option("--username", default="admin", show_default=True)
@click.option("--password", default="", help="Default: one is made up and printed.")
@app_option
@root_option
def command(
    host: str,
    port: int,
    hec_port: int,
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
    from harness.server.config import ServerConfig
    from harness.server.server import Server

    knowledge = load_knowledge(apps, load_content_if_any(root))
    config = ServerConfig(
        host=host,
        port=port,
        hec_port=hec_port,
        tls=not no_tls,
        username=username,
        password=password,
        knowledge=knowledge,
        indexes=INDEXES,
    )
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with Server(config).start() as server:
        click.echo(f"REST API   {server.rest_url}")
        click.echo(f"HEC        {server.hec_url}  token {server.hec_token}")
        click.echo(f"login      {server.username} / {server.password if not password else '(the password you gave)'}")
        click.echo("Ctrl-C stops it.")
        stopped.wait()
    return ExitCode.OK
