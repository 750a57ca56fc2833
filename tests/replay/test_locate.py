"""Where the data of a test is looked for, and how it is downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DatasetError
from harness.replay.download import Downloads
from harness.replay.locate import Locator

MEDIA = "https://media.githubusercontent.com/media/splunk/attack_data/master/datasets/attack_techniques/T1049/x/s.log"
RAW = "https://raw.githubusercontent.com/splunk/attack_data/refs/heads/master/datasets/attack_techniques/T1049/x/s.log"
BLOB = "https://github.com/splunk/attack_data/blob/v1/datasets/attack_techniques/T1049/x/s.log"


def locator(root: Path, data_root: Path | None = None) -> Locator:
    return Locator(root, Downloads(folder=root / "cache", offline=True), data_root)


def place(*parts: str | Path) -> Path:
    path = Path(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    return path


@pytest.mark.parametrize("url", [MEDIA, RAW, BLOB])
@pytest.mark.parametrize("data_root", ["clone", "clone/datasets", "clone/datasets/attack_techniques/T1049"])
def test_a_url_into_a_repository_is_found_in_a_copy_of_it_or_of_a_folder_of_it(
    tmp_path: Path, url: str, data_root: str
) -> None:
    wanted = place(tmp_path, "clone/datasets/attack_techniques/T1049/x/s.log")
    assert locator(tmp_path, tmp_path / data_root).find(url).samefile(wanted)


def test_a_file_of_the_same_name_from_another_place_is_not_taken_for_it(tmp_path: Path) -> None:
    place(tmp_path, "clone/datasets/attack_techniques/T1110/x/s.log")
    place(tmp_path, "clone/datasets/attack_techniques/T1110/s.log")
    for data_root in ("clone", "clone/datasets/attack_techniques/T1110", "clone/datasets/attack_techniques/T1110/x"):
        with pytest.raises(DatasetError, match="--offline forbids"):
            locator(tmp_path, tmp_path / data_root).find(MEDIA)


def test_a_url_cannot_climb_out_of_the_data_root(tmp_path: Path) -> None:
    place(tmp_path, "secret")
    (tmp_path / "data").mkdir()
    with pytest.raises(DatasetError, match="--offline forbids"):
        locator(tmp_path, tmp_path / "data").find("https://host/../secret")
    with pytest.raises(DatasetError, match="--offline forbids"):
        locator(tmp_path, tmp_path / "data").find("https://host/%2e%2e/secret")


def test_a_relative_path_is_tried_below_the_data_root_then_the_content_root_then_beside_the_file(
    tmp_path: Path,
) -> None:
    mentioned_in = place(tmp_path, "root/detections/d.yml")
    find = locator(tmp_path / "root", tmp_path / "data").find
    beside = place(tmp_path, "root/detections/datasets/a.log")
    assert find("datasets/a.log", mentioned_in=mentioned_in) == beside
    in_root = place(tmp_path, "root/datasets/a.log")
    assert find("datasets/a.log", mentioned_in=mentioned_in) == in_root
    in_data = place(tmp_path, "data/datasets/a.log")
    assert find("datasets/a.log", mentioned_in=mentioned_in) == in_data
    assert find(str(beside)) == beside


def test_a_missing_dataset_names_who_wants_it_and_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        locator(tmp_path).find("gone.log", mentioned_in=tmp_path / "d.yml")
    assert str(caught.value).startswith(f"{tmp_path / 'd.yml'}: the dataset gone.log does not exist\n")
    assert str(tmp_path / "gone.log") in caught.value.hint


@pytest.mark.parametrize("data", ["ftp://host/a.log", "file:///etc/passwd", "s3://bucket/a.log"])
def test_only_http_is_downloaded(tmp_path: Path, data: str) -> None:
    with pytest.raises(DatasetError, match="neither http nor https"):
        locator(tmp_path).find(data)
