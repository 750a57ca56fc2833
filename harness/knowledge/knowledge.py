"""All that is known about data: apps merged into props, transforms, macros, lookups, event types, tags, data models."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import FilePlace, KnowledgeError, SearchError, UnsupportedSPL
from harness.knowledge.apps import App, conflicts, load_app
from harness.knowledge.classification import Classifier, EventType, read_eventtypes, read_tags
from harness.knowledge.conf import Stanzas, boolean, merge, names, with_default
from harness.knowledge.datamodels import DataModel, parse_data_model
from harness.knowledge.locations import Locations
from harness.knowledge.lookups import Lookup, Rows, Table, Tables, define, is_lookup, usable
from harness.knowledge.modular import with_parts
from harness.knowledge.recipes import Recipe, RecipeReader
from harness.knowledge.stanzas import Props
from harness.spl.macros import Macro
from harness.values.column import Value, normal
from harness.values.values import members

if TYPE_CHECKING:
    from harness.knowledge.index_time import Indexed
    from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where data comes from, as the sender says it."""

    host: str
    source: str
    sourcetype: str
    index: str = "main"


_NEW_FILE = re.compile(r"[\w\-][\w.\- ]*\.csv", re.ASCII)
"""A file that a search may make: in the lookups folder and nowhere else."""


@dataclass(slots=True)
class Macros:
    """Macros by name and number of arguments; the last definition counts."""

    table: dict[tuple[str, int], Macro] = field(default_factory=dict)

    def get(self, name: str, arity: int) -> Macro | None:
        return self.table.get((name, arity))

    def add(self, macro: Macro) -> None:
        self.table[(macro.name, len(macro.arguments))] = macro

    def names(self) -> list[str]:
        return sorted({name for name, _ in self.table})


def shipped_apps() -> list[Path]:
    """The folders of the apps that come with harness."""
    root = Path(__file__).parent.parent / "apps"
    return sorted(path for path in root.iterdir() if (path / "default").is_dir())


class Knowledge:
    """Loaded apps, read lazily part by part; a later app wins over an earlier one.

    ``warnings`` collects what was left out or is read differently by a Splunk, with its place. It grows while parts
    are first used.
    """

    def __init__(self, apps: Sequence[App], *, tables: Tables | None = None) -> None:
        self.apps = _without_stand_ins(apps)
        self.tables = tables if tables is not None else Tables()
        self.warnings: list[KnowledgeError] = [warning for app in self.apps for warning in app.warnings]
        self.warnings.extend(conflicts(self.apps))
        self._warned: set[str] = set()
        self._confs: dict[str, Stanzas] = {}
        self._lookups: dict[str, Lookup] = {}
        self._data_models: dict[str, DataModel] = {}
        self._recipes: dict[int, Recipe] = {}

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Knowledge:
        """Load apps from folders and packages."""
        return cls([load_app(path) for path in paths])

    def with_app(self, app: App) -> Knowledge:
        """The same with one more app that wins over all others; lookups that are written are written in both."""
        return Knowledge([*self.apps, app], tables=self.tables)

    def session(self) -> Knowledge:
        """The same for one server: lookups that its searches write are written nowhere else."""
        return Knowledge(self.apps, tables=Tables(self.tables))

    # --- configuration

    def conf(self, name: str) -> Stanzas:
        """One conf file over all apps, merged; ``[default]`` is a stanza of it."""
        found = self._confs.get(name)
        if found is None:
            found = self._confs[name] = merge(app.confs[name] for app in self.apps if name in app.confs)
        return found

    def place(self, conf: str, stanza: str, key: str) -> FilePlace | None:
        """Where the setting that counts is written."""
        for app in reversed(self.apps):
            if key in app.confs.get(conf, {}).get(stanza, {}):
                return app.places.get((conf, stanza, key))
        return None

    def warn(self, warning: KnowledgeError) -> None:
        """Report once what is left out or read differently."""
        if (text := str(warning)) not in self._warned:
            self._warned.add(text)
            self.warnings.append(warning)

    @cached_property
    def props(self) -> Props:
        return Props(self.conf("props"), self.warn)

    @cached_property
    def transforms(self) -> Stanzas:
        """Those that are not disabled."""
        stanzas = with_parts(with_default(self.conf("transforms")))
        return {name: each for name, each in stanzas.items() if not boolean(each.get("disabled"), False)}

    @cached_property
    def macros(self) -> Macros:
        macros = Macros()
        for name, settings in with_default(self.conf("macros")).items():
            if "definition" in settings and not boolean(settings.get("disabled"), False):
                macros.add(_macro(name, settings))
        return macros

    @cached_property
    def eventtypes(self) -> dict[str, EventType]:
        def warn(name: str, message: str) -> None:
            self.warn(KnowledgeError(message, where=self.place("eventtypes", name, "search")))

        return read_eventtypes(with_default(self.conf("eventtypes")), self.macros, warn)

    @cached_property
    def classifier(self) -> Classifier:
        return Classifier(self.eventtypes, read_tags(self.conf("tags")))

    @cached_property
    def locations(self) -> Locations:
        """The database of IP addresses that ``iplocation`` asks."""
        setting = self.conf("limits").get("iplocation", {}).get("db_path")
        return Locations(setting, self.place("limits", "iplocation", "db_path"))

    # --- lookups and data models

    def lookup(self, name: str) -> Lookup:
        """The lookup of that name, or over the CSV file of that name. Raises SearchError in Splunk's words, and
        UnsupportedSPL for a kind that is not carried out."""
        return usable(self.lookup_definition(name))

    def look_up(self, name: str, inputs: Mapping[str, str], wanted: Sequence[str]) -> Mapping[str, Value] | None:
        """For eval's ``lookup()``: the wanted fields of the rows that match; None if none does."""
        lookup = self.lookup(name)
        if lookup.temporal is not None:
            raise UnsupportedSPL(f"eval's lookup() of the lookup '{name}', which goes by time, is not supported.")
        rows = lookup.match(inputs)
        if not rows:
            return None
        cells = {field: [cell for row in rows for cell in members(row.get(field)) if cell != ""] for field in wanted}
        return {field: normal(tuple(found)) for field, found in cells.items()}

    def new_lookup_file(self, name: str) -> Lookup:
        """An empty CSV file of that name, for what is to be written. Raises SearchError as :meth:`lookup`."""
        if name in self._lookups or self._find_lookup(name) is not None or not _NEW_FILE.fullmatch(name):
            return self.lookup(name)
        return self.file(name)

    def file(self, name: str) -> Lookup:
        """The lookup file of that name, of whatever kind; an empty one if there is none yet."""
        found = self._lookups.get(name) or self._find_lookup(name)
        if found is None:
            table = Table([], [])
            self.tables.bind_file(name, table)
            found = Lookup(name, table, filename=name)
        self._lookups[name] = found
        return found

    def lookup_definition(self, name: str) -> Lookup:
        """The same without asking whether it can be used."""
        found = self._lookups.get(name)
        if found is None:
            found = self._find_lookup(name)
            if found is None:
                raise SearchError(
                    f"Could not construct lookup '{name}'. See search.log for more details.",
                    hint=f"No app defines the lookup {name}.",
                )
            self._lookups[name] = found
        return found

    def _find_lookup(self, name: str) -> Lookup | None:
        settings = self.transforms.get(name, {})
        if not is_lookup(settings):
            table = self._lookup_file(name)
            return None if table is None else Lookup(name, table, filename=name)
        filename = settings.get("filename")
        if filename is None:
            fields = names(settings.get("fields_list", "").replace(" ", ","))
            external = "external_cmd" in settings
            rows = Table(fields, []) if external else self.tables.collection(settings.get("collection", name), fields)
            return define(name, settings, rows)
        unread = Lookup(name, Table([], []), unsupported=define(name, settings, Table([], [])).unsupported)
        if unread.unsupported:
            return unread
        table = self._lookup_file(filename)
        if table is None:
            raise SearchError(
                f"Could not construct lookup '{name}'. See search.log for more details.",
                where=self.place("transforms", name, "filename"),
                hint=f"It names the file {filename}, which no app has in its lookups folder.",
            )
        return define(name, settings, table)

    def _lookup_file(self, name: str) -> Rows | None:
        def read() -> Table | None:
            for app in reversed(self.apps):
                if name in app.lookups:
                    return Table.from_csv(app.lookups[name], app.path / "lookups" / name, later=True)
            return None

        return self.tables.file(name, read)

    def lookup_names(self) -> list[str]:
        """Definitions and files that a search can name."""
        defined = [name for name, settings in self.transforms.items() if is_lookup(settings)]
        files = [file for app in self.apps for file in app.lookups]
        return sorted({*defined, *files, *self.tables.file_names(), *self._lookups})

    def data_model(self, name: str) -> DataModel:
        """Raises SearchError in Splunk's words if there is none."""
        found = self._data_models.get(name)
        if found is None:
            app = next((app for app in reversed(self.apps) if name in app.data_models), None)
            if app is None:
                raise SearchError(
                    f"Error in 'DataModelCache': Invalid or unaccelerable root object for datamodel: {name}"
                )
            place = app.path / "default" / "data" / "models" / f"{name}.json"
            found = self._data_models[name] = parse_data_model(app.data_models[name], place, app.name)
        return found

    def data_model_names(self) -> list[str]:
        return sorted({name for app in self.apps for name in app.data_models})

    # --- events

    def recipe(self, source: str, host: str, sourcetype: str) -> Recipe:
        """What the search-time settings of such events ask for; the same object for the same stanzas."""
        renamed = self.search_sourcetype(sourcetype)
        layers = self.props.layers(source, host, renamed)
        settings = self.props.settings(source, host, renamed)
        found = self._recipes.get(id(settings))
        if found is None:
            reader = RecipeReader(self, layers)
            found = self._recipes[id(settings)] = reader.read(settings)
        return found

    def search_sourcetype(self, sourcetype: str) -> str:
        """The source type that events have at search time (``rename``)."""
        return self.props.settings("", "", sourcetype).get("rename") or sourcetype

    def search_time(self, frame: Frame, now: float | None = None) -> Frame:
        """Add all search-time fields. ``now`` is the moment of the search, for calculated fields that ask for it."""
        from harness.knowledge.search_time import search_time

        return search_time(frame, self, now)

    def unread(self, frame: Frame) -> list[str]:
        """The source types that have rules to read fields from text, which find none in any event."""
        from harness.knowledge.search_time import unread

        return unread(frame, self)

    def index_time(self, data: bytes, metadata: Metadata, now: float) -> Indexed:
        """Break data into events with their time and indexed fields."""
        from harness.knowledge.index_time import index_data

        return index_data(data, metadata, now, self)

    def index_event(
        self, event: str, metadata: Metadata, now: float, *, time: float | None = None,
        fields: Mapping[str, str | Sequence[str]] | None = None, find_time: bool = False,
    ) -> Indexed:  # fmt: skip
        """Take one whole event (HEC ``/event``) with its time and indexed fields. Without a ``time`` it is now;
        ``find_time`` looks for it in the event (``auto_extract_timestamp``)."""
        from harness.knowledge.index_time import index_whole_event

        return index_whole_event(event, metadata, now, self, time=time, fields=fields or {}, find_time=find_time)


def _macro(name: str, settings: Mapping[str, str]) -> Macro:
    base, _, _ = name.partition("(")
    return Macro(
        base,
        tuple(names(settings.get("args"))),
        settings["definition"],
        boolean(settings.get("iseval"), False),
        settings.get("validation"),
        settings.get("errormsg"),
    )


def _without_stand_ins(apps: Sequence[App]) -> list[App]:
    """Our own add-on makes way for the real one: ``[harness] stands_in_for`` in its app.conf names those. What every
    Splunk has comes first, for all others to win over it."""
    present = {app.name for app in apps}
    return [
        app
        for app in sorted(apps, key=lambda app: not app.is_default)
        if present.isdisjoint(names(app.confs.get("app", {}).get("harness", {}).get("stands_in_for")))
    ]
