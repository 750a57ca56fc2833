"""One engine and one build of our image for all tests here, and a check that each leaves nothing behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import docker
from docker import DockerClient
from harness.backends.docker import DockerBackend
from harness.containers.engine import has_bridge
from harness.containers.settings import ContainerSettings
from tests.containers.engine import NoEngine, engine, own_engine
from tests.containers.images import build_image

HERE = Path(__file__).parent
TAG = "harness-test/splunk:latest"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("containers")
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def docker_host() -> Iterator[str]:
    try:
        with engine() as address:
            before = os.environ.get("DOCKER_HOST")
            os.environ["DOCKER_HOST"] = address
            yield address
            if before is None:
                del os.environ["DOCKER_HOST"]
            else:
                os.environ["DOCKER_HOST"] = before
    except NoEngine as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def client(docker_host: str) -> Iterator[DockerClient]:
    found = docker.DockerClient(base_url=docker_host, timeout=60)
    yield found
    found.close()


@pytest.fixture(scope="session")
def image(client: DockerClient) -> str:
    """The tag of our image, built from the source."""
    try:
        build_image(client, TAG)
    except NoEngine as reason:
        pytest.skip(str(reason))
    return TAG


@pytest.fixture
def with_bridge(client: DockerClient) -> None:
    if not has_bridge(client):
        pytest.skip("this engine has no bridge, and none can be made here")


@pytest.fixture
def nothing_left(client: DockerClient) -> Iterator[None]:
    """The test leaves no container, volume or network that was not there before."""
    before = _everything(client)
    yield
    assert _everything(client) == before


@contextmanager
def running_backend(settings: ContainerSettings, **options: Any) -> Iterator[DockerBackend]:
    """A started backend."""
    backend = DockerBackend(settings, **options)
    backend.start()
    try:
        yield backend
    finally:
        backend.stop()


@pytest.fixture
def small_engine() -> Iterator[DockerClient]:
    """An engine with 40 MB of disk."""
    try:
        with own_engine(disk_megabytes=40) as address:
            found = docker.DockerClient(base_url=address, timeout=60)
            yield found
            found.close()
    except NoEngine as reason:
        pytest.skip(str(reason))


def _everything(client: DockerClient) -> dict[str, set[str]]:
    return {
        "containers": {str(item.id) for item in client.containers.list(all=True)},
        "volumes": {str(item.id) for item in client.volumes.list()},
        "networks": {str(item.id) for item in client.networks.list()},
    }
