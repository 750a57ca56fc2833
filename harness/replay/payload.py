"""From a dataset file to the bytes that are sent: unpacked, and turned into the text that Splunk would have read."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO
from zlib import error as zlib_error

import msgspec

from harness.errors import DatasetError, FilePlace
from harness.replay import evtx, windows_json
from harness.settings import Limits

MAX_BYTES = Limits().upload_max_bytes
_WINDOWS_XML = ("", "xmlwineventlog")
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Payload:
    """``data`` is the text to send. ``sha256`` is of the file as it lies there, packed or not.

    ``channel`` is the channel of Windows events, from which their source follows; else empty.
    """

    data: bytes
    sha256: str
    channel: str = ""


def read_payloads(path: Path, *, sourcetype: str = "", max_bytes: int = MAX_BYTES) -> list[Payload]:
    """The content of a dataset file, one payload for each event channel (only Windows events can have several).

    ``.gz`` and ``.zip`` (with one file in it) are unpacked; the elements of a JSON array become a line each; ``.evtx``
    becomes the XML that Splunk reads from Windows, and so do the JSON lines of nxlog and winlogbeat if ``sourcetype``
    is that of such XML or is not said; of a table that was exported from Splunk, its ``_raw`` column is sent, unless
    ``sourcetype`` is that of a table. Everything else is sent as it is. Raises :class:`DatasetError` for a Git LFS
    pointer, an empty file, a broken archive, or more than ``max_bytes``.
    """
    where = FilePlace(path)
    try:
        if path.stat().st_size > max_bytes:
            raise DatasetError(f"larger than {max_bytes:,} bytes", where=where, hint="split the dataset")
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"cannot be read: {error.strerror}", where=where) from error
    digest = hashlib.sha256(data).hexdigest()
    _refuse_lfs_pointer(data, where)
    name, data = _unpack(path.name, data, max_bytes, where)
    _refuse_lfs_pointer(data, where)
    if not data.strip():
        raise DatasetError("the dataset is empty", where=where)
    if PurePath(name).suffix.lower() == ".evtx" or data.startswith(evtx.MAGIC):
        return [Payload(text, digest, channel) for channel, text in evtx.to_xml(data, where).items()]
    if data.lstrip()[:1] == b"[" and PurePath(name).suffix.lower() == ".json":
        data = _array_as_lines(data)
    if sourcetype.lower() in _WINDOWS_XML and windows_json.is_windows_json(data):
        return [Payload(text, digest, channel) for channel, text in windows_json.to_xml(data, where).items()]
    if PurePath(name).suffix.lower() == ".csv" and sourcetype.lower() != "csv":
        data = _exported(data)
    return [Payload(data, digest)]


def _exported(data: bytes) -> bytes:
    """The events of a table that Splunk exported, as they were; any other table as it is."""
    text = io.StringIO(data.decode("utf-8-sig", "surrogateescape"), newline="")
    rows = csv.DictReader(text)
    if "_raw" not in (rows.fieldnames or ()):
        return data
    return "".join(f"{row['_raw'] or ''}\n" for row in rows).encode("utf-8", "surrogateescape")


def _refuse_lfs_pointer(data: bytes, where: FilePlace) -> None:
    if data.startswith(_LFS_POINTER):
        raise DatasetError(
            "this is a Git LFS pointer, not the data it stands for",
            where=where,
            hint=f"download it: git lfs pull --include='{where.path.name}'"
            " (a raw.githubusercontent.com URL gives pointers, media.githubusercontent.com/media gives the data)",
        )


def _unpack(name: str, data: bytes, max_bytes: int, where: FilePlace) -> tuple[str, bytes]:
    try:
        if data.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                return PurePath(name).stem, _read(stream, max_bytes, where)
        if data.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                members = [member for member in archive.infolist() if not member.is_dir()]
                if len(members) != 1:
                    raise DatasetError(f"the archive holds {len(members)} files; a dataset is one", where=where)
                with archive.open(members[0]) as stream:
                    return members[0].filename, _read(stream, max_bytes, where)
    except (OSError, EOFError, zlib_error, zipfile.BadZipFile) as error:
        raise DatasetError(f"the archive is broken: {error}", where=where) from error
    except (RuntimeError, NotImplementedError) as error:  # what zipfile raises for a password or an unknown method
        raise DatasetError(f"the archive cannot be unpacked: {error}", where=where) from error
    return name, data


def _read(stream: IO[bytes] | gzip.GzipFile, max_bytes: int, where: FilePlace) -> bytes:
    data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise DatasetError(f"unpacked it is larger than {max_bytes:,} bytes", where=where)
    return data


def _array_as_lines(data: bytes) -> bytes:
    """Each element of a JSON array on a line of its own, its text untouched unless it spans lines.

    What only looks like an array (or is broken) is sent as it is: the source type's rules decide what it is.
    """
    try:
        elements = msgspec.json.decode(data, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        return data
    lines = []
    for element in elements:
        text = bytes(element).strip()
        if b"\n" in text or b"\r" in text:  # line ends stand between tokens only: inside a string they are escaped
            text = b"".join(line.strip() for line in text.splitlines())
        lines.append(text)
    return b"\n".join(lines) + b"\n" if lines else data
