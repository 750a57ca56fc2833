"""Made-up events to measure with: process creations as Sysmon writes them, no two alike, the same in every run."""

from __future__ import annotations

import random
from typing import Final

SOURCE: Final = "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"
SOURCETYPE: Final = "XmlWinEventLog"

_PROGRAMS: Final = ("cmd.exe", "powershell.exe", "net.exe", "svchost.exe", "rundll32.exe", "chrome.exe", "whoami.exe")
_TEMPLATE: Final = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    "<Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID><Version>5</Version><Level>4</Level>"
    "<TimeCreated SystemTime='2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}.{number:07}Z'/>"
    "<EventRecordID>{number}</EventRecordID><Channel>Microsoft-Windows-Sysmon/Operational</Channel>"
    "<Computer>host-{host:03}.example.com</Computer></System><EventData>"
    "<Data Name='UtcTime'>2026-03-{day:02} {hour:02}:{minute:02}:{second:02}.000</Data>"
    "<Data Name='ProcessGuid'>{{00000000-0000-0000-0000-{number:012}}}</Data><Data Name='ProcessId'>{number}</Data>"
    "<Data Name='Image'>C:\\Windows\\System32\\{program}</Data><Data Name='OriginalFileName'>{program}</Data>"
    "<Data Name='CommandLine'>{program} /c run {number}</Data><Data Name='User'>EXAMPLE\\user{user}</Data>"
    "<Data Name='ParentProcessId'>{parent}</Data><Data Name='ParentImage'>C:\\Windows\\explorer.exe</Data>"
    "<Data Name='ParentCommandLine'>explorer.exe</Data></EventData></Event>"
)


def process_creations(count: int) -> bytes:
    """``count`` events, a line each, in the order of time."""
    # The same numbers every time: not a secret, but a fixed load.
    choice = random.Random(1049)  # noqa: S311
    lines = []
    for number in range(count):
        minutes, second = divmod(number, 60)
        hours, minute = divmod(minutes, 60)
        day, hour = divmod(hours, 24)
        lines.append(
            _TEMPLATE.format(
                number=number,
                day=day % 28 + 1,
                hour=hour,
                minute=minute,
                second=second,
                host=choice.randrange(200),
                user=choice.randrange(500),
                parent=choice.randrange(30_000),
                program=choice.choice(_PROGRAMS),
            )
        )
    return "\n".join(lines).encode()
