"""From a dataset file to the bytes that are sent."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from harness.errors import DatasetError, ExitCode
from harness.replay.payload import read_payloads

LOG = b"first event\nsecond event\n"


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def only(path: Path) -> bytes:
    (payload,) = read_payloads(path)
    return payload.data


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_log_is_sent_byte_for_byte(tmp_path: Path) -> None:
    data = "naïve \r\n\r\n\ttabs and \x00 zeros".encode()
    (payload,) = read_payloads(write(tmp_path, "any.log", data))
    assert payload.data == data
    assert payload.sha256 == hashlib.sha256(data).hexdigest()


def test_gzip_and_zip_are_unpacked_whatever_their_name_and_hashed_as_they_lie_there(tmp_path: Path) -> None:
    for name, data in {"a.log.gz": gzip.compress(LOG), "b.zip": zipped(inner=LOG), "c.log": gzip.compress(LOG)}.items():
        (payload,) = read_payloads(write(tmp_path, name, data))
        assert payload.data == LOG
        assert payload.sha256 == hashlib.sha256(data).hexdigest()


def test_elements_of_a_json_array_become_lines_with_their_text_untouched(tmp_path: Path) -> None:
    data = b'[{"a": 1.50, "b": "x\\ny"},\n  {"c":\n   ["two", "lines"]}]'
    assert only(write(tmp_path, "a.json", data)) == b'{"a": 1.50, "b": "x\\ny"}\n{"c":["two", "lines"]}\n'


@pytest.mark.parametrize(
    "data", [b'{"a": 1}\n{"a": 2}\n', b'{"Records": [1]}', b"[not json", b"[2024-01-01] a log line\n"]
)
def test_json_that_is_no_array_is_sent_as_it_is(tmp_path: Path, data: bytes) -> None:
    assert only(write(tmp_path, "a.json", data)) == data


@pytest.mark.parametrize("packed", [False, True])
def test_a_git_lfs_pointer_is_refused_with_what_to_do(tmp_path: Path, packed: bool) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    path = write(tmp_path, "windows-sysmon.log", gzip.compress(pointer) if packed else pointer)
    with pytest.raises(DatasetError, match="Git LFS pointer") as caught:
        read_payloads(path)
    assert "git lfs pull --include='windows-sysmon.log'" in caught.value.hint
    assert caught.value.exit_code == ExitCode.UNDECIDED


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.log", b"", "is empty"),
        ("blank.log", b" \n\n", "is empty"),
        ("cut.gz", gzip.compress(LOG)[:-9], "the archive is broken"),
        ("cut.zip", zipped(a=LOG)[:40], "the archive is broken"),
        ("two.zip", zipped(a=LOG, b=LOG), "holds 2 files"),
        ("text.evtx", LOG, "not a Windows event log"),
        ("cut.evtx", b"ElfFile\x00" + bytes(200), "damaged"),
    ],
    # Archives hold the time they were made at: ids made of their bytes would differ between the workers of one run.
    ids=["empty", "blank", "cut gz", "cut zip", "two in a zip", "text as evtx", "cut evtx"],
)
def test_what_cannot_be_sent_is_refused_with_its_place(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = write(tmp_path, name, data)
    with pytest.raises(DatasetError, match=message) as caught:
        read_payloads(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read: No such file"):
        read_payloads(tmp_path / "gone.log")


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: zipped(a=data)])
def test_more_than_the_limit_is_refused_also_when_it_unpacks_to_more(tmp_path: Path, pack: object) -> None:
    path = write(tmp_path, "bomb", pack(b"x" * 100_000))  # type: ignore[operator]
    with pytest.raises(DatasetError, match="larger than 10,000 bytes"):
        read_payloads(path, max_bytes=10_000)
