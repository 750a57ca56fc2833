"""Small apps written for a test."""

from __future__ import annotations

from pathlib import Path

from harness.knowledge.knowledge import Knowledge, Metadata
from harness.values.column import Value

NOW = 1_768_500_000.0


def write_app(folder: Path, name: str = "an_app", **confs: str) -> Path:
    """An app with these conf files; a name with a dot in it is a lookup file (``users_csv``)."""
    app = folder / name
    for conf, text in confs.items():
        path = (
            app / "lookups" / conf.replace("_csv", ".csv")
            if conf.endswith("_csv")
            else app / "default" / f"{conf}.conf"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (app / "metadata").mkdir(exist_ok=True)
    (app / "metadata" / "default.meta").write_text("[]\nexport = system\n", encoding="utf-8")
    return app


def events(
    knowledge: Knowledge, text: str, *, sourcetype: str = "st", source: str = "s", host: str = "h"
) -> list[dict[str, Value]]:
    """What a search would see of some data."""
    indexed = knowledge.index_time(text.encode(), Metadata(host, source, sourcetype), NOW)
    return knowledge.search_time(indexed.frame).to_rows()


def fields(knowledge: Knowledge, text: str, *names: str, **metadata: str) -> list[dict[str, Value]]:
    """Only the named fields of each event."""
    return [{name: row[name] for name in names if name in row} for row in events(knowledge, text, **metadata)]
