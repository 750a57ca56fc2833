"""Datasets behind URLs, downloaded once and kept in the user's cache folder.

A download that breaks off goes on where it was; a server that is not well is asked again; of several processes that
want one URL, one downloads it.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit

import msgspec

from harness.errors import DatasetError, FilePlace
from harness.locks import lock
from harness.replay.store import Store, sha256_of
from harness.settings import Limits

if TYPE_CHECKING:
    import requests
    from tenacity import RetryCallState

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
TOTAL_SECONDS = 900.0
ATTEMPTS = 4
PATIENCE_SECONDS = 60.0
"""How long a server may have us wait before it is asked again."""
CHUNK = 1 << 16
CACHE_BYTES = 20 << 30
"""What the cache may hold; HARNESS_CACHE_BYTES sets another bound."""

T = TypeVar("T")


def default_cache() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("harness") / "datasets"


def cache_bytes() -> int:
    text = os.environ.get("HARNESS_CACHE_BYTES", "")
    return int(text) if text.isdecimal() else CACHE_BYTES


class _Known(msgspec.Struct, frozen=True):
    """What a URL gave: the content's hash, its name, and the ETag to ask by whether it still holds."""

    sha256: str
    name: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Downloads:
    """The cache in ``folder``. Unless ``offline``, the server is asked (by ETag) whether a cached file still holds."""

    folder: Path = field(default_factory=default_cache)
    offline: bool = False
    max_bytes: int = Limits().upload_max_bytes
    cache_bytes: int = field(default_factory=cache_bytes)
    _unreachable: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Hosts that no connection came about with, and why: where a network is missing, each dataset would wait for it."""

    @property
    def store(self) -> Store:
        return Store(self.folder, self.cache_bytes)

    def fetch(self, url: str, *, sha256: str = "", where: FilePlace | None = None) -> Path:
        """The local copy of ``url``. With ``sha256`` a copy of that content is taken without asking the server.

        Raises :class:`DatasetError` if it cannot be had.
        """
        pinned = self.store.find(sha256, name_of(url)) if sha256 else None
        if pinned is not None:
            return pinned
        if self.offline:
            path = self._kept(url)
            if path is not None:
                return path
            raise DatasetError(
                f"the dataset {url} is not here, and --offline forbids to download it",
                where=where,
                hint="run once without --offline, or name a folder that holds it with --data-root",
            )
        return self.get(url, where=where)

    def get(self, url: str, headers: Mapping[str, str] | None = None, *, where: FilePlace | None = None) -> Path:
        """Download, or learn that what is kept still holds."""
        try:
            return self.attempted(lambda: self._download(url, headers or {}), url)
        except DatasetError as error:
            error.where = where
            if self._kept(url) is not None and "--offline" not in error.hint:
                error.hint = "--offline uses the copy from an earlier run"
            raise

    def attempted(self, action: Callable[[], T], url: str) -> T:
        """Do it, several times if need be. Raises :class:`DatasetError` when that does not help."""
        import requests

        host = urlsplit(url).netloc
        if host in self._unreachable:
            raise _cannot_download(url, f"{self._unreachable[host]} (not tried again)")
        try:
            return _attempted(action)
        except (requests.RequestException, TryAgain) as error:
            if _never_connected(error):
                self._unreachable[host] = _short(error)
            raise _cannot_download(url, _short(error)) from error
        except OSError as error:
            raise DatasetError(
                f"the dataset {url} cannot be kept: {error.strerror}: {error.filename}",
                hint="the cache folder lies below XDG_CACHE_HOME, or ~/.cache",
            ) from error

    def _kept(self, url: str) -> Path | None:
        known = self._known(url)
        return self.store.find(known.sha256, known.name) if known is not None else None

    def _known(self, url: str) -> _Known | None:
        try:
            return msgspec.json.decode(self._place("urls", url, ".json").read_bytes(), type=_Known)
        except (OSError, msgspec.DecodeError):
            return None

    def _place(self, kind: str, url: str, ending: str) -> Path:
        return self.folder / kind / (hashlib.sha256(url.encode()).hexdigest() + ending)

    def _download(self, url: str, headers: Mapping[str, str]) -> Path:
        part = self._place("partial", url, ".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        with self._place("partial", url, ".lock").open("wb") as waiting:
            lock(waiting, wait=True)
            return self._download_alone(url, headers, part)

    def _download_alone(self, url: str, headers: Mapping[str, str], part: Path) -> Path:
        import requests

        tag = part.with_suffix(".etag")
        kept = self._kept(url)
        known = self._known(url)
        asked = dict(headers)
        have = part.stat().st_size if part.is_file() and tag.is_file() else 0
        if have:  # only if it is still the same file: else the server sends all of it
            asked |= {"Range": f"bytes={have}-", "If-Range": tag.read_text()}
        elif kept is not None and known is not None and known.etag:
            asked["If-None-Match"] = known.etag
        # Packed on the way, parts of it could not be put together.
        asked["Accept-Encoding"] = "identity"
        with requests.get(url, headers=asked, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)) as answer:
            if answer.status_code == requests.codes.not_modified and kept is not None:
                return kept
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                part.unlink()
                raise TryAgain("the beginning that is here does not fit")
            check(answer, url)
            is_page = answer.headers.get("Content-Type", "").startswith("text/html")
            goes_on = answer.status_code == requests.codes.partial_content
            if goes_on and not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                part.unlink()
                raise TryAgain("the server went on at another place")
            etag = answer.headers.get("ETag", "")
            # Half a file is worth keeping if a strong tag tells whether the other half belongs to it.
            resumable = bool(etag) and not etag.startswith("W/")
            if resumable:
                tag.write_text(etag)
            else:
                tag.unlink(missing_ok=True)
            try:
                with part.open("ab" if goes_on else "wb") as file:
                    self._copy(answer, file, url, have if goes_on else 0)
                if is_page:
                    _refuse_web_page(part, url)
            except TryAgain:
                raise
            except DatasetError:
                part.unlink(missing_ok=True)
                tag.unlink(missing_ok=True)
                raise
        digest = sha256_of(part)
        path = self.store.take(part, digest, name_of(url))
        tag.unlink(missing_ok=True)
        index = self._place("urls", url, ".json")
        index.parent.mkdir(parents=True, exist_ok=True)
        fresh = index.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(_Known(digest, name_of(url), etag)))
        os.replace(fresh, index)  # noqa: PTH105
        return path

    def _copy(self, answer: requests.Response, file: IO[bytes], url: str, have: int) -> None:
        deadline = time.monotonic() + TOTAL_SECONDS
        written = have
        answer.raw.enforce_content_length = False  # what came before it broke off is kept; the length is held below
        for chunk in answer.iter_content(CHUNK):
            written += len(chunk)
            if written > self.max_bytes:
                raise DatasetError(f"the dataset {url} is larger than {self.max_bytes:,} bytes")
            if time.monotonic() > deadline:
                raise DatasetError(f"the dataset {url} did not arrive within {TOTAL_SECONDS:.0f} s")
            file.write(chunk)
        expected = answer.headers.get("Content-Length")
        if expected and "Content-Encoding" not in answer.headers and int(expected) + have != written:
            raise TryAgain(f"{written} of {int(expected) + have} bytes arrived")


def _refuse_web_page(path: Path, url: str) -> None:
    """What a server shows to people who are not logged in would be indexed as an event else."""
    with path.open("rb") as file:
        begin = file.read(1024).lstrip().lower()
    if begin.startswith((b"<!doctype html", b"<html")) and not name_of(url).lower().endswith((".html", ".htm")):
        raise DatasetError(
            f"the dataset {url} cannot be downloaded: the server gave a web page instead",
            hint="name the raw file; if the page asks to log in, download the data and use --data-root",
        )


class TryAgain(Exception):
    """The server was not well, or the connection broke off: worth another attempt, ``after`` some seconds."""

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


def _attempted(action: Callable[[], T]) -> T:
    import requests
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

    attempts = Retrying(
        retry=retry_if_exception_type(
            (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError, TryAgain)
        ),
        stop=stop_after_attempt(ATTEMPTS),
        wait=_wait,
        reraise=True,
    )
    return attempts(action)


def _wait(state: RetryCallState) -> float:
    """Longer each time, and as long as the server asks for."""
    from tenacity import wait_exponential

    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.after if isinstance(error, TryAgain) else 0.0
    return max(asked, wait_exponential(multiplier=0.2, max=4)(state))


def _asked_to_wait(answer: requests.Response) -> float:
    """The seconds of a ``Retry-After`` header, which may be a date; 0 without one."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0


def _cannot_download(url: str, why: str) -> DatasetError:
    return DatasetError(f"the dataset {url} cannot be downloaded: {why}", hint="check the network and the URL")


def check(answer: requests.Response, url: str) -> None:
    """Raise for an answer that is not what was asked for."""
    import requests

    if answer.status_code >= 500 or answer.status_code == requests.codes.too_many_requests:
        seconds = _asked_to_wait(answer)
        if seconds <= PATIENCE_SECONDS:
            raise TryAgain(f"HTTP {answer.status_code} {answer.reason}", seconds)
        raise DatasetError(
            f"the dataset {url} cannot be downloaded: HTTP {answer.status_code} {answer.reason}",
            hint=f"the server wants to be asked again in {seconds:.0f} s",
        )
    if not answer.ok:
        closed = answer.status_code in (requests.codes.unauthorized, requests.codes.forbidden)
        raise DatasetError(
            f"the dataset {url} cannot be downloaded: HTTP {answer.status_code} {answer.reason}",
            hint="download it where you are known, and name its folder with --data-root" if closed else "check the URL",
        )


def name_of(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).name or "dataset"


def _short(error: Exception) -> str:
    """What happened, without the layers that the HTTP library wraps around it."""
    *_, cause = _causes(error)
    return str(cause) or type(cause).__name__


def _never_connected(error: Exception) -> bool:
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    return any(isinstance(cause, (ConnectTimeoutError, NewConnectionError)) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
