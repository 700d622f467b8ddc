/* Partitions that librdkafka reads. A thread of each consumer takes messages out of librdkafka's
   queues, copies them and gives them back, which takes as long as what Python does with them, at the
   same time; whoever comes finds blocks of rows. */

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rdkafka_inside.h"

/* MOST: rows of a block. ENOUGH: bytes of keys and values, at which a block ends although more rows
   would fit. SPARES: blocks that are kept to be used again. */
enum { MOST = 500, ENOUGH = 1 << 18, SPARES = 8 };

struct block {
    pykafka_rd_taken taken; /* but for where its columns and data are */
    buffer columns;
    buffer data;
    block *next;
};

struct pykafka_rd_partition {
    pykafka_rd_handle *handle;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    int32_t number;

    /* Under the reader's lock. */
    listener listener;
    int silent;
    int closing;
    int more;   /* whether its queue may hold something */
    int lined;  /* whether it stands in the line, and who is behind it there */
    int starved; /* whether there was no memory for a block */
    pykafka_rd_partition *behind;
    int64_t rows_ready; /* an error counts as one */
    int64_t bytes_ready;
    block *ready;
    block **ready_end;

    block *held; /* by whoever came last */

    /* Of the reader's thread, while it is busy with it. */
    buffer failure; /* the words of an error that stands behind what was taken */
    int failed;     /* its code */
    size_t next;
    size_t count;
    rd_kafka_message_t *messages[MOST];
};

/* -- blocks --------------------------------------------------------------------------- */

static void free_block(block *b)
{
    if (b) {
        free(b->columns.data);
        free(b->data.data);
        free(b);
    }
}

/* As they are counted while it lies ready. */
static int64_t rows_of(const block *b)
{
    return b->taken.split.rows ? b->taken.split.rows : 1;
}

/* Under the lock. */
static block *take_spare(reader *r)
{
    block *b = r->spare;

    if (b) {
        r->spare = b->next;
        r->spares--;
    }
    return b;
}

/* Under the lock. */
static void give_back(reader *r, block *b)
{
    /* One that had to grow for large messages would keep its memory for nothing. */
    if (r->spares < SPARES && b->data.capacity <= 4 * ENOUGH) {
        b->next = r->spare;
        r->spare = b;
        r->spares++;
    } else {
        free_block(b);
    }
}

/* -- from messages to rows ------------------------------------------------------------ */

static size_t put_varint(char *at, int64_t value)
{
    uint64_t rest = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    size_t size = 0;

    for (; rest >= 0x80; rest >>= 7)
        at[size++] = (char)(rest | 0x80);
    at[size++] = (char)rest;
    return size;
}

enum { VARINT = 10 };

/* Writes the headers of a message as format 2 has them; 0 if there is no memory. */
static int put_headers(pykafka_rd_library *library, const rd_kafka_headers_t *headers, buffer *b)
{
    const char *name;
    const void *value;
    size_t size, count = 0;
    char *at;

    while (!library->header_get_all(headers, count, &name, &value, &size))
        count++;
    if (!(at = room(b, VARINT)))
        return 0;
    b->used += put_varint(at, count);
    for (size_t i = 0; i < count; i++) {
        library->header_get_all(headers, i, &name, &value, &size);
        size_t name_size = strlen(name);
        if (!(at = room(b, 2 * VARINT + name_size + size)))
            return 0;
        char *from = at;
        at += put_varint(at, name_size);
        memcpy(at, name, name_size);
        at += name_size;
        at += put_varint(at, value ? (int64_t)size : -1);
        if (value) {
            memcpy(at, value, size);
            at += size;
        }
        b->used += at - from;
    }
    return 1;
}

/* Where a key or value was copied to; a null one begins at -1. */
static void put(buffer *b, const void *from, size_t size, int64_t *begin, int64_t *end)
{
    *begin = from ? (int64_t)b->used : -1;
    if (size) {
        memcpy(b->data + b->used, from, size);
        b->used += size;
    }
    *end = b->used;
}

static void put_error(block *b, int code, int64_t offset, const char *text, size_t size)
{
    b->taken.error = code;
    b->taken.error_offset = offset;
    b->data.used = 0;
    if (size && room(&b->data, size)) {
        memcpy(b->data.data, text, size);
        b->data.used = size;
    }
}

/* Copies a row; 0 if it is unlike those before, -1 if there is no memory. */
static int put_row(pykafka_rd_library *library, const rd_kafka_message_t *message, block *b)
{
    enum { OFFSET, TIME, KEY, KEY_END, VALUE, VALUE_END, HEADERS, END };
    pykafka_rd_taken *taken = &b->taken;
    pykafka_split *split = &taken->split;
    buffer *data = &b->data;
    rd_kafka_headers_t *headers;
    int64_t *row = (int64_t *)b->columns.data + split->rows;
    int64_t time;
    int kind, epoch;

    time = library->message_timestamp(message, &kind);
    if (kind == 0)
        time = 0;
    epoch = library->message_leader_epoch ? library->message_leader_epoch(message) : -1;
    if (split->rows == 0) {
        taken->timestamp_kind = kind;
        taken->leader_epoch = epoch;
    } else if (kind != taken->timestamp_kind || epoch != taken->leader_epoch) {
        return 0;
    }
    if (!room(data, message->len + message->key_len))
        return -1;
#define COLUMN(which) row[(which) * taken->capacity]
    COLUMN(OFFSET) = message->offset;
    COLUMN(TIME) = time;
    put(data, message->key, message->key_len, &COLUMN(KEY), &COLUMN(KEY_END));
    put(data, message->payload, message->len, &COLUMN(VALUE), &COLUMN(VALUE_END));
    split->keys += message->key != NULL;
    COLUMN(HEADERS) = -1;
    if (!library->message_headers(message, &headers)) {
        COLUMN(HEADERS) = data->used;
        if (!put_headers(library, headers, data))
            return -1;
        split->headers++;
    }
    COLUMN(END) = data->used;
    if (split->rows) {
        split->dense &= message->offset == row[-1] + 1;
        split->one_time &= time == (&COLUMN(TIME))[-1];
    }
#undef COLUMN
    split->rows++;
    split->position = data->used;
    split->next_offset = message->offset + 1;
    return 1;
}

/* Takes messages out of the queue, unless some are left; whether there may be more. */
static int take_messages(pykafka_rd_partition *partition)
{
    ssize_t count;

    if (partition->next < partition->count)
        return 1;
    count = partition->handle->library->consume_batch_queue(partition->queue, 0,
                                                            partition->messages, MOST);
    partition->next = 0;
    partition->count = count > 0 ? count : 0;
    return partition->count == MOST;
}

static void put_message_error(pykafka_rd_library *library, const rd_kafka_message_t *message,
                              block *b)
{
    const char *text = library->message_errstr(message);

    put_error(b, message->err, message->offset, text, text ? strlen(text) : 0);
}

/* Fills a block with rows, or with one error; whether there may be more behind it. */
static int fill(pykafka_rd_partition *partition, block *b)
{
    pykafka_rd_library *library = partition->handle->library;
    pykafka_rd_taken *taken = &b->taken;
    int more = take_messages(partition);

    memset(taken, 0, sizeof(*taken));
    taken->split.dense = taken->split.one_time = 1;
    taken->leader_epoch = -1;
    taken->capacity = partition->count - partition->next;
    b->data.used = 0;
    if (!room(&b->columns, taken->capacity * PYKAFKA_COLUMNS * sizeof(int64_t))) {
        put_error(b, RD_OUT_OF_MEMORY, -1, NULL, 0);
        return 1;
    }
    while (partition->next < partition->count && !taken->error && b->data.used < ENOUGH) {
        rd_kafka_message_t *message = partition->messages[partition->next];
        if (message->err) {
            if (taken->split.rows)
                break;
            put_message_error(library, message, b);
        } else {
            int result = put_row(library, message, b);
            if (result < 0 && taken->split.rows == 0)
                put_error(b, RD_OUT_OF_MEMORY, -1, NULL, 0);
            if (result <= 0)
                break;
        }
        library->message_destroy(message);
        partition->next++;
    }
    if (partition->failed && !taken->split.rows && !taken->error) {
        put_error(b, partition->failed, -1, partition->failure.data, partition->failure.used);
        partition->failed = 0;
    }
    taken->length = b->data.used;
    return more || partition->next < partition->count || partition->failed;
}

void pykafka_rd_note_failure(rd_kafka_t *kafka, int code, const char *reason, void *handle)
{
    pykafka_rd_partition *partition = ((pykafka_rd_handle *)handle)->reader.busy;
    size_t size = strlen(reason);

    (void)kafka;
    if (partition) {
        partition->failed = code;
        partition->failure.used = 0;
        if (room(&partition->failure, size)) {
            memcpy(partition->failure.data, reason, size);
            partition->failure.used = size;
        }
    }
}

/* -- the thread ----------------------------------------------------------------------- */

/* Under the lock: puts a partition into the line, if there is something to do. */
static void line_up(reader *r, pykafka_rd_partition *partition)
{
    if (partition->closing || partition->lined || r->busy == partition || !partition->more ||
        partition->rows_ready >= r->most_rows || partition->bytes_ready >= r->most_bytes)
        return;
    partition->lined = 1;
    partition->behind = NULL;
    *r->line_end = partition;
    r->line_end = &partition->behind;
    pthread_cond_signal(&r->wake);
}

/* Under the lock. */
static void leave_line(reader *r, pykafka_rd_partition *partition)
{
    pykafka_rd_partition **at = &r->line;

    if (!partition->lined)
        return;
    while (*at != partition)
        at = &(*at)->behind;
    *at = partition->behind;
    if (!*at)
        r->line_end = at;
    partition->lined = 0;
}

/* On librdkafka's threads, with its queue's lock. */
static void tell_of_messages(rd_kafka_t *kafka, void *opaque)
{
    pykafka_rd_partition *partition = opaque;
    reader *r = &partition->handle->reader;

    (void)kafka;
    pthread_mutex_lock(&r->lock);
    partition->more = 1;
    line_up(r, partition);
    pthread_mutex_unlock(&r->lock);
}

/* Under the lock: puts a block behind those that are ready; there is none if memory is short. */
static void make_ready(reader *r, pykafka_rd_partition *partition, block *b)
{
    if (b && !b->taken.split.rows && !b->taken.error) {
        give_back(r, b);
        return;
    }
    /* Whoever takes does not stop while there are more. */
    if (!partition->silent && !partition->ready)
        pykafka_rd_tell(&partition->listener);
    if (b) {
        b->next = NULL;
        *partition->ready_end = b;
        partition->ready_end = &b->next;
        partition->rows_ready += rows_of(b);
        partition->bytes_ready += b->taken.length;
    } else {
        partition->starved = 1;
    }
}

static void *run_reader(void *opaque)
{
    reader *r = opaque;

    pthread_mutex_lock(&r->lock);
    while (!r->ending) {
        pykafka_rd_partition *partition = r->line;
        block *b;
        int more = 0;

        if (!partition) {
            pthread_cond_wait(&r->wake, &r->lock);
            continue;
        }
        leave_line(r, partition);
        partition->more = 0; /* first: what comes from now on is told again */
        r->busy = partition;
        b = take_spare(r);
        pthread_mutex_unlock(&r->lock);
        if (!b)
            b = calloc(1, sizeof(*b));
        if (b)
            more = fill(partition, b);
        pthread_mutex_lock(&r->lock);
        r->busy = NULL;
        partition->more |= more;
        make_ready(r, partition, b);
        line_up(r, partition);
        if (partition->closing)
            pthread_cond_broadcast(&r->idle);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

int pykafka_rd_reader_begin(reader *r)
{
    sigset_t all, before;
    int code;

    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->wake, NULL);
    pthread_cond_init(&r->idle, NULL);
    r->line_end = &r->line;
    r->most_rows = r->most_bytes = 1;
    /* Signals are for the program's threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&r->thread, NULL, run_reader, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

void pykafka_rd_read_ahead(pykafka_rd_handle *handle, int64_t rows, int64_t bytes)
{
    handle->reader.most_rows = rows;
    handle->reader.most_bytes = bytes;
}

void pykafka_rd_reader_end(reader *r)
{
    block *b;

    pthread_mutex_lock(&r->lock);
    r->ending = 1;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    while ((b = take_spare(r)))
        free_block(b);
    pthread_cond_destroy(&r->idle);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
}

/* -- partitions ----------------------------------------------------------------------- */

/* With what it refers to, as far as that is there. */
static void free_partition(pykafka_rd_partition *partition)
{
    pykafka_rd_library *library = partition->handle->library;

    if (partition->queue)
        library->queue_destroy(partition->queue);
    if (partition->topic)
        library->topic_destroy(partition->topic);
    free(partition->failure.data);
    free(partition);
}

pykafka_rd_partition *pykafka_rd_start(pykafka_rd_handle *handle, const char *topic,
                                       int32_t number, int64_t offset, int8_t *told,
                                       int32_t *error)
{
    pykafka_rd_library *library = handle->library;
    pykafka_rd_partition *partition = calloc(1, sizeof(*partition));

    *error = RD_OUT_OF_MEMORY;
    if (!partition)
        return NULL;
    partition->handle = handle;
    partition->number = number;
    partition->ready_end = &partition->ready;
    partition->listener.told = told;
    partition->listener.bell = handle->listener.bell;
    partition->topic = library->topic_new(handle->kafka, topic, NULL);
    if (!partition->topic) {
        *error = library->last_error();
        free_partition(partition);
        return NULL;
    }
    partition->queue = library->queue_new(handle->kafka);
    library->queue_cb_event_enable(partition->queue, tell_of_messages, partition);
    if (library->consume_start_queue(partition->topic, number, offset, partition->queue)) {
        *error = library->last_error();
        pykafka_rd_stop(partition);
        return NULL;
    }
    *error = 0;
    return partition;
}

void pykafka_rd_partition_silence(pykafka_rd_partition *partition)
{
    reader *r = &partition->handle->reader;

    pthread_mutex_lock(&r->lock);
    partition->silent = 1;
    pthread_mutex_unlock(&r->lock);
}

void pykafka_rd_stop(pykafka_rd_partition *partition)
{
    pykafka_rd_library *library = partition->handle->library;
    reader *r = &partition->handle->reader;

    pthread_mutex_lock(&r->lock);
    partition->silent = partition->closing = 1;
    leave_line(r, partition);
    while (r->busy == partition) /* for as long as one block takes */
        pthread_cond_wait(&r->idle, &r->lock);
    pthread_mutex_unlock(&r->lock);
    /* Nobody tells of it after this call. */
    library->queue_cb_event_enable(partition->queue, NULL, NULL);
    library->consume_stop(partition->topic, partition->number);
    for (; partition->next < partition->count; partition->next++)
        library->message_destroy(partition->messages[partition->next]);
    while (partition->ready) {
        block *b = partition->ready;
        partition->ready = b->next;
        free_block(b);
    }
    free_block(partition->held);
    free_partition(partition);
}

void pykafka_rd_take(pykafka_rd_partition *partition, pykafka_rd_taken *taken)
{
    reader *r = &partition->handle->reader;
    block *b;

    memset(taken, 0, sizeof(*taken));
    pthread_mutex_lock(&r->lock);
    if (partition->held)
        give_back(r, partition->held);
    b = partition->held = partition->ready;
    if (b) {
        partition->ready = b->next;
        if (!partition->ready)
            partition->ready_end = &partition->ready;
        partition->rows_ready -= rows_of(b);
        partition->bytes_ready -= b->taken.length;
        *taken = b->taken;
        taken->columns = (int64_t *)b->columns.data;
        taken->data = b->data.data;
    } else if (partition->starved) {
        partition->starved = 0;
        partition->more = 1;
        taken->error = RD_OUT_OF_MEMORY;
        taken->error_offset = -1;
    }
    line_up(r, partition);
    __atomic_store_n(partition->listener.told, partition->ready || partition->starved,
                     __ATOMIC_RELEASE);
    pthread_mutex_unlock(&r->lock);
}
