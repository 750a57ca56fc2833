"""Datasets behind URLs, downloaded once and kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from harness.errors import DatasetError, FilePlace
from harness.settings import Limits

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
TOTAL_SECONDS = 900.0
CHUNK = 1 << 20


def default_cache() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("harness") / "datasets"


@dataclass(frozen=True, slots=True)
class Downloads:
    """The cache in ``folder``. Unless ``offline``, the server is asked (by ETag) whether a cached file still holds."""

    folder: Path = field(default_factory=default_cache)
    offline: bool = False
    max_bytes: int = Limits().upload_max_bytes

    def fetch(self, url: str, *, where: FilePlace | None = None) -> Path:
        """The local copy of ``url``. Raises :class:`DatasetError` if it cannot be had."""
        path = self.path_of(url)
        if self.offline:
            if path.is_file():
                return path
            raise DatasetError(
                f"the dataset {url} is not here, and --offline forbids to download it",
                where=where,
                hint="run once without --offline, or name a folder that holds it with --data-root",
            )
        import requests
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

        attempts = Retrying(
            retry=retry_if_exception_type((requests.ConnectionError, requests.Timeout, _TryAgain)),
            stop=stop_after_attempt(3),
            wait=wait_exponential(multiplier=0.2, max=4),
            reraise=True,
        )
        try:
            attempts(self._download, url, path)
        except DatasetError as error:
            error.where = where
            raise
        except (requests.RequestException, _TryAgain) as error:
            hint = "--offline uses the copy from an earlier run" if path.is_file() else "check the network and the URL"
            raise DatasetError(
                f"the dataset {url} cannot be downloaded: {_short(error)}", where=where, hint=hint
            ) from error
        return path

    def path_of(self, url: str) -> Path:
        name = PurePosixPath(unquote(urlsplit(url).path)).name or "dataset"
        return self.folder / hashlib.sha256(url.encode()).hexdigest() / name

    def _download(self, url: str, path: Path) -> None:
        import requests

        tag = path.with_name(path.name + ".etag")
        headers = {"If-None-Match": tag.read_text()} if path.is_file() and tag.is_file() else {}
        with requests.get(url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)) as answer:
            if answer.status_code == requests.codes.not_modified:
                return
            if answer.status_code >= 500 or answer.status_code == requests.codes.too_many_requests:
                raise _TryAgain(f"HTTP {answer.status_code} {answer.reason}")
            if not answer.ok:
                raise DatasetError(
                    f"the dataset {url} cannot be downloaded: HTTP {answer.status_code} {answer.reason}",
                    hint="check the URL in the test",
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            # Written beside and moved into place: a run that is interrupted leaves no half dataset behind.
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                try:
                    self._copy(answer, file, url)
                except BaseException:  # Ctrl-C too: whatever ends the copy, its file goes
                    os.unlink(file.name)  # noqa: PTH108 - the temporary file's own name
                    raise
            os.replace(file.name, path)  # noqa: PTH105
            if etag := answer.headers.get("ETag"):
                tag.write_text(etag)
            else:
                tag.unlink(missing_ok=True)

    def _copy(self, answer: requests.Response, file: IO[bytes], url: str) -> None:
        deadline = time.monotonic() + TOTAL_SECONDS
        written = 0
        for chunk in answer.iter_content(CHUNK):
            written += len(chunk)
            if written > self.max_bytes:
                raise DatasetError(f"the dataset {url} is larger than {self.max_bytes:,} bytes")
            if time.monotonic() > deadline:
                raise DatasetError(f"the dataset {url} did not arrive within {TOTAL_SECONDS:.0f} s")
            file.write(chunk)
        expected = answer.headers.get("Content-Length")
        if expected and "Content-Encoding" not in answer.headers and int(expected) != written:
            raise _TryAgain(f"{written} of {expected} bytes arrived")


class _TryAgain(Exception):
    """The server was not well, or the connection broke off: worth another attempt."""


def _short(error: Exception) -> str:
    """What happened, without the layers that the HTTP library wraps around it."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    return str(cause) or type(cause).__name__
