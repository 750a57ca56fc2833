"""What went wrong between us and a Splunk, told so that one knows what to do next."""

from __future__ import annotations

import http.client
import socket
import ssl
import xml.etree.ElementTree as ElementTree

from harness.errors import BackendError

TRANSPORT_ERRORS = (OSError, http.client.HTTPException, ElementTree.ParseError)
"""What a connection raises: refused, timed out, TLS, cut off, or an answer that is no HTTP or no XML."""


MANAGEMENT_PORT = "is Splunk running, and is this its management port (8089)?"
COLLECTOR_PORT = "is the HTTP Event Collector on another port? then name it: HARNESS_HEC_URL=https://host:port"


def explain(error: BaseException, url: str, if_refused: str = MANAGEMENT_PORT) -> BackendError:
    """The error of a connection to ``url`` as a :class:`BackendError`."""
    cause = _root(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return BackendError(
            f"the TLS certificate of {url} is not trusted: {cause.verify_message}",
            hint="name the authority that signed it with HARNESS_CA_FILE, "
            "or trust any certificate with HARNESS_TLS_VERIFY=no",
        )
    if isinstance(cause, ssl.SSLError):
        return BackendError(
            f"no TLS connection to {url}: {cause.reason or cause}", hint="does the server speak http:// on this port?"
        )
    if isinstance(cause, socket.gaierror):
        return BackendError(f"the host of {url} is unknown: {cause.strerror}", hint="check the host name")
    if isinstance(cause, ConnectionRefusedError):
        return BackendError(f"nothing answers at {url}: connection refused", hint=if_refused)
    if isinstance(cause, TimeoutError):
        return BackendError(f"{url} did not answer in time", hint="is Splunk busy, or a firewall in between?")
    if isinstance(cause, ElementTree.ParseError):
        return not_a_splunk(url, "its answer is not XML")
    if isinstance(cause, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return BackendError(f"{url} closed the connection without an answer", hint="does it speak https:// there?")
    if isinstance(cause, http.client.HTTPException):
        return not_a_splunk(url, "its answer is not HTTP")
    return BackendError(f"no connection to {url}: {cause}")


def not_a_splunk(url: str, why: str) -> BackendError:
    return BackendError(
        f"{url} answers, but not as a Splunk does: {why}", hint="the management port of a Splunk is usually 8089"
    )


def login_refused(url: str, who: str) -> BackendError:
    return BackendError(
        f"{url} refuses the login of {who}",
        hint="check HARNESS_USERNAME and HARNESS_PASSWORD, or HARNESS_TOKEN",
    )


def _root(error: BaseException) -> BaseException:
    """The first cause: libraries wrap what the socket said several times."""
    seen: set[int] = set()
    while id(error) not in seen:
        seen.add(id(error))
        inner = error.__cause__ or getattr(error, "reason", None) or error.__context__
        if not isinstance(inner, BaseException):
            inner = next((item for item in error.args if isinstance(item, BaseException)), None)
        if inner is None:
            break
        error = inner
    return error
