"""Functions that make other values of each series by itself."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise, zip_longest

from bridge.render.aggregation import percentile
from bridge.render.errors import QueryError
from bridge.render.function import Calling, Function, Series
from bridge.render.parameters import SERIES, Parameter
from bridge.render.series import TimeSeries, Value


def mapped(values: Sequence[Value], change: Callable[[float], Value]) -> list[Value]:
    """Each value changed; what is not known stays so."""
    return [None if value is None else change(value) for value in values]


def scale(_calling: Calling, series: Series, factor: float) -> Series:
    """Multiplies all values by a number."""
    return [
        each.mapped(
            f"scale({each.name},{factor:g})", mapped(each.values, lambda value: value * factor), scale=factor
        )
        for each in series
    ]


def scale_to_seconds(_calling: Calling, series: Series, seconds: float) -> Series:
    """Turns what was counted in each step into what would be counted in so many seconds."""
    return [_scaled_to(each, seconds) for each in series]


def _scaled_to(series: TimeSeries, seconds: float) -> TimeSeries:
    factor = seconds / series.step
    values = mapped(series.values, lambda value: round(value * factor, 6))
    return series.mapped(f"scaleToSeconds({series.name},{int(seconds)})", values, scaleToSeconds=seconds)


def offset(_calling: Calling, series: Series, amount: float) -> Series:
    """Adds a number to all values."""
    return [
        each.mapped(
            f"offset({each.name},{amount:g})",
            mapped(each.values, lambda value: value + amount),
            offset=amount,
        )
        for each in series
    ]


def absolute(_calling: Calling, series: Series) -> Series:
    """Takes the sign off all values."""
    return [each.mapped(f"absolute({each.name})", mapped(each.values, abs), absolute=1) for each in series]


def round_values(_calling: Calling, series: Series, digits: int | None) -> Series:
    """Rounds all values to so many digits behind the point."""
    shown = "" if digits is None else f",{digits:g}"
    return [
        each.mapped(
            f"round({each.name}{shown})",
            mapped(each.values, lambda value: round(value, digits or 0)),
            round=digits or 0,
        )
        for each in series
    ]


def delta_to(last: Value, value: Value) -> Value:
    """By how much a value has risen."""
    return None if last is None or value is None else value - last


def derivative(_calling: Calling, series: Series) -> Series:
    """By how much each value differs from the one before."""
    return [
        each.mapped(
            f"derivative({each.name})",
            [delta_to(*pair) for pair in pairwise([None, *each.values])],
            derivative=1,
        )
        for each in series
    ]


def _rises(values: Sequence[Value], top: float | None, bottom: float | None) -> Iterator[Value]:
    """By how much a counter rose at each value; None where it fell, unless it is known where it wraps.

    Args:
        values: of the counter.
        top: the highest value, at which it wraps; what is above is not believed.
        bottom: where it begins again; what is below is not believed.
    """
    last: Value = None
    for value in values:
        if value is not None and _beyond(value, top, bottom):
            yield None
            last = None
            continue
        rise = delta_to(last, value)
        if rise is not None and rise < 0:
            rise = _wrapped(rise, value or 0.0, top, bottom)
        yield rise
        last = value


def _beyond(value: float, top: float | None, bottom: float | None) -> bool:
    return (top is not None and value > top) or (bottom is not None and value < bottom)


def _wrapped(rise: float, value: float, top: float | None, bottom: float | None) -> Value:
    if top is not None:
        return top + 1 + rise - (bottom or 0)
    return None if bottom is None else value - bottom


def non_negative_derivative(
    _calling: Calling, series: Series, top: float | None, bottom: float | None
) -> Series:
    """By how much a counter rose; None where it began again, unless maxValue says where it wraps."""
    return [
        each.mapped(
            f"nonNegativeDerivative({each.name})",
            list(_rises(each.values, top, bottom)),
            nonNegativeDerivative=1,
        )
        for each in series
    ]


def per_second(_calling: Calling, series: Series, top: float | None, bottom: float | None) -> Series:
    """By how much a counter rose in each second; see nonNegativeDerivative."""
    return [
        each.mapped(
            f"perSecond({each.name})", _rates(list(_rises(each.values, top, bottom)), each.step), perSecond=1
        )
        for each in series
    ]


def _rates(rises: list[Value], step: int) -> list[Value]:
    return mapped(rises, lambda rise: round(rise / step, 6))


def integral(_calling: Calling, series: Series) -> Series:
    """The sum of all values up to each."""
    return [each.mapped(f"integral({each.name})", _sums(each.values), integral=1) for each in series]


def _sums(values: Sequence[Value]) -> list[Value]:
    sums = accumulate((value or 0.0 for value in values), initial=0.0)
    next(sums)
    return [None if value is None else total for value, total in zip(values, sums, strict=True)]


def keep_last_value(_calling: Calling, series: Series, longest: float) -> Series:
    """Fills gaps of up to so many values with the last value before."""
    return [each.mapped(f"keepLastValue({each.name})", _filled(each.values, longest)) for each in series]


def _filled(values: Sequence[Value], longest: float) -> list[Value]:
    filled = list(values)
    last, gap = None, 0
    for at, value in enumerate([*values, None]):
        ended = at == len(values) or value is not None
        if ended and 0 < gap <= longest and last is not None:
            filled[at - gap : at] = [last] * gap
        gap = 0 if value is not None else gap + 1
        last = last if value is None else value
    return filled


def transform_null(_calling: Calling, series: Series, default: float, reference: Series | None) -> Series:
    """Puts a number where nothing is known; with a reference, only where one of its series has a value."""
    if not reference:
        return [
            each.mapped(
                f"transformNull({each.name},{default:g})",
                [default if value is None else value for value in each.values],
                transformNull=default,
            )
            for each in series
        ]
    rows = zip_longest(*(each.values for each in reference))
    defaults = [None if all(value is None for value in row) else default for row in rows]
    return [
        each.mapped(
            f"transformNull({each.name},{default:g},referenceSeries)",
            _with_defaults(each.values, defaults),
            transformNull=default,
            referenceSeries=1,
        )
        for each in series
    ]


def _with_defaults(values: Sequence[Value], defaults: list[Value]) -> list[Value]:
    """As in graphite-web, of a reference that is longer the first values are left out."""
    changed = [other if value is None else value for value, other in zip_longest(values, defaults)]
    return (list(values) + changed)[len(changed) :]


def is_non_null(_calling: Calling, series: Series) -> Series:
    """1 where a value is known, 0 where not."""
    return [
        each.mapped(f"isNonNull({each.name})", [int(value is not None) for value in each.values], isNonNull=1)
        for each in series
    ]


def n_percentile(_calling: Calling, series: Series, share: float) -> Series:
    """A straight line for each series, below which n percent of its values are."""
    if not 0 < share <= 100:
        raise QueryError(f"n should be above 0 and at most 100, not {share:g}")
    return [
        each.mapped(
            f"nPercentile({each.name}, {share:g})",
            [value] * ((each.end - each.start) // each.step),
            nPercentile=share,
        )
        for each in series
        if (value := percentile(each.values, share)) is not None
    ]


def _number(name: str) -> Parameter:
    return Parameter(name, "float", required=True)


def _transforms(name: str, run: Callable[..., Series], *parameters: Parameter) -> Function:
    return Function(name, "Transform", run, (SERIES, *parameters))


WRAPS = (Parameter("maxValue", "float"), Parameter("minValue", "float"))
NULL = (Parameter("default", "float", default=0), Parameter("referenceSeries", "seriesList"))

FUNCTIONS = (
    _transforms("scale", scale, _number("factor")),
    _transforms("scaleToSeconds", scale_to_seconds, _number("seconds")),
    _transforms("offset", offset, _number("factor")),
    _transforms("absolute", absolute),
    _transforms("round", round_values, Parameter("precision", "integer")),
    _transforms("derivative", derivative),
    _transforms("nonNegativeDerivative", non_negative_derivative, *WRAPS),
    _transforms("perSecond", per_second, *WRAPS),
    _transforms("integral", integral),
    _transforms("keepLastValue", keep_last_value, Parameter("limit", "intOrInf", default=float("inf"))),
    _transforms("transformNull", transform_null, *NULL),
    _transforms("isNonNull", is_non_null),
    Function("nPercentile", "Calculate", n_percentile, (SERIES, _number("n"))),
)
