"""Where IP addresses are: a city database in the MaxMind DB format, as ``iplocation`` reads it.

Splunk ships such a database (DB-IP City Lite); harness ships none, so that nobody gets a foreign or outdated one
unasked. It is the file that ``HARNESS_GEOIP_DB`` names, else ``db_path`` of ``[iplocation]`` in the ``limits.conf`` of
an app (limits.conf specification).
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness.errors import FilePlace, UnsupportedSPL

if TYPE_CHECKING:
    from maxminddb import Reader

ENVIRONMENT: Final = "HARNESS_GEOIP_DB"

TO_DO: Final = (
    f"Name a city database in the MaxMind DB format (.mmdb): set {ENVIRONMENT}=FILE, or db_path of [iplocation] in the "
    "limits.conf of an app given with --app. A Splunk has one at $SPLUNK_HOME/share/dbip-city-lite.mmdb; DB-IP City "
    "Lite and GeoLite2 City can be had from their makers."
)
"""Part of the message, not a hint beside it: only the message reaches a client over REST."""

Record = Mapping[str, Any]


class Locations:
    """The records of one database, opened when first asked. ``setting`` is the ``db_path`` of limits.conf."""

    def __init__(self, setting: str | None, place: FilePlace | None = None) -> None:
        named = os.environ.get(ENVIRONMENT)
        self._path = named or setting
        self._place = None if named else place

    def record(self, address: str) -> Record | None:
        """What the database says of an address or a CIDR subnet; None for what is neither, or has no location.

        Raises UnsupportedSPL without a database of cities that can be read, and for a subnet that the database divides.
        """
        network = _network(address)
        if network is None:
            return None
        database = self._database
        if network.version == 6 and database.metadata().ip_version == 4:
            return None
        found, length = database.get_with_prefix_len(network.network_address)
        if network.version == 4 and database.metadata().ip_version == 6 and length > 32:
            length -= 96
        if network.prefixlen < length:
            raise UnsupportedSPL(
                f"The location of '{address}' is not one: the database divides that subnet, and it is not known "
                "which part Splunk takes."
            )
        return found if isinstance(found, dict) and found else None

    @cached_property
    def _database(self) -> Reader:
        import maxminddb

        if not self._path:
            raise UnsupportedSPL(f"The locations of IP addresses cannot be told: no database is configured. {TO_DO}")
        path = Path(self._path)
        try:
            database = maxminddb.open_database(path)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as problem:
            raise UnsupportedSPL(
                f"The locations of IP addresses cannot be told: {path} is no database that can be read "
                f"({type(problem).__name__}). {TO_DO}",
                where=self._place,
            ) from problem
        kind = database.metadata().database_type
        if "city" not in kind.lower():
            raise UnsupportedSPL(f"{path} is a database of the type {kind}, not of cities. {TO_DO}", where=self._place)
        return database


def _network(address: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(address.strip(), strict=False)
    except ValueError:
        return None
