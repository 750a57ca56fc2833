"""A content repository as the Splunk app that it would be built into: its macros and lookups, ready to load."""

from __future__ import annotations

from harness.content.models import Content, LookupDefinition
from harness.errors import FilePlace, KnowledgeError
from harness.knowledge.apps import App
from harness.knowledge.conf import Stanzas

NAME = "content"
FILTER = "search *"
"""What a detection's filter macro is unless the content defines it: nothing is left out."""


def content_app(content: Content) -> App:
    """The app of a content root. A detection's filter macro is there even if no file defines it."""
    app = App(NAME, content.root)
    app.confs["macros"] = _macros(content)
    transforms: Stanzas = {}
    for lookup in content.lookups:
        if lookup.csv is not None:
            _read(lookup, app)
        if lookup.kind == "csv" and lookup.csv is not None:
            transforms[lookup.name] = {**lookup.settings, "filename": lookup.csv.name}
        elif lookup.kind == "kvstore":
            transforms[lookup.name] = {**lookup.settings, "external_type": "kvstore", "collection": lookup.name}
    app.confs["transforms"] = transforms
    return app


def _macros(content: Content) -> Stanzas:
    stanzas: Stanzas = {
        detection.filter_macro: {"definition": FILTER} for detection in (*content.detections, *content.contributors)
    }
    for macro in content.macros:
        count = len(macro.arguments)
        settings = {"definition": macro.definition}
        if count:
            settings["args"] = ", ".join(macro.arguments)
        stanzas[f"{macro.name}({count})" if count else macro.name] = settings
    return stanzas


def _read(lookup: LookupDefinition, app: App) -> None:
    assert lookup.csv is not None
    try:
        app.lookups[lookup.csv.name] = lookup.csv.read_bytes()
    except OSError as error:
        app.warnings.append(KnowledgeError(f"the lookup cannot be read: {error.strerror}", where=FilePlace(lookup.csv)))
