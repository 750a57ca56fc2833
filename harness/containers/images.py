"""The image to start, once it is known that it may and can be, and the apps that it must be given."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.containers.engine import Report, check_platform, explained, get_image, is_small
from harness.containers.settings import ContainerSettings, Package, check_consent, package

if TYPE_CHECKING:
    from docker.models.images import Image

    from docker import DockerClient

BAKED: Final = "harness.baked"
"""An image with this label has our apps in it, and an administrator; its value names the image it was made from."""


def image_for(client: DockerClient, settings: ContainerSettings, report: Report) -> Image:
    """Pulled if need be. Raises BackendError where the user's consent, the machine or the image is missing."""
    import docker

    with explained(f"looking for the image {settings.image}"), suppress(docker.errors.ImageNotFound):
        image = client.images.get(settings.image)
        if is_small(image):
            check_platform(client, small=True)
            return image
    check_consent(settings)
    check_platform(client, small=False)
    return get_image(client, settings.image, report)


def packages_for(image: Image, apps: Sequence[Path]) -> list[Package]:
    """The user's apps, and ours where the image lacks them, except those that stand in for one of the user's."""
    from harness.knowledge.apps import load_app
    from harness.knowledge.knowledge import Knowledge, shipped_apps

    if is_small(image) or BAKED in (image.labels or {}):
        return [package(path) for path in apps]
    knowledge = Knowledge([load_app(path) for path in [*shipped_apps(), *apps]])
    return [package(app.path) for app in knowledge.apps]
