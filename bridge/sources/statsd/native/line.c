/* A plain line: NAME:VALUE|TYPE[|@RATE], where everything has one meaning in every dialect. */
#include "native.h"

enum { EXACT = 15, LONGEST_MEMBER = 256 };

static const double POWERS[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

int type_of(const char *code, size_t length)
{
    if (length == 1) {
        switch (*code) {
        case 'c': case 'm': return COUNTER;
        case 'g': return GAUGE;
        case 'h': case 'd': return TIMER;
        case 's': return SET;
        }
    }
    return length == 2 && code[0] == 'm' && code[1] == 's' ? TIMER : 0;
}

/* A decimal number of up to 15 digits. Both the whole number and the power are exact, so the quotient is the
 * nearest double, which is what Python's float() gives. Returns where it ends; NULL if there is none. */
static inline const char *number(const char *at, const char *end, double *value)
{
    uint64_t whole = 0;
    int digits = 0, behind = -1;
    for (; at < end; at++) {
        unsigned digit = (unsigned)(unsigned char)*at - '0';
        if (digit < 10) {
            if (++digits > EXACT) return NULL;
            whole = 10 * whole + digit;
            behind += behind >= 0;
        } else if (*at == '.' && behind < 0) {
            behind = 0;
        } else {
            break;
        }
    }
    if (!digits) return NULL;
    *value = behind > 0 ? (double)whole / POWERS[behind] : (double)whole;
    return at;
}

static int is_member(const char *text, size_t length)
{
    if (length < 1 || length > LONGEST_MEMBER) return 0;
    for (size_t at = 0; at < length; at++)
        if (text[at] <= ' ' || text[at] > '~' || text[at] == ':') return 0;
    return 1;
}

static int read_rate(const char *at, const char *end, double *weight)
{
    double rate;
    *weight = 1.0;
    if (at == end) return 1;
    if (end - at < 3 || at[1] != '@' || number(at + 2, end, &rate) != end || !(rate > 0.0 && rate <= 1.0)) return 0;
    *weight = 1 / rate;
    return 1;
}

static int read_value(int type, const char *text, const char *end, double *value)
{
    int is_signed = *text == '-' || *text == '+';
    if (type == SET) return is_member(text, (size_t)(end - text));
    if (number(text + is_signed, end, value) != end) return 0;
    if (*text != '-') return 1;
    *value = -*value;
    return type != TIMER;
}

/* Read a line without its line feed; return whether it is plain. */
int read_plain(const Table *table, const char *line, const char *end, Plain *plain)
{
    const char *colon = memchr(line, ':', (size_t)(end - line));
    if (!colon) return 0;
    const char *text = colon + 1, *pipe = text;
    while (pipe < end && *pipe != '|') pipe++;
    if (pipe == end || pipe == text) return 0;
    const char *code = pipe + 1, *behind = code;
    while (behind < end && *behind != '|') behind++;
    int type = type_of(code, (size_t)(behind - code));
    if (!type || !read_rate(behind, end, &plain->weight) || !read_value(type, text, pipe, &plain->value)) return 0;
    const Slot *slot = table_find(table, line, (size_t)(colon - line), type);
    if (!slot || !slot->series) return 0;
    plain->slot = (uint32_t)(slot - table->slots);
    plain->text = text;
    plain->length = (uint32_t)(pipe - text);
    return 1;
}

static int add_member(Table *table, PyObject *members, const Plain *plain)
{
    PyObject *member = PyUnicode_FromStringAndSize(plain->text, plain->length), *done;
    int held = 0;
    if (!member) return -1;
    Py_INCREF(members);
    if (PySet_GET_SIZE(members) < table->max_set) {
        held = PySet_Add(members, member);
    } else if (!(held = PySet_Contains(members, member))) {
        done = PyObject_CallNoArgs(table->full);
        held = done ? 1 : -1;
        Py_XDECREF(done);
    }
    Py_DECREF(members);
    Py_DECREF(member);
    return held < 0 ? -1 : 0;
}

/* Add a plain line to what it is about. */
int add_plain(Table *table, const Plain *plain)
{
    PyObject *target = table_target(table, plain->slot);
    if (!target) return PyErr_Occurred() ? -1 : 0;
    switch (table->slots[plain->slot].type) {
    case COUNTER:
        ((Cell *)target)->value += plain->value * plain->weight;
        break;
    case GAUGE:
        if (*plain->text == '-' || *plain->text == '+') {
            ((Cell *)target)->value += plain->value;
            ((Cell *)target)->moved = 1;
        } else {
            ((Cell *)target)->value = plain->value;
        }
        break;
    case TIMER: return timer_take((Timer *)target, plain->value, plain->weight);
    case SET: return add_member(table, target, plain);
    }
    return 0;
}
