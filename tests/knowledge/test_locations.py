"""Which database of IP addresses is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import FilePlace, UnsupportedSPL
from harness.knowledge.locations import ENVIRONMENT, Locations
from tests.locations import city, write_locations

OSLO = city("Oslo", "Oslo", "Norway", 59.9, 10.7)
LAGOS = city("Lagos", "Lagos", "Nigeria", 6.4, 3.3)


def test_the_environment_counts_before_the_setting_of_an_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = write_locations(tmp_path / "setting.mmdb", {"203.0.113.0/24": OSLO})
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    assert Locations(str(setting)).record("203.0.113.9") == OSLO
    named = write_locations(tmp_path / "named.mmdb", {"203.0.113.0/24": LAGOS})
    monkeypatch.setenv(ENVIRONMENT, str(named))
    assert Locations(str(setting)).record("203.0.113.9") == LAGOS


def test_a_database_of_other_things_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    path = write_locations(tmp_path / "asn.mmdb", {"203.0.113.0/24": {"autonomous_system_number": 64496}}, "Test-ASN")
    with pytest.raises(UnsupportedSPL, match="is a database of the type Test-ASN, not of cities"):
        Locations(str(path)).record("203.0.113.9")


def test_a_file_that_is_none_is_refused_with_the_place_of_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    path = tmp_path / "text.mmdb"
    path.write_text("no database", encoding="utf-8")
    with pytest.raises(UnsupportedSPL, match="HARNESS_GEOIP_DB") as refused:
        Locations(str(path), FilePlace(Path("limits.conf"), 2)).record("203.0.113.9")
    assert str(refused.value).startswith("limits.conf:2: ")


def test_nothing_is_opened_for_what_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    assert Locations(None).record("unknown") is None
