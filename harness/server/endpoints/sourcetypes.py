"""Source types: the stanzas of ``props.conf`` that are named by one, with all that applies to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

from harness.server.atom import Entry
from harness.server.call import Call
from harness.server.capabilities import Json
from harness.server.confs import Stanza
from harness.server.knowledge_objects import StanzaCollection

_OTHERS: Final = ("source::", "host::", "rule::", "delayedrule::")
"""How stanzas begin that are about something else."""

_DEFAULTS: Final[Mapping[str, Json]] = {
    "ADD_EXTRA_TIME_FIELDS": "True",
    "ANNOTATE_PUNCT": True,
    "AUTO_KV_JSON": "true",
    "BREAK_ONLY_BEFORE": "",
    "BREAK_ONLY_BEFORE_DATE": True,
    "CHARSET": "UTF-8",
    "DATETIME_CONFIG": "/etc/datetime.xml",
    "DEPTH_LIMIT": "1000",
    "DETERMINE_TIMESTAMP_DATE_WITH_SYSTEM_TIME": "false",
    "HEADER_MODE": "",
    "LB_CHUNK_BREAKER_TRUNCATE": "2000000",
    "LEARN_MODEL": True,
    "LEARN_SOURCETYPE": True,
    "LINE_BREAKER_LOOKBEHIND": 100,
    "MATCH_LIMIT": "100000",
    "MAX_DAYS_AGO": 2000,
    "MAX_DAYS_HENCE": 2,
    "MAX_DIFF_SECS_AGO": 3600,
    "MAX_DIFF_SECS_HENCE": 604800,
    "MAX_EVENTS": 256,
    "MAX_TIMESTAMP_LOOKAHEAD": 128,
    "MUST_BREAK_AFTER": "",
    "MUST_NOT_BREAK_AFTER": "",
    "MUST_NOT_BREAK_BEFORE": "",
    "SEGMENTATION": "indexing",
    "SEGMENTATION-all": "full",
    "SEGMENTATION-inner": "inner",
    "SEGMENTATION-outer": "outer",
    "SEGMENTATION-raw": "none",
    "SEGMENTATION-standard": "standard",
    "SHOULD_LINEMERGE": True,
    "TRANSFORMS": "",
    "TRUNCATE": 10000,
    "maxDist": 100,
    "priority": "",
    "pulldown_type": False,
    "sourcetype": "",
    "termFrequencyWeightedDist": "false",
    "unarchive_cmd_start_mode": "shell",
}


def _typed(name: str, text: str) -> Json:
    """A setting as the default of its name is: a truth value, a number or text."""
    default = _DEFAULTS.get(name)
    if isinstance(default, bool):
        return text.strip().lower() in {"1", "true", "t", "yes"}
    return int(text) if isinstance(default, int) and text.strip().isdigit() else text


class _SourceTypes(StanzaCollection):
    def entry(self, call: Call, stanza: Stanza) -> Entry:
        """Source types are not switched off (M8.32)."""
        shown = StanzaCollection.entry(self, call, stanza)
        content = {name: value for name, value in shown.content.items() if name != "disabled"}
        return dataclasses.replace(shown, content=content, links=[link for link in shown.links if link != "disable"])


_SourceTypes(
    "saved/sourcetypes",
    "sourcetypes",
    capability="edit_sourcetypes",
    file="props",
    content=lambda stanza: {**_DEFAULTS, **{name: _typed(name, text) for name, text in stanza.settings.items()}},
    wanted=lambda stanza: not stanza.name.startswith(_OTHERS),
).serve()
