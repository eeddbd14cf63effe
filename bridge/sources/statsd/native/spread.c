/* The statistics of a timer, by the steps of core/timer.py and in their order, so that the last bit is the same. */
#include "native.h"
#include <math.h>

enum { SHORT = 48, DIGITS = 8, VALUES = 256 };

typedef struct {
    const double *values, *sums, *squares;  /* ascending, and what has added up at each */
    Py_ssize_t count;
    double scale;
} Ladder;

static void sort_short(double *values, Py_ssize_t count)
{
    for (Py_ssize_t at = 1; at < count; at++) {
        double value = values[at];
        Py_ssize_t place = at;
        for (; place && values[place - 1] > value; place--) values[place] = values[place - 1];
        values[place] = value;
    }
}

/* A double as a whole number of the same order, and back. */
static inline uint64_t rank_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | 1ull << 63;
}

static inline double value_of(uint64_t rank)
{
    uint64_t bits = rank >> 63 ? rank & ~(1ull << 63) : ~rank;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Sort byte by byte: what senders choose cannot make it slow. `other` has room for as many. */
static void sort_long(double *values, Py_ssize_t count, uint64_t *other)
{
    Py_ssize_t amounts[DIGITS][VALUES] = {{0}};
    uint64_t *ranks = (uint64_t *)values, *from = ranks, *to = other;
    for (Py_ssize_t at = 0; at < count; at++) {
        uint64_t rank = rank_of(values[at]);
        memcpy(ranks + at, &rank, sizeof rank);
        for (int digit = 0; digit < DIGITS; digit++) amounts[digit][rank >> 8 * digit & 255]++;
    }
    for (int digit = 0; digit < DIGITS; digit++) {
        Py_ssize_t *places = amounts[digit], before = 0;
        if (places[from[0] >> 8 * digit & 255] == count) continue;
        for (int value = 0; value < VALUES; value++) {
            Py_ssize_t amount = places[value];
            places[value] = before;
            before += amount;
        }
        for (Py_ssize_t at = 0; at < count; at++) to[places[from[at] >> 8 * digit & 255]++] = from[at];
        uint64_t *swapped = from;
        from = to;
        to = swapped;
    }
    for (Py_ssize_t at = 0; at < count; at++) {
        double value = value_of(from[at]);
        memcpy(values + at, &value, sizeof value);
    }
}

static PyObject *whole(const Ladder *ladder)
{
    const double *values = ladder->values;
    Py_ssize_t count = ladder->count, middle = count / 2;
    double mean = ladder->sums[count - 1] / (double)count;
    double spread = (values[0] - mean) * (values[0] - mean);
    for (Py_ssize_t at = 1; at < count; at++) spread += (values[at] - mean) * (values[at] - mean);
    double median = count % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    return Py_BuildValue("(ddddddd)", values[0], values[count - 1], mean, median, sqrt(spread / (double)count),
                         ladder->sums[count - 1] * ladder->scale, ladder->squares[count - 1] * ladder->scale);
}

/* The nearest whole number; a half goes up. */
static double half_up(double value)
{
    double floored = floor(value);
    return floored + (value - floored >= 0.5);
}

static double top(const double *running, Py_ssize_t count, Py_ssize_t kept)
{
    return count > kept ? running[count - 1] - running[count - kept - 1] : running[count - 1];
}

static PyObject *share(const Ladder *ladder, double percent)
{
    Py_ssize_t count = ladder->count, kept = 1;
    if (count > 1) {
        double wanted = half_up(fabs(percent) / 100 * (double)count);
        kept = wanted < (double)count ? (Py_ssize_t)wanted : count;
    }
    if (!kept) Py_RETURN_NONE;
    double bound, total, squares;
    if (percent > 0) {
        bound = ladder->values[kept - 1];
        total = ladder->sums[kept - 1];
        squares = ladder->squares[kept - 1];
    } else {
        bound = ladder->values[count - kept];
        total = top(ladder->sums, count, kept);
        squares = top(ladder->squares, count, kept);
    }
    return Py_BuildValue("(ddddd)", bound, half_up((double)kept * ladder->scale), total / (double)kept,
                         total * ladder->scale, squares * ladder->scale);
}

static PyObject *numbers(const Ladder *ladder, PyObject *percentiles)
{
    Py_ssize_t amount = PyTuple_GET_SIZE(percentiles);
    PyObject *result = PyTuple_New(1 + amount);
    for (Py_ssize_t at = 0; result && at <= amount; at++) {
        double percent = at ? PyFloat_AsDouble(PyTuple_GET_ITEM(percentiles, at - 1)) : 0.0;
        PyObject *part = PyErr_Occurred() ? NULL : at ? share(ladder, percent) : whole(ladder);
        if (part) PyTuple_SET_ITEM(result, at, part);
        else Py_CLEAR(result);
    }
    return result;
}

PyObject *timer_numbers(Timer *self, PyObject *percentiles)
{
    Py_ssize_t count = self->length;
    if (!PyTuple_Check(percentiles)) return PyErr_Format(PyExc_TypeError, "percentiles are a tuple");
    if (!count) return PyErr_Format(PyExc_ValueError, "a timer without values has no statistics");
    double *room = PyMem_Malloc(3 * (size_t)count * sizeof *room);
    if (!room) return PyErr_NoMemory();
    double *values = room, *sums = room + count, *squares = sums + count;
    memcpy(values, self->held, (size_t)count * sizeof *values);
    if (count <= SHORT) sort_short(values, count);
    else sort_long(values, count, (uint64_t *)sums);
    sums[0] = values[0];
    squares[0] = values[0] * values[0];
    for (Py_ssize_t at = 1; at < count; at++) {
        sums[at] = sums[at - 1] + values[at];
        squares[at] = squares[at - 1] + values[at] * values[at];
    }
    PyObject *result = numbers(&(Ladder){values, sums, squares, count, (double)self->seen / (double)count}, percentiles);
    PyMem_Free(room);
    return result;
}
