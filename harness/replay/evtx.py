"""Windows event log files (``.evtx``) as the XML that Splunk's Windows input writes with ``renderXml``.

One event a line, attributes in single quotes, empty elements of ``System`` closed at once and empty ``Data`` not,
``SystemTime`` with nine decimals, GUIDs in braces. The message text of an event is not in the file (it lies in the
provider's DLL), so ``RenderingInfo`` is absent, as with ``suppress_text``.
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from xml.sax.saxutils import escape

import regex

from harness.errors import DatasetError, FilePlace

MAGIC = b"ElfFile\x00"
_BARE_GUID = regex.compile(r"[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}")
_FRACTION = regex.compile(r"(?:\.(\d+))?Z$")


def to_xml(data: bytes, where: FilePlace) -> dict[str, bytes]:
    """The events of a file by channel, each channel's events one after another as in the file."""
    if not data.startswith(MAGIC):
        raise DatasetError("not a Windows event log: it does not begin with ElfFile", where=where)
    from evtx import PyEvtxParser

    channels: dict[str, list[str]] = defaultdict(list)
    try:
        for record in PyEvtxParser(io.BytesIO(data)).records():
            assert record is not None  # the parser raises for a damaged record
            root = ElementTree.fromstring(record["data"])  # noqa: S314 - made by the parser, not by the file
            namespace = root.tag[: root.tag.index("}") + 1] if root.tag.startswith("{") else ""
            channel = root.findtext(f"{namespace}System/{namespace}Channel", default="").strip()
            channels[channel].append(_render(root))
    except (RuntimeError, OSError, ElementTree.ParseError) as error:
        raise DatasetError(f"the Windows event log is damaged: {error}", where=where) from error
    if not channels:
        raise DatasetError("the Windows event log holds no event", where=where)
    return {channel: "\n".join(events).encode() + b"\n" for channel, events in channels.items()}


def _render(element: ElementTree.Element, parent_namespace: str = "", *, in_system: bool = False) -> str:
    namespace, name = _split(element.tag)
    attributes = [("xmlns", namespace)] if namespace != parent_namespace else []
    attributes += [(_split(key)[1], _attribute(key, value)) for key, value in element.attrib.items()]
    start = name + "".join(f" {key}='{escape(value, {chr(39): '&apos;'})}'" for key, value in attributes)
    if len(element):
        inside = in_system or name == "System"
        return f"<{start}>{''.join(_render(child, namespace, in_system=inside) for child in element)}</{name}>"
    text = _text(element.text or "")
    if not text and in_system:
        return f"<{start}/>"
    return f"<{start}>{escape(text)}</{name}>"


def _split(tag: str) -> tuple[str, str]:
    namespace, _, name = tag.rpartition("}")
    return namespace.removeprefix("{"), name


def _text(text: str) -> str:
    if text.startswith("\n") and not text.strip():
        return ""  # the parser breaks an empty element over two lines
    # The file stores a GUID as 16 bytes; Windows renders it in braces, the parser without.
    return f"{{{text}}}" if _BARE_GUID.fullmatch(text) else text


def _attribute(name: str, value: str) -> str:
    if name == "SystemTime":
        return _FRACTION.sub(lambda match: f".{(match.group(1) or ''):0<9}Z", value)
    return _text(value)
