/* load: single, segmented and packed lines, see load.h. */
#define _GNU_SOURCE
#include "load.h"

#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
    LONGEST = 96,  /* bytes of a line, at most */
    PACKED = 1432, /* bytes of a packet that fits an Ethernet frame, as clients of StatsD make them */
    SEGMENTS = 64  /* packets of one UDP_SEGMENT, the most that every kernel takes */
};

struct pool {
    char *bytes;
    size_t start[POOL + 1]; /* of each line; the last one is the end */
};

static uint64_t state = 0x9E3779B97F4A7C15;

/* xorshift64: the same lines in every run. */
static uint64_t draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % below;
}

void fail(const char *what)
{
    fprintf(stderr, "generator: %s\n", what);
    exit(2);
}

static void *claim(size_t size)
{
    void *memory = calloc(1, size);
    if (!memory)
        fail("there is not enough memory");
    return memory;
}

/* Of 100 names 60 count, 25 are timers, 10 gauges and 5 sets. */
static int write_line(char *to, int name, int names)
{
    static const char *things[] = {"queue", "trunk", "peer", "ivr", "ext", "conf", "codec", "route"};
    static const char *facts[] = {"calls", "answered", "abandoned", "asr", "talktime", "wait", "bytes", "jitter.ms"};
    int of_100 = name * 100 / names;
    int length = sprintf(to, "asterisk.pbx%d.calls.%s%03d.%s:", name % 4, things[name * 5 % 8], name,
                         facts[name * 3 % 8]);
    to += length;
    if (of_100 < 60)
        return length + sprintf(to, "%d|c%s", draw(10) ? 1 : 2 + (int)draw(8), draw(20) ? "" : "|@0.10");
    if (of_100 < 85)
        return length + sprintf(to, "%d|ms", (int)exp(2 + 8 * ((double)draw(1 << 20) / (1 << 20))));
    if (of_100 < 95) {
        static const char *signs[] = {"", "", "", "", "", "", "", "+", "+", "-"};
        return length + sprintf(to, "%s%d|g", signs[draw(10)], (int)draw(500));
    }
    return length + sprintf(to, "sess%d|s", (int)draw(10000));
}

static struct pool *make_pool(int names)
{
    struct pool *pool = claim(sizeof *pool);
    pool->bytes = claim((size_t)POOL * LONGEST);
    for (long i = 0; i < POOL; i++) {
        char *to = pool->bytes + pool->start[i];
        pool->start[i + 1] = pool->start[i] + (size_t)write_line(to, (int)draw((uint64_t)names), names);
    }
    return pool;
}

static void add(struct messages *all, char *bytes, size_t length, uint32_t lines)
{
    struct msghdr *header = &all->header[all->count].msg_hdr;
    all->vector[all->count] = (struct iovec){bytes, length};
    header->msg_iov = &all->vector[all->count];
    header->msg_iovlen = 1;
    all->lines[all->count] = lines;
    all->packets[all->count] = 1;
    all->total_lines += lines;
    all->count++;
}

/* Have the kernel cut the last message into packets of `length` bytes. */
static void cut(struct messages *all, uint16_t length)
{
    long last = all->count - 1;
    struct msghdr *header = &all->header[last].msg_hdr;
    header->msg_control = all->control[last];
    header->msg_controllen = sizeof all->control[last];
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    control->cmsg_level = IPPROTO_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof length);
    memcpy(CMSG_DATA(control), &length, sizeof length);
    all->packets[last] = all->lines[last];
}

static void make_single(struct messages *all, const struct pool *pool)
{
    for (long i = 0; i < POOL; i++)
        add(all, pool->bytes + pool->start[i], pool->start[i + 1] - pool->start[i], 1);
}

/* Lines of equal length lie together, since the kernel cuts into equal pieces. */
static void make_segmented(struct messages *all, const struct pool *pool)
{
    char *groups[LONGEST] = {0};
    int filled[LONGEST] = {0};
    for (long i = 0; i < POOL; i++) {
        size_t length = pool->start[i + 1] - pool->start[i];
        if (!groups[length])
            groups[length] = claim(length * SEGMENTS);
        memcpy(groups[length] + length * (size_t)filled[length]++, pool->bytes + pool->start[i], length);
        if (filled[length] == SEGMENTS) {
            add(all, groups[length], length * SEGMENTS, SEGMENTS);
            cut(all, (uint16_t)length);
            groups[length] = NULL;
            filled[length] = 0;
        }
    }
}

static void make_packed(struct messages *all, const struct pool *pool)
{
    char *packet = claim(pool->start[POOL] + POOL);
    size_t length = 0;
    uint32_t lines = 0;
    for (long i = 0; i < POOL; i++) {
        size_t more = pool->start[i + 1] - pool->start[i];
        if (lines && length + 1 + more > PACKED) {
            add(all, packet, length, lines);
            packet += length;
            length = lines = 0;
        }
        if (lines++)
            packet[length++] = '\n';
        memcpy(packet + length, pool->bytes + pool->start[i], more);
        length += more;
    }
    add(all, packet, length, lines);
}

struct messages *make_messages(const char *load, int names)
{
    struct messages *all = claim(sizeof *all);
    const struct pool *pool = make_pool(names);
    if (!strcmp(load, "single"))
        make_single(all, pool);
    else if (!strcmp(load, "segmented"))
        make_segmented(all, pool);
    else if (!strcmp(load, "packed"))
        make_packed(all, pool);
    else
        fail("--load is single, segmented or packed");
    return all;
}
