"""Our image from the outside: what splunk/splunk is told and tells, it is told and tells too."""

from __future__ import annotations

import io
import socket
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from docker.models.containers import Container

from docker import DockerClient
from harness.client.address import Address, Credentials, Trust
from harness.client.hec import HecClient, Target
from harness.client.rest import SplunkClient
from harness.client.waiting import wait_until

PASSWORD = "Chang3d!pw"
TOKEN = "11111111-1111-1111-1111-111111111111"
PROPS = "[special]\nEXTRACT-who = who=(?<who>\\w+)\n"


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def container(client: DockerClient, image: str, files: dict[str, bytes], **environment: str) -> Iterator[Container]:
    made = client.containers.create(image, network_mode="host", environment=environment)
    try:
        if files:
            made.put_archive("/", archive(files))
        made.start()
        yield made
    finally:
        made.remove(force=True, v=True)


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def wait_for_health(made: Container, wanted: str, seconds: float = 60) -> None:
    def told() -> bool:
        made.reload()
        return made.attrs["State"]["Health"]["Status"] == wanted or made.status == "exited"

    wait_until(told, seconds, f"the container does not become {wanted} within")
    assert made.attrs["State"]["Health"]["Status"] == wanted, made.logs().decode()


@pytest.mark.usefixtures("nothing_left")
def test_it_obeys_the_variables_and_tells_its_state_as_splunk_does(client: DockerClient, image: str) -> None:
    port, hec_port = free_ports(2)
    told = {
        "SPLUNK_PASSWORD": "/run/secrets/password",
        "SPLUNK_HEC_TOKEN": TOKEN,
        "SPLUNK_START_ARGS": "--accept-license",
        "SPLUNK_GENERAL_TERMS": "--accept-sgt-current-at-splunk-com",
        "SPLUNK_SVC_PORT": str(port),
        "SPLUNK_HEC_PORT": str(hec_port),
        "SPLUNK_HTTP_PORT": "0",
        "SPLUNK_APPS_URL": "/tmp/apps/TA_special.tgz",
    }
    defaults = (
        b"splunk: {apps_location: [/tmp/apps/TA_first.tgz],"
        b" conf: [{key: macros, value: {content: {mine: {definition: index=main}}}}]}"
    )
    files = {
        "run/secrets/password": f"{PASSWORD}\n".encode(),
        "tmp/apps/TA_first.tgz": archive({"TA_first/default/app.conf": b"[ui]\nlabel = First\n"}),
        "tmp/apps/TA_special.tgz": archive({"TA_special/default/props.conf": PROPS.encode()}),
        "opt/splunk/etc/apps/TA_mounted/default/macros.conf": b"[yours]\ndefinition = index=main\n",
        "tmp/defaults/default.yml": defaults,
    }
    with container(client, image, files, **told) as made:
        wait_for_health(made, "healthy")
        assert made.exec_run("/sbin/checkstate.sh").exit_code == 0
        assert made.exec_run("cat /opt/container_artifact/splunk-container.state").output == b"started\n"
        assert made.exec_run("id -u").output == b"41812\n"
        assert b"Ansible playbook complete" in made.logs()
        assert PASSWORD.encode() not in made.logs()
        address = Address(
            f"https://127.0.0.1:{port}",
            Credentials("admin", PASSWORD),
            Trust(verify=False),
            f"https://127.0.0.1:{hec_port}",
            TOKEN,
        )
        splunk = SplunkClient(address)
        splunk.connect()
        with HecClient(address) as hec:
            hec.check()
            hec.send_raw(b"2026-01-02T03:04:05Z who=me\n", Target("s", "special", "main", "h"))
        assert splunk.ask("search `mine` | table who") == [{"who": "me"}]
        assert splunk.ask("search `yours` | stats count") == [{"count": "1"}]
        assert {"TA_first", "TA_special", "TA_mounted"} <= {app.name for app in splunk.apps()}
        made.put_archive("/opt/splunk/var/run/splunk/lookup_tmp", archive({"x": b"who,where\nme,here\n"}))
        staged = {"name": "people.csv", "eai:data": "/opt/splunk/var/run/splunk/lookup_tmp/x"}
        with splunk.service() as service:
            service.post("data/lookup-table-files", owner="nobody", app="search", **staged)
        assert splunk.ask("| inputlookup people.csv") == [{"who": "me", "where": "here"}]
        made.stop(timeout=10)
        made.reload()
        assert made.attrs["State"]["ExitCode"] == 0


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "set SPLUNK_PASSWORD"),
        ({"SPLUNK_PASSWORD": "short"}, "fewer than 8 characters"),
        ({"SPLUNK_PASSWORD": PASSWORD, "SPLUNK_ROLE": "splunk_indexer"}, "SPLUNK_ROLE=splunk_indexer is not supported"),
        ({"SPLUNK_PASSWORD": PASSWORD, "SPLUNK_CMD": "x"}, "SPLUNK_CMD is set"),
        ({"SPLUNK_PASSWORD": PASSWORD, "SPLUNK_HTTP_ENABLESSL": "true"}, "SPLUNK_HTTP_ENABLESSL is set"),
        ({"SPLUNK_PASSWORD": PASSWORD, "SPLUNK_SVC_PORT": "x"}, "SPLUNK_SVC_PORT: 'x' is no port"),
        ({"SPLUNK_PASSWORD": PASSWORD, "SPLUNK_APPS_URL": "/nowhere.tgz"}, "/nowhere.tgz: no such app"),
    ],
)
@pytest.mark.usefixtures("nothing_left")
def test_what_it_cannot_obey_ends_it_with_the_reason(
    client: DockerClient, image: str, told: dict[str, str], said: str
) -> None:
    with container(client, image, {}, **told) as made:
        assert made.wait(timeout=60)["StatusCode"] == 2
        assert said in made.logs().decode()


@pytest.mark.usefixtures("nothing_left")
def test_it_runs_any_command_of_harness(client: DockerClient, image: str) -> None:
    made = client.containers.create(image, ["search", "| makeresults | eval a=1 | table a"], network_mode="host")
    try:
        made.start()
        assert made.wait(timeout=60)["StatusCode"] == 0
        assert made.logs(stderr=False) == b'{"a":"1"}\n'
    finally:
        made.remove(force=True, v=True)
