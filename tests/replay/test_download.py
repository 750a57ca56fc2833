"""Datasets behind URLs: downloaded once, whatever the network does, and never something else than they should be."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness.errors import DatasetError, UsageError
from harness.replay.download import Downloads
from harness.replay.locate import Locator
from harness.replay.pins import FILE, read_pins, write_pins
from tests.replay.web import Web, serving

DATA = b"0123456789" * 50


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as web:
        web.files["/some/file%20name.log"] = DATA
        yield web


@pytest.fixture
def url(web: Web) -> str:
    return web.url("/some/file%20name.log")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between attempts nobody waits here."""
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def objects(folder: Path) -> list[Path]:
    return [path for path in (folder / "objects").rglob("*") if path.is_file()]


def test_a_download_is_kept_and_only_asked_about_the_second_time(tmp_path: Path, web: Web, url: str) -> None:
    downloads = Downloads(tmp_path)
    first = downloads.fetch(url)
    assert first.read_bytes() == DATA
    assert first.name == "file name.log"
    assert downloads.fetch(url) == first
    assert [request.headers.get("If-None-Match") for request in web.seen] == [None, '"one"']


def test_the_same_content_behind_two_urls_is_kept_once_under_both_names(tmp_path: Path, web: Web, url: str) -> None:
    web.files["/other.json"] = DATA
    one, two = Downloads(tmp_path).fetch(url), Downloads(tmp_path).fetch(web.url("/other.json"))
    assert (one.name, two.name) == ("file name.log", "other.json")
    assert one.parent == two.parent


def test_offline_takes_the_kept_copy_and_never_asks(tmp_path: Path, web: Web, url: str) -> None:
    kept = Downloads(tmp_path).fetch(url)
    assert Downloads(tmp_path, offline=True).fetch(url) == kept
    assert len(web.seen) == 1


def test_a_busy_server_is_asked_again(tmp_path: Path, web: Web, url: str) -> None:
    web.statuses = [503, 429]
    assert Downloads(tmp_path).fetch(url).read_bytes() == DATA
    assert len(web.seen) == 3


def test_a_server_that_stays_busy_is_given_up(tmp_path: Path, web: Web, url: str) -> None:
    web.statuses = [503] * 9
    with pytest.raises(DatasetError, match=f"{url} cannot be downloaded: HTTP 503"):
        Downloads(tmp_path).fetch(url)
    assert len(web.seen) == 4


def test_a_missing_page_is_not_asked_for_again_and_names_the_url(tmp_path: Path, web: Web) -> None:
    with pytest.raises(DatasetError, match=r"/gone\.log cannot be downloaded: HTTP 404"):
        Downloads(tmp_path).fetch(web.url("/gone.log"))
    assert len(web.seen) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_data_that_is_not_for_everybody_is_told_as_such(tmp_path: Path, web: Web, url: str, status: int) -> None:
    web.statuses = [status]
    with pytest.raises(DatasetError, match=f"HTTP {status}") as raised:
        Downloads(tmp_path).fetch(url)
    assert "--data-root" in raised.value.hint


def test_a_server_that_wants_to_rest_for_long_is_left_alone(tmp_path: Path, web: Web, url: str) -> None:
    web.statuses, web.headers = [429, 429], {"Retry-After": "3600"}
    with pytest.raises(DatasetError, match="HTTP 429") as raised:
        Downloads(tmp_path).fetch(url)
    assert raised.value.hint == "the server wants to be asked again in 3600 s"
    assert len(web.seen) == 1


@pytest.mark.parametrize("dated", [False, True])
def test_a_server_that_wants_to_rest_is_asked_again_when_it_has(
    tmp_path: Path, web: Web, url: str, dated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    after = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True) if dated else "30"
    web.statuses, web.headers = [503], {"Retry-After": after}
    assert Downloads(tmp_path).fetch(url).read_bytes() == DATA
    (seconds,) = waited
    assert 20 < seconds <= 30


def test_a_page_to_log_in_is_not_taken_for_data(tmp_path: Path, web: Web, url: str) -> None:
    web.headers = {"Content-Type": "text/html; charset=utf-8"}
    path = urlsplit(url).path
    web.files[path] = b"\n<!DOCTYPE html><title>Sign in</title>"
    downloads = Downloads(tmp_path)
    with pytest.raises(DatasetError, match="gave a web page instead"):
        downloads.fetch(url)
    web.files[path], web.etag = DATA, '"two"'
    assert downloads.fetch(url).read_bytes() == DATA


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirect_leads_nowhere_but_to_the_web(tmp_path: Path, web: Web, target: str) -> None:
    web.redirects["/old.log"] = target
    with pytest.raises(DatasetError, match="cannot be downloaded"):
        Downloads(tmp_path).fetch(web.url("/old.log"))


def test_a_server_that_is_not_there_is_waited_for_once(tmp_path: Path) -> None:
    with serving() as web:
        first, second = web.url("/first.log"), web.url("/second.log")
    downloads = Downloads(tmp_path)
    with pytest.raises(DatasetError, match=r"/first\.log .*Connection refused\n"):
        downloads.fetch(first)
    with pytest.raises(DatasetError, match=r"/second\.log .*Connection refused \(not tried again\)"):
        downloads.fetch(second)


def test_a_redirect_is_followed(tmp_path: Path, web: Web) -> None:
    web.redirects["/moved.log"] = "/some/file%20name.log"
    path = Downloads(tmp_path).fetch(web.url("/moved.log"))
    assert (path.read_bytes(), path.name) == (DATA, "moved.log")


def test_too_much_data_is_refused_and_not_kept(tmp_path: Path, web: Web, url: str) -> None:
    with pytest.raises(DatasetError, match="larger than 3 bytes"):
        Downloads(tmp_path, max_bytes=3).fetch(url)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_download_that_breaks_off_goes_on_where_it_was(tmp_path: Path, web: Web, url: str) -> None:
    web.break_after = [100, 150]
    assert Downloads(tmp_path).fetch(url).read_bytes() == DATA
    assert [request.headers.get("Range") for request in web.seen] == [None, "bytes=100-", "bytes=250-"]


def test_it_goes_on_in_the_next_run_too(tmp_path: Path, web: Web, url: str) -> None:
    web.break_after = [50, 50, 50, 50]
    with pytest.raises(DatasetError, match="cannot be downloaded"):
        Downloads(tmp_path).fetch(url)
    assert objects(tmp_path) == []
    assert Downloads(tmp_path).fetch(url).read_bytes() == DATA
    assert web.seen[-1].headers["Range"] == "bytes=200-"


def test_halves_of_two_files_are_never_put_together(tmp_path: Path, web: Web, url: str) -> None:
    web.break_after = [100]

    def change() -> None:
        if len(web.seen) == 2:
            web.files["/some/file%20name.log"] = b"new" * 300
            web.etag = '"two"'

    web.before = change
    assert Downloads(tmp_path).fetch(url).read_bytes() == b"new" * 300


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_strong_tag_it_begins_again(tmp_path: Path, web: Web, url: str, etag: str) -> None:
    web.etag = etag
    web.break_after = [100]
    assert Downloads(tmp_path).fetch(url).read_bytes() == DATA
    assert [request.headers.get("Range") for request in web.seen] == [None, None]


def test_of_many_that_want_a_url_one_downloads_it(tmp_path: Path, web: Web, url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(lambda _: Downloads(tmp_path).fetch(url), range(4)))
    assert len(paths) == 1
    assert sum("If-None-Match" not in request.headers for request in web.seen) == 1


def test_the_cache_is_bounded_and_lets_go_of_what_was_used_longest_ago(tmp_path: Path, web: Web) -> None:
    import os

    downloads = Downloads(tmp_path, cache_bytes=1100)
    for name in "abc":
        web.files[f"/{name}"] = DATA + name.encode()
    a, b = downloads.fetch(web.url("/a")), downloads.fetch(web.url("/b"))
    os.utime(a, (10, 10))
    os.utime(b, (20, 20))
    c = downloads.fetch(web.url("/c"))
    assert [path.is_file() for path in (a, b, c)] == [False, True, True]
    assert downloads.fetch(web.url("/a")).read_bytes() == DATA + b"a"  # had again when it is wanted


# --- pinned -----------------------------------------------------------------------------------------------------------


def locator(root: Path, *, offline: bool = False) -> Locator:
    return Locator(root, Downloads(root / "cache", offline=offline), pins=read_pins(root))


def test_a_pinned_dataset_that_is_here_is_not_even_asked_about(tmp_path: Path, web: Web, url: str) -> None:
    write_pins(tmp_path, {url: sha256(DATA)})
    locator(tmp_path).find(url)
    assert locator(tmp_path).find(url).read_bytes() == DATA
    assert len(web.seen) == 1


def test_a_dataset_that_is_not_what_is_pinned_is_refused_with_both_hashes(tmp_path: Path, web: Web, url: str) -> None:
    local = tmp_path / "local.log"
    local.write_bytes(DATA)
    write_pins(tmp_path, {url: "0" * 64, "local.log": "1" * 64})
    for data, pinned in ((url, "0" * 64), ("local.log", "1" * 64)):
        with pytest.raises(DatasetError, match=f"its SHA-256 is {sha256(DATA)}, pinned is {pinned}"):
            locator(tmp_path).find(data)


def test_a_lock_file_reads_back_and_a_line_that_is_none_is_told(tmp_path: Path) -> None:
    pins = {"b c.log": "a" * 64, "https://host/a.log": "b" * 64}
    write_pins(tmp_path, pins)
    assert read_pins(tmp_path) == pins
    assert read_pins(tmp_path / "elsewhere") == {}
    (tmp_path / FILE).write_text(f"# x\n{'a' * 63}  short.log\n")
    with pytest.raises(UsageError, match=r"datasets\.lock:2: not a SHA-256"):
        read_pins(tmp_path)


# --- Git LFS ----------------------------------------------------------------------------------------------------------


def pointer(data: bytes = DATA) -> bytes:
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(data)}\nsize {len(data)}\n"
    return text.encode()


def test_a_pointer_behind_a_url_is_resolved_by_the_repositorys_lfs_server(tmp_path: Path, web: Web) -> None:
    web.files["/group/repo/-/raw/main/a/data.log"] = pointer()
    web.objects[sha256(DATA)] = DATA
    url = web.url("/group/repo/-/raw/main/a/data.log")
    path = locator(tmp_path).find(url)
    assert (path.read_bytes(), path.name) == (DATA, "data.log")
    batch, object_ = web.seen[1:]
    assert (batch.method, batch.path) == ("POST", "/group/repo.git/info/lfs/objects/batch")
    assert batch.headers["Accept"] == batch.headers["Content-Type"] == "application/vnd.git-lfs+json"
    assert object_.headers["X-Token"] == "t"
    assert locator(tmp_path, offline=True).find(url) == path


def clone(top: Path, *settings: tuple[str, str]) -> Path:
    subprocess.run(["git", "init", "--quiet", str(top)], check=True)
    for name, value in settings:
        subprocess.run(["git", "-C", str(top), "config", name, value], check=True)
    (top / "data.log").write_bytes(pointer())
    return top


@pytest.mark.parametrize("setting", ["remote.origin.url", "lfs.url", "remote.origin.lfsurl"])
def test_a_pointer_in_a_clone_is_resolved_where_git_lfs_would_look(tmp_path: Path, web: Web, setting: str) -> None:
    web.objects[sha256(DATA)] = DATA
    server = "/owner/repo.git" if setting == "remote.origin.url" else "/owner/repo.git/info/lfs"
    root = clone(tmp_path / "clone", (setting, web.url(server)))
    assert locator(root).find("data.log").read_bytes() == DATA
    assert web.seen[0].path == "/owner/repo.git/info/lfs/objects/batch"


def test_what_git_lfs_has_fetched_is_taken_from_there(tmp_path: Path) -> None:
    root = clone(tmp_path / "clone")
    digest = sha256(DATA)
    kept = root / ".git/lfs/objects" / digest[:2] / digest[2:4] / digest
    kept.parent.mkdir(parents=True)
    kept.write_bytes(DATA)
    path = locator(root, offline=True).find("data.log")
    assert (path.read_bytes(), path.name) == (DATA, "data.log")


def test_an_object_that_the_lfs_server_lacks_or_mistakes_is_an_error(tmp_path: Path, web: Web) -> None:
    root = clone(tmp_path / "clone", ("lfs.url", web.url("/lfs")))
    with pytest.raises(DatasetError, match=r"does not give the object .*: Object does not exist"):
        locator(root).find("data.log")
    web.objects[sha256(DATA)] = b"something else"
    with pytest.raises(DatasetError, match=f"other data for data.log: its SHA-256 is {sha256(b'something else')}"):
        locator(root).find("data.log")


def test_a_pointer_that_nothing_resolves_is_never_taken_for_data(tmp_path: Path) -> None:
    root = clone(tmp_path / "clone")
    with pytest.raises(DatasetError, match=r"a Git LFS pointer, .*nothing says which server has it"):
        locator(root).find("data.log")
    with pytest.raises(DatasetError, match=r"a Git LFS pointer, .*--offline forbids"):
        locator(root, offline=True).find("data.log")
