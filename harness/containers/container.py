"""One container of a Splunk: made, found again, told about, removed."""

from __future__ import annotations

import io
import secrets
import socket
import tarfile
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from harness.client.address import Address, Credentials, Trust
from harness.containers import contract
from harness.containers.engine import PLATFORM, explained, has_bridge
from harness.containers.images import BAKED
from harness.containers.settings import ContainerSettings, Package, is_alive, owner
from harness.errors import BackendError

if TYPE_CHECKING:
    from docker.models.containers import Container
    from docker.models.images import Image

    from docker import DockerClient

CONFIG: Final = "harness.config"
OWNER: Final = "harness.owner"
KEEP: Final = "harness.keep"
IMAGE: Final = "harness.started-from"
MEMBER: Final = "harness.member"
_APPS: Final = "/tmp/apps"  # noqa: S108 - a folder in the container
_LOG_LINES: Final = 12
_STOP_SECONDS: Final = 20
_PORTS: Final = {
    "SPLUNK_SVC_PORT": 0, "SPLUNK_HEC_PORT": 1, "SPLUNK_HTTP_PORT": 2, "SPLUNK_APPSERVER_PORT": 3,
    "SPLUNK_KVSTORE_PORT": 4, "SPLUNK_S2S_PORT": 5,
}  # fmt: skip
"""By variable; all of them are the host's own where a container shares its network."""
_DEFAULTS: Final = b"splunk: {conf: [{key: server, value: {content: {diskUsage: {minFreeSpace: 500}}}}]}\n"
"""An indexer stops indexing, and tests wait in vain, below 5000 MB of free disk unless it is told otherwise."""


class SplunkContainer:
    """A handle on a container with our labels. Everything about it is read from the engine."""

    def __init__(self, container: Container) -> None:
        self._container = container

    # --- finding and making ------------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        client: DockerClient,
        image: Image,
        settings: ContainerSettings,
        packages: Sequence[Package],
        *,
        digest: str,
        member: int,
    ) -> SplunkContainer:
        """Made, with its apps in it, not started. On any failure nothing is left of it."""
        host = settings.network == "host" or (settings.network == "auto" and not has_bridge(client))
        environment = {
            **dict(settings.consent),
            **dict(settings.variables),
            # The image hands it to commands: it must not look like an option of theirs.
            "SPLUNK_PASSWORD": f"Pw1-{secrets.token_hex(12)}",
            "SPLUNK_HEC_TOKEN": str(uuid.uuid4()),
        }
        if BAKED in (image.labels or {}):
            environment["SPLUNK_DECLARATIVE_ADMIN_PASSWORD"] = "true"  # noqa: S105 - switches the taking of it on
        if packages:
            environment["SPLUNK_APPS_URL"] = ",".join(f"{_APPS}/{package.file}" for package in packages)
        network: dict[str, Any]
        if host:
            free = [chosen or port for chosen, port in zip((*settings.ports, 0, 0, 0), _free_ports(6), strict=True)]
            environment |= {name: str(free[place]) for name, place in _PORTS.items()}
            network = {"network_mode": "host"}
        else:
            inside = (contract.REST_PORT, contract.HEC_PORT, contract.WEB_PORT)
            network = {
                "ports": {
                    f"{port}/tcp": ("127.0.0.1", chosen or None)
                    for port, chosen in zip(inside, settings.ports, strict=True)
                }
            }
        labels = {
            CONFIG: digest,
            OWNER: owner(),
            KEEP: str(int(settings.keep)),
            MEMBER: str(member),
            IMAGE: settings.image,
        }
        with explained("making the container"):
            made = client.containers.create(
                image,
                name=f"harness-{secrets.token_hex(4)}",
                environment=environment,
                labels=labels,
                nano_cpus=int(settings.cpus * 1e9),
                mem_limit=settings.memory,
                platform=PLATFORM,
                **network,
            )
            found = cls(made)
            try:
                found.put({str(contract.DEFAULTS): _DEFAULTS})
                found.put({f"{_APPS}/{package.file}": package.data for package in packages})
            except BaseException:  # Ctrl-C too: nobody else knows of this container yet
                found.remove()
                raise
        return found

    def start(self) -> None:
        with explained(f"starting the container {self.name}"):
            self._container.start()
            self._container.reload()

    # --- what it is --------------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        return str(self._container.id)

    @property
    def name(self) -> str:
        return str(self._container.name)

    @property
    def image(self) -> str:
        """The tag or digest that it was started from."""
        return self.labels.get(IMAGE, "") or str(self._container.attrs["Config"]["Image"])

    @property
    def labels(self) -> dict[str, str]:
        return dict(self._container.labels)

    @property
    def kept(self) -> bool:
        return self.labels.get(KEEP) == "1"

    @property
    def orphaned(self) -> bool:
        """Whoever started it is gone, and it was not meant to stay."""
        return not self.kept and not is_alive(self.labels.get(OWNER, ""))

    @property
    def variables(self) -> dict[str, str]:
        pairs = (text.partition("=") for text in self._container.attrs["Config"]["Env"] or [])
        return {name: value for name, _, value in pairs}

    @property
    def status(self) -> str:
        """What the engine calls its state: created, running, exited and so on."""
        return str(self._container.status)

    @property
    def running(self) -> bool:
        with explained(f"looking at the container {self.name}"):
            try:
                self._container.reload()
            except _not_found():
                return False
        return self._container.status == "running"

    @property
    def has_usual_port(self) -> bool:
        """Whether its REST API answers, inside, on the port that the image checks."""
        return not self._shares_the_network or self._port("SPLUNK_SVC_PORT") == contract.REST_PORT

    @property
    def _shares_the_network(self) -> bool:
        return bool(self._container.attrs["HostConfig"]["NetworkMode"] == "host")

    def address(self) -> Address:
        """Where it answers, and the administrator's login. The certificate is its own, behind loopback."""
        variables = self.variables
        return Address(
            rest_url=f"{_scheme(variables.get('SPLUNKD_SSL_ENABLE'))}://127.0.0.1:{self._port('SPLUNK_SVC_PORT')}",
            credentials=Credentials(contract.ADMIN, variables["SPLUNK_PASSWORD"]),
            trust=Trust(verify=False),
            hec_url=f"{_scheme(variables.get('SPLUNK_HEC_SSL'))}://127.0.0.1:{self._port('SPLUNK_HEC_PORT')}",
            hec_token="",
        )

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self._port('SPLUNK_HTTP_PORT')}"

    def _port(self, variable: str) -> int:
        if self._shares_the_network:
            return int(self.variables[variable])
        inside = (contract.REST_PORT, contract.HEC_PORT, contract.WEB_PORT)[_PORTS[variable]]
        published = self._container.attrs["NetworkSettings"]["Ports"].get(f"{inside}/tcp")
        if not published:
            raise BackendError(f"the container {self.name} does not publish its port {inside}")
        return int(published[0]["HostPort"])

    def describe(self) -> str:
        """Its state, how it ended, and the last it said, for any failure in which it has a part."""
        try:
            with explained("telling about the container"):
                self._container.reload()
                state = self._container.attrs["State"]
                log = self._container.logs(tail=_LOG_LINES).decode(errors="replace")
        except BackendError:
            return f"the container {self.name} is gone"
        told = f"the container {self.name} is {state['Status']}"
        if state["Status"] != "running":
            told += f" with exit code {state['ExitCode']}"
        if state.get("OOMKilled"):
            told += ", killed because it took more memory than it may (--memory)"
        if state.get("Error"):
            told += f", {state['Error']}"
        lines = [f"  | {line.rstrip()}" for line in log.splitlines() if line.strip()]
        return "\n".join([f"{told}; its last words:" if lines else f"{told}; it has said nothing", *lines])

    # --- inside it ---------------------------------------------------------------------------------------------------

    def run(self, *command: str, user: str = "") -> int:
        """The exit code of a command inside; 126 and more where there is no such command."""
        with explained(f"running {command[0]} in the container"):
            return int(self._container.exec_run(list(command), user=user).exit_code or 0)

    def state(self) -> str:
        """How far the image says its start is; empty before it says so."""
        with explained("reading the state of the container"):
            code, output = self._container.exec_run(["cat", str(contract.ARTIFACTS / contract.STATE)])
        assert isinstance(output, bytes), "it is not streamed"
        return output.decode(errors="replace").strip() if code == 0 else ""

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files by their path. They and their folders are the Splunk's own, which moves what it takes over."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for folder in sorted({PurePosixPath(path).parent for path in files}):
                member = _owned(folder)
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(member)
            for path, data in files.items():
                member = _owned(PurePosixPath(path))
                member.size, member.mode = len(data), 0o644
                tar.addfile(member, io.BytesIO(data))
        with explained("copying files into the container"):
            self._container.put_archive("/", buffer.getvalue())

    def get(self, path: str) -> bytes:
        """A folder inside, as a tar archive whose names begin with the folder's."""
        with explained(f"copying {path} out of the container"):
            chunks, _ = self._container.get_archive(path)
            return b"".join(chunks)

    # --- ending it ---------------------------------------------------------------------------------------------------

    def remove(self) -> None:
        """With its volumes; safe if it is gone already."""
        with explained(f"removing the container {self.name}"), suppress(*_not_found()):
            self._container.remove(force=True, v=True)

    def stop(self) -> None:
        with explained(f"stopping the container {self.name}"):
            self._container.stop(timeout=_STOP_SECONDS)


def find(client: DockerClient) -> list[SplunkContainer]:
    """Every container that harness has made and that is still there, oldest first."""
    with explained("listing containers"):
        found = client.containers.list(all=True, filters={"label": CONFIG}, ignore_removed=True)
    return [SplunkContainer(container) for container in reversed(found)]


def sweep(client: DockerClient) -> list[str]:
    """Remove what runs that were killed have left; the names of what was removed."""
    orphans = [container for container in find(client) if container.orphaned]
    for container in orphans:
        container.remove()
    return [container.name for container in orphans]


def _owned(path: PurePosixPath) -> tarfile.TarInfo:
    member = tarfile.TarInfo(str(path.relative_to("/")))
    member.uid = member.gid = contract.OWNER
    return member


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _scheme(setting: str | None) -> str:
    return "http" if (setting or "").lower() == "false" else "https"


def _not_found() -> tuple[type[Exception], ...]:
    import docker

    return (docker.errors.NotFound,)
