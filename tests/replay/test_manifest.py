"""Dataset descriptions."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DatasetError
from harness.replay.manifest import Described, read_manifest

GOOD = """\
author: someone
id: 6a2f6f5e-0000-4000-8000-000000000001
datasets:
  - name: sysmon
    path: /datasets/T1049/sysmon.log
    source: XmlWinEventLog:Microsoft-Windows-Sysmon/Operational
    sourcetype: XmlWinEventLog
  - {name: near, path: near.log, source: s, sourcetype: t}
"""


def test_a_path_with_a_leading_slash_starts_at_the_repository(tmp_path: Path) -> None:
    data = tmp_path / "datasets/T1049/sysmon.log"
    data.parent.mkdir(parents=True)
    data.write_text("x")
    path = data.with_name("T1049.yml")
    path.write_text(GOOD)
    assert read_manifest(path) == [
        Described("sysmon", str(data), "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational", "XmlWinEventLog"),
        Described("near", "near.log", "s", "t"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\ndatasets: ]", "d.yml:2: not YAML"),
        ("name: x", "no list under 'datasets'"),
        ("- just a list", "no list under 'datasets'"),
        ("datasets: [{path: a.log, source: s}]", "dataset 1 lacks sourcetype"),
        ("datasets: [{path: 1, source: s, sourcetype: t}]", "dataset 1 lacks path"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
    ],
)
def test_what_is_no_description_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "d.yml"
    path.write_text(text)
    with pytest.raises(DatasetError) as caught:
        read_manifest(path)
    assert message in str(caught.value)
