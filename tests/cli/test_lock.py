"""Datasets pinned by content."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import harness
from tests.replay.web import serving
from tests.runner.packs import a_test, detection, write, write_pack
from tests.runner.test_run import NET_USE


def test_pinned_data_is_replayed_without_a_network_and_other_data_is_an_error(tmp_path: Path) -> None:
    test = ["test", "--level=unit"]
    with serving() as web:
        web.files["/b.log"] = NET_USE.encode()
        url = web.url("/b.log")
        write_pack(tmp_path, detection("A"), detection("B", tests=[a_test(url)]), **{"data.log": NET_USE})
        assert harness("lock", "--check", cwd=tmp_path).code == 1
        locked = harness("lock", cwd=tmp_path)
        assert (locked.code, locked.err) == (0, "")
        assert locked.out == f"new     data.log\nnew     {url}\n2 datasets, datasets.lock written\n"
        assert harness("lock", "--check", cwd=tmp_path).code == 0
        before = len(web.seen)
        assert harness(*test, "-q", cwd=tmp_path).code == 0
        assert len(web.seen) == before
        write(tmp_path / "data.log", NET_USE + "\n")
        changed = harness(*test, cwd=tmp_path)
        assert changed.code == 4
        assert "the dataset data.log is not what datasets.lock pins: its SHA-256 is" in " ".join(changed.out.split())
        assert harness("lock", cwd=tmp_path).out.startswith("changed data.log\n")
    assert harness(*test, "-q", cwd=tmp_path).code == 0  # the server is gone


def test_a_dataset_that_cannot_be_had_is_told_and_what_was_pinned_stays(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(tests=[a_test("gone.log")]))
    write(tmp_path / "datasets.lock", f"{'a' * 64}  gone.log\n")
    ended = harness("lock", cwd=tmp_path)
    assert ended.code == 4
    assert "the dataset gone.log does not exist" in ended.err
    assert f"{'a' * 64}  gone.log\n" in (tmp_path / "datasets.lock").read_text()
