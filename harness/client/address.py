"""Where a Splunk answers, who we are there, and how its TLS certificate is judged."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from harness.errors import UsageError

REST_PORT = 8089
HEC_PORT = 8088


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and password, or an authentication token (Splunk's "Bearer" token)."""

    username: str = ""
    password: str = ""
    token: str = ""

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, password=***, token={'***' if self.token else ''!r})"


@dataclass(frozen=True, slots=True)
class Trust:
    """How a TLS certificate is judged: by the system's authorities, by ``ca_file``, or with ``verify=False`` not."""

    ca_file: Path | None = None
    verify: bool = True

    def context(self) -> ssl.SSLContext:
        if not self.verify:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"the CA file {self.ca_file} cannot be read: {error}") from error

    def requests_verify(self) -> bool | str:
        """The same judgement in the form the requests library takes."""
        if not self.verify:
            return False
        return str(self.ca_file) if self.ca_file else True


@dataclass(frozen=True, slots=True)
class Address:
    """``rest_url`` is the management port (8089). ``hec_url`` is empty until it is known."""

    rest_url: str
    credentials: Credentials
    trust: Trust = Trust()
    hec_url: str = ""
    hec_token: str = ""

    @property
    def split(self) -> SplitResult:
        return urlsplit(self.rest_url)

    @property
    def host(self) -> str:
        return self.split.hostname or ""

    @property
    def port(self) -> int:
        return self.split.port or REST_PORT

    def with_hec(self, url: str, token: str) -> Address:
        return replace(self, hec_url=url, hec_token=token)

    def __str__(self) -> str:
        return self.rest_url


def parse_address(url: str, environment: Mapping[str, str]) -> Address:
    """The address of an existing Splunk from ``https://[user:password@]host[:8089]`` and the environment.

    ``HARNESS_USERNAME`` and ``HARNESS_PASSWORD`` or ``HARNESS_TOKEN`` say who we are; what stands in the URL wins.
    ``HARNESS_CA_FILE`` names the authority that signed the server's certificate, ``HARNESS_TLS_VERIFY=no`` trusts any
    certificate (a server on loopback is trusted without asking: nobody stands in between).
    ``HARNESS_HEC_URL`` and ``HARNESS_HEC_TOKEN`` name the event collector; else they are asked for over REST.
    """
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            f"{_without_userinfo(parts)!r} is not the address of a Splunk",
            hint="write https://host:8089, the address of its management port",
        )
    try:
        port = parts.port or REST_PORT
    except ValueError as error:
        raise UsageError(f"{_without_userinfo(parts)!r} has no valid port") from error
    credentials = Credentials(
        username=unquote(parts.username or environment.get("HARNESS_USERNAME", "")),
        password=unquote(parts.password) if parts.password else environment.get("HARNESS_PASSWORD", ""),
        token="" if parts.password else environment.get("HARNESS_TOKEN", ""),
    )
    if not credentials.token and not (credentials.username and credentials.password):
        raise UsageError(
            f"no credentials for {parts.hostname}",
            hint="set HARNESS_USERNAME and HARNESS_PASSWORD, or HARNESS_TOKEN",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(
        rest_url=f"{parts.scheme}://{host}:{port}",
        credentials=credentials,
        trust=_trust(parts.hostname, environment),
        hec_url=environment.get("HARNESS_HEC_URL", "").rstrip("/"),
        hec_token=environment.get("HARNESS_HEC_TOKEN", ""),
    )


def _trust(host: str, environment: Mapping[str, str]) -> Trust:
    if ca_file := environment.get("HARNESS_CA_FILE"):
        return Trust(ca_file=Path(ca_file))
    setting = environment.get("HARNESS_TLS_VERIFY", "").strip().lower()
    if setting in {"no", "0", "false", "off"}:
        return Trust(verify=False)
    if setting in {"yes", "1", "true", "on"}:
        return Trust()
    if setting:
        raise UsageError(f"HARNESS_TLS_VERIFY={setting} is neither yes nor no")
    return Trust(verify=not is_loopback(host))


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _without_userinfo(parts: SplitResult) -> str:
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
