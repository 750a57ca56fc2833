"""Whatever commands follow each other over whatever rows: a search gives rows, or refuses in words; it never breaks."""

from __future__ import annotations

import contextlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.engine.commands import module_names
from harness.engine.search import SearchRequest
from harness.errors import HarnessError
from harness.values.column import Value
from tests.engine.worlds import searcher

FIELDS = st.sampled_from(["a", "b", "n", "_time", "nope", '"x.y"', "j"])
CELLS: st.SearchStrategy[Value] = st.sampled_from(
    [None, "", "1", "x", "-1.5", ("1", "2"), ("x", "", "x"), '{"q":[1,{"z":null}]}', "<a><b>1</b></a>", "k=v", "9" * 30]
)
ROWS = st.lists(
    st.fixed_dictionaries(dict.fromkeys(("a", "b", "n", "x.y", "j", "_raw"), CELLS)).flatmap(
        lambda row: st.sampled_from([0.0, 100.0, 1.7e9]).map(lambda time: {**row, "_time": time})
    ),
    max_size=5,
)

TEMPLATES = r"""
accum {} as t
addcoltotals
addinfo
addtotals col=t {}
anomalydetection method=iqr action=tf {}
append [| makeresults]
appendcols [| makeresults | eval zz=1]
appendpipe [stats count]
autoregress {} p=1-2
bin {} span=2
bin _time
bin _time span=3d
chart sum({}) over {} by {} limit=1
chart eval(round(sum({})/count(), 1)) over {} by {}
chart max({}) over {} by {} where max in top1
collect index=summary
concurrency duration={} start={}
contingency {} {}
convert auto({}) ctime({}) dur2sec({}) memk({})
convert num(*)
dedup {} {} keepevents=t keepempty=t
dedup 2 {} consecutive=t sortby -{}
delete
delta {} p=2
eval z={}+1, y=if(isnull({}),1,{})
eval {}=null()
eventstats max({}) as mx by {}
extract pairdelim=";" kvdelim=":"
fieldformat {}=tostring({})
fields - {}
fields {} *
fieldsummary maxvals=1 {} a*
filldown {}
fillnull value=z
foreach * [eval <<FIELD>>='<<FIELD>>'."x"]
foreach mode=multivalue {} [eval z=<<ITEM>>]
format
fromjson {}
head 2
highlight a
localop
setfields a="1"
trendline sma2({}) wma3({}) as t
iplocation {}
join type=outer max=0 [search index=main | table a b]
join left=L right=R where L.{}=R.a usetime=t earlier=f max=0 [search index=main]
makecontinuous {} span=1
makemv delim="," {}
map search="search index=main a=$a$"
mcollect index=main
multikv
mvcombine {}
mvexpand {}
nomv {}
outlier action=rm {}
outlier mark=t uselower=t {}
rangemap field={} low=0-1 high=1-5
rare {} showperc=f
regex {}="1"
rename {} as q, * as p_*
replace "*x" with "y*"
require
return 2 {} $a
reverse
rex field={} "(?<g1>.)(?<g2>x)?"
rex field={} mode=sed "s/1/2/g"
search {}!=1 OR NOT {}=x*
sort 0 num({}) -str({}) ip({}) {}
spath input={}
stats sparkline count by {}
stats count values({}) list({}) dc({}) mode({}) by {}
stats sum({}) avg({}) min({}) max({}) stdev({}) median({}) perc90({}) range({}) earliest({}) rate({})
strcat {} "x" {} z
streamstats current=f window=2 last({}) as p by {}
table {} *
tags {} outputfield=t
tail 2
timechart span=1mon avg({}) by {}
timechart span=1d per_hour({}) partial=t agg=max by {} span=2
tojson
top 2 {} by {}
transaction {} {} maxspan=1h
transaction {} startswith=(a=1) endswith=(b=x) keepevicted=t
transpose 0
uniq
untable {} k v
where isnotnull({})
xmlkv {}
xpath field={} outfield=z "//b"
xyseries {} {} {}
""".strip().splitlines()

# They begin a search, or are about things that no rows are: datasets, lookups, indexes, models.
ELSEWHERE = {"makeresults", "tstats", "from", "datamodel", "multisearch", "union", "set", "eventcount", "timechart",
             "lookup", "inputlookup", "outputlookup", "gentimes", "metadata", "mstats", "mcatalog",
             "rest", "loadjob", "pivot", "typeahead", "savedsearch", "fit", "apply", "summary"}  # fmt: skip


@st.composite
def pipelines(draw: st.DrawFn) -> str:
    commands = draw(st.lists(st.sampled_from(TEMPLATES), min_size=1, max_size=4))
    filled = [
        command.replace("{}", "%s") % tuple(draw(FIELDS) for _ in range(command.count("{}"))) for command in commands
    ]
    return " | ".join(["index=main", *filled])


@given(rows=ROWS, search=pipelines())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_search_gives_rows_or_refuses_in_words(rows: list[dict[str, Value]], search: str) -> None:
    present = [{name: value for name, value in row.items() if value is not None} for row in rows]
    with contextlib.suppress(HarnessError):
        frame = searcher(present).run(SearchRequest(search, now=1.7e9)).frame
        assert len(frame.to_rows()) == frame.length
        assert all(len(column) == frame.length for column in frame.columns.values())


def test_every_command_is_tried() -> None:
    tried = {template.split()[0] for template in TEMPLATES}
    assert module_names() - tried - ELSEWHERE == set()
