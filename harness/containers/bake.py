"""An image with the apps installed already, made by starting another one once."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.containers import contract
from harness.containers.container import SplunkContainer
from harness.containers.engine import Report, connect, explained
from harness.containers.images import BAKED, image_for, packages_for
from harness.containers.readiness import wait_until_ready
from harness.containers.reaper import Reaper
from harness.containers.settings import ContainerSettings
from harness.errors import BackendError

if TYPE_CHECKING:
    from docker import DockerClient

_IDENTITY: Final = "instance.cfg"
"""The file below etc by which one Splunk is told apart from another; it is made anew at the start.

The secret and the accounts stay: settings are encrypted with the one, and without it the image would take the start for
a first one and find them unreadable. The administrator's password is set to the container's own at each start.
"""


def bake(settings: ContainerSettings, apps: Sequence[Path], tag: str, report: Report) -> None:
    """Start, wait until all is installed, stop, and put what is in its ``etc`` on top of the image.

    ``etc`` is a volume in splunk/splunk, which a commit leaves out; so it is copied out and added to a new image.
    """
    client = connect()
    reaper = Reaper()
    try:
        image = image_for(client, settings, report)
        packages = packages_for(image, apps)
        container = SplunkContainer.create(client, image, settings, packages, digest="bake", member=0)
        reaper.guard(container.id)
        try:
            report(f"starting {container.name} from {settings.image}")
            container.start()
            wait_until_ready(container, [item.app for item in packages], settings.start_seconds, report)
            container.stop()
            report(f"copying what is below {contract.HOME / 'etc'}")
            _build(client, settings.image, _cleaned(container.get(str(contract.HOME / "etc"))), tag)
        finally:
            container.remove()
            reaper.release(container.id)
    finally:
        reaper.close()
        client.close()


def _build(client: DockerClient, base: str, etc: bytes, tag: str) -> None:
    lines = [f"FROM {base}", "ADD --chown=41812:41812 etc.tar /opt/splunk/", f'LABEL {BAKED}="{base}"', ""]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as context:
        for name, data in (("Dockerfile", "\n".join(lines).encode()), ("etc.tar", etc)):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            context.addfile(member, io.BytesIO(data))
    buffer.seek(0)
    with explained(f"building {tag}"):
        client.images.build(fileobj=buffer, custom_context=True, tag=tag, rm=True, forcerm=True)


def _cleaned(archive: bytes) -> bytes:
    """The same archive without what belongs to one container alone."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(archive)) as source, tarfile.open(fileobj=buffer, mode="w") as target:
        for member in source:
            if member.name.partition("/")[2] == _IDENTITY:
                continue
            target.addfile(member, source.extractfile(member) if member.isfile() else None)
    if not buffer.getbuffer().nbytes:
        raise BackendError("the container has nothing below etc to keep")
    return buffer.getvalue()
