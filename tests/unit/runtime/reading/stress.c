/* Drives native/rdkafka_reading.c, with something in librdkafka's place that never lets it rest, so
   that the thread and address sanitizers see how its threads meet; and checks what comes out.

   stress SEED ROUNDS */

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rdkafka_inside.h"

enum { PARTITIONS = 3, QUEUED_MOST = 3000, BURST_MOST = 1200, EOF_CODE = -191, GONE_CODE = 3 };
enum { PATIENCE_MS = 20000, BIG = 300000 };

static void fail(const char *what)
{
    printf("wrong: %s\n", what);
    fflush(stdout);
    _exit(1);
}

static void check(int holds, const char *what)
{
    if (!holds)
        fail(what);
}

static uint64_t drawn(uint64_t *state, uint64_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state % below;
}

/* --- what a message is, by its offset --- */

static int64_t value_size(int64_t offset)
{
    if (offset % 1999 == 7)
        return BIG;
    return offset % 17 == 3 ? -1 : offset % 50;
}
static int64_t key_size(int64_t offset) { return offset % 5 ? -1 : offset % 11; }
static int epoch_of(int64_t offset) { return (int)(offset / 700); }
static int64_t time_of(int64_t offset) { return offset / 100; }
static int has_headers(int64_t offset) { return offset % 1000 > 990; }

/* --- in librdkafka's place --- */

typedef struct item {
    rd_kafka_message_t message;
    struct item *next;
} item;

struct rd_kafka_queue_s {
    pthread_mutex_t lock;
    item *first, **end;
    int count;
    int failing; /* whether the next look at it finds that its partition is gone */
    void (*told)(rd_kafka_t *, void *);
    void *opaque;
};

/* One partition of it, with the thread that reads it. */
struct rd_kafka_topic_s {
    pthread_t thread;
    atomic_int stopping, resting;
    rd_kafka_queue_t *queue;
    atomic_int_fast64_t offset;
    uint64_t random;
};

static atomic_int messages, looks, paused;
static rd_kafka_topic_t *started; /* last */
static atomic_uint_fast64_t seeds;
static pykafka_rd_handle *only;

static item *made(int64_t offset, int code)
{
    item *one = calloc(1, sizeof(*one));
    rd_kafka_message_t *m = &one->message;

    messages++;
    m->offset = offset;
    m->err = code;
    if (!code && value_size(offset) >= 0) {
        m->len = value_size(offset);
        m->payload = memset(malloc(m->len + 1), (int)offset, m->len);
    }
    if (!code && key_size(offset) >= 0) {
        m->key_len = key_size(offset);
        m->key = memset(malloc(m->key_len + 1), (int)~offset, m->key_len);
    }
    return one;
}

static void message_destroy(rd_kafka_message_t *m)
{
    messages--;
    free(m->payload);
    free(m->key);
    free(m);
}

static void put_all(rd_kafka_queue_t *queue, item *first, item **end, int count)
{
    pthread_mutex_lock(&queue->lock);
    int was_empty = !queue->count;
    *queue->end = first;
    queue->end = end;
    queue->count += count;
    if (was_empty && queue->told)
        queue->told(NULL, queue->opaque);
    pthread_mutex_unlock(&queue->lock);
}

static void *read_partition(void *opaque)
{
    rd_kafka_topic_t *topic = opaque;

    while (!topic->stopping) {
        item *first = NULL, **end = &first;
        int count = 1 + drawn(&topic->random, BURST_MOST);

        pthread_mutex_lock(&topic->queue->lock);
        topic->resting = paused;
        int full = topic->resting || topic->queue->count > QUEUED_MOST;
        topic->queue->failing |= !topic->resting && !drawn(&topic->random, 50);
        pthread_mutex_unlock(&topic->queue->lock);
        if (full || !drawn(&topic->random, 3)) {
            usleep(drawn(&topic->random, 300));
            continue;
        }
        for (int n = 0; n < count; n++) {
            *end = made(topic->offset++, 0);
            end = &(*end)->next;
        }
        if (!drawn(&topic->random, 4)) {
            *end = made(topic->offset, EOF_CODE);
            end = &(*end)->next;
            count++;
        }
        put_all(topic->queue, first, end, count);
    }
    return NULL;
}

static rd_kafka_topic_t *topic_new(rd_kafka_t *k, const char *name, rd_kafka_topic_conf_t *conf)
{
    (void)k, (void)name, (void)conf;
    return calloc(1, sizeof(rd_kafka_topic_t));
}

static void topic_destroy(rd_kafka_topic_t *topic) { free(topic); }

static rd_kafka_queue_t *queue_new(rd_kafka_t *k)
{
    rd_kafka_queue_t *queue = calloc(1, sizeof(*queue));

    (void)k;
    pthread_mutex_init(&queue->lock, NULL);
    queue->end = &queue->first;
    return queue;
}

static void queue_destroy(rd_kafka_queue_t *queue)
{
    while (queue->first) {
        item *one = queue->first;
        queue->first = one->next;
        message_destroy(&one->message);
    }
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

static void queue_cb_event_enable(rd_kafka_queue_t *queue, void (*told)(rd_kafka_t *, void *),
                                  void *opaque)
{
    pthread_mutex_lock(&queue->lock);
    queue->told = told;
    queue->opaque = opaque;
    pthread_mutex_unlock(&queue->lock);
}

static int consume_start_queue(rd_kafka_topic_t *topic, int32_t number, int64_t offset,
                               rd_kafka_queue_t *queue)
{
    (void)number;
    topic->queue = queue;
    topic->offset = offset;
    started = topic;
    topic->random = ++seeds * 0x9E3779B97F4A7C15u;
    return pthread_create(&topic->thread, NULL, read_partition, topic);
}

static int consume_stop(rd_kafka_topic_t *topic, int32_t number)
{
    (void)number;
    topic->stopping = 1;
    return pthread_join(topic->thread, NULL);
}

static ssize_t consume_batch_queue(rd_kafka_queue_t *queue, int timeout, rd_kafka_message_t **to,
                                   size_t most)
{
    size_t count = 0;
    int failing;

    (void)timeout;
    looks++;
    pthread_mutex_lock(&queue->lock);
    for (; count < most && queue->first; count++) {
        item *one = queue->first;
        queue->first = one->next;
        to[count] = &one->message;
        queue->count--;
    }
    if (!queue->first)
        queue->end = &queue->first;
    failing = queue->failing;
    queue->failing = 0;
    pthread_mutex_unlock(&queue->lock);
    if (failing)
        pykafka_rd_note_failure(NULL, GONE_CODE, "it is gone", only);
    return count;
}

static const char *message_errstr(const rd_kafka_message_t *m) { return m->err ? "end" : NULL; }
static int last_error(void) { return 0; }

static int64_t message_timestamp(const rd_kafka_message_t *m, int *kind)
{
    *kind = 1;
    return time_of(m->offset);
}

static int message_headers(const rd_kafka_message_t *m, rd_kafka_headers_t **headers)
{
    *headers = (rd_kafka_headers_t *)m;
    return has_headers(m->offset) ? 0 : -1;
}

static int header_get_all(const rd_kafka_headers_t *headers, size_t index, const char **name,
                          const void **value, size_t *size)
{
    (void)headers;
    *name = "h";
    *value = "v";
    *size = 1;
    return index ? -1 : 0;
}

static int32_t message_leader_epoch(const rd_kafka_message_t *m) { return epoch_of(m->offset); }

static pykafka_rd_library library = {
    .last_error = last_error,
    .topic_new = topic_new,
    .topic_destroy = topic_destroy,
    .queue_new = queue_new,
    .queue_destroy = queue_destroy,
    .queue_cb_event_enable = queue_cb_event_enable,
    .consume_start_queue = consume_start_queue,
    .consume_stop = consume_stop,
    .consume_batch_queue = consume_batch_queue,
    .message_destroy = message_destroy,
    .message_errstr = message_errstr,
    .message_timestamp = message_timestamp,
    .message_headers = message_headers,
    .header_get_all = header_get_all,
    .message_leader_epoch = message_leader_epoch,
};

/* --- whoever takes --- */

typedef struct {
    pykafka_rd_partition *partition;
    rd_kafka_topic_t *topic;
    int64_t next;
    int8_t told;
} taker;

static void check_bytes(const pykafka_rd_taken *taken, int64_t begin, int64_t end, int64_t size,
                        int byte)
{
    check((begin < 0) == (size < 0), "what is null");
    if (size < 0)
        return;
    check(end - begin == size && end <= taken->length, "a size");
    for (int64_t at = begin; at < end; at++)
        check((uint8_t)taken->data[at] == (uint8_t)byte, "what a key or value is");
}

static void check_rows(taker *t, const pykafka_rd_taken *taken)
{
    static const uint8_t header[] = {2, 2, 'h', 2, 'v'};
    int64_t step = taken->capacity;

    check(taken->split.rows <= step && taken->split.dense, "rows");
    check(taken->leader_epoch == epoch_of(t->next), "an epoch");
    for (int64_t row = 0; row < taken->split.rows; row++, t->next++) {
        const int64_t *at = taken->columns + row;
        check(at[0] == t->next, "an offset");
        check(at[step] == time_of(t->next), "a timestamp");
        check_bytes(taken, at[2 * step], at[3 * step], key_size(t->next), (int)~t->next);
        check_bytes(taken, at[4 * step], at[5 * step], value_size(t->next), (int)t->next);
        check((at[6 * step] >= 0) == has_headers(t->next), "whether there are headers");
        if (at[6 * step] >= 0)
            check(at[7 * step] - at[6 * step] == sizeof(header) &&
                      !memcmp(taken->data + at[6 * step], header, sizeof(header)),
                  "headers");
    }
    check(taken->split.next_offset == t->next, "the next offset");
}

static void take(taker *t)
{
    pykafka_rd_taken taken;

    pykafka_rd_take(t->partition, &taken);
    if (taken.split.rows) {
        check(!taken.error, "an error beside rows");
        check_rows(t, &taken);
    } else if (taken.error == EOF_CODE) {
        check(taken.error_offset == t->next, "where the end is");
        check(taken.length == 3 && !memcmp(taken.data, "end", 3), "its words");
    } else if (taken.error) {
        check(taken.error == GONE_CODE, "an error");
        check(taken.length == 10 && !memcmp(taken.data, "it is gone", 10), "its words");
    }
}

static void start(taker *t, int64_t offset)
{
    int32_t error;

    t->next = offset;
    t->partition = pykafka_rd_start(only, "topic", 0, offset, &t->told, &error);
    check(t->partition && !error, "starting");
    t->topic = started;
}

static void stop(taker *t)
{
    pykafka_rd_stop(t->partition);
    t->told = 0;
}

static int any_told(taker *takers)
{
    int told = 0;

    for (int n = 0; n < PARTITIONS; n++)
        told |= __atomic_load_n(&takers[n].told, __ATOMIC_ACQUIRE);
    return told;
}

/* Waits as the loop does: by the bell alone. */
static void wait_for_bell(int ear, pykafka_rd_bell *bell, taker *takers)
{
    struct pollfd watched = {.fd = ear, .events = POLLIN};
    char rings[64];

    while (!any_told(takers)) {
        check(poll(&watched, 1, PATIENCE_MS) == 1, "nothing is told any more");
        check(recv(ear, rings, sizeof(rings), 0) == 1, "rings that were not heard");
        pykafka_rd_heard(bell);
    }
}

static void take_told(taker *takers)
{
    for (int n = 0; n < PARTITIONS; n++)
        if (__atomic_load_n(&takers[n].told, __ATOMIC_ACQUIRE))
            take(&takers[n]);
}

/* With nothing more to come: whether everything comes, and whether the thread then rests. */
static void drain(int ear, pykafka_rd_bell *bell, taker *takers)
{
    int before = -1;

    paused = 1;
    for (int n = 0; n < PARTITIONS; n++) {
        while (!takers[n].topic->resting)
            usleep(100);
        while (takers[n].next < takers[n].topic->offset) {
            wait_for_bell(ear, bell, takers);
            take_told(takers);
        }
    }
    for (int waited = 0; before != looks; waited += 5) {
        check(waited < PATIENCE_MS, "it looks again and again");
        before = looks;
        take_told(takers);
        usleep(5000);
    }
    paused = 0;
}

int main(int count, char **arguments)
{
    uint64_t random;
    int ends[2];
    taker takers[PARTITIONS] = {0};

    check(count == 3, "the arguments");
    random = strtoull(arguments[1], NULL, 10) * 2 + 1;
    seeds = random;
    check(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "sockets");
    pykafka_rd_bell bell = {.descriptor = ends[1]};
    only = calloc(1, sizeof(*only));
    only->library = &library;
    only->listener.bell = &bell;
    check(!pykafka_rd_reader_begin(&only->reader), "a thread");
    pykafka_rd_read_ahead(only, 1 + drawn(&random, 2000), 1 + drawn(&random, 100000));
    for (int n = 0; n < PARTITIONS; n++)
        start(&takers[n], 0);
    for (int left = atoi(arguments[2]); left; left--) {
        taker *one = &takers[drawn(&random, PARTITIONS)];

        if (!drawn(&random, 200))
            drain(ends[0], &bell, takers);
        wait_for_bell(ends[0], &bell, takers);
        if (!drawn(&random, 40)) {
            stop(one);
            start(one, drawn(&random, 5000));
        } else if (__atomic_load_n(&one->told, __ATOMIC_ACQUIRE)) {
            take(one);
        } else if (!drawn(&random, 10)) {
            take(one); /* nobody told */
        }
    }
    for (int n = 0; n < PARTITIONS; n++)
        stop(&takers[n]);
    pykafka_rd_reader_end(&only->reader);
    check(!messages, "messages that nobody gave back");
    free(only);
    close(ends[0]);
    close(ends[1]);
    printf("nothing wrong\n");
    return 0;
}
