"""One file per SPL command; this module finds them.

A command is a class that reads its own arguments and turns one frame into the next. Its file is named like the command
and is imported when a search first uses it. A name with no file is not a command of ours: ``Unknown search command`` if
Splunk does not know it either, ``unsupported`` if it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from harness.values.frame import Frame

if TYPE_CHECKING:
    from typing import Self

    from harness.engine.context import SearchContext
    from harness.spl.arguments import Arguments


@runtime_checkable
class SearchCommand(Protocol):
    """What every command class provides. Instances are immutable and hold the parsed arguments."""

    names: ClassVar[tuple[str, ...]]
    """The command's name, aliases after it (``bin``, ``bucket``)."""

    generating: ClassVar[bool]
    """Makes rows out of nothing, so it must come first (``makeresults``, ``tstats``, ``inputlookup``)."""

    transforming: ClassVar[bool]
    """Its result is a table, no longer events (``stats``, ``top``, ``table`` is not)."""

    @classmethod
    def parse(cls, arguments: Arguments) -> Self:
        """Read the arguments; raises SPLSyntaxError in Splunk's words, or UnsupportedSPL, with the place underlined."""

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        """The rows after this command. ``frame`` is empty for a generating command."""
