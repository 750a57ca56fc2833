"""Windows events that a collector wrote as JSON (nxlog, winlogbeat), as the XML that Splunk reads from Windows.

Public datasets come in these forms; of winlogbeat there is the one before version 7, with all at the top, and the one
since, under ``winlog``. What a collector adds of its own is left out; what is left are the elements of
``System`` and the ``Data`` of the event, so that the events have the fields that Splunk would have given them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

import msgspec
import regex

from harness.errors import DatasetError, FilePlace

_NAMESPACE: Final = "http://schemas.microsoft.com/win/2004/08/events/event"
_TIME: Final = regex.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\d*(Z|[+-]00:?00)?")

# What nxlog's im_msvistalog and what ships its events write beside the event's own data.
_NXLOG: Final = frozenset(
    (
        *("EventTime", "EventTimeWritten", "Hostname", "Keywords", "EventType", "SeverityValue", "Severity", "EventID"),
        *("SourceName", "ProviderGuid", "Version", "Task", "OpcodeValue", "Opcode", "RecordNumber", "ActivityID"),
        *("RelatedActivityID", "ExecutionProcessID", "ExecutionThreadID", "ProcessID", "ThreadID", "Channel", "Domain"),
        *("AccountName", "AccountType", "UserID", "Message", "Category", "EventReceivedTime", "SourceModuleName"),
        *("SourceModuleType", "@timestamp", "@version", "host", "port", "tags", "type", "Level", "LevelValue"),
        "TimeCreated",
    )
)
_LEVELS: Final = {"critical": 1, "error": 2, "warning": 3}
_AUDITS: Final = {"audit failure": "0x8010000000000000", "audit success": "0x8020000000000000"}
_CHANNELS: Final = {"application": "Application", "security": "Security", "system": "System"}
"""A collector may write a channel as its own configuration spells it."""


def is_windows_json(data: bytes) -> bool:
    """Whether the first line is a Windows event of nxlog or winlogbeat."""
    first = data.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0].strip()
    if not first.startswith(b"{"):
        return False
    try:
        return _kind(msgspec.json.decode(first)) is not None
    except msgspec.DecodeError:
        return False


def to_xml(data: bytes, where: FilePlace) -> dict[str, bytes]:
    """The events by channel, in the order of the lines. Raises DatasetError, with its line, for one that is none."""
    channels: dict[str, list[str]] = defaultdict(list)
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if not line.strip():
            continue
        try:
            event = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            raise DatasetError(f"not JSON: {error}", where=FilePlace(where.path, number)) from error
        read = _kind(event)
        if read is None:
            raise DatasetError("not a Windows event as the ones before it", where=FilePlace(where.path, number))
        channel, xml = read(event)
        channels[channel].append(xml)
    return {channel: "\n".join(events).encode() + b"\n" for channel, events in channels.items()}


def _kind(event: Any) -> Any:
    if not isinstance(event, dict):
        return None
    if isinstance(event.get("winlog"), dict) and "event_id" in event["winlog"]:
        return _winlogbeat
    if "event_id" in event and "log_name" in event and "source_name" in event:
        return _winlogbeat_before_7
    if "EventID" in event and "Channel" in event and ("SourceName" in event or "Hostname" in event):
        return _nxlog
    return None


def _nxlog(event: Mapping[str, Any]) -> tuple[str, str]:
    # Where the process that wrote the event has a name of its own, or none, ProcessID is the event's.
    own = "ExecutionProcessID" in event or "ThreadID" not in event
    level = str(event.get("Level", ""))
    channel = _channel(event["Channel"])
    system = _system(
        provider=event.get("SourceName"),
        guid=event.get("ProviderGuid"),
        event_id=event.get("EventID"),
        version=event.get("Version"),
        level=level if level.isdecimal() else _LEVELS.get(str(event.get("Severity")).lower(), 4),
        task=event.get("Task"),
        opcode=event.get("OpcodeValue"),
        keywords=_keywords(event.get("Keywords")),
        time=event.get("UtcTime") or event.get("TimeCreated") or event.get("@timestamp") or event.get("EventTime"),
        record=event.get("RecordNumber"),
        activity=event.get("ActivityID"),
        process=event.get("ExecutionProcessID", None if own else event.get("ProcessID")),
        thread=event.get("ExecutionThreadID", event.get("ThreadID")),
        channel=channel,
        computer=event.get("Hostname"),
        user=event.get("UserID"),
    )
    data = ((k, v) for k, v in event.items() if k not in _NXLOG or (k == "ProcessID" and own))
    return channel, _event(system, data)


def _winlogbeat(event: Mapping[str, Any]) -> tuple[str, str]:
    return _beat(
        event["winlog"],
        time=event.get("@timestamp"),
        level=(event.get("log") or {}).get("level") or event["winlog"].get("level"),
        computer=(event.get("host") or {}).get("name"),
    )


def _winlogbeat_before_7(event: Mapping[str, Any]) -> tuple[str, str]:
    names = {"provider_name": "source_name", "channel": "log_name", "record_id": "record_number"}
    process = {"pid": event.get("process_id"), "thread": {"id": event.get("thread_id")}}
    log = {**event, **{new: event.get(old) for new, old in names.items()}, "process": process}
    return _beat(log, time=event.get("@timestamp"), level=event.get("level"), computer=None)


def _beat(log: Mapping[str, Any], *, time: Any, level: Any, computer: Any) -> tuple[str, str]:
    process = log.get("process") or {}
    channel = _channel(log.get("channel"))
    known = [_AUDITS[word] for word in (str(word).lower() for word in log.get("keywords") or ()) if word in _AUDITS]
    system = _system(
        provider=log.get("provider_name"),
        guid=log.get("provider_guid"),
        event_id=log.get("event_id"),
        version=log.get("version", 0),
        level=0 if known else _LEVELS.get(str(level).lower(), 4),
        task=0,
        opcode=0,
        keywords=known[0] if known else _keywords(None),
        time=time,
        record=log.get("record_id"),
        activity=log.get("activity_id"),
        process=process.get("pid"),
        thread=(process.get("thread") or {}).get("id"),
        channel=channel,
        computer=log.get("computer_name") or computer,
        user=(log.get("user") or {}).get("identifier"),
    )
    user_data = log.get("user_data") or {}
    if (name := user_data.get("xml_name")) is not None:
        return channel, _event(system, (), (str(name), {k: v for k, v in user_data.items() if k != "xml_name"}))
    return channel, _event(system, (log.get("event_data") or {}).items())


def _system(
    *, provider: Any, guid: Any, event_id: Any, version: Any, level: Any, task: Any, opcode: Any, keywords: Any,
    time: Any, record: Any, activity: Any, process: Any, thread: Any, channel: Any, computer: Any, user: Any,
) -> str:  # fmt: skip
    parts = [
        f"<Provider Name={_quoted(provider)}{_attribute('Guid', guid)}/>",
        f"<EventID>{_text(event_id)}</EventID>",
        f"<Version>{_text(version)}</Version>",
        f"<Level>{_text(level)}</Level>",
        f"<Task>{_text(task)}</Task>",
        f"<Opcode>{_text(opcode)}</Opcode>",
        f"<Keywords>{_text(keywords)}</Keywords>",
        f"<TimeCreated SystemTime={_quoted(_moment(time))}/>",
        f"<EventRecordID>{_text(record)}</EventRecordID>",
        f"<Correlation{_attribute('ActivityID', activity)}/>",
        f"<Execution ProcessID={_quoted(process)} ThreadID={_quoted(thread)}/>",
        f"<Channel>{_text(channel)}</Channel>",
        f"<Computer>{_text(computer)}</Computer>",
        f"<Security{_attribute('UserID', user)}/>",
    ]
    return "".join(parts)


def _event(system: str, data: Iterable[tuple[str, Any]], user_data: tuple[str, Mapping[str, Any]] | None = None) -> str:
    if user_data is None:
        inside = f"<EventData>{''.join(_data(data))}</EventData>"
    else:
        name, elements = user_data
        within = "".join(f"<{key}>{_text(value)}</{key}>" for key, value in elements.items())
        inside = f"<UserData><{name}>{within}</{name}></UserData>"
    return f"<Event xmlns='{_NAMESPACE}'><System>{system}</System>{inside}</Event>"


def _channel(name: Any) -> str:
    text = "" if name is None else str(name)
    return _CHANNELS.get(text, text)


def _data(items: Iterable[tuple[str, Any]]) -> Iterator[str]:
    for name, value in items:
        yield f"<Data Name={_quoted(name)}>{_text(value)}</Data>"


def _moment(time: Any) -> str:
    """As Windows writes it: UTC with nine decimals. A time without a zone is taken for UTC."""
    found = _TIME.match(str(time))
    return f"{found[1]}T{found[2]}.{(found[3] or ''):0<9}Z" if found else str(time or "")


def _keywords(value: Any) -> str:
    """nxlog writes the 64 bits as a signed number, others as Windows does."""
    if isinstance(value, int):
        return f"0x{value & 0xFFFFFFFFFFFFFFFF:x}"
    return value if isinstance(value, str) and value.startswith("0x") else "0x8000000000000000"


def _text(value: Any) -> str:
    return "" if value is None else escape(str(value))


def _quoted(value: Any) -> str:
    return "'" + escape("" if value is None else str(value), {"'": "&apos;"}) + "'"


def _attribute(name: str, value: Any) -> str:
    return f" {name}={_quoted(value)}" if value else ""
