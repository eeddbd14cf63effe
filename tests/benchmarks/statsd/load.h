/* load: the packets that the generator sends, made in advance. */
#ifndef LOAD_H
#define LOAD_H
#include <stdint.h>
#include <sys/socket.h>

enum {
    POOL = 1 << 17, /* lines that are made, and sent over and over */
    CONTROL = CMSG_SPACE(sizeof(uint16_t))
};

/* What sendmmsg is given: message i holds lines[i] lines, in so many packets. */
struct messages {
    struct mmsghdr header[POOL];
    struct iovec vector[POOL];
    char control[POOL][CONTROL];
    uint32_t lines[POOL];
    uint32_t packets[POOL];
    long count, total_lines;
};

/* The messages of a load, with so many different names in all; the same in every run. */
struct messages *make_messages(const char *load, int names);

/* Tell why it cannot go on, and end. */
void fail(const char *what);
#endif
