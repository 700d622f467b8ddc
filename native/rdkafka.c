/* librdkafka is opened when the program runs, so that neither building nor installing needs it.
   What is used of its interface is declared here: it has been the same since 1.0, and is promised
   to stay (rdkafka.h, "ABI compatibility"). Whatever may be missing is asked for by name. */

#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "scan.h"
#include "encode.h"
#include "rdkafka.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* -- librdkafka's interface ----------------------------------------------------------- */

typedef struct rd_kafka_s rd_kafka_t;
typedef struct rd_kafka_conf_s rd_kafka_conf_t;
typedef struct rd_kafka_topic_s rd_kafka_topic_t;
typedef struct rd_kafka_topic_conf_s rd_kafka_topic_conf_t;
typedef struct rd_kafka_queue_s rd_kafka_queue_t;
typedef struct rd_kafka_headers_s rd_kafka_headers_t;
typedef struct rd_kafka_op_s rd_kafka_event_t;

struct rd_kafka_metadata;

typedef struct {
    int err;
    rd_kafka_topic_t *rkt;
    int32_t partition;
    void *payload;
    size_t len;
    void *key;
    size_t key_len;
    int64_t offset;
    void *_private;
} rd_kafka_message_t;

enum { RD_PRODUCER = 0, RD_CONSUMER = 1 };
enum { RD_EVENT_DR = 0x1, RD_EVENT_LOG = 0x4, RD_EVENT_ERROR = 0x8 };
enum {
    RD_V_END = 0,
    RD_V_RKT = 2,
    RD_V_PARTITION = 3,
    RD_V_VALUE = 4,
    RD_V_KEY = 5,
    RD_V_OPAQUE = 6,
    RD_V_MSGFLAGS = 7,
    RD_V_TIMESTAMP = 8,
    RD_V_HEADERS = 10
};
enum { RD_COPY = 0x2 };
enum { RD_PURGE_QUEUED = 0x1, RD_PURGE_SENT = 0x2 };
enum { RD_NO_CONSUMER_CLOSE = 0x8 };
enum { RD_OUT_OF_MEMORY = -194 /* RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE */ };

/* X(name, what it returns, its arguments) */
#define REQUIRED(X) \
    X(version, int, (void)) \
    X(version_str, const char *, (void)) \
    X(err2name, const char *, (int)) \
    X(err2str, const char *, (int)) \
    X(last_error, int, (void)) \
    X(conf_new, rd_kafka_conf_t *, (void)) \
    X(conf_destroy, void, (rd_kafka_conf_t *)) \
    X(conf_set, int, (rd_kafka_conf_t *, const char *, const char *, char *, size_t)) \
    X(conf_set_opaque, void, (rd_kafka_conf_t *, void *)) \
    X(conf_set_error_cb, void, \
      (rd_kafka_conf_t *, void (*)(rd_kafka_t *, int, const char *, void *))) \
    X(conf_set_events, void, (rd_kafka_conf_t *, int)) \
    X(new, rd_kafka_t *, (int, rd_kafka_conf_t *, char *, size_t)) \
    X(set_log_queue, int, (rd_kafka_t *, rd_kafka_queue_t *)) \
    X(destroy_flags, void, (rd_kafka_t *, int)) \
    X(purge, int, (rd_kafka_t *, int)) \
    X(topic_new, rd_kafka_topic_t *, (rd_kafka_t *, const char *, rd_kafka_topic_conf_t *)) \
    X(topic_destroy, void, (rd_kafka_topic_t *)) \
    X(metadata, int, \
      (rd_kafka_t *, int, rd_kafka_topic_t *, const struct rd_kafka_metadata **, int)) \
    X(metadata_destroy, void, (const struct rd_kafka_metadata *)) \
    X(queue_new, rd_kafka_queue_t *, (rd_kafka_t *)) \
    X(queue_get_main, rd_kafka_queue_t *, (rd_kafka_t *)) \
    X(queue_destroy, void, (rd_kafka_queue_t *)) \
    X(queue_cb_event_enable, void, \
      (rd_kafka_queue_t *, void (*)(rd_kafka_t *, void *), void *)) \
    X(queue_poll, rd_kafka_event_t *, (rd_kafka_queue_t *, int)) \
    X(consume_start_queue, int, (rd_kafka_topic_t *, int32_t, int64_t, rd_kafka_queue_t *)) \
    X(consume_stop, int, (rd_kafka_topic_t *, int32_t)) \
    X(consume_batch_queue, ssize_t, (rd_kafka_queue_t *, int, rd_kafka_message_t **, size_t)) \
    X(message_destroy, void, (rd_kafka_message_t *)) \
    X(message_errstr, const char *, (const rd_kafka_message_t *)) \
    X(message_timestamp, int64_t, (const rd_kafka_message_t *, int *)) \
    X(message_headers, int, (const rd_kafka_message_t *, rd_kafka_headers_t **)) \
    X(header_get_all, int, \
      (const rd_kafka_headers_t *, size_t, const char **, const void **, size_t *)) \
    X(headers_new, rd_kafka_headers_t *, (size_t)) \
    X(headers_destroy, void, (rd_kafka_headers_t *)) \
    X(header_add, int, (rd_kafka_headers_t *, const char *, ssize_t, const void *, ssize_t)) \
    X(producev, int, (rd_kafka_t *, ...)) \
    X(produce_batch, int, (rd_kafka_topic_t *, int32_t, int, rd_kafka_message_t *, int)) \
    X(event_type, int, (const rd_kafka_event_t *)) \
    X(event_destroy, void, (rd_kafka_event_t *)) \
    X(event_message_array, size_t, \
      (rd_kafka_event_t *, const rd_kafka_message_t **, size_t)) \
    X(event_log, int, (rd_kafka_event_t *, const char **, const char **, int *)) \
    X(event_error, int, (rd_kafka_event_t *)) \
    X(event_error_string, const char *, (rd_kafka_event_t *))

#define OPTIONAL(X) \
    X(message_leader_epoch, int32_t, (const rd_kafka_message_t *)) /* 2.1 */

struct pykafka_rd_library {
#define X(name, returned, arguments) returned(*name) arguments;
    REQUIRED(X)
    OPTIONAL(X)
#undef X
};

static int symbol(void *opened, const char *name, void *place)
{
    void *found = dlsym(opened, name);
    memcpy(place, &found, sizeof(found));
    return found != NULL;
}

pykafka_rd_library *pykafka_rd_open(const char *path, char *error, int64_t size)
{
    void *opened = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    pykafka_rd_library *library;

    if (!opened) {
        snprintf(error, size, "%s", dlerror());
        return NULL;
    }
    library = calloc(1, sizeof(*library));
    if (!library) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
#define X(name, returned, arguments) \
    if (!symbol(opened, "rd_kafka_" #name, &library->name)) { \
        snprintf(error, size, "it has no rd_kafka_%s: too old, or another library", #name); \
        free(library); \
        return NULL; \
    }
    REQUIRED(X)
#undef X
#define X(name, returned, arguments) symbol(opened, "rd_kafka_" #name, &library->name);
    OPTIONAL(X)
#undef X
    return library;
}

int32_t pykafka_rd_version(pykafka_rd_library *library)
{
    return library->version();
}

const char *pykafka_rd_version_text(pykafka_rd_library *library)
{
    return library->version_str();
}

const char *pykafka_rd_file(pykafka_rd_library *library)
{
    Dl_info found;
    void *version;

    memcpy(&version, &library->version, sizeof(version));
    return dladdr(version, &found) ? found.dli_fname : NULL;
}

const char *pykafka_rd_error_name(pykafka_rd_library *library, int32_t code)
{
    return library->err2name(code);
}

const char *pykafka_rd_error_text(pykafka_rd_library *library, int32_t code)
{
    return library->err2str(code);
}

pykafka_rd_properties *pykafka_rd_properties_new(pykafka_rd_library *library)
{
    return (pykafka_rd_properties *)library->conf_new();
}

int32_t pykafka_rd_properties_set(pykafka_rd_library *library, pykafka_rd_properties *properties,
                                  const char *name, const char *value, char *error, int64_t size)
{
    int result = library->conf_set((rd_kafka_conf_t *)properties, name, value, error, size);
    return result == -2 ? -2 : result ? -1 : 0;
}

void pykafka_rd_properties_free(pykafka_rd_library *library, pykafka_rd_properties *properties)
{
    library->conf_destroy((rd_kafka_conf_t *)properties);
}

/* -- memory that grows ---------------------------------------------------------------- */

typedef struct {
    char *data;
    size_t used;
    size_t capacity;
} buffer;

/* Room for `more` bytes behind what is used; NULL if there is no memory. */
static char *room(buffer *b, size_t more)
{
    if (b->capacity - b->used < more) {
        size_t capacity = (b->used + more) * 2;
        char *data = realloc(b->data, capacity);
        if (!data)
            return NULL;
        b->data = data;
        b->capacity = capacity;
    }
    return b->data + b->used;
}

/* -- telling that there is something -------------------------------------------------- */

typedef struct {
    int8_t *told;
    pykafka_rd_bell *bell;
} listener;

/* On librdkafka's threads: only what may be done anywhere. */
static void tell(rd_kafka_t *handle, void *opaque)
{
    listener *l = opaque;
    (void)handle;
    __atomic_store_n(l->told, 1, __ATOMIC_RELEASE);
    if (!__atomic_exchange_n(&l->bell->pending, 1, __ATOMIC_SEQ_CST)) {
        ssize_t sent = send(l->bell->descriptor, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)sent; /* full of rings already, or closed by whoever listened */
    }
}

void pykafka_rd_heard(pykafka_rd_bell *bell)
{
    /* Not just a store: what follows must not be looked at before. */
    __atomic_exchange_n(&bell->pending, 0, __ATOMIC_SEQ_CST);
}

/* -- handles -------------------------------------------------------------------------- */

struct pykafka_rd_handle {
    pykafka_rd_library *library;
    rd_kafka_t *kafka;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *events;
    listener listener;
    buffer text;
    buffer outcomes;
    struct pykafka_rd_partition *taking; /* whose queue is being read */
};

static void note_failure(rd_kafka_t *kafka, int code, const char *reason, void *opaque);

pykafka_rd_handle *pykafka_rd_handle_new(pykafka_rd_library *library,
                                         pykafka_rd_properties *properties, const char *topic,
                                         int8_t *told, pykafka_rd_bell *bell,
                                         char *error, int64_t size)
{
    rd_kafka_conf_t *conf = (rd_kafka_conf_t *)properties;
    pykafka_rd_handle *handle = calloc(1, sizeof(*handle));

    if (!handle) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    handle->library = library;
    handle->listener.told = told;
    handle->listener.bell = bell;
    library->conf_set_opaque(conf, handle);
    library->conf_set_error_cb(conf, note_failure);
    library->conf_set_events(conf, RD_EVENT_LOG | RD_EVENT_ERROR | (topic ? RD_EVENT_DR : 0));
    handle->kafka = library->new(topic ? RD_PRODUCER : RD_CONSUMER, conf, error, size);
    if (!handle->kafka) {
        free(handle);
        return NULL;
    }
    handle->events = library->queue_get_main(handle->kafka);
    library->set_log_queue(handle->kafka, handle->events);
    library->queue_cb_event_enable(handle->events, tell, &handle->listener);
    if (topic)
        handle->topic = library->topic_new(handle->kafka, topic, NULL);
    /* What was said before anybody listened. */
    tell(handle->kafka, &handle->listener);
    return handle;
}

void pykafka_rd_handle_silence(pykafka_rd_handle *handle)
{
    handle->library->queue_cb_event_enable(handle->events, NULL, NULL);
}

void pykafka_rd_handle_free(pykafka_rd_handle *handle)
{
    pykafka_rd_library *library = handle->library;

    pykafka_rd_handle_silence(handle);
    if (handle->topic) {
        library->purge(handle->kafka, RD_PURGE_QUEUED | RD_PURGE_SENT);
        library->topic_destroy(handle->topic);
    }
    library->queue_destroy(handle->events);
    library->destroy_flags(handle->kafka, RD_NO_CONSUMER_CLOSE);
    free(handle->text.data);
    free(handle->outcomes.data);
    free(handle);
}

/* -- reading a partition -------------------------------------------------------------- */

struct pykafka_rd_partition {
    pykafka_rd_handle *handle;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    int32_t number;
    listener listener;
    buffer data;
    buffer failure; /* the words of an error that stands behind what was taken */
    int failed;     /* its code */
    size_t next;
    size_t count;
    rd_kafka_message_t *taken[PYKAFKA_RD_MOST];
};

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
    partition->listener.told = told;
    partition->listener.bell = handle->listener.bell;
    partition->topic = library->topic_new(handle->kafka, topic, NULL);
    if (!partition->topic) {
        *error = library->last_error();
        free(partition);
        return NULL;
    }
    partition->queue = library->queue_new(handle->kafka);
    library->queue_cb_event_enable(partition->queue, tell, &partition->listener);
    if (library->consume_start_queue(partition->topic, number, offset, partition->queue)) {
        *error = library->last_error();
        library->queue_cb_event_enable(partition->queue, NULL, NULL);
        library->queue_destroy(partition->queue);
        library->topic_destroy(partition->topic);
        free(partition);
        return NULL;
    }
    *error = 0;
    return partition;
}

void pykafka_rd_partition_silence(pykafka_rd_partition *partition)
{
    partition->handle->library->queue_cb_event_enable(partition->queue, NULL, NULL);
}

void pykafka_rd_stop(pykafka_rd_partition *partition)
{
    pykafka_rd_library *library = partition->handle->library;

    pykafka_rd_partition_silence(partition);
    library->consume_stop(partition->topic, partition->number);
    for (; partition->next < partition->count; partition->next++)
        library->message_destroy(partition->taken[partition->next]);
    library->queue_destroy(partition->queue);
    library->topic_destroy(partition->topic);
    free(partition->data.data);
    free(partition->failure.data);
    free(partition);
}

/* Some errors of partitions (one that is there no more) are no messages: it calls this while their
   queue is read. Others are events. */
static void note_failure(rd_kafka_t *kafka, int code, const char *reason, void *opaque)
{
    pykafka_rd_partition *partition = ((pykafka_rd_handle *)opaque)->taking;
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

static void take_error(pykafka_rd_partition *partition, const rd_kafka_message_t *message,
                       pykafka_rd_taken *taken)
{
    const char *text = partition->handle->library->message_errstr(message);
    size_t size = text ? strlen(text) : 0;

    taken->error = message->err;
    taken->error_offset = message->offset;
    if (size && room(&partition->data, size)) {
        memcpy(partition->data.data, text, size);
        partition->data.used = size;
    }
}

/* Copies a row; 0 if it is unlike those before, -1 if there is no memory. */
static int take_row(pykafka_rd_partition *partition, const rd_kafka_message_t *message,
                    int64_t *columns, pykafka_rd_taken *taken)
{
    enum { OFFSET, TIME, KEY, KEY_END, VALUE, VALUE_END, HEADERS, END };
    pykafka_rd_library *library = partition->handle->library;
    pykafka_split *split = &taken->split;
    buffer *data = &partition->data;
    rd_kafka_headers_t *headers;
    int64_t *row = columns + split->rows;
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
#define COLUMN(which) row[(which) * PYKAFKA_RD_MOST]
    COLUMN(OFFSET) = message->offset;
    COLUMN(TIME) = time;
    put(data, message->key, message->key_len, &COLUMN(KEY), &COLUMN(KEY_END));
    put(data, message->payload, message->len, &COLUMN(VALUE), &COLUMN(VALUE_END));
    split->keys += message->key != NULL;
    split->null_values += message->payload == NULL;
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

void pykafka_rd_take(pykafka_rd_partition *partition, int64_t *columns, pykafka_rd_taken *taken)
{
    pykafka_rd_library *library = partition->handle->library;
    int8_t *told = partition->listener.told;

    memset(taken, 0, sizeof(*taken));
    taken->split.dense = taken->split.one_time = 1;
    taken->leader_epoch = -1;
    partition->data.used = 0;
    if (partition->next == partition->count) {
        ssize_t count;
        /* First, so that what comes behind the last one is told. */
        __atomic_store_n(told, 0, __ATOMIC_RELEASE);
        partition->handle->taking = partition;
        count = library->consume_batch_queue(partition->queue, 0, partition->taken,
                                             PYKAFKA_RD_MOST);
        partition->handle->taking = NULL;
        partition->next = 0;
        partition->count = count > 0 ? count : 0;
        if (partition->count == PYKAFKA_RD_MOST)
            __atomic_store_n(told, 1, __ATOMIC_RELEASE);
    }
    while (partition->next < partition->count) {
        rd_kafka_message_t *message = partition->taken[partition->next];
        int result = 1;
        if (message->err) {
            if (taken->split.rows)
                break;
            take_error(partition, message, taken);
        } else {
            result = take_row(partition, message, columns, taken);
            if (result < 0 && taken->split.rows == 0)
                taken->error = RD_OUT_OF_MEMORY;
        }
        if (result <= 0)
            break;
        library->message_destroy(message);
        partition->next++;
        if (taken->error)
            break;
    }
    if (partition->failed && !taken->split.rows && !taken->error) {
        taken->error = partition->failed;
        taken->error_offset = -1;
        partition->failed = 0;
        if (room(&partition->data, partition->failure.used)) {
            memcpy(partition->data.data, partition->failure.data, partition->failure.used);
            partition->data.used = partition->failure.used;
        }
    }
    if (partition->next < partition->count || partition->failed)
        __atomic_store_n(told, 1, __ATOMIC_RELEASE);
    taken->data = partition->data.data;
    taken->length = partition->data.used;
}

/* -- producing ------------------------------------------------------------------------ */

static rd_kafka_headers_t *headers_of(pykafka_rd_library *library, const int64_t **lengths,
                                      const char **data)
{
    int64_t count = *(*lengths)++;
    rd_kafka_headers_t *headers;

    if (!count)
        return NULL;
    headers = library->headers_new(count);
    for (int64_t i = 0; i < count; i++) {
        int64_t name_size = *(*lengths)++, value_size = *(*lengths)++;
        const char *name = *data, *value = *data + name_size;
        *data = value + (value_size < 0 ? 0 : value_size);
        library->header_add(headers, name, name_size, value_size < 0 ? NULL : value,
                            value_size < 0 ? 0 : value_size);
    }
    return headers;
}

enum { AT_ONCE = 256 };

/* Whether librdkafka, if it takes one, takes those before it as well: otherwise it would have to
   be asked one by one. It does all at once for half the time. */
static int goes_at_once(const pykafka_rd_messages *produced)
{
    const pykafka_messages *messages = &produced->messages;

    if (messages->timestamps || produced->headers)
        return 0;
    for (int64_t i = 0; i < messages->count; i++) {
        int64_t key_size = messages->key_lengths ? messages->key_lengths[i] : 0;

        if (key_size + messages->value_lengths[i] > produced->largest)
            return 0;
    }
    return 1;
}

static int64_t produce_at_once(pykafka_rd_handle *handle, const pykafka_rd_messages *produced,
                               int32_t *error)
{
    const pykafka_messages *messages = &produced->messages;
    char *data = (char *)messages->data;
    rd_kafka_message_t some[AT_ONCE];
    int64_t done = 0;

    while (done < messages->count) {
        int64_t left = messages->count - done;
        int count = left < AT_ONCE ? (int)left : AT_ONCE;
        int taken;

        memset(some, 0, count * sizeof(*some));
        for (int i = 0; i < count; i++) {
            int64_t key_size = messages->key_lengths ? messages->key_lengths[done + i] : -1;
            int64_t value_size = messages->value_lengths[done + i];

            if (key_size >= 0) {
                some[i].key = data;
                some[i].key_len = key_size;
                data += key_size;
            }
            if (value_size >= 0) {
                some[i].payload = data;
                some[i].len = value_size;
                data += value_size;
            }
            some[i]._private = (void *)(intptr_t)(produced->first + done + i);
        }
        taken = handle->library->produce_batch(handle->topic, produced->partition, RD_COPY,
                                               some, count);
        done += taken;
        if (taken < count) {
            *error = some[taken].err;
            break;
        }
    }
    return done;
}

int64_t pykafka_rd_produce(pykafka_rd_handle *handle, const pykafka_rd_messages *produced,
                           int32_t *error)
{
    pykafka_rd_library *library = handle->library;
    const pykafka_messages *messages = &produced->messages;
    const char *data = (const char *)messages->data, *header_data = produced->header_data;
    const int64_t *header_lengths = produced->headers;

    *error = 0;
    if (goes_at_once(produced))
        return produce_at_once(handle, produced, error);
    for (int64_t i = 0; i < messages->count; i++) {
        int64_t key_size = messages->key_lengths ? messages->key_lengths[i] : -1;
        int64_t value_size = messages->value_lengths[i];
        const char *key = key_size < 0 ? NULL : data;
        const char *value = data + (key_size < 0 ? 0 : key_size);
        rd_kafka_headers_t *headers = NULL;
        int64_t time = messages->timestamps ? messages->timestamps[i] : 0;

        data = value + (value_size < 0 ? 0 : value_size);
        if (value_size < 0)
            value = NULL;
        if (header_lengths)
            headers = headers_of(library, &header_lengths, &header_data);
        *error = library->producev(
            handle->kafka, RD_V_RKT, handle->topic, RD_V_PARTITION, produced->partition,
            RD_V_MSGFLAGS, RD_COPY, RD_V_VALUE, value, (size_t)(value ? value_size : 0),
            RD_V_KEY, key, (size_t)(key ? key_size : 0),
            RD_V_OPAQUE, (void *)(intptr_t)(produced->first + i),
            /* 0 is "now" to it, and there is no telling it otherwise. */
            RD_V_TIMESTAMP, time,
            headers ? RD_V_HEADERS : RD_V_END, headers, RD_V_END);
        if (*error) {
            if (headers)
                library->headers_destroy(headers);
            return i;
        }
    }
    return messages->count;
}

void pykafka_rd_refresh(pykafka_rd_handle *handle, int32_t timeout_ms)
{
    const struct rd_kafka_metadata *metadata;

    if (!handle->library->metadata(handle->kafka, 0, handle->topic, &metadata, timeout_ms))
        handle->library->metadata_destroy(metadata);
}

/* -- events --------------------------------------------------------------------------- */

enum { EVENTS_MOST = 256, OUTCOMES_MOST = 4096, MESSAGES_MOST = 512 };

static void note_text(buffer *b, int level, const char *facility, const char *text)
{
    size_t size = strlen(facility) + strlen(text) + 16;
    char *at = room(b, size);

    if (at)
        b->used += snprintf(at, size, "%d %s %s", level, facility, text) + 1;
}

static int continues(const pykafka_rd_outcome *last, const pykafka_rd_outcome *next)
{
    return last->partition == next->partition && last->error == next->error &&
           last->timestamp == next->timestamp &&
           last->first + last->count == next->first &&
           (last->base_offset < 0 ? next->base_offset < 0
                                  : last->base_offset + last->count == next->base_offset);
}

static void note_outcome(pykafka_rd_handle *handle, const rd_kafka_message_t *message,
                         int32_t times)
{
    buffer *b = &handle->outcomes;
    pykafka_rd_outcome next, *last;
    int kind = 0;
    int64_t time = handle->library->message_timestamp(message, &kind);

    next.first = (intptr_t)message->_private;
    next.count = 1;
    next.partition = message->partition;
    next.error = message->err;
    next.base_offset = message->err || message->offset < 0 ? -1 : message->offset;
    next.timestamp = !message->err && (kind == 2 || (kind == 1 && times)) ? time : -1;
    last = b->used ? (pykafka_rd_outcome *)(b->data + b->used) - 1 : NULL;
    if (last && continues(last, &next)) {
        last->count++;
    } else if (room(b, sizeof(next))) {
        memcpy(b->data + b->used, &next, sizeof(next));
        b->used += sizeof(next);
    }
}

static void note_outcomes(pykafka_rd_handle *handle, rd_kafka_event_t *event, int32_t times)
{
    const rd_kafka_message_t *messages[MESSAGES_MOST];
    size_t count;

    while ((count = handle->library->event_message_array(event, messages, MESSAGES_MOST)))
        for (size_t i = 0; i < count; i++)
            note_outcome(handle, messages[i], times);
}

void pykafka_rd_poll(pykafka_rd_handle *handle, int32_t times, pykafka_rd_events *events)
{
    pykafka_rd_library *library = handle->library;
    int8_t *told = handle->listener.told;
    int polled;

    memset(events, 0, sizeof(*events));
    handle->text.used = handle->outcomes.used = 0;
    __atomic_store_n(told, 0, __ATOMIC_RELEASE);
    for (polled = 0; polled < EVENTS_MOST; polled++) {
        const char *facility, *text;
        int level;
        rd_kafka_event_t *event = library->queue_poll(handle->events, 0);

        if (!event)
            break;
        switch (library->event_type(event)) {
        case RD_EVENT_DR:
            note_outcomes(handle, event, times);
            break;
        case RD_EVENT_LOG:
            if (!library->event_log(event, &facility, &text, &level))
                note_text(&handle->text, level, facility, text);
            break;
        case RD_EVENT_ERROR:
            events->code = library->event_error(event);
            text = library->event_error_string(event);
            /* It has logged whatever is behind this. */
            note_text(&handle->text, 7, library->err2name(events->code), text ? text : "");
            break;
        }
        library->event_destroy(event);
        if (handle->outcomes.used >= OUTCOMES_MOST * sizeof(pykafka_rd_outcome)) {
            polled = EVENTS_MOST;
            break;
        }
    }
    events->more = polled == EVENTS_MOST;
    if (events->more)
        __atomic_store_n(told, 1, __ATOMIC_RELEASE);
    events->outcomes = (pykafka_rd_outcome *)handle->outcomes.data;
    events->outcome_count = handle->outcomes.used / sizeof(pykafka_rd_outcome);
    events->text = handle->text.data;
    events->text_length = handle->text.used;
}
