"""Requests written by hand: every function and each of its arguments, every time form, every rounding."""

from collections.abc import Iterator

from tests.render.asked import Asked

ONE = "asterisk.hq.calls.active"
ALL = "asterisk.*.calls.active"
COUNTS = "asterisk.*.calls.count"
WAITING = "asterisk.*.queue.*.waiting"
ODD = "odd.*"
TAGGED = "seriesByTag('name=asterisk.queue.waiting')"

FUNCS = (
    *("average", "avg_zero", "median", "sum", "min", "max", "diff", "stddev", "count", "range", "multiply"),
    *("last", "rangeOf", "avg", "total", "current", "sumSeries"),
)

TARGETS = {
    "paths": [
        ONE,
        "asterisk.{hq,lab}.calls.*",
        "asterisk.h?.calls.active",
        "asterisk.[hb]*.calls.active",
        "asterisk.{h[pq],b*}.calls.act*",
        "odd.a-b:c@d%20e",
        "asterisk.calls.active;pbx=hq",
        "no.such.path",
    ],
    "tags": [
        TAGGED,
        "seriesByTag('name=asterisk.queue.waiting', 'queue=~sup','pbx!=lab')",
        "seriesByTag('pbx=hq','queue!=~^sa')",
        "seriesByTag('pbx=hq','queue=')",
        "seriesByTag('name=none')",
        f"groupByTags({TAGGED},'sum','pbx')",
        f"groupByTags({TAGGED},'average','pbx','name')",
        "groupByTags(seriesByTag('name=~asterisk','pbx=~.'),'max','pbx')",
        "seriesByTag('name=~^odd')",
        "seriesByTag('name=asterisk.hq.calls.active')",
        f"aliasByTags({TAGGED},'pbx','queue',0,'nope')",
        f"sumSeries({TAGGED})",
        f"groupByNode({TAGGED},'queue','sum')",
        f"aliasByNode(scale({TAGGED},2),'queue',1)",
        "aliasByMetric(seriesByTag('name=asterisk.calls.active'))",
        "perSecond(seriesByTag('name=asterisk.calls.count'))",
    ],
    "combine": [
        *(f"aggregate({ODD},'{func}')" for func in FUNCS),
        f"aggregate({ODD},'sum',0.5)",
        f"aggregate({ODD},'sum',xFilesFactor=0.9)",
        f"sum({ALL})",
        f"sumSeries({ALL},{WAITING})",
        f"averageSeries({ALL},{WAITING})",
        f"avg({ODD})",
        f"maxSeries({WAITING})",
        f"minSeries({WAITING})",
        f"diffSeries({ALL})",
        f"stddevSeries({ODD})",
        f"rangeOfSeries({ODD})",
        f"multiplySeries({ALL})",
        f"multiplySeries({ONE})",
        f"countSeries({ODD})",
        "countSeries()",
        "sum(countSeries())",
        "countSeries(no.such.path)",
        f"group({ONE},{WAITING})",
        f"percentileOfSeries({ODD},50)",
        f"percentileOfSeries({ODD},95,true)",
        f"percentileOfSeries({ODD},1,true)",
        f"percentileOfSeries({WAITING},100)",
    ],
    "groups": [
        f"groupByNode({WAITING},1,'sum')",
        f"groupByNode({WAITING},3)",
        f"groupByNode({WAITING},-1,'max')",
        f"groupByNodes({WAITING},'sumSeries',1,3)",
        f"groupByNodes({WAITING},'avg',1,99)",
        f"groupByNodes({WAITING},'asPercent',1)",
        f"groupByNodes({WAITING},'max')",
        f"groupByNode(perSecond({COUNTS}),1,'sum')",
        f"sumSeriesWithWildcards({WAITING},1)",
        f"sumSeriesWithWildcards({WAITING},1,3)",
        f"averageSeriesWithWildcards({WAITING},1)",
        f"multiplySeriesWithWildcards({WAITING},3)",
        f"aggregateWithWildcards({WAITING},'max',3)",
    ],
    "ratios": [
        f"asPercent({ALL})",
        f"asPercent({ALL},1500)",
        f"asPercent({ALL},{ONE})",
        f"asPercent({ALL},{COUNTS})",
        f"asPercent({WAITING},None,1)",
        f"asPercent({WAITING},{ALL},1)",
        f"asPercent({ALL},{WAITING},1)",
        f"asPercent({ODD})",
        f"asPercent({ODD},{ONE})",
        f"asPercent({ODD},odd.seven)",
        f"pct({ALL},sum({ALL}))",
        f"divideSeries({ALL},{ONE})",
        f"divideSeries({ODD},odd.signed)",
        f"divideSeries({ALL},no.such.path)",
        "divideSeries(odd.seven,odd.eleven)",
        f"divideSeriesLists({ALL},{COUNTS})",
    ],
    "names": [
        f"alias({ALL},'x')",
        f"aliasByNode({ALL},1)",
        f"aliasByNode(scale({ALL},2),1,-1)",
        f"aliasByNode(sumSeries({ALL}),0,1)",
        f"aliasByNode(alias({ALL},'Calls (total)'),0)",
        f"aliasByMetric({ALL})",
        f"aliasByMetric(scale({ALL},3))",
        rf"aliasSub({ALL},'^asterisk\.([^.]+)\..*$','\1 calls')",
        f"substr({ALL},1,3)",
        f"substr(scale({ALL},2),-2)",
    ],
    "transforms": [
        f"scale({ODD},2)",
        f"scale({ODD},-0.25)",
        f"scale({ONE},1e1)",
        f"scale({ONE},'2')",
        f"scale({ONE},factor=2)",
        f"scaleToSeconds({ODD},60)",
        f"scaleToSeconds({ODD},1)",
        f"offset({ODD},3)",
        f"absolute({ODD})",
        f"round({ODD})",
        f"round({ODD},1)",
        f"derivative({ODD})",
        f"perSecond({COUNTS})",
        "perSecond(asterisk.hq.source.*.up,maxValue=100)",
        "nonNegativeDerivative(asterisk.hq.source.*.up,5,0)",
        "nonNegativeDerivative(odd.trunk9,minValue=0)",
        f"nonNegativeDerivative({COUNTS})",
        f"integral({ODD})",
        f"keepLastValue({ODD})",
        f"keepLastValue({ODD},2)",
        f"keepLastValue({ODD},inf)",
        f"transformNull({ODD})",
        f"transformNull({ODD},-1)",
        f"transformNull({ODD},0,{ONE})",
        f"transformNull({ODD},5,odd.seven)",
        f"isNonNull({ODD})",
        f"nPercentile({ODD},95)",
        f"nPercentile({ODD},10)",
    ],
    "summaries": [
        *(
            f"summarize({ODD},'{span}','{func}')"
            for span in ("1min", "5min", "17s", "1h", "3s")
            for func in ("sum", "last", "median")
        ),
        f"summarize({ODD},'10min','sum',true)",
        f"summarize({ONE},'7min','avg',alignToFrom=true)",
        f"smartSummarize({ODD},'5min','max')",
        f"smartSummarize({WAITING},'1h')",
        f"hitcount({ODD},'5min')",
        f"hitcount({ODD},'17s')",
        f"hitcount({ODD},'7s')",
    ],
    "windows": [
        *(
            f"moving{what}({ODD},{size})"
            for what in ("Average", "Max", "Min", "Sum", "Median")
            for size in (5, "'1min'", "'95s'")
        ),
        f"movingWindow({ODD},'5min','last')",
        f"movingWindow({ODD},10,'stddev',0.5)",
        f"movingAverage({ONE},5,1)",
        f"movingAverage({ONE},'1s')",
        f"movingAverage(movingMax({ONE},5),3)",
        f"movingAverage(scale({ONE},3),'2min')",
        f"timeShift({ONE},'10min')",
        f"timeShift({ALL},'1h',false)",
        f"timeShift({ODD},'-30min')",
        f"timeShift({ONE},'+5min')",
        f"timeShift(movingAverage({ONE},5),'10min')",
    ],
    "choices": [
        *(f"highest{what}({ODD},2)" for what in ("Current", "Max", "Average")),
        *(f"lowest{what}({ODD},2)" for what in ("Current", "Average")),
        f"highest({ODD},3,'sum')",
        f"highest({ODD})",
        f"lowest({ODD},3,'last')",
        f"limit({ODD},'2')",
        f"sortByName({ODD})",
        f"sortByName({ODD},'true')",
        f"sortByName({ODD},natural=true,reverse=true)",
        f"sortByMaxima({ODD})",
        f"sortByMinima({ODD})",
        f"sortByTotal({ODD})",
        f"sortBy({ODD})",
        f"sortBy({ODD},'max',true)",
        f"sortBy({ODD},'count')",
        f"exclude({ODD},'trunk')",
        rf"grep({ODD},'trunk\d+')",
        *(
            f"{what}{side}({ODD},10)"
            for what in ("maximum", "minimum", "average", "current")
            for side in ("Above", "Below")
        ),
        f"removeAboveValue({ODD},10)",
        f"removeBelowValue({ODD},10)",
        *(f"filterSeries({ODD},'max','{sign}',1)" for sign in ("=", "!=", ">", ">=", "<", "<=")),
        f"removeEmptySeries({ODD})",
        f"removeEmptySeries({ODD},0.5)",
        f"fallbackSeries(no.such.path,{ONE})",
        f"unique({ALL},{ONE})",
    ],
    "drawing": [
        "constantLine(5)",
        "constantLine(5.5)",
        "threshold(5,'Limit','red')",
        "threshold(7)",
        f"drawAsInfinite({ONE})",
        f"color({ONE},'red')",
        f"alpha({ONE},0.5)",
        f"lineWidth({ONE},2)",
        f"dashed({ONE})",
        f"dashed({ONE},3)",
        f"secondYAxis({ONE})",
        f"stacked({ALL})",
        f"stacked({ALL},'x')",
        f"consolidateBy({ODD},'max')",
        f"cumulative({ODD})",
    ],
    "grammar": [
        f"{ALL}|sum()",
        f"{ONE}|scale(2)|alias('x')",
        f"sum({ONE}|scale(2),{ALL})",
        f"{ONE}|movingAverage(5)|scale(2)",
        f"sum( {ONE} ,\n {ALL} )",
        "template(asterisk.$pbx.calls.active,pbx='hq')",
        "template(scale(asterisk.$1.calls.active,$2),'hq',3)",
        "template(alias(asterisk.$pbx.calls.active,'$pbx'),pbx='lab')",
    ],
}
"""Targets by what they are about."""

TIMES = (
    *(("-3d", "-1h"), ("-30min", "-10min"), ("-20s", "now"), ("-3s", "now"), ("now", "-1h")),
    *(("-2mon", "now"), ("-1y", "-1mon"), ("-10min", "+1h"), ("+1h", "+2h"), ("midnight", "now")),
    *(("1699999000", "1700001000"), ("noon", "now"), ("yesterday", "today"), ("today", "tomorrow")),
    *(("00:00_20231114", "23:00_20231114"), ("20231114", "20231115"), ("teatime", "now")),
    *(("11/14/23", "now"), ("november14", "now"), ("monday", "now"), ("9:30pm", "now-5min")),
    *(("midnight+1h", "noon+11h"), ("now-1h", "now-30min"), ("-1h30min", "now"), ("-3600seconds", "now")),
)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")


def _rounded() -> Iterator[Asked]:
    """More values than there is room for."""
    for most in (1, 2, 7, 50, 333):
        for target in (ODD, f"sum({ODD})", f"consolidateBy({ODD},'avg_zero')", "constantLine(3)"):
            yield Asked((target,), most=most)
        targets = (f"consolidateBy({ODD},'max')", f"cumulative({WAITING})", f"movingAverage({ONE},5)")
        yield Asked(targets, "-150min", "-7min", most)


def _at_times() -> Iterator[Asked]:
    for at, (start, end) in enumerate(TIMES):
        for zone in ("UTC", ZONES[1 + at % 3]):
            yield Asked((ALL, f"summarize({WAITING},'1h')"), start, end, zone=zone)


def _aligned() -> Iterator[Asked]:
    """Steps that begin with a year, month, week, day or hour of the zone."""
    for zone in ("UTC", "Asia/Kolkata"):
        for unit in ("years", "months", "weeks", "weeks5", "days", "hours", "min", "s"):
            yield Asked((f"smartSummarize({WAITING},'1h','sum','{unit}')",), zone=zone)
        for span in ("1d", "1h", "1min", "30min", "45s"):
            yield Asked((f"hitcount({WAITING},'{span}',true)",), "-3h", zone=zone)


def _with_gaps() -> Iterator[Asked]:
    """A share of values that must be known, and none that are not."""
    for share in ("0.3", "1"):
        for target in (f"sum({ODD})", f"summarize({ODD},'1min')", f"movingAverage({ODD},5)"):
            yield Asked((target,), most=20, options={"xFilesFactor": share})
            yield Asked((target,), options={"xFilesFactor": share, "noNullPoints": "1"})


def requests() -> Iterator[Asked]:
    """All of them."""
    yield from (Asked((target,)) for targets in TARGETS.values() for target in targets)
    yield from (*_rounded(), *_at_times(), *_aligned(), *_with_gaps())
    yield Asked((f"stacked({ALL})", f"stacked({WAITING})"))
    yield Asked(("template(asterisk.$pbx.calls.active)",), options={"template[pbx]": "lab"})
