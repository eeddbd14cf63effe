/* Reader: takes the datagrams of a socket that are plain, and hands on the others; and the module. */
#include "native.h"
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

enum {
    BATCH = 256,            /* datagrams of one system call */
    SHORT = 2048,           /* bytes of a datagram that need no second place: what an Ethernet frame carries */
    STRIDE = SHORT + 64,    /* so that the first bytes of all do not fall into the same lines of the cache */
    LONGEST = 65536,        /* bytes: no datagram is longer */
    REST = LONGEST - SHORT,
    LINES = 2048,           /* of a packet; one of more is not plain */
    TURN = 1024,            /* datagrams after which others get their turn, and */
    TURN_BYTES = 262144,    /* their bytes, and */
    OTHERS = 256,           /* those among them that were handed on, and */
    OTHERS_BYTES = 16384,   /* their bytes: as in listener.py */
    RUN = 16,               /* packets that are handed on in one call, at most, where many are not plain: */
    FEW = 4,                /* where fewer plain ones than these come between them */
    ADDRESSES = 4096        /* of senders that are remembered */
};

typedef struct {
    PyObject_HEAD
    PyObject *route, *other, *sender, *tables;
    PyObject *address, *table;                  /* of the packet before */
    struct mmsghdr *messages;
    struct iovec *vectors;
    struct sockaddr_storage *addresses;
    Plain *plain;
    char *bytes, *rests, *whole;
    int at, have;                               /* what was read and is not taken yet */
    int run, between;                           /* packets to hand on in one call; plain ones since the last call */
} Reader;

static int reader_allocate(Reader *self)
{
    self->messages = PyMem_Calloc(BATCH, sizeof *self->messages);
    self->vectors = PyMem_Calloc(2 * BATCH, sizeof *self->vectors);
    self->addresses = PyMem_Calloc(BATCH, sizeof *self->addresses);
    self->plain = PyMem_Malloc(LINES * sizeof *self->plain);
    self->bytes = PyMem_Malloc((size_t)BATCH * STRIDE);
    self->rests = PyMem_Malloc((size_t)BATCH * REST);
    self->whole = PyMem_Malloc(LONGEST);
    if (self->messages && self->vectors && self->addresses && self->plain && self->bytes && self->rests && self->whole) return 0;
    PyErr_NoMemory();
    return -1;
}

static int reader_init(Reader *self, PyObject *args, PyObject *kwargs)
{
    PyObject *route, *other, *sender;
    (void)kwargs;
    if (!PyArg_ParseTuple(args, "OOO", &route, &other, &sender)) return -1;
    if (self->messages) { PyErr_SetString(PyExc_RuntimeError, "a reader is made once"); return -1; }
    self->route = Py_NewRef(route);
    self->other = Py_NewRef(other);
    self->sender = Py_NewRef(sender);
    self->tables = PyDict_New();
    self->run = 1;
    if (!self->tables || reader_allocate(self)) return -1;
    for (int at = 0; at < BATCH; at++) {
        struct iovec *vector = self->vectors + 2 * at;
        struct msghdr *header = &self->messages[at].msg_hdr;
        vector[0] = (struct iovec){self->bytes + (size_t)at * STRIDE, SHORT};
        vector[1] = (struct iovec){self->rests + (size_t)at * REST, REST};
        header->msg_iov = vector;
        header->msg_iovlen = 2;
        if (sender == Py_None) header->msg_name = self->addresses + at;
    }
    return 0;
}

static int reader_traverse(Reader *self, visitproc visit, void *arg)
{
    Py_VISIT(self->route);
    Py_VISIT(self->other);
    Py_VISIT(self->tables);
    Py_VISIT(self->table);
    return 0;
}

static int reader_clear(Reader *self)
{
    Py_CLEAR(self->route);
    Py_CLEAR(self->other);
    Py_CLEAR(self->tables);
    Py_CLEAR(self->table);
    return 0;
}

static void reader_dealloc(Reader *self)
{
    PyObject_GC_UnTrack(self);
    reader_clear(self);
    Py_XDECREF(self->sender);
    Py_XDECREF(self->address);
    void *owned[] = {self->messages, self->vectors, self->addresses, self->plain, self->bytes, self->rests, self->whole};
    for (size_t at = 0; at < sizeof owned / sizeof *owned; at++) PyMem_Free(owned[at]);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

/* The bytes of a packet's address; none where all senders are one. */
static const char *address_of(const Reader *self, int at, Py_ssize_t *length)
{
    const struct sockaddr_storage *address = self->addresses + at;
    *length = 0;
    if (self->sender != Py_None) return "";
    *length = address->ss_family == AF_INET6 ? 16 : 4;
    return address->ss_family == AF_INET6 ? (const char *)&((const struct sockaddr_in6 *)address)->sin6_addr
                                          : (const char *)&((const struct sockaddr_in *)address)->sin_addr;
}

/* The address of a packet as Python's recvfrom() writes it, a new reference. */
static PyObject *sender_of(const Reader *self, int at)
{
    char text[INET6_ADDRSTRLEN];
    Py_ssize_t length;
    if (self->sender != Py_None) return Py_NewRef(self->sender);
    const char *bytes = address_of(self, at, &length);
    if (!inet_ntop(self->addresses[at].ss_family, bytes, text, sizeof text)) return PyErr_SetFromErrno(PyExc_OSError);
    return PyUnicode_FromString(text);
}

static PyObject *routed(Reader *self, int at)
{
    PyObject *sender = sender_of(self, at), *table = sender ? PyObject_CallOneArg(self->route, sender) : NULL;
    Py_XDECREF(sender);
    if (table && table != Py_None && !Py_IS_TYPE(table, &TableType)) {
        Py_CLEAR(table);
        PyErr_SetString(PyExc_TypeError, "a sender has a Table or None");
    }
    return table;
}

/* The Table of a packet's sender, borrowed; None: all of it is for Python. */
static PyObject *table_of(Reader *self, int at)
{
    Py_ssize_t length;
    const char *bytes = address_of(self, at, &length);
    if (self->address && PyBytes_GET_SIZE(self->address) == length && !memcmp(PyBytes_AS_STRING(self->address), bytes, (size_t)length))
        return self->table;
    PyObject *key = PyBytes_FromStringAndSize(bytes, length);
    PyObject *table = key ? Py_XNewRef(PyDict_GetItemWithError(self->tables, key)) : NULL;
    if (key && !table && !PyErr_Occurred()) {
        table = routed(self, at);
        if (table && PyDict_GET_SIZE(self->tables) >= ADDRESSES) PyDict_Clear(self->tables);
        if (table && PyDict_SetItem(self->tables, key, table)) Py_CLEAR(table);
    }
    if (!table) { Py_XDECREF(key); return NULL; }
    Py_XSETREF(self->address, key);
    Py_XSETREF(self->table, table);
    return table;
}

/* The bytes of a packet, in one piece. */
static const char *packet_of(Reader *self, int at, size_t *length)
{
    const struct iovec *vector = self->vectors + 2 * at;
    *length = self->messages[at].msg_len;
    if (*length <= SHORT) return vector[0].iov_base;
    memcpy(self->whole, vector[0].iov_base, SHORT);
    memcpy(self->whole + SHORT, vector[1].iov_base, *length - SHORT);
    return self->whole;
}

/* Take a packet if all its lines are plain; return how many they are, 0 if it is for Python, -1 for an error. */
static int take_plain(Reader *self, Table *table, const char *packet, size_t length)
{
    const char *end = packet + length;
    int lines = 0;
    if (length && end[-1] == '\n') end--;
    do {
        const char *feed = memchr(packet, '\n', (size_t)(end - packet));
        const char *stop = feed ? feed : end;
        if (lines == LINES || !read_plain(table, packet, stop, self->plain + lines)) return 0;
        lines++;
        packet = stop + 1;
    } while (packet <= end);
    for (int at = 0; at < lines; at++)
        if (add_plain(table, self->plain + at)) return -1;
    return lines;
}

typedef struct {
    Py_ssize_t packets, bytes, others, others_bytes, plain, lines;
    PyObject *held;     /* packets to be handed on before the next plain one */
} Turn;

/* Hand packets that are not plain to Python. Each call costs as much as some packets: where many of them are
 * needed, packets are gathered first, plain ones among them. */
static int hand_on(Reader *self, Turn *turn)
{
    PyObject *held = turn->held;
    turn->held = NULL;
    if (!held) return 0;
    self->run = self->between < FEW ? 2 * self->run : self->run / 2;
    self->run = self->run < 1 ? 1 : self->run > RUN ? RUN : self->run;
    self->between = 0;
    PyObject *done = PyObject_CallOneArg(self->other, held);
    Py_DECREF(held);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

static int put_by(Reader *self, Turn *turn, int at, const char *bytes, size_t length)
{
    if (!turn->held && !(turn->held = PyList_New(0))) return -1;
    PyObject *sender = sender_of(self, at), *packet = NULL;
    if (sender) packet = Py_BuildValue("(y#N)", bytes, (Py_ssize_t)length, sender);
    int failed = !packet || PyList_Append(turn->held, packet);
    Py_XDECREF(packet);
    turn->others++;
    turn->others_bytes += (Py_ssize_t)length;
    return failed ? -1 : 0;
}

static int take_one(Reader *self, Turn *turn, int at)
{
    size_t length;
    const char *bytes = packet_of(self, at, &length);
    int lines = 0;
    turn->packets++;
    turn->bytes += (Py_ssize_t)length;
    if (turn->held && PyList_GET_SIZE(turn->held) >= self->run && hand_on(self, turn)) return -1;
    if (!turn->held) {
        PyObject *table = table_of(self, at);
        if (!table) return -1;
        if (table != Py_None) lines = take_plain(self, (Table *)table, bytes, length);
    }
    if (lines < 0) return -1;
    if (!lines) return put_by(self, turn, at, bytes, length);
    self->between++;
    turn->plain++;
    turn->lines += lines;
    return 0;
}

static int is_over(const Turn *turn)
{
    return turn->packets >= TURN || turn->bytes >= TURN_BYTES || turn->others >= OTHERS || turn->others_bytes >= OTHERS_BYTES;
}

/* Read more; return whether there is any. Any error ends the turn, as in listener.py. */
static int fill(Reader *self, int socket)
{
    if (self->sender == Py_None)
        for (int at = 0; at < BATCH; at++) self->messages[at].msg_hdr.msg_namelen = sizeof *self->addresses;
    int have = recvmmsg(socket, self->messages, BATCH, MSG_DONTWAIT, NULL);
    self->at = 0;
    self->have = have > 0 ? have : 0;
    return have > 0;
}

static PyObject *reader_drain(Reader *self, PyObject *opened)
{
    Turn turn = {0};
    int socket = PyObject_AsFileDescriptor(opened), more = 1, failed = 0;
    if (socket < 0) return NULL;
    while (!failed && !is_over(&turn)) {
        if (self->at == self->have && !fill(self, socket)) { more = 0; break; }
        failed = take_one(self, &turn, self->at++);
    }
    if (!failed) failed = hand_on(self, &turn);
    Py_XDECREF(turn.held);
    if (failed) return NULL;
    return Py_BuildValue("(nnnO)", turn.packets, turn.plain, turn.lines, more ? Py_True : Py_False);
}

static PyMethodDef reader_methods[] = {
    {"drain", (PyCFunction)reader_drain, METH_O,
     "drain(socket) -> (packets, plain ones among them, lines of these, whether there may be more): take a turn's worth."},
    {0}};

PyTypeObject ReaderType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bridge.sources.statsd.native._native.Reader",
    .tp_doc = "Reads datagrams, takes plain ones, hands on the others.",
    .tp_basicsize = sizeof(Reader), .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, .tp_new = PyType_GenericNew,
    .tp_init = (initproc)reader_init, .tp_dealloc = (destructor)reader_dealloc,
    .tp_traverse = (traverseproc)reader_traverse, .tp_clear = (inquiry)reader_clear, .tp_methods = reader_methods};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "_native", .m_doc = "The compiled StatsD core.", .m_size = -1};

PyMODINIT_FUNC PyInit__native(void)
{
    PyObject *made = PyModule_Create(&module);
    PyTypeObject *types[] = {&CellType, &TimerType, &TableType, &ReaderType};
    for (size_t at = 0; made && at < sizeof types / sizeof *types; at++)
        if (PyModule_AddType(made, types[at])) Py_CLEAR(made);
    return made;
}
