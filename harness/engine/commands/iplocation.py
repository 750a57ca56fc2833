"""``iplocation``: where the IP address of a field is. Follows "iplocation" in the Search Reference.

An address that has no location, such as an internal one, adds no fields. Of one that has, what the database lacks is
an empty text ("an event can have empty field values").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness.engine.columns import over
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import UnsupportedSPL
from harness.knowledge.locations import Locations, Record
from harness.spl.arguments import Arguments, boolean, string
from harness.values.column import Column, Value
from harness.values.frame import Frame
from harness.values.values import to_text

Reader = Callable[[Record, str], str]
"""One field out of a database record, in a language."""


def _named(*path: str) -> Reader:
    def read(record: Record, language: str) -> str:
        names = _at(record, *path, "names")
        if not isinstance(names, Mapping) or not names:
            return ""
        if language not in names:
            raise UnsupportedSPL(
                f"The 'iplocation' command: the database has no name in the language '{language}' for "
                f"'{names.get('en', path[0])}', and it is not known what Splunk writes then."
            )
        return str(names[language])

    return read


def _coordinate(name: str) -> Reader:
    def read(record: Record, _: str) -> str:
        number = _at(record, "location", name)
        return "" if number is None else f"{number:.5f}"

    return read


def _plain(*path: str) -> Reader:
    def read(record: Record, _: str) -> str:
        value = _at(record, *path)
        return "" if value is None else str(value)

    return read


def _at(record: Any, *path: str) -> Any:
    """What stands at a path, the first member of a list on the way; None if nothing does."""
    for step in path:
        if isinstance(record, list):
            record = record[0] if record else None
        record = record.get(step) if isinstance(record, Mapping) else None
    return record


FIELDS: Final[Mapping[str, Reader]] = {
    "City": _named("city"),
    "Country": _named("country"),
    "Region": _named("subdivisions"),
    "lat": _coordinate("latitude"),
    "lon": _coordinate("longitude"),
}
MORE_FIELDS: Final[Mapping[str, Reader]] = {
    "Continent": _named("continent"),
    "MetroCode": _plain("location", "metro_code"),
    "Timezone": _plain("location", "time_zone"),
}
"""Added by ``allfields=true``."""


@dataclass(frozen=True, slots=True)
class IpLocation(SearchCommand):
    names = ("iplocation",)
    streaming = True

    field: str
    prefix: str = ""
    all_fields: bool = False
    language: str = "en"

    @classmethod
    def parse(cls, arguments: Arguments) -> IpLocation:
        known = {"prefix": string, "allfields": boolean, "lang": string}
        options = arguments.options(known)
        if arguments.at_end:
            raise arguments.error("Must specify an IP address field.")
        field = arguments.field_name()
        options |= arguments.options(known)
        arguments.expect_end()
        language = options.get("lang", "en")
        if language == "code":
            raise arguments.unsupported("lang=code")
        return cls(field, options.get("prefix", ""), options.get("allfields", False), language)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        addresses = frame.column(self.field)
        locations = context.knowledge.locations
        records = {value: self._record(value, locations) for value in addresses.compact().values}
        readers = {**FIELDS, **MORE_FIELDS} if self.all_fields else FIELDS
        added: dict[str, Column] = {}
        for name, read in readers.items():

            def tell(value: Value, read: Reader = read) -> Value:
                record = records[value]
                return None if record is None else read(record, self.language)

            target = self.prefix + name
            added[target] = over(addresses.map(tell), frame.column(target))
        return frame.with_columns(added)

    def _record(self, value: Value, locations: Locations) -> Record | None:
        if value is None:
            return None
        if isinstance(value, tuple):
            raise UnsupportedSPL(
                f"The 'iplocation' command: the field '{self.field}' holds several values, and it is not known which "
                f"address Splunk looks up. Split them first: mvexpand {self.field}"
            )
        return locations.record(to_text(value))
