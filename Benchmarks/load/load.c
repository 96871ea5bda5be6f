// Puts a Redis server under load: GET and SET of keys that are all there, with values of one size, so that the length of every
// answer is known and nothing needs to be parsed. One thread; each client has one batch in flight.
//
// redis-benchmark does most of the table. This one does what it does not: keys drawn by Zipf's law, reads mixed with writes,
// large values without an object for each, a GET with a PTTL behind it, and batches that come at a fixed rate, whether or not those
// before them have been answered: one that finds no client free waits for one, and that counts. It prints what it saw as JSON.

#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { DRAWS = 1 << 20, MOST_LATENCIES = 1 << 26 };

static struct {
    long port, clients, duration /* milliseconds */, keys, size, reads, pipeline, pttl, rate /* batches a second; 0: as they can */;
    double skew;
    const char *prefix;
} options = {.clients = 50, .duration = 1000, .keys = 1000, .size = 100, .reads = 100, .pipeline = 1, .prefix = "key:"};

struct client {
    int descriptor;
    size_t outstanding;
    char first; // that of the next bytes' first, 0: it was seen
    uint64_t sent;
};

static uint32_t *draws; // key numbers, in the order in which they are asked for
static size_t next_draw;
static char *value, *batch;
static uint32_t *latencies; // of each batch, in tenths of microseconds
static size_t batches;
static uint64_t bytes_received;

// The same numbers in every run: every server is asked for the same keys in the same order.
static uint64_t random_state = 0x9e3779b97f4a7c15;
static double random_unit(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (double)(random_state >> 11) / 9007199254740992.0;
}

// The highest bit says that the key is written.
static void draw(void) {
    double *cumulative = malloc((size_t)options.keys * sizeof *cumulative);
    draws = malloc(DRAWS * sizeof *draws);
    if (!cumulative || !draws) fail("malloc");
    double sum = 0;
    for (long rank = 0; rank < options.keys; rank++) cumulative[rank] = sum += 1 / pow((double)(rank + 1), options.skew);
    for (size_t index = 0; index < DRAWS; index++) {
        double point = random_unit() * sum;
        long low = 0, high = options.keys - 1;
        while (low < high) {
            long middle = (low + high) / 2;
            if (cumulative[middle] < point) low = middle + 1; else high = middle;
        }
        int writes = random_unit() * 100 >= (double)options.reads;
        draws[index] = (uint32_t)low | (writes ? 0x80000000u : 0);
    }
    free(cumulative);
}

// Appends one request at `end`; adds up what its answer is long.
static char *append(char *end, size_t *answer, char *first) {
    uint32_t drawn = draws[next_draw++ % DRAWS];
    char key[64];
    int length = snprintf(key, sizeof key, "%s%012u", options.prefix, drawn & 0x7fffffffu);
    if (drawn >> 31) {
        end += sprintf(end, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%ld\r\n", length, key, options.size);
        memcpy(end, value, (size_t)options.size);
        end += options.size;
        *answer += 5;
        if (!*first) *first = '+';
        return end + sprintf(end, "\r\n");
    }
    end += sprintf(end, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", length, key);
    *answer += (size_t)snprintf(NULL, 0, "$%ld\r\n", options.size) + (size_t)options.size + 2;
    if (!*first) *first = '$';
    if (options.pttl) {
        end += sprintf(end, "*2\r\n$4\r\nPTTL\r\n$%d\r\n%s\r\n", length, key);
        *answer += 5; // :-1
    }
    return end;
}

// `asked` is since when the answer is waited for.
static void ask(struct client *client, uint64_t asked) {
    char *end = batch;
    client->first = 0;
    for (long count = 0; count < options.pipeline; count++) end = append(end, &client->outstanding, &client->first);
    client->sent = asked;
    for (char *start = batch; start < end;) {
        ssize_t count = send(client->descriptor, start, (size_t)(end - start), MSG_NOSIGNAL);
        if (count < 0) fail("send");
        start += count;
    }
}

// Returns whether the whole answer has come.
static int receive(struct client *client) {
    static char buffer[1 << 18];
    ssize_t count = recv(client->descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (count < 0) fail("recv");
    if (count == 0 || (size_t)count > client->outstanding || (client->first && buffer[0] != client->first)) {
        fprintf(stderr, "an answer that was not expected: %.*s\n", (int)(count < 200 ? count : 200), buffer);
        exit(1);
    }
    client->first = 0;
    client->outstanding -= (size_t)count;
    bytes_received += (uint64_t)count;
    return client->outstanding == 0;
}

static double milliseconds(double share) {
    return batches ? latencies[(size_t)(share * (double)(batches - 1))] / 10000.0 : 0;
}

static void read_options(int count, char **arguments) {
    static const struct option known[] = {
        {"port", 1, 0, 'p'}, {"clients", 1, 0, 'c'}, {"milliseconds", 1, 0, 'm'}, {"keys", 1, 0, 'k'}, {"size", 1, 0, 's'},
        {"reads", 1, 0, 'r'}, {"pipeline", 1, 0, 'P'}, {"pttl", 0, 0, 't'}, {"skew", 1, 0, 'z'}, {"prefix", 1, 0, 'x'},
        {"rate", 1, 0, 'a'}, {0}};
    for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) {
        switch (option) {
        case 'p': options.port = atol(optarg); break;
        case 'c': options.clients = atol(optarg); break;
        case 'm': options.duration = atol(optarg); break;
        case 'k': options.keys = atol(optarg); break;
        case 's': options.size = atol(optarg); break;
        case 'r': options.reads = atol(optarg); break;
        case 'P': options.pipeline = atol(optarg); break;
        case 't': options.pttl = 1; break;
        case 'z': options.skew = atof(optarg); break;
        case 'x': options.prefix = optarg; break;
        case 'a': options.rate = atol(optarg); break;
        default: exit(64);
        }
    }
}

int main(int count, char **arguments) {
    read_options(count, arguments);
    draw();
    size_t longest = (size_t)options.size + 256;
    value = malloc((size_t)options.size + 1);
    batch = malloc(longest * (size_t)options.pipeline);
    latencies = malloc(MOST_LATENCIES * sizeof *latencies);
    struct client *clients = calloc((size_t)options.clients, sizeof *clients);
    int poller = epoll_create1(EPOLL_CLOEXEC);
    if (!value || !batch || !latencies || !clients || poller < 0) fail("start");
    memset(value, 'x', (size_t)options.size);
    for (long index = 0; index < options.clients; index++) {
        clients[index].descriptor = connected(options.port);
        send_at_once(clients[index].descriptor);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[index]};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, clients[index].descriptor, &event) < 0) fail("epoll_ctl");
    }
    // With a rate: who has nothing to do, and when the next batch comes.
    struct client **idle = calloc((size_t)options.clients, sizeof *idle);
    long idle_count = 0;
    if (!idle) fail("start");
    uint64_t start = now(), end = start + (uint64_t)options.duration * 1000000, time = start, next = start;
    for (long index = 0; index < options.clients; index++) {
        if (options.rate) idle[idle_count++] = &clients[index]; else ask(&clients[index], now());
    }
    while (time < end && batches < MOST_LATENCIES) {
        while (options.rate && idle_count && next <= time) {
            ask(idle[--idle_count], next);
            next += 1000000000 / (uint64_t)options.rate;
        }
        struct epoll_event events[128];
        struct timespec patience = {.tv_sec = 10};
        if (idle_count) patience = (struct timespec){.tv_nsec = next > time ? (long)(next - time) : 0};
        int ready = epoll_pwait2(poller, events, 128, &patience, NULL);
        if (ready == 0 && !idle_count) {
            fprintf(stderr, "no answer for ten seconds\n");
            return 1;
        }
        for (int index = 0; index < ready; index++) {
            struct client *client = events[index].data.ptr;
            if (!receive(client)) continue;
            time = now();
            if (batches < MOST_LATENCIES) latencies[batches++] = (uint32_t)((time - client->sent) / 100);
            if (options.rate) idle[idle_count++] = client; else ask(client, now());
        }
        // Large answers come in many pieces: the clock must be looked at between them, too.
        time = now();
    }
    double seconds = (double)(time - start) / 1e9;
    qsort(latencies, batches, sizeof *latencies, by_size);
    printf("{\"requests\": %zu, \"seconds\": %f, \"per_second\": %f, \"bytes_per_second\": %f, \"p50_milliseconds\": %f, "
           "\"p99_milliseconds\": %f, \"p999_milliseconds\": %f}\n",
           batches * (size_t)options.pipeline, seconds, (double)(batches * (size_t)options.pipeline) / seconds,
           (double)bytes_received / seconds, milliseconds(0.5), milliseconds(0.99), milliseconds(0.999));
    return 0;
}
