"""Whatever stands behind a command's name: a search gives rows or refuses in words; it never breaks."""

from __future__ import annotations

import contextlib
import re
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.engine.commands import ALIASES, module_names
from harness.engine.search import Searcher, SearchRequest
from harness.errors import HarnessError
from tests.engine.worlds import searcher

WORDS = """
a b n _time _raw nope "x y" 'x y' a.b a{}.b x* * - + -n +a 0 1 -1 2 1.5 99999999999999999999 "" " " , , = == != < >
-> ( ) [ ] [search] [|makeresults] [search|fields] AS as BY by OVER WHERE where IN FROM OUTPUT with with AND OR NOT
count sum(n) avg(a) sum(eval(n>1)) perc95(n) values(*) dc(a) count() sparkline(count,1h) list( c(n ) eval(n=1)
earliest(n) num(a) auto(*) ctime(_time) none(b) sma2(n) wma3(a) true false t f "a=1 b=2" "(?<z>.)" "s/a/b/g"
"//b/@c" [eval z=1] limit=1 limit=top2 span=1 span=1h span=-1 span=1mon@mon bins=0 bins=3 max=0 max_match=0 p=1-3
p=0 mode=sed mode=multivalue field=a input=a output=z path=a{}.b path=a{1} prefix=z_ delim="," delim="" value=0
action=rm param=x method=iqr type=hosts index=main index=* source=x sep=: format=$VAL$ agg=max window=2
time_window=1h current=f global=f reset_before="n>1" keepevents=t keepempty=t sortby useother=t usenull=f
otherstr=x partial=f cont=f aligntime=earliest start=0 end=5 count=2 maxspan=1h startswith="a" endswith=(n>1)
mvlist=t header_field=a include_empty=f data="a,b" datamodel=X.Y nodename=X timeformat="%Y" maxsearches=1
left=L right=R L.a=R.a usetime=t span=3d span=1w
search="search a" override=t row=f col=t labelfield=a fieldname=z low=0-1 default=z
"""
TEXT = st.one_of(
    st.sampled_from(re.findall(r"\S+", WORDS)),
    st.sampled_from(['"x y"', "'x y'", '" "', "sum( n )", '"a b"=1', "a = 1", 'eval(n > "x")']),
    st.text(alphabet="ab1=\"'[]()`$,\\.<>!{}:-*%|é\n ", max_size=4),
)
ARGUMENTS = st.lists(TEXT, max_size=7).map(" ".join)


@lru_cache(maxsize=1)
def world() -> Searcher:
    return searcher(
        [
            {"a": "1", "b": ("x", "y"), "n": "5", "_time": 100.0, "_raw": "a=1 n=5"},
            {"a": "", "n": "x", "_time": 90.0, "_raw": '{"a":{"b":[1,2]}}'},
            {"b": "1.5", "x y": "z", "n": "-3", "_time": 80.0, "_raw": "<a><b c='1'>2</b></a>"},
        ]
    )


@pytest.mark.parametrize("name", sorted({*module_names(), *ALIASES}))
@given(arguments=ARGUMENTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_arguments_give_rows_or_a_refusal(name: str, arguments: str) -> None:
    searches = (f"| {name} {arguments}", f"index=main | {name} {arguments}")
    if name in ("delete", "collect", "mcollect", "outputlookup"):
        searches = (f"index=nothing | {name} {arguments}",)  # the rows stay for the next try
    for search in searches:
        with contextlib.suppress(HarnessError):
            frame = world().run(SearchRequest(search, now=1.7e9, max_seconds=5)).frame
            assert len(frame.to_rows()) == frame.length
