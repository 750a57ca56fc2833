"""The Docker backend on a real engine: a container from its start to its end, and what befalls it in between."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from docker import DockerClient
from harness.backends.docker import DockerBackend
from harness.client.hec import Target
from harness.client.rest import SplunkClient
from harness.client.waiting import wait_until
from harness.containers import container as containers
from harness.containers.container import SplunkContainer
from harness.containers.content import DIGEST
from harness.containers.contract import DEFAULTS, OWNER, STAGING
from harness.containers.settings import ContainerSettings, Package
from harness.errors import BackendError
from harness.knowledge.apps import App
from tests.containers.conftest import running_backend
from tests.containers.images import derive
from tests.containers.test_image import archive, free_ports

pytestmark = pytest.mark.usefixtures("nothing_left")
DATA = b"2026-01-02T03:04:05Z one\n2026-01-02T03:04:06Z two\n"


@pytest.fixture
def settings(image: str) -> ContainerSettings:
    return ContainerSettings(image=image, memory="512m", cpus=1.0, start_seconds=60)


def content(definition: str = "one", lookup: bytes = b"who,where\nme,here\n") -> App:
    app = App("content", Path())
    app.confs["macros"] = {"wanted": {"definition": definition}, "is(1)": {"definition": "$a$", "args": "a"}}
    app.confs["transforms"] = {"people": {"filename": "people.csv"}}
    app.lookups["people.csv"] = lookup
    return app


def test_a_test_runs_in_a_container_that_is_gone_afterwards(settings: ContainerSettings, client: DockerClient) -> None:
    told: list[str] = []
    backend = DockerBackend(settings, content=content, report=told.append)
    info = backend.start()
    try:
        assert (info.kind, bool(info.version)) == ("docker", True)
        limits = client.containers.get(backend.container.id).attrs["HostConfig"]
        assert (limits["Memory"], limits["NanoCpus"]) == (512 * 1024 * 1024, 1_000_000_000)
        with backend.session() as session:
            session.hec.send_raw(DATA, Target("s", "t", session.index, session.host))
            assert session.client.ask("search `wanted` | stats count") == [{"count": "1"}]
            assert session.client.ask('| makeresults | eval who="me" | lookup people who | table where') == [
                {"where": "here"}
            ]
        with backend.session() as session:
            assert session.client.count("search index=* one") == 0
    finally:
        backend.stop()
        backend.stop()
    phases = ["its own health check", "the REST API", "the HTTP Event Collector", "the KV store", "its apps"]
    assert [line.partition(" s: ")[2] for line in told[1:6]] == phases
    assert told[-1] == "the content is installed: 3 settings written, 1 lookup files"


def test_ports_are_published_on_loopback_only_and_are_the_ones_that_were_asked_for(
    settings: ContainerSettings, client: DockerClient, with_bridge: None
) -> None:
    (rest,) = free_ports(1)
    with running_backend(replace(settings, network="bridge", ports=(rest, 0, 0))) as backend:
        told = client.containers.get(backend.container.id).attrs
        assert set(told["NetworkSettings"]["Networks"]) == {"bridge"}
        published = told["NetworkSettings"]["Ports"]
        assert {inside: {binding["HostIp"] for binding in bound} for inside, bound in published.items() if bound} == {
            "8000/tcp": {"127.0.0.1"}, "8088/tcp": {"127.0.0.1"}, "8089/tcp": {"127.0.0.1"},
        }  # fmt: skip
        address = backend.container.address()
        assert address.rest_url == f"https://127.0.0.1:{rest}"
        assert backend.container.web_url == f"http://127.0.0.1:{published['8000/tcp'][0]['HostPort']}"
        with backend.session() as session:
            session.hec.send_raw(DATA, Target("s", "t", session.index, session.host))
            assert session.client.count("search one") == 1


def test_on_the_hosts_network_it_has_ports_of_its_own_and_the_same_life(
    settings: ContainerSettings, client: DockerClient
) -> None:
    with running_backend(replace(settings, network="host"), content=content) as backend:
        told = client.containers.get(backend.container.id).attrs
        assert told["HostConfig"]["NetworkMode"] == "host"
        assert backend.container.address().rest_url != "https://127.0.0.1:8089"
        assert not backend.container.has_usual_port
        with backend.session() as session:
            session.hec.send_raw(DATA, Target("s", "t", session.index, session.host))
            assert session.client.count("search `wanted`") == 1


def test_what_is_put_into_it_belongs_to_the_splunk_that_takes_it(settings: ContainerSettings) -> None:
    """A lookup file is moved from where it is put: its folder must be the Splunk's own to do so."""
    with running_backend(settings, content=content) as backend:
        for path in (STAGING, DEFAULTS):
            folder = str(path if path == STAGING else path.parent)
            with tarfile.open(fileobj=io.BytesIO(backend.container.get(folder))) as tar:
                assert {member.uid for member in tar} == {OWNER}


def test_a_container_that_is_killed_is_replaced_once_and_the_run_then_stops(settings: ContainerSettings) -> None:
    with running_backend(settings, content=content) as backend:
        first = backend.container.name
        with pytest.raises(BackendError):
            killed_in_the_middle_of_a_test(backend)
        lost = backend.mend()
        assert f"the container {first} is exited with exit code 137; its last words:" in lost
        assert "will begin streaming" in lost
        assert backend.container.name != first
        with backend.session() as session:
            assert session.client.count("search index=* one") == 0
            session.hec.send_raw(DATA, Target("s", "t", session.index, session.host))
            assert session.client.count("search `wanted`") == 1
        assert backend.mend() == ""
        os.kill(main_process(backend), signal.SIGKILL)
        with pytest.raises(BackendError, match="lost again after it had been replaced") as caught:
            backend.mend()
        assert "exit code 137" in str(caught.value)


def killed_in_the_middle_of_a_test(backend: DockerBackend) -> None:
    with backend.session() as session:
        session.hec.send_raw(DATA, Target("s", "t", session.index, session.host))
        os.kill(main_process(backend), signal.SIGKILL)
        session.client.count("search one")


def main_process(backend: DockerBackend) -> int:
    from harness.containers.engine import engine

    with engine() as client:
        return int(client.containers.get(backend.container.id).attrs["State"]["Pid"])


def test_a_kept_container_is_used_again_and_holds_the_content_of_now(settings: ContainerSettings) -> None:
    kept = replace(settings, keep=True)
    told: list[str] = []
    with running_backend(kept, content=content) as first:
        name = first.container.name
    try:
        with running_backend(kept, content=content, report=told.append) as again:
            assert again.container.name == name
            assert told == [f"using {name}, which runs already", "the content is installed already"]
        changed = content("two", b"who,where\nme,there\n")
        del changed.confs["macros"]["is(1)"]
        with running_backend(kept, content=lambda: changed) as again, again.session() as session:
            assert again.container.name == name
            session.hec.send_raw(DATA, Target("s", "t", session.index, session.host))
            assert session.client.ask("search `wanted` | table _raw")[0]["_raw"].endswith("two")
            names = {macro for macro, _ in session.client.macros()}
            assert ("is" in names, DIGEST in names) == (False, True)
            assert session.client.ask("| inputlookup people.csv") == [{"who": "me", "where": "there"}]
        with running_backend(replace(kept, cpus=0.5), content=content) as other:
            assert other.container.name != name
    finally:
        remove_kept()


def test_a_kept_container_with_the_data_of_a_killed_run_in_it_is_made_anew(settings: ContainerSettings) -> None:
    kept = replace(settings, keep=True)
    try:
        with running_backend(kept) as first:
            name = first.container.name
            client = SplunkClient(first.container.address())
            client.connect()
            with client.service() as service:
                service.indexes.create("harness_0123456789ab")
        with running_backend(kept) as again:
            assert again.container.name != name
    finally:
        remove_kept()


def remove_kept() -> None:
    from harness.containers.engine import engine

    with engine() as client:
        for found in containers.find(client):
            found.remove()


def test_two_members_of_a_pool_have_a_container_each(settings: ContainerSettings) -> None:
    with running_backend(settings) as one, running_backend(settings, member=1) as two:
        assert one.container.id != two.container.id
        with one.session() as here, two.session() as there:
            here.hec.send_raw(DATA, Target("s", "t", here.index, here.host))
            assert (here.client.count("search one"), there.client.count("search index=* one")) == (1, 0)


# --- what goes wrong at the start -----------------------------------------------------------------------------------


def fails(settings: ContainerSettings) -> str:
    backend = DockerBackend(settings)
    with pytest.raises(BackendError) as caught:
        backend.start()
    return str(caught.value)


def test_an_image_that_is_nowhere(settings: ContainerSettings) -> None:
    consent = (
        ("SPLUNK_START_ARGS", "--accept-license"),
        ("SPLUNK_GENERAL_TERMS", "--accept-sgt-current-at-splunk-com"),
    )
    said = fails(replace(settings, image="127.0.0.1:1/nothing/there:1.0", consent=consent))
    assert "the image 127.0.0.1:1/nothing/there:1.0 is not here and cannot be pulled" in said


def test_no_image_of_splunk_is_started_without_the_users_word_to_its_terms(settings: ContainerSettings) -> None:
    said = fails(replace(settings, image="splunk/splunk:9.4"))
    assert "which only you can" in said
    assert "export SPLUNK_START_ARGS=--accept-license SPLUNK_GENERAL_TERMS=" in said


def test_an_image_that_exits(settings: ContainerSettings, image: str, client: DockerClient) -> None:
    tag = derive(client, image, "harness-test/exits", 'CMD ["report"]')
    said = fails(replace(settings, image=tag))
    assert "the container ended while harness waited for its own health check" in said
    assert "is exited with exit code 2; its last words:\n  | " in said


def test_an_image_that_never_gets_ready(settings: ContainerSettings, image: str, client: DockerClient) -> None:
    tag = derive(client, image, "harness-test/sleeps", 'ENTRYPOINT ["sleep", "600"]')
    said = fails(replace(settings, image=tag, start_seconds=2))
    assert "its own health check was not ready within 2 s" in said
    assert "is running; it has said nothing" in said
    assert "--start-timeout gives it more time" in said


def test_an_image_with_a_password_of_its_own(settings: ContainerSettings, image: str, client: DockerClient) -> None:
    entry = 'ENTRYPOINT ["env", "SPLUNK_PASSWORD=another-one", "/sbin/entrypoint.sh"]'
    tag = derive(client, image, "harness-test/password", entry, 'CMD ["start"]')
    started = time.monotonic()
    said = fails(replace(settings, image=tag))
    assert "refuses the login of admin" in said
    assert "the image has set a password of its own" in said
    assert time.monotonic() - started < settings.start_seconds  # known at once, not when the time is over


@pytest.mark.parametrize(
    ("given", "hint"),
    [({"memory": "lots"}, "--memory 4g, or 512m"), ({"cpus": 999.0}, "give it fewer: --cpus 1")],
    ids=["memory", "cpus"],
)
def test_limits_that_the_engine_cannot_keep(settings: ContainerSettings, given: dict[str, Any], hint: str) -> None:
    assert hint in fails(replace(settings, **given))


@pytest.mark.parametrize("network", ["bridge", "host"])
def test_a_port_that_is_taken(settings: ContainerSettings, network: str, request: pytest.FixtureRequest) -> None:
    if network == "bridge":
        request.getfixturevalue("with_bridge")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1" if network == "bridge" else "0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = fails(replace(settings, network=network, ports=(port, 0, 0)))
    assert str(port) in said
    assert "address already in use" in said.lower()


def test_a_full_disk(client: DockerClient, image: str, settings: ContainerSettings, small_engine: DockerClient) -> None:
    """Its engine has 40 MB: too little for Splunk, which is said before the pull, and for an app of 60 MB."""
    tiny = small_engine.api.import_image_from_data(
        archive({"file": b"x"}), repository="tiny", tag="latest", changes=["CMD file"]
    )
    assert tiny
    from harness.containers.engine import check_platform

    with pytest.raises(BackendError, match=r"GB are free below .*; Splunk's image and its data need 8"):
        check_platform(small_engine, small=False)
    large = Package("TA_large", os.urandom(60_000_000))
    with pytest.raises(BackendError, match="no space left on device"):
        SplunkContainer.create(small_engine, small_engine.images.get("tiny"), settings, [large], digest="d", member=0)
    assert small_engine.containers.list(all=True) == []


# --- runs that are killed -------------------------------------------------------------------------------------------

RUN = """
import signal, sys
from harness.backends.docker import DockerBackend
from harness.containers.settings import ContainerSettings
backend = DockerBackend(ContainerSettings(image=sys.argv[1], memory="512m", cpus=1.0))
backend.start()
print(backend.container.id, flush=True)
signal.pause()
"""


@pytest.fixture
def running(image: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", RUN, image], stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_run_that_is_killed_leaves_neither_a_container_nor_a_process(
    running: subprocess.Popen[str], client: DockerClient
) -> None:
    assert running.stdout is not None
    started = running.stdout.readline().strip()
    assert client.containers.get(started).status == "running"
    running.kill()
    wait_until(lambda: containers.find(client) == [], 60, "the container of a killed run is still there after")
    wait_until(lambda: reapers() == [], 60, "what removes the containers of a killed run is still there after")


def reapers() -> list[str]:
    ours = f"PYTEST_CURRENT_TEST={os.environ['PYTEST_CURRENT_TEST']}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if (
                b"harness.containers.reaper" in (entry / "cmdline").read_bytes()
                and ours in (entry / "environ").read_bytes()
            ):
                found.append(entry.name)
        except OSError:
            continue
    return found


def test_the_next_run_sweeps_what_one_has_left_whose_machine_went_down(
    settings: ContainerSettings, image: str, client: DockerClient
) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    labels = {
        containers.CONFIG: "x",
        containers.KEEP: "0",
        containers.OWNER: f"{os.uname().nodename}/{dead.pid}/1",
    }
    left = client.containers.create(image, labels=labels, network_mode="host")
    told: list[str] = []
    with running_backend(settings, report=told.append):
        assert f"removed {left.name}, which a run that is gone has left" in told
        assert [found.id for found in containers.find(client)] != []
        assert left.id not in [found.id for found in containers.find(client)]
