"""Requests that nobody would think of: functions within each other, over all kinds of series and times."""

import random
from collections.abc import Iterator

from tests.render.asked import Asked

PATTERNS = (
    "asterisk.*.calls.active",
    "asterisk.{hq,branch}.calls.{active,count}",
    "asterisk.h[pq].queue.*.waiting",
    "asterisk.*.queue.support*.answered",
    "asterisk.???.channels.active",
    "asterisk.lab.*.*",
    "asterisk.*.source.*.up",
    "odd.*",
    "odd.{seven,eleven,signed}",
    "odd.trunk*",
    "odd.sparse",
    "odd.late",
    "odd.empty",
    "no.such.path",
    "seriesByTag('name=asterisk.queue.waiting')",
    "seriesByTag('name=asterisk.queue.waiting', 'queue=~^sup', 'pbx!=lab')",
    "seriesByTag('name=~asterisk.calls','pbx=hq')",
    "seriesByTag('pbx=~(hq|branch)', 'queue=')",
)
LISTS = ("sumSeries", "avg", "maxSeries", "minSeries", "diffSeries", "rangeOfSeries", "countSeries", "group")
CHANGES = (
    "scale({},{number})",
    "offset({},{number})",
    "absolute({})",
    "scaleToSeconds({},{count})",
    "derivative({})",
    "nonNegativeDerivative({})",
    "perSecond({})",
    "integral({})",
    "keepLastValue({},{count})",
    "transformNull({},{number})",
    "isNonNull({})",
    "removeAboveValue({},{number})",
    "removeBelowValue({},{number})",
    "consolidateBy({},'{way}')",
    "summarize({},'{span}','{func}')",
    "summarize({},'{span}','{func}',true)",
    "smartSummarize({},'{span}','{func}')",
    "hitcount({},'{span}')",
    "movingAverage({},{count})",
    "movingMax({},'{span}')",
    "movingMedian({},{count},0.5)",
    "movingWindow({},'{span}','{func}')",
    "timeShift({},'{span}')",
    "nPercentile({},{percent})",
)
CHOICES = (
    "highestMax({},{count})",
    "lowestAverage({},{count})",
    "highestCurrent({},{count})",
    "limit({},{count})",
    "sortByName({},true)",
    "sortByMaxima({})",
    "sortByMinima({})",
    "sortBy({},'{func}')",
    "exclude({},'queue|late')",
    "grep({},'active|odd')",
    "filterSeries({},'{func}','{operator}',{number})",
    "maximumAbove({},{number})",
    "averageBelow({},{number})",
    "removeEmptySeries({},0.2)",
)
ONES = (
    "aggregate({},'{func}',0.3)",
    "asPercent({})",
    "asPercent({},{count})",
    "divideSeries({},odd.signed)",
    "percentileOfSeries({},{percent})",
    "groupByNode({},1,'{func}')",
    "groupByNodes({},'{func}',-1,0)",
    "groupByTags({},'{func}','name')",
    "sumSeriesWithWildcards({},1)",
    "averageSeriesWithWildcards({},-1,2)",
    "aggregateWithWildcards({},'{func}',2)",
    "multiplySeries({})",
)
NAMES = ("aliasByNode({},1,-1)", "aliasByMetric({})", "aliasSub({},'^.*\\.','x ')", "alias({},'x y')")
WAYS = ("sum", "average", "max", "min", "first", "last", "avg_zero")
FUNCS = ("sum", "average", "max", "min", "median", "last", "diff", "stddev", "count", "range", "multiply")
SPANS = ("1min", "90s", "5min", "17s", "600s", "1h")
STARTS = ("-20min", "-35min", "-1h", "-7min", "-90s", "-26h")
ENDS = ("now", "now", "-3min", "-61s", "+5min")


def _target(chance: random.Random, depth: int) -> str:
    if depth == 0:
        return chance.choice(PATTERNS)
    kind = chance.random()
    if kind < 0.15:
        inner = ",".join(_target(chance, depth - 1) for _ in range(chance.randint(1, 2)))
        return f"{chance.choice(LISTS)}({inner})"
    shapes = CHANGES if kind < 0.6 else CHOICES if kind < 0.75 else ONES if kind < 0.92 else NAMES
    return chance.choice(shapes).format(
        _target(chance, depth - 1),
        number=chance.choice((2, -1, 0.5, 10, 25)),
        count=chance.choice((1, 2, 3, 7, 60)),
        percent=chance.choice((5, 50, 95)),
        span=chance.choice(SPANS),
        func=chance.choice(FUNCS),
        way=chance.choice(WAYS),
        operator=chance.choice((">", "<", "<=", ">=", "=", "!=")),
    )


def requests(count: int, seed: int = 6) -> Iterator[Asked]:
    """So many requests, the same ones each time."""
    chance = random.Random(seed)
    for _ in range(count):
        yield Asked(
            (_target(chance, chance.choice((1, 1, 2, 2, 3))),),
            chance.choice(STARTS),
            chance.choice(ENDS),
            chance.choice((None, None, 1, 10, 77, 400)),
            options={"xFilesFactor": "0.4"} if chance.random() < 0.1 else {},
        )
