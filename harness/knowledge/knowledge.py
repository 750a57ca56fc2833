"""All that is known about data: apps merged into props, transforms, macros, lookups, event types, tags, data models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import KnowledgeError, SearchError
from harness.knowledge.apps import App, load_app
from harness.knowledge.classification import Classifier, EventType, read_eventtypes, read_tags
from harness.knowledge.conf import Stanzas, boolean, merge
from harness.knowledge.datamodels import DataModel, parse_data_model
from harness.knowledge.lookups import Lookup, Table, define, usable
from harness.knowledge.search_time import Recipe, RecipeReader, search_time
from harness.knowledge.stanzas import Props
from harness.spl.macros import Macro

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
    """Loaded apps, read lazily part by part. ``warnings`` collects what was left out, with its place."""

    def __init__(self, apps: Sequence[App]) -> None:
        self.apps = _without_stand_ins(apps)
        self.warnings: list[KnowledgeError] = [warning for app in self.apps for warning in app.warnings]
        self._lookups: dict[str, Lookup] = {}
        self._data_models: dict[str, DataModel] = {}
        self._recipes: dict[tuple[str, str, str], Recipe] = {}

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Knowledge:
        """Load apps from folders and packages; a later one wins over an earlier one."""
        return cls([load_app(path) for path in paths])

    def with_app(self, app: App) -> Knowledge:
        """The same with one more app that wins over all others, such as what clients wrote over REST."""
        return Knowledge([*self.apps, app])

    # --- configuration

    def conf(self, name: str) -> Stanzas:
        """One conf file over all apps, merged."""
        return merge(app.confs[name] for app in self.apps if name in app.confs)

    @cached_property
    def props(self) -> Props:
        return Props(self.conf("props"))

    @cached_property
    def transforms(self) -> Stanzas:
        return self.conf("transforms")

    @cached_property
    def macros(self) -> Macros:
        macros = Macros()
        for name, settings in self.conf("macros").items():
            if "definition" in settings:
                macros.add(_macro(name, settings))
        return macros

    @cached_property
    def eventtypes(self) -> dict[str, EventType]:
        return read_eventtypes(self.conf("eventtypes"), self.macros, self.warnings.append)

    @cached_property
    def classifier(self) -> Classifier:
        return Classifier(self.eventtypes, read_tags(self.conf("tags")))

    # --- lookups and data models

    def lookup(self, name: str) -> Lookup:
        """The lookup of that name, or over the CSV file of that name. Raises SearchError in Splunk's words."""
        found = self._lookups.get(name)
        if found is None:
            found = self._find_lookup(name)
            if found is None:
                raise SearchError(
                    f"Could not construct lookup '{name}'. See search.log for more details.",
                    hint=f"No app defines the lookup {name}.",
                )
            self._lookups[name] = found
        return usable(found)

    def _find_lookup(self, name: str) -> Lookup | None:
        files = {file: data for app in self.apps for file, data in app.lookups.items()}
        settings = self.transforms.get(name)
        if settings is not None:
            path = next((app.path for app in reversed(self.apps) if name in app.confs.get("transforms", {})), Path())
            return define(name, settings, files, path)
        if name in files:
            return Lookup(name, Table.from_csv(files[name], Path(name)), filename=name)
        return None

    def lookup_names(self) -> list[str]:
        defined = [
            name for name, s in self.transforms.items() if s.keys() & {"filename", "collection", "external_type"}
        ]
        files = [file for app in self.apps for file in app.lookups]
        return sorted({*defined, *files, *self._lookups})

    def set_lookup(self, lookup: Lookup) -> None:
        """Define or replace a lookup while running."""
        self._lookups[lookup.name] = lookup

    def data_model(self, name: str) -> DataModel:
        """Raises SearchError in Splunk's words if there is none."""
        found = self._data_models.get(name)
        if found is None:
            for app in reversed(self.apps):
                if name in app.data_models:
                    place = app.path / "default" / "data" / "models" / f"{name}.json"
                    found = parse_data_model(app.data_models[name], place, app.name)
                    break
            else:
                raise SearchError(
                    f"Error in 'DataModelCache': Invalid or unaccelerable root object for datamodel: {name}"
                )
            self._data_models[name] = found
        return found

    def data_model_names(self) -> list[str]:
        return sorted({name for app in self.apps for name in app.data_models})

    # --- events

    def recipe(self, source: str, host: str, sourcetype: str) -> Recipe:
        """What the search-time settings of such events ask for."""
        key = (source, host, sourcetype)
        found = self._recipes.get(key)
        if found is None:
            settings = self.props.settings(*key)
            renamed = settings.get("rename")
            if renamed and renamed != sourcetype:
                settings = {**self.props.settings(source, host, renamed), "rename": renamed}
            reader = RecipeReader(self.transforms, self.lookup, self.warnings.append)
            found = self._recipes[key] = reader.read(settings)
        return found

    def search_sourcetype(self, sourcetype: str) -> str:
        """The source type that events have at search time (``rename``)."""
        return self.props.settings("", "", sourcetype).get("rename") or sourcetype

    def search_time(self, frame: Frame) -> Frame:
        """Add all search-time fields."""
        return search_time(frame, self)

    def index_time(self, data: bytes, metadata: Metadata, now: float) -> Indexed:
        """Break data into events with their time and indexed fields."""
        from harness.knowledge.index_time import index_data

        return index_data(data, metadata, now, self)

    def index_event(
        self, event: str, metadata: Metadata, now: float, *, time: float | None = None,
        fields: Mapping[str, str | Sequence[str]] | None = None,
    ) -> Indexed:  # fmt: skip
        """Take one whole event (HEC ``/event``) with its time and indexed fields."""
        from harness.knowledge.index_time import index_whole_event

        return index_whole_event(event, metadata, now, self, time=time, fields=fields or {})


def _macro(name: str, settings: Mapping[str, str]) -> Macro:
    base, _, _ = name.partition("(")
    arguments = tuple(part.strip() for part in settings.get("args", "").split(",") if part.strip())
    return Macro(
        base,
        arguments,
        settings["definition"],
        boolean(settings.get("iseval"), False),
        settings.get("validation"),
        settings.get("errormsg"),
    )


def _without_stand_ins(apps: Sequence[App]) -> list[App]:
    """Our own add-on makes way for the real one: ``[harness] stands_in_for`` in its app.conf names those."""
    names = {app.name for app in apps}
    kept: list[App] = []
    for app in apps:
        real = app.confs.get("app", {}).get("harness", {}).get("stands_in_for", "")
        if not names & {name.strip() for name in real.split(",") if name.strip()}:
            kept.append(app)
    return kept
