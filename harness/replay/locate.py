"""Where the data of a test lies: below ``--data-root``, in the content, at an absolute path, or behind a URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from harness.errors import DatasetError, FilePlace
from harness.replay.download import Downloads
from harness.replay.lfs import read_pointer, resolve
from harness.replay.pins import verify
from harness.replay.store import sha256_of

WEB = frozenset({"http", "https"})
_RAW_HOSTS = {"raw.githubusercontent.com": 0, "media.githubusercontent.com": 1}
"""Hosts that serve a repository's files, and how many path parts stand before ``owner/repository/revision``."""


@dataclass(frozen=True, slots=True)
class Locator:
    """Finds datasets. ``data_root`` is looked in first; without network (``downloads.offline``) it and the download
    cache are all there is for a URL. ``pins`` has the SHA-256 that a dataset must have, by what tests call it."""

    root: Path
    downloads: Downloads
    data_root: Path | None = None
    pins: Mapping[str, str] = field(default_factory=dict)

    def find(self, data: str, *, mentioned_in: Path | None = None) -> Path:
        """The local file of ``data``: an http(s) URL, an absolute path, or a path relative to the data root, the
        content root or the file that mentions it. Of a Git LFS pointer, the data that it stands for. Raises
        :class:`DatasetError` if there is none, or it is not what is pinned."""
        where = FilePlace(mentioned_in) if mentioned_in else None
        path = self._find(data, mentioned_in, where)
        pointer = read_pointer(path)
        if pointer is not None:
            try:
                path = resolve(pointer, path, data, self.downloads)
            except DatasetError as error:
                error.where = error.where or where
                raise
        if data in self.pins:
            verify(data, sha256_of(path), self.pins[data], where)
        return path

    def _find(self, data: str, mentioned_in: Path | None, where: FilePlace | None) -> Path:
        scheme = urlsplit(data).scheme.lower()
        if scheme in WEB:
            for candidate in self.places(data, mentioned_in):
                if candidate.is_file():
                    return candidate
            return self.downloads.fetch(data, sha256=self.pins.get(data, ""), where=where)
        if scheme and len(scheme) > 1:  # one letter is a Windows drive
            raise DatasetError(f"the dataset {data} has a scheme that is neither http nor https", where=where)
        tried = self.places(data, mentioned_in)
        for candidate in tried:
            if candidate.is_file():
                return candidate
        if any(candidate.is_dir() for candidate in tried):
            raise DatasetError(f"the dataset {data} is a folder, not a file", where=where)
        places = ", ".join(str(candidate) for candidate in tried)
        raise DatasetError(
            f"the dataset {data} does not exist",
            where=where,
            hint=f"looked for {places}; --data-root names another place",
        )

    def places(self, data: str, mentioned_in: Path | None = None) -> list[Path]:
        """Where the file of ``data`` may lie without any network, the first place first; nowhere for a URL unless
        there is a data root."""
        if urlsplit(data).scheme.lower() in WEB:
            return list(self._below_data_root(data))
        folders = [self.data_root, self.root, mentioned_in.parent if mentioned_in else None]
        return list(dict.fromkeys(folder / data for folder in folders if folder is not None))

    def _below_data_root(self, url: str) -> Iterator[Path]:
        """Where a copy of the repository behind ``url`` would hold the file.

        Only whole repository paths count, or what is left of one after the folders that the data root ends in: two
        datasets often share a file name, and the wrong one would give a wrong verdict.
        """
        if self.data_root is None:
            return
        parts = [part for part in PurePosixPath(unquote(urlsplit(url).path)).parts if part != "/"]
        if ".." in parts:
            return
        inside = _repository_path(urlsplit(url).hostname or "", parts)
        if inside:
            yield self.data_root.joinpath(*inside)
        yield self.data_root.joinpath(*parts)
        whole = inside or parts
        ends_in = self.data_root.resolve().parts
        for length in range(1, len(whole)):
            if ends_in[-length:] == tuple(whole[:length]):
                yield self.data_root.joinpath(*whole[length:])


def _repository_path(host: str, parts: list[str]) -> list[str]:
    """The path inside a GitHub repository that a raw, media or blob URL names, without owner, name and revision."""
    if host in _RAW_HOSTS:
        rest = parts[_RAW_HOSTS[host] + 2 :]
    elif host == "github.com" and len(parts) > 3 and parts[2] in {"raw", "blob"}:
        rest = parts[3:]
    else:
        return []
    if rest[:2] in (["refs", "heads"], ["refs", "tags"]):
        rest = rest[2:]
    return rest[1:]
