/* Table: open addressing over an array of slots; nothing is removed but everything at once. */
#include "native.h"
#include <sys/random.h>

enum { ROOM = 64, LONGEST = 256 };

static inline uint64_t mixed(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Seeded, so that nobody can send names that all fall into one place. */
static uint32_t hashed(const Table *self, const char *name, size_t length, int type)
{
    uint64_t hash = self->seed ^ (length << 8) ^ (uint64_t)type, word = 0;
    for (; length > 8; name += 8, length -= 8) {
        memcpy(&word, name, 8);
        hash = mixed(hash ^ word, self->seed ^ 0x9E3779B97F4A7C15u);
    }
    word = 0;
    memcpy(&word, name, length);
    return (uint32_t)mixed(hash ^ word, 0xD6E8FEB86659FD93u);
}

static inline const char *name_of(const Slot *slot)
{
    return slot->is_bytes ? PyBytes_AS_STRING(slot->name) : (const char *)(((PyASCIIObject *)slot->name) + 1);
}

/* The place in the index of a name, or the free one where it belongs. */
static uint32_t *place_of(const Table *self, uint32_t hash, const char *name, size_t length, int type)
{
    for (uint32_t at = hash & self->mask;; at = (at + 1) & self->mask) {
        if (!self->index[at]) return self->index + at;
        const Slot *slot = self->slots + self->index[at] - 1;
        if (slot->hash == hash && slot->length == length && slot->type == type && !memcmp(name_of(slot), name, length))
            return self->index + at;
    }
}

const Slot *table_find(const Table *self, const char *name, size_t length, int type)
{
    uint32_t found = *place_of(self, hashed(self, name, length, type), name, length, type);
    return found ? self->slots + found - 1 : NULL;
}

static int grow(Table *self)
{
    uint32_t room = self->room ? 2 * self->room : ROOM;
    Slot *slots = PyMem_Realloc(self->slots, room * sizeof *slots);
    uint32_t *index = slots ? PyMem_Calloc(2 * (size_t)room, sizeof *index) : NULL;
    if (slots) self->slots = slots;
    if (!index) { PyErr_NoMemory(); return -1; }
    PyMem_Free(self->index);
    self->index = index;
    self->room = room;
    self->mask = 2 * room - 1;
    for (uint32_t at = 0; at < self->length; at++) {
        Slot *slot = slots + at;
        *place_of(self, slot->hash, name_of(slot), slot->length, slot->type) = at + 1;
    }
    return 0;
}

static int table_traverse(Table *self, visitproc visit, void *arg)
{
    Py_VISIT(self->open);
    Py_VISIT(self->full);
    return 0;
}

static void forget(Table *self)
{
    uint32_t length = self->length;
    self->length = 0;
    if (self->index) memset(self->index, 0, ((size_t)self->mask + 1) * sizeof *self->index);
    for (uint32_t at = 0; at < length; at++) {
        Py_DECREF(self->slots[at].name);
        Py_XDECREF(self->slots[at].series);
        Py_XDECREF(self->slots[at].target);
    }
}

static int table_clear(Table *self)
{
    Py_CLEAR(self->open);
    Py_CLEAR(self->full);
    return 0;
}

static int table_init(Table *self, PyObject *args, PyObject *kwargs)
{
    PyObject *open, *full, *kinds;
    (void)kwargs;
    if (self->open) { PyErr_SetString(PyExc_RuntimeError, "a table is made once"); return -1; }
    if (!PyArg_ParseTuple(args, "OOnO!", &open, &full, &self->max_set, &PyTuple_Type, &kinds)) return -1;
    if (PyTuple_GET_SIZE(kinds) != TYPES - 1) { PyErr_SetString(PyExc_ValueError, "there are four kinds"); return -1; }
    if (getrandom(&self->seed, sizeof self->seed, 0) < 0) { PyErr_SetFromErrno(PyExc_OSError); return -1; }
    self->open = Py_NewRef(open);
    self->full = Py_NewRef(full);
    self->kinds = Py_NewRef(kinds);
    return grow(self);
}

static void table_dealloc(Table *self)
{
    PyObject_GC_UnTrack(self);
    table_clear(self);
    Py_XDECREF(self->kinds);
    forget(self);
    PyMem_Free(self->slots);
    PyMem_Free(self->index);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

/* The object that holds the bytes of a name: the name of the series, if it is the same. */
static PyObject *holder_of(PyObject *name, PyObject *series)
{
    if (!PyTuple_Check(series) || !PyTuple_GET_SIZE(series)) return name;
    PyObject *text = PyTuple_GET_ITEM(series, 0);
    int is_plain = PyUnicode_Check(text) && PyUnicode_IS_COMPACT_ASCII(text) && PyUnicode_GET_LENGTH(text) == PyBytes_GET_SIZE(name);
    return is_plain && !memcmp(PyUnicode_DATA(text), PyBytes_AS_STRING(name), (size_t)PyBytes_GET_SIZE(name)) ? text : name;
}

static PyObject *table_learn(Table *self, PyObject *args)
{
    const char *code;
    Py_ssize_t code_length;
    PyObject *name, *series;
    if (!PyArg_ParseTuple(args, "Sy#O", &name, &code, &code_length, &series)) return NULL;
    size_t length = (size_t)PyBytes_GET_SIZE(name);
    int type = type_of(code, (size_t)code_length);
    if (!type || length < 1 || length > LONGEST) return PyErr_Format(PyExc_ValueError, "no plain name or type");
    if (self->length == self->room && grow(self)) return NULL;
    uint32_t hash = hashed(self, PyBytes_AS_STRING(name), length, type);
    uint32_t *place = place_of(self, hash, PyBytes_AS_STRING(name), length, type);
    if (*place) Py_RETURN_NONE;
    PyObject *holder = Py_NewRef(holder_of(name, series)), *kept = series == Py_None ? NULL : Py_NewRef(series);
    uint8_t is_bytes = (uint8_t)PyBytes_Check(holder);
    self->slots[self->length] = (Slot){holder, kept, NULL, hash, (uint16_t)length, (uint8_t)type, is_bytes};
    *place = ++self->length;
    Py_RETURN_NONE;
}

static PyObject *table_knows(Table *self, PyObject *args)
{
    const char *name, *code;
    Py_ssize_t length, code_length;
    if (!PyArg_ParseTuple(args, "y#y#", &name, &length, &code, &code_length)) return NULL;
    int type = type_of(code, (size_t)code_length);
    return PyBool_FromLong(type && table_find(self, name, (size_t)length, type));
}

static PyObject *table_renew(Table *self, PyObject *unused)
{
    (void)unused;
    for (uint32_t at = 0; at < self->length; at++) Py_CLEAR(self->slots[at].target);
    Py_RETURN_NONE;
}

static PyObject *table_forget(Table *self, PyObject *unused)
{
    (void)unused;
    forget(self);
    Py_RETURN_NONE;
}

static int is_of(PyObject *target, int type)
{
    if (type == SET) return PySet_CheckExact(target);
    return PyObject_TypeCheck(target, type == TIMER ? &TimerType : &CellType);
}

/* Where the values of a slot go, borrowed; NULL without an error: there is no room. */
PyObject *table_target(Table *self, uint32_t at)
{
    if (self->slots[at].target) return self->slots[at].target;
    int type = self->slots[at].type;
    PyObject *kind = PyTuple_GET_ITEM(self->kinds, type - 1);
    PyObject *target = PyObject_CallFunctionObjArgs(self->open, kind, self->slots[at].series, NULL);
    if (target == Py_None) Py_CLEAR(target);
    else if (target && (at >= self->length || !is_of(target, type))) {
        Py_CLEAR(target);
        PyErr_SetString(PyExc_TypeError, "a bucket was opened that is of another kind");
    }
    if (target) Py_XSETREF(self->slots[at].target, target);
    return target;
}

static Py_ssize_t table_length(Table *self) { return self->length; }

static PySequenceMethods table_sequence = {.sq_length = (lenfunc)table_length};

static PyMethodDef table_methods[] = {
    {"learn", (PyCFunction)table_learn, METH_VARARGS,
     "learn(name, code, series): from now on lines of that name are plain; series None: never."},
    {"knows", (PyCFunction)table_knows, METH_VARARGS, "knows(name, code): whether that was learned."},
    {"renew", (PyCFunction)table_renew, METH_NOARGS, "An interval has ended: open every bucket anew."},
    {"forget", (PyCFunction)table_forget, METH_NOARGS, "Forget all names."},
    {0}};

PyTypeObject TableType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bridge.sources.statsd.native._native.Table",
    .tp_doc = "The names of a PBX that are known, and where their values go.",
    .tp_basicsize = sizeof(Table), .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, .tp_new = PyType_GenericNew,
    .tp_init = (initproc)table_init, .tp_dealloc = (destructor)table_dealloc,
    .tp_traverse = (traverseproc)table_traverse, .tp_clear = (inquiry)table_clear,
    .tp_as_sequence = &table_sequence, .tp_methods = table_methods};
