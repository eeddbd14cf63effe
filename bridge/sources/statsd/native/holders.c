/* Cell and Timer: what values add up in. */
#include "native.h"

static PyMemberDef cell_members[] = {
    {"value", Py_T_DOUBLE, offsetof(Cell, value), 0, NULL},
    {"moved", Py_T_BOOL, offsetof(Cell, moved), 0, NULL},
    {0}};

PyTypeObject CellType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bridge.sources.statsd.native._native.Cell",
    .tp_doc = "A number that changes in its place.",
    .tp_basicsize = sizeof(Cell), .tp_flags = Py_TPFLAGS_DEFAULT, .tp_new = PyType_GenericNew,
    .tp_members = cell_members};

static int timer_init(Timer *self, PyObject *args, PyObject *kwargs)
{
    (void)kwargs;
    if (self->held) { PyErr_SetString(PyExc_RuntimeError, "a timer is made once"); return -1; }
    if (!PyArg_ParseTuple(args, "n", &self->limit)) return -1;
    if (self->limit < 2) { PyErr_SetString(PyExc_ValueError, "a timer keeps 2 values or more"); return -1; }
    self->lowest = Py_HUGE_VAL;
    self->highest = -Py_HUGE_VAL;
    self->stride = 1;
    return 0;
}

static void timer_dealloc(Timer *self)
{
    PyMem_Free(self->held);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

/* Let every second value go: the same steps as in core/timer.py. */
static void timer_thin(Timer *self)
{
    if (self->stride == 1) {
        self->lowest = self->highest = self->held[0];
        for (Py_ssize_t at = 1; at < self->length; at++) {
            if (self->held[at] < self->lowest) self->lowest = self->held[at];
            if (self->held[at] > self->highest) self->highest = self->held[at];
        }
    }
    for (Py_ssize_t at = 1; 2 * at < self->length; at++) self->held[at] = self->held[2 * at];
    self->length = (self->length + 1) / 2;
    self->stride *= 2;
}

static int timer_push(Timer *self, double value)
{
    if (self->length == self->room) {
        Py_ssize_t room = self->room + self->room / 4 + 4;
        double *held = PyMem_Realloc(self->held, (size_t)room * sizeof *held);
        if (!held) { PyErr_NoMemory(); return -1; }
        self->held = held;
        self->room = room;
    }
    self->held[self->length++] = value;
    return 0;
}

int timer_take(Timer *self, double value, double weight)
{
    if (self->stride == 1 || self->seen % self->stride == 0) {
        if (self->length >= self->limit) timer_thin(self);
        if (timer_push(self, value)) return -1;
    }
    self->count += weight;
    self->seen++;
    if (self->stride > 1) {
        if (value < self->lowest) self->lowest = value;
        if (value > self->highest) self->highest = value;
    }
    return 0;
}

static PyObject *timer_add(Timer *self, PyObject *args)
{
    double value, weight = 1.0;
    if (!PyArg_ParseTuple(args, "d|d", &value, &weight) || timer_take(self, value, weight)) return NULL;
    Py_RETURN_NONE;
}

static PyMemberDef timer_members[] = {
    {"count", Py_T_DOUBLE, offsetof(Timer, count), Py_READONLY, NULL},
    {"lowest", Py_T_DOUBLE, offsetof(Timer, lowest), Py_READONLY, NULL},
    {"highest", Py_T_DOUBLE, offsetof(Timer, highest), Py_READONLY, NULL},
    {"seen", Py_T_PYSSIZET, offsetof(Timer, seen), Py_READONLY, NULL},
    {"stride", Py_T_PYSSIZET, offsetof(Timer, stride), Py_READONLY, NULL},
    {0}};

static PyMethodDef timer_methods[] = {
    {"add", (PyCFunction)timer_add, METH_VARARGS, "Take a value that stands for so many happenings."},
    {"numbers", (PyCFunction)timer_numbers, METH_O, "The numbers of core/timer.py, for these percentiles."},
    {0}};

PyTypeObject TimerType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bridge.sources.statsd.native._native.Timer",
    .tp_doc = "The values of a timer in one interval.",
    .tp_basicsize = sizeof(Timer), .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, .tp_new = PyType_GenericNew,
    .tp_init = (initproc)timer_init, .tp_dealloc = (destructor)timer_dealloc,
    .tp_members = timer_members, .tp_methods = timer_methods};
