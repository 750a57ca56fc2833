"""One file per SPL command; this module finds them.

A command is a class that reads its own arguments and turns one frame into the next. Its file is named like the command
(a Python keyword gets a trailing underscore: ``from_.py``) and is imported when a search first uses it. A name with no
file is not a command of ours: ``Unknown search command`` if Splunk does not know it either, unsupported if it does.
"""

from __future__ import annotations

import importlib
import keyword
import pkgutil
from abc import ABC, abstractmethod
from functools import cache
from typing import TYPE_CHECKING, Final

from harness.errors import SplPlace, SPLSyntaxError, UnsupportedSPL
from harness.values.frame import Frame

if TYPE_CHECKING:
    from typing import Self

    from harness.engine.context import SearchContext
    from harness.spl.arguments import Arguments

ALIASES: Final = {
    "bucket": "bin",
    "kv": "extract",
    "counttable": "contingency",
    "ctable": "contingency",
    "af": "analyzefields",
}
"""Second names of commands."""

SPLUNK_COMMANDS: Final = frozenset(
    """
    abstract accum addcoltotals addinfo addtotals analyzefields anomalies anomalousvalue anomalydetection append
    appendcols appendpipe arules associate autoregress awssnsalert bin bucket bucketdir chart cluster cofilter collect
    concurrency contingency convert copyresults correlate createrss datamodel datamodelsimple dbinspect dbxlookup
    dbxoutput dbxquery debug dedup delete delta diff dispatch dump entitymerge erex eval eventcount eventstats extract
    fieldformat fields fieldsummary filldown fillnull findkeywords findtypes folderize foreach format from fromjson
    gauge gentimes geom geomfilter geostats head highlight history iconify inputcsv inputintelligence inputlookup
    iplocation join kmeans kv kvform loadjob localize localop lookup lookuptest makecontinuous makejson makemv
    makeresults map mcatalog mcollect metadata metasearch meventcollect mpreview msearch mstats multikv multisearch
    mvcombine mvexpand nomv notable nokv outlier outputcsv outputlookup outputtext overlap pivot predict prjob
    rangemap rare redistribute regex reltime rename replace require rest return reverse rex riskscore rtorder run
    savedsearch script scrub search searchtxn selfjoin sendalert sendemail set setfields sichart sirare sistats
    sitimechart sitop snowincident sort spath stats strcat streamstats table tags tail timechart timewrap toJson
    tojson top transaction transpose trendline tscollect tstats typeahead typelearner typer union uniq untable walklex
    where x11 xmlkv xmlunescape xpath xsDisplayConcept xyseries apply fit summary listmodels deletemodel sample score
    """.lower().split()
)
"""What a Splunk with the usual apps knows. Names outside it are ``Unknown search command``."""


class SearchCommand(ABC):
    """Base of every command class. Instances are immutable and hold the parsed arguments."""

    names: tuple[str, ...] = ()
    """The command's name, aliases after it (``bin``, ``bucket``)."""

    generating: bool = False
    """Makes rows out of nothing, so it must come first (``makeresults``, ``tstats``, ``inputlookup``)."""

    transforming: bool = False
    """Its result is a table, no longer events (``stats``, ``top``; ``table`` is not)."""

    streaming: bool = False
    """Works row by row, so that it may stand in a subsearch of ``multisearch``."""

    subsearches: bool = False
    """Reads ``[subsearches]`` itself; of any other command their text becomes part of the arguments."""

    @classmethod
    @abstractmethod
    def parse(cls, arguments: Arguments) -> Self:
        """Read the arguments; raises SPLSyntaxError in Splunk's words, or UnsupportedSPL, with the place underlined."""

    @abstractmethod
    def run(self, frame: Frame, context: SearchContext) -> Frame:
        """The rows after this command. ``frame`` is empty for the first command of a search."""

    def check(self, text: str) -> None:  # noqa: B027 - most commands have nothing to check
        """Raise what can be known to be wrong before any row is read. ``text`` is the whole search."""

    def check_next(self, following: SearchCommand | None) -> None:  # noqa: B027 - few commands care
        """Raise if the command after this one (None at the end of the pipeline) cannot take what this one gives."""

    def placed(self, *, first: bool, where: SplPlace | None = None) -> SearchCommand:
        """The command at its place in the pipeline: refuses a place that it cannot have (M4.69)."""
        if self.generating and not first:
            raise SPLSyntaxError(
                f"Error in '{self.names[0]}' command: This command must be the first command of a search.", where=where
            )
        return self


@cache
def module_names() -> frozenset[str]:
    """Names of the commands that have a file."""
    return frozenset(found.name.rstrip("_") for found in pkgutil.iter_modules(__path__))


@cache
def _load(name: str) -> type[SearchCommand]:
    module = importlib.import_module(f"{__name__}.{name}_" if keyword.iskeyword(name) else f"{__name__}.{name}")
    for thing in vars(module).values():
        if isinstance(thing, type) and issubclass(thing, SearchCommand) and name in getattr(thing, "names", ()):
            return thing
    raise LookupError(f"{module.__name__} has no command called {name!r}")


def find(name: str, where: SplPlace | None = None) -> type[SearchCommand]:
    """The class of a command. Raises SPLSyntaxError if Splunk does not know it, UnsupportedSPL if only we do not."""
    name = name.lower()
    name = ALIASES.get(name, name)
    if name in module_names():
        return _load(name)
    if name in SPLUNK_COMMANDS:
        raise UnsupportedSPL(f"The '{name}' command is not supported.", where=where)
    raise SPLSyntaxError(f"Unknown search command '{name}'.", where=where)
