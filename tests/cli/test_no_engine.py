"""What is said where no Docker engine answers, or one on another machine."""

from __future__ import annotations

from pathlib import Path

import pytest

import docker
from harness.containers.engine import check_platform
from harness.errors import BackendError
from tests.cli.command import harness
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE


@pytest.mark.parametrize(
    "command",
    [["list"], ["down"], ["up"], ["bake", "mine:1"], ["test", "--level", "unit", "--backend", "docker"]],
    ids=lambda command: command[0],
)
def test_every_command_names_the_engine_that_it_asked(tmp_path: Path, command: list[str]) -> None:
    write_pack(tmp_path, detection(), **{"data.log": NET_USE})
    named = f"unix://{tmp_path}/none.sock"
    ended = harness(*command, cwd=tmp_path, env={"DOCKER_HOST": named})
    assert ended.code == 3
    assert f"no Docker engine answers at {named}: there is no such socket" in ended.err
    assert "start it, or unset DOCKER_HOST" in ended.err
    assert "Errno" not in ended.err


def test_an_address_at_which_nothing_listens(tmp_path: Path) -> None:
    ended = harness("list", cwd=tmp_path, env={"DOCKER_HOST": "tcp://127.0.0.1:1"})
    assert "no Docker engine answers at tcp://127.0.0.1:1: nothing listens there" in ended.err


def test_an_engine_on_another_machine_is_refused_before_anything_is_pulled() -> None:
    """Its containers' ports are on its own loopback."""
    elsewhere = docker.DockerClient(base_url="tcp://192.0.2.1:2375", version="1.41")
    with pytest.raises(BackendError, match="is on another machine, whose loopback"):
        check_platform(elsewhere, small=True)
    elsewhere.close()
