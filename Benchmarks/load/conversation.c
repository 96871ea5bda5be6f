// Holds one conversation with a server over and over: what one client feels that asks, waits and asks again.
//
//   conversation PORT MILLISECONDS keep|connect BYTES REPLIES [BYTES REPLIES]...
//
// The bytes of a step are sent in one write, and so many replies awaited before the next step. With `connect` each conversation has a
// connection of its own, and making it counts. It prints what it saw as JSON; a reply that is an error ends it.

#define _GNU_SOURCE
#include "common.h"
#include <string.h>
#include <unistd.h>

enum { MOST = 1 << 22, MOST_STEPS = 64 };

static char buffer[1 << 16];
static size_t length;

// Returns where the reply ends that begins at `start`, 0: not there whole.
static size_t reply_end(size_t start) {
    char *line = memmem(buffer + start, length - start, "\r\n", 2);
    if (!line) return 0;
    char type = buffer[start];
    long count = atol(buffer + start + 1);
    size_t end = (size_t)(line - buffer) + 2;
    switch (type) {
    case '-':
        fprintf(stderr, "an error: %.*s\n", (int)(line - buffer - (long)start), buffer + start);
        exit(1);
    case '$':
        if (count < 0) return end;
        end += (size_t)count + 2;
        return end <= length ? end : 0;
    case '%': count *= 2; // fall through
    case '*':
    case '~':
    case '>':
        for (long element = 0; element < count; element++)
            if (!(end = reply_end(end))) return 0;
        return end;
    default: return end;
    }
}

static void await(int descriptor, long replies) {
    size_t start = 0;
    length = 0;
    while (replies > 0) {
        size_t end = length > start ? reply_end(start) : 0;
        if (end) {
            start = end;
            replies--;
            continue;
        }
        ssize_t count = length < sizeof buffer ? recv(descriptor, buffer + length, sizeof buffer - length, 0) : 0;
        if (count <= 0) fail("recv");
        length += (size_t)count;
    }
}

int main(int count, char **arguments) {
    static uint32_t latencies[MOST]; // of each conversation, in tenths of microseconds
    int steps = (count - 4) / 2;
    if (count < 6 || count % 2 || steps > MOST_STEPS) {
        fprintf(stderr, "usage: %s PORT MILLISECONDS keep|connect BYTES REPLIES [BYTES REPLIES]...\n", arguments[0]);
        return 64;
    }
    long port = atol(arguments[1]);
    int connects = !strcmp(arguments[3], "connect"), descriptor = -1;
    size_t held = 0;
    uint64_t begun = now(), end = begun + (uint64_t)atol(arguments[2]) * 1000000, time = begun;
    while (time < end && held < MOST) {
        uint64_t started = now();
        if (descriptor < 0) {
            descriptor = connected(port);
            send_at_once(descriptor);
        }
        for (int step = 0; step < steps; step++) {
            const char *bytes = arguments[4 + 2 * step];
            size_t size = strlen(bytes);
            if (send(descriptor, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) fail("send");
            await(descriptor, atol(arguments[5 + 2 * step]));
        }
        time = now();
        latencies[held++] = (uint32_t)((time - started) / 100);
        if (connects) {
            close(descriptor);
            descriptor = -1;
        }
    }
    qsort(latencies, held, sizeof *latencies, by_size);
    printf("{\"requests\": %zu, \"per_second\": %f, \"p50_milliseconds\": %f, \"p99_milliseconds\": %f}\n", held,
           (double)held * 1e9 / (double)(time - begun), latencies[(held - 1) / 2] / 10000.0,
           latencies[(size_t)(0.99 * (double)(held - 1))] / 10000.0);
    return 0;
}
