"""``harness up``: a Splunk in a container that stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.backends import app_option, root_option
from harness.cli.containers import container_options, content_with_saved_searches, say, settings_of
from harness.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from harness.backends.docker import DockerBackend
    from harness.client.address import Address


@click.command("up")
@container_options
@click.option("--port", default=0, help="The REST API; 0 is any free port.")
@click.option("--hec-port", default=0, help="The HTTP Event Collector; 0 is any free port.")
@click.option("--web-port", default=0, help="The web page; 0 is any free port.")
@click.option("--count", default=1, show_default=True, help="How many containers.")
@app_option
@root_option
def command(
    port: int, hec_port: int, web_port: int, count: int, apps: tuple[Path, ...], root: Path | None, **options: Any
) -> int:
    """Start a Splunk in a container, or find the one that runs already, and tell how to reach it.

    The content around the current folder (or --root) is installed in it, its detections as saved searches. The same
    command later brings the content up to date in the same container. `harness down` removes it.
    """
    from harness.backends.docker import DockerBackend

    if count > 1 and (port or hec_port or web_port):
        raise UsageError("several containers cannot have one port", hint="leave the ports out")
    settings = settings_of(**options, keep=True, ports=(port, hec_port, web_port))
    content = content_with_saved_searches(root)
    backends = [
        DockerBackend(settings, content=(lambda: content) if content else None, apps=apps, member=member, report=say)
        for member in range(count)
    ]
    try:
        with ThreadPoolExecutor(count) as threads:
            list(threads.map(lambda backend: backend.start(), backends))
        for backend in backends:
            _tell(backend)
    finally:
        for backend in backends:
            backend.stop()
    return ExitCode.OK


def _with_user(address: Address) -> str:
    return address.rest_url.replace("://", f"://{address.credentials.username}@", 1)


def _tell(backend: DockerBackend) -> None:
    container = backend.container
    address = container.address()
    token = container.variables.get("SPLUNK_HEC_TOKEN", "")
    login = address.credentials
    click.echo(f"container  {container.name}")
    click.echo(f"REST API   {address.rest_url}")
    click.echo(f"HEC        {address.hec_url}  token {token}")
    click.echo(f"login      {login.username} / {login.password}")
    click.echo(f"web page   {container.web_url}")
    click.echo(f"test on it export HARNESS_PASSWORD={login.password} HARNESS_HEC_URL={address.hec_url}")
    click.echo(f"           harness test --backend {_with_user(address)}")
    click.echo(f"remove it  harness down {container.name}")
