"""What Graphite's `/render` does with a query: grammar, times, functions and JSON, over any store.

Answers equal those of graphite-web 1.1.10, whose oddities are kept where somebody may count on them, but:

- A text behind a whole target, and arguments that a function does not take, are faults, and not passed over.
- `a|scale(2)|movingAverage(5)` is what it is when written as calls within each other; so are `timeShift` and
  whatever else looks at other times, within a template, and series that are given by the name of an argument.
- `perSecond` and `nonNegativeDerivative` take gaps also with `maxValue`.
- A request that would take more than some seconds of work is a fault.
"""
