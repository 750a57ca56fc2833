"""Configuration files as such: ``configs/conf-*`` and ``properties``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import quoteattr

from harness.server.answers import NO_STORE, TEXT, XML, Answer, Refusal, could_not_find, info, json_answer
from harness.server.atom import BUILD, VERSION, Entry, iso, xml_text
from harness.server.call import Call, Namespace, quote_name
from harness.server.confs import Stanza
from harness.server.knowledge_objects import StanzaCollection, acl_answer, move_answer
from harness.server.routing import Style, endpoint, without_target

PREFIX: Final = "conf-"


# --- configs/conf-* ---------------------------------------------------------------------------------------------------


def _collection(call: Call, conf: str) -> StanzaCollection:
    """The collection of a file's stanzas. 404 for a file that no app has."""
    if not conf.startswith(PREFIX) or not call.instance.confs.has_file(conf.removeprefix(PREFIX)):
        raise could_not_find(conf.removeprefix(PREFIX))
    found = StanzaCollection(f"configs/{conf}", conf, arguments=None, capability=None, file=conf.removeprefix(PREFIX))
    found.alone_function = found.of_name
    found.lists(found.listed)
    return found


@endpoint("configs/{conf}", "GET", style=Style.OBJECTS)
def listed(call: Call, conf: str) -> Answer:
    """The stanzas of a file (N8.34: without ``default``)."""
    return _collection(call, conf).list_answer(call)


@endpoint("configs/{conf}", "POST", style=Style.OBJECTS)
def create(call: Call, conf: str) -> Answer:
    """A new stanza with any settings."""
    collection = _collection(call, conf)
    name = call.one("name")
    if not name:
        raise without_target("POST")
    return collection.answer(call, [collection.create(call, name, call.settings("name"))], status=201)


@endpoint("configs/{conf}/{name}", "GET", style=Style.OBJECTS)
def one(call: Call, conf: str, name: str) -> Answer:
    """One stanza."""
    collection = _collection(call, conf)
    if name == "_new":
        return collection.answer(call, [Entry("_new", {})])
    if name == "_reload":
        return collection.answer(call, [])
    return collection.answer(call, collection.alone(call, name))


@endpoint("configs/{conf}/{name}", "POST", style=Style.OBJECTS)
def edit(call: Call, conf: str, name: str) -> Answer:
    """Changes the settings that are sent."""
    collection = _collection(call, conf)
    return collection.answer(call, [collection.edit(call, name, call.settings())])


@endpoint("configs/{conf}/{name}", "DELETE", style=Style.OBJECTS)
def remove(call: Call, conf: str, name: str) -> Answer:
    """The stanza goes, unless an app's own files have it."""
    collection = _collection(call, conf)
    collection.remove(call, name)
    return collection.list_answer(call, check=False)


@endpoint("configs/{conf}/{name}/acl", "GET", "POST", style=Style.OBJECTS)
def acl(call: Call, conf: str, name: str) -> Answer:
    """Who owns it and who may do what with it; a ``POST`` replaces all of that."""
    collection = _collection(call, conf)
    return acl_answer(call, collection, collection.find(call, name), collection.entry)


@endpoint("configs/{conf}/{name}/move", "POST", style=Style.OBJECTS)
def move(call: Call, conf: str, name: str) -> Answer:
    """To another app."""
    collection = _collection(call, conf)
    return move_answer(call, collection, collection.find(call, name), collection.entry)


@endpoint("configs/{conf}/{name}/{action}", "POST", style=Style.OBJECTS)
def act(call: Call, conf: str, name: str, action: str) -> Answer:
    """``enable`` and ``disable``."""
    collection = _collection(call, conf)
    if action not in {"enable", "disable"}:
        raise Refusal(404, "ERROR", f"Invalid custom action for this internal handler (handler: {conf}, custom action: "
                      f"{action}, eai action: edit).")  # fmt: skip
    return collection.answer(call, [collection.flip(call, name, action == "enable")])


# --- properties -------------------------------------------------------------------------------------------------------


@endpoint("properties", "GET")
def files(call: Call) -> Answer:
    """The names of all files (N2.16)."""
    return _feed(call, "properties", ((name, None) for name in call.instance.confs.files()))


@endpoint("properties", "POST")
def create_file(call: Call) -> Answer:
    """``__conf`` names a file that is then there (N8.32)."""
    name = call.one("__conf")
    if not name:
        raise without_target("POST")
    call.instance.confs.add_file(name)
    return _created(call, name)


@endpoint("properties/{file}", "GET")
def stanzas(call: Call, file: str) -> Answer:
    """The stanzas of a file; a new one lists ``default`` (N8.34)."""
    _file(call, file)
    found = [stanza.name for stanza in _stanzas(call, file)]
    return _feed(call, file, ((name, None) for name in sorted({"default", *found})))


@endpoint("properties/{file}", "POST")
def create_stanza(call: Call, file: str) -> Answer:
    """``__stanza`` names a stanza that is then there (N8.32)."""
    _file(call, file)
    name = call.one("__stanza")
    if not name:
        raise without_target("POST")
    call.instance.confs.create(file, name, {}, call.namespace, call.viewer)
    return _created(call, name)


@endpoint("properties/{file}/{stanza}", "GET")
def keys(call: Call, file: str, stanza: str) -> Answer:
    """The settings of a stanza with their values."""
    return _feed(call, stanza, sorted(_stanza(call, file, stanza).settings.items()))


@endpoint("properties/{file}/{stanza}", "POST")
def set_keys(call: Call, file: str, stanza: str) -> Answer:
    """Changes the settings that are sent (N8.32)."""
    settings = call.settings()
    call.instance.confs.edit(_stanza(call, file, stanza, make_default=True), settings, call.viewer)
    return info(f"Successfully modified {len(settings)} key(s)", json=call.json)


@endpoint("properties/{file}/{stanza}", "DELETE")
def remove_stanza(call: Call, file: str, stanza: str) -> Answer:
    """The stanza goes."""
    call.instance.confs.remove(_stanza(call, file, stanza), call.viewer)
    return info(f"Successfully deleted stanza '{stanza}'", json=call.json)


@endpoint("properties/{file}/{stanza}/{key}", "GET")
def value(call: Call, file: str, stanza: str, key: str) -> Answer:
    """The bare value (N8.33)."""
    settings = _stanza(call, file, stanza).settings
    if key not in settings:
        raise Refusal(404, "ERROR", "key does not exist")
    return Answer([settings[key].encode()], 200, TEXT, NO_STORE)


@endpoint("properties/{file}/{stanza}/{key}", "POST")
def set_value(call: Call, file: str, stanza: str, key: str) -> Answer:
    """``value`` is the setting's new value (N8.32)."""
    call.instance.confs.edit(_stanza(call, file, stanza, make_default=True), {key: call.one("value")}, call.viewer)
    return info("Successfully modified 1 key(s)", json=call.json)


@endpoint("properties/{file}/{stanza}/{key}", "DELETE")
def remove_value(call: Call, file: str, stanza: str, key: str) -> Answer:
    """What was written goes; only with a namespace (N8.36)."""
    if call.namespace.owner is None:
        raise Refusal(405, "ERROR", "Method Not Allowed")
    found = _stanza(call, file, stanza)
    left = {name: value for name, value in found.own.items() if name != key}
    call.instance.confs.replace(found, left, call.viewer)
    return info(f"Successfully deleted key '{key}'", json=call.json)


def _file(call: Call, file: str) -> None:
    if not call.instance.confs.has_file(file):
        raise Refusal(404, "ERROR", f"{file} does not exist")


def _stanzas(call: Call, file: str) -> list[Stanza]:
    return call.instance.confs.all(file, call.namespace, call.viewer)


def _stanza(call: Call, file: str, name: str, *, make_default: bool = False) -> Stanza:
    """The stanza of that name (N8.35). ``default`` can be written to before it is there."""
    _file(call, file)
    found = call.instance.confs.find(file, name, call.namespace, call.viewer)
    if found is not None:
        return found
    if name == "default" and make_default:
        shared = Namespace("nobody", call.app)
        return call.instance.confs.create(file, name, {}, shared, call.viewer)
    raise Refusal(404, "ERROR", "stanza does not exist")


def _created(call: Call, name: str) -> Answer:
    location = f"{call.namespace.prefix}/{call.target.path}/{quote_name(name)}"
    return Answer([], 201, TEXT, {**NO_STORE, "Location": location})


def _feed(call: Call, title: str, items: Iterable[tuple[str, str | None]]) -> Answer:
    """A feed of names, with values where there are any; neither paging nor messages (N2.16)."""
    path = f"{call.namespace.prefix}/{'/'.join(map(quote_name, call.target.segments))}"
    now = iso(call.instance.wall())
    entries = [(name, text, f"{path}/{quote_name(name)}") for name, text in items]
    if call.json:
        listed = [
            {"name": name, "id": call.base_url + link, "updated": now, "links": {"alternate": link}, "content": text}
            for name, text, link in entries
        ]
        generator = {"build": BUILD, "version": VERSION}
        origin = call.base_url + path
        return json_answer({"links": {}, "origin": origin, "updated": now, "generator": generator, "entry": listed})
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:s="http://dev.splunk.com/ns/rest">',
        f"  <title>{xml_text(title)}</title>",
        f"  <id>{xml_text(call.base_url + path)}</id>",
        f"  <updated>{now}</updated>",
        f'  <generator build="{BUILD}" version="{VERSION}"/>',
        "  <author>",
        "    <name>Splunk</name>",
        "  </author>",
    ]
    for name, text, link in entries:
        lines += [
            "  <entry>",
            f"    <title>{xml_text(name)}</title>",
            f"    <id>{xml_text(call.base_url + link)}</id>",
            f"    <updated>{now}</updated>",
            f'    <link href={quoteattr(link)} rel="alternate"/>',
        ]
        if text is not None:
            lines.append(f'    <content type="text">{xml_text(text)}</content>')
        lines.append("  </entry>")
    return Answer(["\n".join([*lines, "</feed>", ""]).encode()], 200, XML, NO_STORE)
