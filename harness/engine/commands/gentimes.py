"""``gentimes``: a row per time range. Follows "gentimes" in the Search Reference."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import SearchError
from harness.spl.arguments import Arguments, string
from harness.values.column import Value
from harness.values.frame import Frame

_MOMENT: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})(?::(\d{1,2}):(\d{1,2}):(\d{1,2}))?")
_DAYS: Final = re.compile(r"-?[0-9]{1,6}")
_INCREMENT: Final = re.compile(r"([0-9]{1,9})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MAX_ROWS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class GenTimes(SearchCommand):
    """Ranges from ``start`` on, none beginning at ``end`` or later."""

    names = ("gentimes",)
    generating = True
    transforming = True

    start: str
    end: str | None = None
    increment: int = 86400

    @classmethod
    def parse(cls, arguments: Arguments) -> GenTimes:
        options = arguments.options({"start": string, "end": string, "increment": string})
        arguments.expect_end()
        if "start" not in options:
            raise arguments.error("The argument 'start' is required.")
        for name in ("start", "end"):
            text = options.get(name, "0")
            if _MOMENT.fullmatch(text) is None and _DAYS.fullmatch(text) is None:
                raise arguments.error(f"Invalid time '{text}' for option {name}.")
        step = _INCREMENT.fullmatch(options.get("increment", "1d"))
        if step is None or int(step[1]) == 0:
            raise arguments.error(f"Invalid value for option increment: '{options['increment']}'.")
        return cls(options["start"], options.get("end"), int(step[1]) * _SECONDS[step[2]])

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        start, end = self._moment(self.start, context), self._moment(self.end or "0", context)
        if (end - start) / self.increment > MAX_ROWS:
            raise SearchError(f"Error in 'gentimes' command: more than {MAX_ROWS} time ranges.")
        rows: list[dict[str, Value]] = []
        while start < end:
            following = self._next(start, context)
            rows.append(
                {
                    "endhuman": _human(following - 1, context),
                    "endtime": following - 1,
                    "starthuman": _human(start, context),
                    "starttime": start,
                }
            )
            start = following
        return Frame.from_rows(rows, ordered=True)

    def _next(self, start: int, context: SearchContext) -> int:
        """Days are days of the calendar, 23 or 25 hours long when clocks change."""
        if self.increment % 86400:
            return start + self.increment
        local = datetime.fromtimestamp(start, context.timezone).replace(tzinfo=None)
        moved = local + timedelta(seconds=self.increment)
        return int(moved.replace(tzinfo=context.timezone).timestamp())

    @staticmethod
    def _moment(text: str, context: SearchContext) -> int:
        """Epoch seconds of a date, or of the midnight some days from today's."""
        found = _MOMENT.fullmatch(text)
        try:
            if found is not None:
                month, day, year, hour, minute, second = (int(part or 0) for part in found.groups())
                year = year + 2000 if year < 100 else year
                moment = datetime(year, month, day, hour, minute, second, tzinfo=context.timezone)
            else:
                today = datetime.fromtimestamp(context.now, context.timezone).replace(tzinfo=None)
                midnight = today.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=int(text))
                moment = midnight.replace(tzinfo=context.timezone)
            return int(moment.timestamp())
        except (ValueError, OverflowError):
            raise SearchError(f"Error in 'gentimes' command: '{text}' is no time.") from None


def _human(moment: int, context: SearchContext) -> str:
    return time.asctime(datetime.fromtimestamp(moment, context.timezone).timetuple())
