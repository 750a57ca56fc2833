"""docker/compose.yml as a user starts it: two containers on a network of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from docker import DockerClient
from tests.containers.test_image import PASSWORD, TOKEN, free_ports
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE

FILE = Path(__file__).resolve().parents[2] / "docker" / "compose.yml"
pytestmark = pytest.mark.usefixtures("nothing_left")


class Compose:
    """The command and the variables that it is given."""

    def __init__(self, command: list[str], folder: Path, **variables: str) -> None:
        self.command = [*command, "--project-name", folder.name.replace("_", "-"), "--file", str(FILE)]
        self.env = {**os.environ, **variables}
        self.folder = folder

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self.command, *arguments]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=200,
        )


@pytest.fixture
def command() -> list[str]:
    for words in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(words[0]):
            done = subprocess.run([*words, "version"], capture_output=True, check=False, timeout=30)
            if done.returncode == 0:
                return words
    pytest.skip("docker compose is not installed (Debian: docker-compose)")


@pytest.fixture
def compose(
    command: list[str], tmp_path: Path, image: str, client: DockerClient, with_bridge: None
) -> Iterator[Compose]:
    web, hec, rest = map(str, free_ports(3))
    ports = {"WEB_PORT": web, "HEC_PORT": hec, "REST_PORT": rest}
    images = {"SPLUNK_IMAGE": image, "HARNESS_IMAGE": image, "CONTENT": str(tmp_path)}
    made = Compose(command, tmp_path, SPLUNK_PASSWORD=PASSWORD, SPLUNK_HEC_TOKEN=TOKEN, **ports, **images)
    yield made
    made("down", "--volumes")


def test_it_tests_the_content_on_the_splunk_beside_it(compose: Compose, tmp_path: Path) -> None:
    write_pack(tmp_path, detection(), **{"data.log": NET_USE})
    for path in (tmp_path, *tmp_path.rglob("*")):  # read by the container's own user
        path.chmod(path.stat().st_mode | 0o555 if path.is_dir() else path.stat().st_mode | 0o444)
    done = compose("run", "--rm", "-T", "test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed, 0 failed, 0 errors, 0 skipped" in done.stdout


def test_without_a_password_it_says_which_variable_is_missing(command: list[str], tmp_path: Path) -> None:
    done = Compose(command, tmp_path, SPLUNK_PASSWORD="", SPLUNK_HEC_TOKEN=TOKEN)("config")
    assert done.returncode != 0
    assert "set SPLUNK_PASSWORD to a password of 8 characters or more" in done.stderr
