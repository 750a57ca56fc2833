"""Small databases of IP addresses for tests, in the format of the real ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mmdb_writer
from netaddr import IPSet


def write_locations(path: Path, records: Mapping[str, Mapping[str, Any]], kind: str = "Test-City") -> Path:
    """Write a database of ``records`` by network (``203.0.113.0/24``) and give its path."""
    writer = mmdb_writer.MMDBWriter(6, kind, languages=["en"], ipv4_compatible=True, float_type="f64")
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return path


def city(name: str, region: str, country: str, latitude: float, longitude: float) -> dict[str, Any]:
    """A record with names in English."""
    return {
        "city": {"names": {"en": name}},
        "subdivisions": [{"names": {"en": region}}],
        "country": {"names": {"en": country}},
        "location": {"latitude": latitude, "longitude": longitude},
    }
