"""Installed apps."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from harness.server.answers import Answer, Refusal, could_not_find
from harness.server.apps import InstalledApp
from harness.server.atom import Acl, Entry, Fields
from harness.server.call import Call
from harness.server.capabilities import Json
from harness.server.eai import Collection, check_arguments
from harness.server.knowledge_objects import missing_arguments
from harness.server.saved_searches import is_true

_OPTIONAL: Final = (
    "author",
    "check_for_updates",
    "configured",
    "description",
    "label",
    "upload_id",
    "version",
    "visible",
)

apps = Collection(
    "apps/local",
    "localapps",
    arguments=frozenset(("refresh",)),
    capability="edit_local_apps",
    new=lambda: Fields(required=["name"], optional=_OPTIONAL),
)


@apps.entries
def listed(call: Call) -> list[Entry]:
    """Those that every Splunk has, and those whose knowledge is loaded (M8.30)."""
    return [_entry(app) for app in call.instance.apps.all()]


@apps.creator
def create(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """An empty app, for objects to be put into. Packages are loaded when the server starts, not over REST."""
    check_arguments(settings, (*_OPTIONAL, "template", "filename", "update", "auth", "session"))
    if settings.get("filename", "").lower() in {"1", "true"}:
        raise Refusal(400, "ERROR", "Apps are not installed over REST here; start the server with them (--app).")
    app = InstalledApp(
        name,
        label=settings.get("label", name),
        version=settings.get("version", "1.0.0"),
        author=settings.get("author", ""),
        description=settings.get("description", ""),
        visible=is_true(settings.get("visible", "1")),
        removable=True,
    )
    if not call.instance.apps.add(app):
        raise Refusal(409, "ERROR", f"App '{name}' already exists")
    return _entry(app)


@apps.editor
def edit(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """Changes what is shown of an app."""
    check_arguments(settings, _OPTIONAL)
    app = _find(call, name)
    shown = {key: settings[key] for key in ("author", "description", "label", "version") if key in settings}
    changed = replace(app, **shown)  # type: ignore[arg-type]
    if "visible" in settings:
        changed = replace(changed, visible=is_true(settings["visible"]))
    call.instance.apps.put(changed)
    return _entry(changed)


@apps.remover
def remove(call: Call, name: str) -> None:
    """An app that was made over REST."""
    if not _find(call, name).removable:
        raise Refusal(400, "ERROR", f"Cannot remove the app {name}.")
    call.instance.apps.remove(name)
    call.instance.ask_for_restart()  # N8.16


@apps.switch
def switch(call: Call, name: str, on: bool) -> Entry:
    """What is loaded stays loaded: an app that searches use cannot be switched off while they run."""
    app = _find(call, name)
    if not on and not app.removable:
        raise Refusal(400, "ERROR", f"Cannot disable the app {name}; start the server without it.")
    changed = replace(app, disabled=not on)
    call.instance.apps.put(changed)
    return _entry(changed)


@apps.action("_reload", "GET", "POST")
def reload(call: Call, name: str) -> Answer:
    """Nothing is read anew: what is written counts at once."""
    _find(call, name)
    return apps.answer(call, [])


@apps.action("package", "GET")
def package(call: Call, name: str) -> Answer:
    """Shown only: where a package of the app would be (N8.40)."""
    app = _find(call, name)
    content: dict[str, Json] = {
        "eai:acl": None,
        "name": name,
        "path": f"/opt/splunk/etc/apps/{name}.spl",
        "url": f"{call.base_url}/static/app-packages/{name}.spl",
    }
    return apps.answer(call, [Entry("Package", content, acl=_acl(app))])


@apps.action("acl", "GET", "POST", "DELETE")
def acl(call: Call, name: str) -> Answer:
    """Who may use the app. An owner is needed and ignored, and a ``DELETE`` changes nothing (N9.16)."""
    app = _find(call, name)
    if call.method == "POST":
        settings = call.settings()
        check_arguments(settings, ("owner", "sharing", "perms.read", "perms.write"))
        missing = [each for each in ("owner", "sharing") if not settings.get(each)]
        if missing:
            raise missing_arguments(missing)
        if settings["sharing"] == "user":
            raise Refusal(400, "ERROR", "Apps cannot be unshared")
        app = replace(app, sharing="global" if settings["sharing"] == "global" else "app")
        call.instance.apps.put(app)
    return apps.answer(call, [Entry(app.name, {"eai:acl": None}, acl=_acl(app))])


def _acl(app: InstalledApp) -> Acl:
    return Acl(app="system", owner="nobody", sharing=app.sharing, removable=app.removable, shareable=True)


def _find(call: Call, name: str) -> InstalledApp:
    app = call.instance.apps.get(name)
    if app is None:
        raise could_not_find(name)
    return app


def _entry(app: InstalledApp) -> Entry:
    return Entry(
        name=app.name,
        content={
            "author": app.author,
            "check_for_updates": True,
            "configured": True,
            "core": app.core,
            "description": app.description,
            "disabled": app.disabled,
            "eai:acl": None,
            "label": app.label,
            "managed_by_deployment_client": False,
            "show_in_nav": True,
            "state_change_requires_restart": False,
            "version": app.version,
            "visible": app.visible,
        },
        acl=_acl(app),
        links=("alternate", "list", "_reload", "edit", "package", *(("remove",) if app.removable else ())),
        fields=Fields(optional=_OPTIONAL),
    )
