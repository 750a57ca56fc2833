"""``loadjob``: the rows of a job that is done. Follows "loadjob" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.host import host_of
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class LoadJob(SearchCommand):
    """A job by its id, or the last one of a saved search (``owner``, ``app``, ``name``)."""

    names = ("loadjob",)
    generating = True

    sid: str = ""
    saved: tuple[str, str, str] | None = None
    events: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> LoadJob:
        known = {
            "savedsearch": string, "events": boolean, "job_delegate": string, "artifact_offset": non_negative_integer,
            "ignore_running": boolean,
        }  # fmt: skip
        options: dict[str, Any] = arguments.options(known)
        sid = "" if arguments.at_end else arguments.value()
        options |= arguments.options(known)
        arguments.expect_end()
        if options.get("artifact_offset"):
            raise arguments.unsupported("the option 'artifact_offset'")
        if "job_delegate" in options:
            raise arguments.unsupported("the option 'job_delegate'")
        if bool(sid) == ("savedsearch" in options):
            raise arguments.error("Specify either the id of a job or a saved search.")
        saved: tuple[str, str, str] | None = None
        if "savedsearch" in options:
            parts = options["savedsearch"].split(":", 2)
            if len(parts) != 3:
                raise arguments.error('A saved search is given as savedsearch="owner:app:name".')
            saved = (parts[0], parts[1], parts[2])
        return cls(sid, saved, options.get("events", False))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        host = host_of(context)
        rows = host.job(self.sid if self.saved is None else host.last_job(*self.saved), context.user)
        return rows.events if self.events else rows.results
