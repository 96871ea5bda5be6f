// A loopback relay that passes every byte on a fixed time after it came: it stands for the way to a server that is far away.
//
//   relay LISTENING-PORT SERVER-PORT MICROSECONDS
//
// The time is the same for all bytes, so one queue in the order of arrival holds everything that is on its way.

#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, SIDES = 65536 };

struct chunk {
    struct chunk *next;
    uint64_t due;
    int to;
    uint32_t epoch;
    size_t length;  // 0: the other side has closed
    char bytes[];
};

static struct chunk *oldest, **end = &oldest;
static int other[SIDES];       // the descriptor on the other side, or -1
static uint32_t epochs[SIDES]; // descriptors are used again; what was meant for an earlier one is dropped
static int poller, timer;
static uint64_t delay;

static void watch(int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) < 0) fail("epoll_ctl");
}

static void arm(void) {
    struct itimerspec time = {.it_value = {.tv_sec = (time_t)(oldest->due / 1000000000), .tv_nsec = (long)(oldest->due % 1000000000)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &time, NULL);
}

static void take(int descriptor) {
    send_at_once(descriptor);
    epochs[descriptor]++;
    watch(descriptor);
}

static void join(int client, long server_port) {
    int server = connected(server_port);
    if (client >= SIDES || server >= SIDES) fail("socket");
    other[client] = server;
    other[server] = client;
    take(client);
    take(server);
}

static void receive(int descriptor) {
    static char buffer[CHUNK];
    if (other[descriptor] < 0) return;
    ssize_t count = recv(descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    size_t length = count < 0 ? 0 : (size_t)count;
    if (length == 0) epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, NULL);
    struct chunk *chunk = malloc(sizeof *chunk + length);
    if (!chunk) fail("malloc");
    *chunk = (struct chunk){
        .due = now() + delay, .to = other[descriptor], .epoch = epochs[other[descriptor]], .length = length};
    memcpy(chunk->bytes, buffer, length);
    int was_empty = oldest == NULL;
    *end = chunk;
    end = &chunk->next;
    if (was_empty) arm();
}

static void close_both(int descriptor) {
    int sides[] = {descriptor, other[descriptor]};
    for (int side = 0; side < 2; side++) {
        other[sides[side]] = -1;
        epochs[sides[side]]++;
        close(sides[side]);
    }
}

static void deliver(const struct chunk *chunk) {
    if (other[chunk->to] < 0 || epochs[chunk->to] != chunk->epoch) return;
    for (size_t sent = 0; sent < chunk->length;) {
        ssize_t count = send(chunk->to, chunk->bytes + sent, chunk->length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            sent += (size_t)count;
        } else if (errno == EAGAIN) {
            // Whoever does not read holds up all: none of those measured does so.
            poll(&(struct pollfd){.fd = chunk->to, .events = POLLOUT}, 1, -1);
        } else if (errno != EINTR) {
            close_both(chunk->to);
            return;
        }
    }
    if (chunk->length == 0) close_both(chunk->to);
}

static void deliver_due(void) {
    uint64_t expirations;
    if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) fail("timerfd");
    while (oldest && oldest->due <= now()) {
        struct chunk *chunk = oldest;
        oldest = chunk->next;
        if (!oldest) end = &oldest;
        deliver(chunk);
        free(chunk);
    }
    if (oldest) arm();
}

int main(int count, char **arguments) {
    if (count != 4) {
        fprintf(stderr, "usage: %s LISTENING-PORT SERVER-PORT MICROSECONDS\n", arguments[0]);
        return 64;
    }
    delay = strtoull(arguments[3], NULL, 10) * 1000;
    signal(SIGPIPE, SIG_IGN);
    memset(other, -1, sizeof other);
    poller = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in own = loopback(atol(arguments[1]));
    if (poller < 0 || timer < 0 || listener < 0) fail("start");
    if (bind(listener, (struct sockaddr *)&own, sizeof own) < 0 || listen(listener, 1024) < 0) fail("listen");
    watch(listener);
    watch(timer);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, -1);
        for (int index = 0; index < ready; index++) {
            int descriptor = events[index].data.fd;
            if (descriptor == timer) {
                deliver_due();
            } else if (descriptor == listener) {
                int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                if (client >= 0) join(client, atol(arguments[2]));
            } else {
                receive(descriptor);
            }
        }
    }
}
