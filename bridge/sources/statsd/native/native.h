/* The compiled StatsD core: takes the lines that nearly all are, and hands everything else to Python.
 *
 * The grammar has one place, protocols/statsd.py. Here is no second one: a Table knows names that Python has
 * read before, byte by byte, and where their values go; of the rest of a line only what has one meaning is read
 * (decimal numbers of up to 15 digits, which are exact, a plain type, a plain rate). A packet that holds anything
 * else is handed on as it is, in its turn, so that all comes to the same as without this core.
 *
 * Everything runs with the GIL and on the thread of the caller: there is nothing to lock, and lines keep their order.
 *
 *   holders.c  Cell and Timer: what values add up in until the flush; like Cell and Timer of bridge/core
 *   spread.c   the statistics of a timer, to the last bit those of core/timer.py
 *   table.c    Table: names of a PBX, and where their values go
 *   line.c     reads a plain line, and adds it to what it is about
 *   reader.c   Reader: a socket's datagrams; and the module
 */
#ifndef BRIDGE_STATSD_NATIVE_H
#define BRIDGE_STATSD_NATIVE_H
#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE
#include <Python.h>
#include <stdint.h>
#include <string.h>

#if PY_VERSION_HEX < 0x030c0000
#include <structmember.h>
#define Py_T_DOUBLE T_DOUBLE
#define Py_T_BOOL T_BOOL
#define Py_T_PYSSIZET T_PYSSIZET
#define Py_READONLY READONLY
#endif

enum Type { COUNTER = 1, GAUGE, TIMER, SET, TYPES };

typedef struct {
    PyObject_HEAD
    double value;
    char moved;
} Cell;

typedef struct {
    PyObject_HEAD
    double count, lowest, highest;
    double *held;
    Py_ssize_t limit, stride, seen, length, room;
} Timer;

typedef struct {
    PyObject *name;     /* str, if it is the one of the series, else bytes */
    PyObject *series;   /* NULL if lines of that name are for Python */
    PyObject *target;   /* Cell, Timer or set of this interval; NULL until a value comes */
    uint32_t hash;
    uint16_t length;    /* of the name */
    uint8_t type, is_bytes;
} Slot;

typedef struct {
    PyObject_HEAD
    PyObject *open, *full;
    PyObject *kinds;        /* counter, gauge, timer, set: what `open` is called with */
    Py_ssize_t max_set;
    uint64_t seed;
    Slot *slots;
    uint32_t *index;    /* number of the slot, plus 1; 0 is free */
    uint32_t length, room, mask;
} Table;

typedef struct {
    uint32_t slot;
    uint32_t length;    /* of `text` */
    const char *text;   /* the value as it is written */
    double value, weight;
} Plain;

extern PyTypeObject CellType, TimerType, TableType, ReaderType;

int timer_take(Timer *self, double value, double weight);
PyObject *timer_numbers(Timer *self, PyObject *percentiles);

int type_of(const char *code, size_t length);
const Slot *table_find(const Table *self, const char *name, size_t length, int type);
PyObject *table_target(Table *self, uint32_t slot);

int read_plain(const Table *table, const char *line, const char *end, Plain *plain);
int add_plain(Table *table, const Plain *plain);

#endif
