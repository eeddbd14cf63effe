/* generator: sends StatsD lines to a port of this machine, and tells what became of them.
 *
 *   generator --port N --load single|segmented|packed --seconds S [--rate LINES] [--warm S]
 *             [--names N] [--socket FD --pid N]
 *
 * With --rate it offers that many lines a second (open loop). Without, it sends as long as the receiver's
 * queue is under half full (closed loop), so that the receiver is as busy as it can be and loses nothing.
 * FD is a duplicate of the receiver's socket, to look at its queue and at its drops, PID its process, for its
 * CPU time. What was sent in the warm-up does not count.
 *
 * Loads: `single` is one line a packet, as Asterisk sends; `segmented` hands 64 such packets at a time to the
 * kernel (UDP_SEGMENT), which alone makes sending cheap enough to keep a fast receiver busy; `packed` is packets
 * of up to 1432 bytes, some 35 lines.
 *
 * Prints one JSON object. Build: cc -O2 -o generator generator.c load.c -lm
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

enum {
    BATCH = 64,            /* messages of one sendmmsg */
    SEND_BUFFER = 4 << 20, /* bytes */
    CALM = 200             /* milliseconds without a change, after which a queue will not empty any more */
};

struct options {
    int port, names, socket;
    pid_t pid;
    double rate, seconds, warm;
    const char *load;
};

/* One moment: what was sent until then, and how the receiver stood; seconds, of which `own` are our own. */
struct tally {
    double time, cpu, own;
    uint64_t lines, packets, drops;
};

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    return clock_gettime(clock, &now) ? 0 : (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void rest(long microseconds)
{
    struct timespec pause = {0, microseconds * 1000};
    nanosleep(&pause, NULL);
}

/* SO_MEMINFO of the receiver's socket: zeros if there is none to look at. */
static void look(const struct options *options, uint32_t *memory)
{
    socklen_t size = SK_MEMINFO_VARS * sizeof *memory;
    memset(memory, 0, size);
    if (options->socket >= 0 && getsockopt(options->socket, SOL_SOCKET, SO_MEMINFO, memory, &size))
        fail("--socket is no socket that can be looked at");
}

static int is_half_full(const struct options *options)
{
    uint32_t memory[SK_MEMINFO_VARS];
    look(options, memory);
    return memory[SK_MEMINFO_RMEM_ALLOC] > memory[SK_MEMINFO_RCVBUF] / 2;
}

/* Wait until the receiver has read everything, or does not read any more. */
static void drain(const struct options *options)
{
    uint32_t memory[SK_MEMINFO_VARS], before = 0;
    for (int calm = 0; calm < CALM; rest(1000)) {
        look(options, memory);
        if (!memory[SK_MEMINFO_RMEM_ALLOC])
            return;
        calm = memory[SK_MEMINFO_RMEM_ALLOC] == before ? calm + 1 : 0;
        before = memory[SK_MEMINFO_RMEM_ALLOC];
    }
}

static struct tally now(const struct options *options, struct tally sent)
{
    uint32_t memory[SK_MEMINFO_VARS];
    clockid_t clock;
    look(options, memory);
    sent.drops = memory[SK_MEMINFO_DROPS];
    sent.cpu = options->pid && !clock_getcpuclockid(options->pid, &clock) ? seconds_of(clock) : 0;
    sent.own = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    sent.time = seconds_of(CLOCK_MONOTONIC);
    return sent;
}

/* How many messages may be sent now. */
static long due(const struct options *options, const struct messages *all, double passed, uint64_t lines)
{
    if (!options->rate)
        return is_half_full(options) ? 0 : BATCH;
    double messages = (options->rate * passed - (double)lines) * (double)all->count / (double)all->total_lines;
    return messages < BATCH ? (long)messages : BATCH;
}

/* Send for so long; return what was sent. */
static struct tally run(const struct options *options, struct messages *all, int out, double seconds)
{
    static long at;
    struct tally sent = {0};
    double passed, start = seconds_of(CLOCK_MONOTONIC);
    while ((passed = seconds_of(CLOCK_MONOTONIC) - start) < seconds) {
        long count = due(options, all, passed, sent.lines);
        if (count <= 0) {
            rest(options->rate ? 100 : 20);
            continue;
        }
        if (count > all->count - at)
            count = all->count - at;
        int taken = sendmmsg(out, all->header + at, (unsigned)count, 0);
        if (taken < 0 && errno != EAGAIN && errno != ENOBUFS)
            fail(strerror(errno));
        for (int i = 0; i < taken; i++, at++) {
            sent.lines += all->lines[at];
            sent.packets += all->packets[at];
        }
        at %= all->count;
    }
    return sent;
}

static int connected(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int out = socket(AF_INET, SOCK_DGRAM, 0), size = SEND_BUFFER;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(out, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (connect(out, (struct sockaddr *)&to, sizeof to))
        fail(strerror(errno));
    return out;
}

static struct options parsed(int argc, char **argv)
{
    struct options found = {.names = 1000, .socket = -1, .seconds = 2, .load = "single"};
    static const struct option known[] = {
        {"port", 1, 0, 'p'}, {"load", 1, 0, 'l'}, {"rate", 1, 0, 'r'}, {"seconds", 1, 0, 's'}, {"warm", 1, 0, 'w'},
        {"names", 1, 0, 'n'}, {"socket", 1, 0, 'f'}, {"pid", 1, 0, 'i'}, {0, 0, 0, 0}};
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;)
        switch (option) {
        case 'p': found.port = atoi(optarg); break;
        case 'l': found.load = optarg; break;
        case 'r': found.rate = atof(optarg); break;
        case 's': found.seconds = atof(optarg); break;
        case 'w': found.warm = atof(optarg); break;
        case 'n': found.names = atoi(optarg); break;
        case 'f': found.socket = atoi(optarg); break;
        case 'i': found.pid = atoi(optarg); break;
        default: exit(2);
        }
    if (!found.port || (!found.rate && found.socket < 0))
        fail("--port is needed, and --rate or --socket");
    return found;
}

int main(int argc, char **argv)
{
    struct options options = parsed(argc, argv);
    struct messages *all = make_messages(options.load, options.names);
    int out = connected(options.port);
    prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
    run(&options, all, out, options.warm);
    drain(&options);
    struct tally before = now(&options, (struct tally){0});
    struct tally sent = run(&options, all, out, options.seconds);
    drain(&options);
    struct tally after = now(&options, sent);
    printf("{\"lines\": %lu, \"packets\": %lu, \"drops\": %lu, \"seconds\": %.6f, "
           "\"cpu\": %.6f, \"own_cpu\": %.6f}\n",
           after.lines, after.packets, (after.drops - before.drops) & UINT32_MAX, after.time - before.time,
           after.cpu - before.cpu, after.own - before.own);
    return 0;
}
