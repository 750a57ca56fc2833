"""Data whose events happened at another time: the texts that index-time rules take ``_time`` from are written anew.

Nothing else of an event changes, other times in it included. What cannot be moved to the second is refused: the moved
data is read again by the same rules, and every event must have its old time and the move, no more and no less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from harness.errors import KnowledgeError
from harness.knowledge.conf import integer
from harness.knowledge.index_time import Broken, Rules, dated, decode
from harness.knowledge.knowledge import Knowledge, Metadata
from harness.knowledge.timestamps import DAY, Found

_MAX_DAYS: Final = 10_951
"""The longest MAX_DAYS_AGO that props.conf allows."""
_SHORTEST_STEP: Final = 100
_SAME: Final = 1e-5
"""Seconds; times are doubles."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A time in the text of all the data: of which event, the offset at which the event stands, its time and text."""

    number: int
    event: str
    found: Found
    start: int
    text: str


class Movable:
    """A body of data that can be moved in time. ``oldest`` and ``newest`` are the times of its events (epoch seconds).

    Raises KnowledgeError, with the number of the event, if one of them has no time of its own, or none that stands in
    the data.
    """

    def __init__(self, data: bytes, metadata: Metadata, now: float, knowledge: Knowledge) -> None:
        self._settings = knowledge.props.settings(metadata.source, metadata.host, metadata.sourcetype)
        self._now = now
        self._text = _plain(data, self._settings.get("CHARSET", ""))
        rules = Rules(self._settings, now, _ignored)
        if rules.times.disabled:
            raise KnowledgeError("events of this kind have the time of indexing (DATETIME_CONFIG)")
        self._times, self._places = self._read(self._rules_of_its_day(rules))
        self.oldest, self.newest = min(self._times), max(self._times)

    def moved(self, seconds: int) -> bytes:
        """The data so much later. Raises KnowledgeError where the rules do not read it back as that."""
        rules = Rules(self._settings, self._now, _ignored)
        parts: list[str] = []
        position = 0
        for place in self._places:
            start = place.start + place.found.start
            parts += [self._text[position:start], _later(place, seconds, rules)]
            position = place.start + place.found.end
        text = "".join([*parts, self._text[position:]])
        self._prove(text, seconds, rules)
        return text.encode()

    def _rules_of_its_day(self, rules: Rules) -> Rules:
        """As they read the data when it was new: a time of long ago is none to the rules of today (MAX_DAYS_AGO).

        Where other days would see other times in it, nothing tells which of them are meant.
        """
        any_age = Rules({**self._settings, "MAX_DAYS_AGO": str(_MAX_DAYS)}, self._now, _ignored)
        dates = [found is not None for _, found, _ in dated(self._text, any_age, _ignored)]
        if self._times_by(rules, dates) is not None:
            return rules
        step = max(integer(self._settings.get("MAX_DAYS_AGO"), 2000) // 2, _SHORTEST_STEP)
        readings: dict[tuple[float, ...], Rules] = {}
        for days in range(step, _MAX_DAYS + step, step):
            then = Rules(self._settings, self._now - days * DAY, _ignored)
            times = self._times_by(then, dates)
            if times is not None:
                readings[times] = then
        if len(readings) > 1:
            raise KnowledgeError("its events hold several times, years apart, and no rule says which is theirs")
        return next(iter(readings.values()), any_age)

    def _times_by(self, rules: Rules, dates: Sequence[bool]) -> tuple[float, ...] | None:
        """The times of all events, if just those have one that should."""
        times: list[float] = []
        for number, (_, found, time) in enumerate(dated(self._text, rules, _ignored)):
            if time is None or number >= len(dates) or (found is not None) != dates[number]:
                return None
            times.append(time)
        return tuple(times) if len(times) == len(dates) else None

    def _read(self, rules: Rules) -> tuple[list[float], list[_Place]]:
        times: list[float] = []
        places: list[_Place] = []
        position = 0
        for number, (broken, found, time) in enumerate(dated(self._text, rules, _ignored), 1):
            if time is None:
                raise KnowledgeError(f"event {number} has no time of its own: {_shown(broken[0])}")
            times.append(time)
            event, start = self._located(number, broken[0], position)
            position = start + len(event)
            if found is not None:
                places.append(_place(number, event, broken, found, start))
        if not times:
            raise KnowledgeError("there is no event in it")
        return times, places

    def _located(self, number: int, event: str, position: int) -> tuple[str, int]:
        """The event as it stands in the text, and where: lines that belong together are joined by one line end."""
        for text in (event, event.replace("\n", "\r\n")):
            start = self._text.find(text, position)
            if start >= 0:
                return text, start
        raise KnowledgeError(f"event {number} does not stand in the data as it is indexed: {_shown(event)}")

    def _prove(self, text: str, seconds: int, rules: Rules) -> None:
        times = [time for _, _, time in dated(text, rules, _ignored)]
        if len(times) != len(self._times):
            raise KnowledgeError(f"moved, it would be {len(times)} events instead of {len(self._times)}")
        for number, (before, after) in enumerate(zip(self._times, times, strict=True), 1):
            if after is None or abs(after - before - seconds) > _SAME:
                raise KnowledgeError(f"moved, event {number} would have another time than it should")


def _place(number: int, event: str, broken: Broken, found: Found, start: int) -> _Place:
    raw, _, _, stamp = broken
    if stamp is None:
        if event != raw:  # its line ends are longer here
            more = raw.count("\n", 0, found.start)
            inside = raw.count("\n", found.start, found.end)
            found = Found(found.epoch, found.start + more, found.end + more + inside, found.zone, found.wall)
        return _Place(number, event, found, start, event[found.start : found.end])
    text = stamp[found.start : found.end]
    if event.count(text) != 1:
        raise KnowledgeError(f"the time of event {number} does not stand in it once, as {text!r}: {_shown(event)}")
    at = event.index(text)
    return _Place(number, event, Found(found.epoch, at, at + len(text), found.zone, found.wall), start, text)


def _later(place: _Place, seconds: int, rules: Rules) -> str:
    """The text of the time, moved: the first way to write it that is read so."""
    found = place.found
    for text in rules.times.written_anew(place.text, found, seconds):
        # By itself: what stands around it is read again with all of the data.
        again = rules.times.find(place.event[: found.start] + text + place.event[found.end :])
        if again is None:
            again = rules.times.find(text)
        if again is not None and abs(again.epoch - found.epoch - seconds) <= _SAME:
            return text
    raise KnowledgeError(
        f"the time of event {place.number} cannot be written {seconds:+d} seconds later so that it is read again: "
        f"{place.text!r}"
    )


def _plain(data: bytes, charset: str) -> str:
    text = decode(data, charset, _ignored)
    try:
        plain = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        plain = None
    if text is None or text != plain:
        raise KnowledgeError("it is no plain UTF-8")
    return text


def _shown(event: str) -> str:
    line = event.partition("\n")[0]
    return line if len(line) <= 100 else f"{line[:100]}…"


def _ignored(_: KnowledgeError) -> None:
    """What there is to say about rules is said when the data is indexed."""
