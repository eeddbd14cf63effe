/* sink: reads and throws away.
 *
 *   sink udp PORT    the floor of every receiver: recvmmsg in a loop, counting packets and bytes only
 *   sink tcp PORT    a carbon that costs next to nothing: any number of connections, counting bytes
 *
 * Listens on 127.0.0.1; at SIGTERM it prints its counts as a JSON object. Build: cc -O2 -o sink sink.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 512, DATAGRAM = 2048, CHUNK = 1 << 18, EVENTS = 64 };

static volatile sig_atomic_t is_over;
static uint64_t packets, bytes;

static void end(int signal)
{
    (void)signal;
    is_over = 1;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int bound(int type, int port)
{
    int opened = socket(AF_INET, type, 0), on = 1;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (type == SOCK_STREAM)
        setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(opened, (struct sockaddr *)&here, sizeof here))
        fail("sink: bind");
    return opened;
}

static void take_datagrams(int opened)
{
    static char room[BATCH][DATAGRAM];
    static struct iovec vectors[BATCH];
    static struct mmsghdr messages[BATCH];
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){room[i], DATAGRAM};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    while (!is_over) {
        int count = recvmmsg(opened, messages, BATCH, MSG_WAITFORONE, NULL);
        if (count < 0 && errno != EINTR)
            fail("sink: recvmmsg");
        for (int i = 0; i < count; i++, packets++)
            bytes += messages[i].msg_len;
    }
}

static void watch(int poll, int opened)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = opened};
    epoll_ctl(poll, EPOLL_CTL_ADD, opened, &event);
}

static void take_streams(int opened)
{
    static char room[CHUNK];
    struct epoll_event events[EVENTS];
    int poll = epoll_create1(0);
    if (listen(opened, EVENTS))
        fail("sink: listen");
    watch(poll, opened);
    while (!is_over) {
        int count = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == opened) {
                watch(poll, accept(opened, NULL, NULL));
                continue;
            }
            ssize_t length = read(events[i].data.fd, room, sizeof room);
            if (length > 0)
                bytes += (uint64_t)length;
            else
                close(events[i].data.fd);
        }
    }
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = end};
    if (argc != 3) {
        fprintf(stderr, "sink udp|tcp PORT\n");
        return 2;
    }
    sigaction(SIGTERM, &action, NULL);
    if (!strcmp(argv[1], "udp"))
        take_datagrams(bound(SOCK_DGRAM, atoi(argv[2])));
    else
        take_streams(bound(SOCK_STREAM, atoi(argv[2])));
    printf("{\"packets\": %lu, \"bytes\": %lu}\n", packets, bytes);
    return 0;
}
