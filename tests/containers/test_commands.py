"""up, list, down and bake as a user runs them, on a real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from docker import DockerClient
from harness.containers import container as containers
from tests.cli.command import Ended, harness
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE

pytestmark = pytest.mark.usefixtures("nothing_left")
LIMITS = ("--memory", "512m", "--cpus", "1", "--start-timeout", "60")
PROPS = "[things]\nEXTRACT-word = (?<word>\\w+)$\n"


def told(ended: Ended) -> dict[str, str]:
    """What up prints, by the first word of each line."""
    assert ended.code == 0, ended.err
    return {word: rest.strip() for word, _, rest in (line.strip().partition(" ") for line in ended.out.splitlines())}


def test_a_container_that_is_up_takes_tests_and_the_content_of_now_until_it_is_down(
    tmp_path: Path, image: str, docker_host: str
) -> None:
    env = {"DOCKER_HOST": docker_host}
    write_pack(tmp_path, detection(), **{"data.log": NET_USE})
    up = ("up", "--image", image, *LIMITS)
    try:
        first = told(harness(*up, cwd=tmp_path, env=env))
        login = dict(pair.split("=", 1) for pair in first["test"].split() if pair.startswith("HARNESS_"))
        ended = harness("test", "--level", "unit", "--backend", first["harness"].split()[-1], cwd=tmp_path, env=login)
        assert ended.code == 0, ended.out + ended.err
        listed = harness("list", cwd=tmp_path, env=env).out
        url = first["REST"].split()[-1]
        assert [first["container"], image, "running", "kept", url] == listed.splitlines()[1].split()
        again = harness(*up, cwd=tmp_path, env=env)
        assert told(again) == first
        assert "the content is installed already" in again.err
    finally:
        down = harness("down", cwd=tmp_path, env=env)
    assert (down.code, down.out) == (0, f"removed {first['container']}\n")
    assert harness("list", cwd=tmp_path, env=env).out == "no containers\n"
    assert harness("down", cwd=tmp_path, env=env).out == "nothing to remove\n"
    assert harness("down", "nobody", cwd=tmp_path, env=env).code == 2


def test_a_baked_image_has_its_apps_without_installing_them(
    tmp_path: Path, image: str, docker_host: str, client: DockerClient
) -> None:
    env = {"DOCKER_HOST": docker_host}
    app = tmp_path / "TA_things" / "default"
    app.mkdir(parents=True)
    (app / "props.conf").write_text(PROPS)
    tag = "harness-test/baked:1"
    try:
        baked = harness("bake", tag, "--image", image, "--app", app.parent, *LIMITS, cwd=tmp_path, env=env)
        assert baked.code == 0, baked.err
        assert containers.find(client) == []
        started = harness("up", "--image", tag, *LIMITS, cwd=tmp_path, env=env)
        url = told(started)["REST"].split()[-1]
        user, password = told(started)["login"].split(" / ")
        login = {"HARNESS_USERNAME": user, "HARNESS_PASSWORD": password}
        from harness.client.address import parse_address
        from harness.client.rest import SplunkClient

        splunk = SplunkClient(parse_address(url, login))
        assert "TA_things" in {found.name for found in splunk.apps()}
    finally:
        harness("down", cwd=tmp_path, env=env)
        if client.images.list(name=tag):
            client.images.remove(tag, force=True)
