/* What the files around rdkafka.h share: librdkafka's interface, and what a handle is.

   librdkafka is opened when the program runs, so that neither building nor installing needs it.
   What is used of its interface is declared here: it has been the same since 1.0, and is promised
   to stay (rdkafka.h, "ABI compatibility"). Whatever may be missing is asked for by name. */

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#include "scan.h"
#include "encode.h"
#include "rdkafka.h"

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

/* -- memory that grows ---------------------------------------------------------------- */

typedef struct {
    char *data;
    size_t used;
    size_t capacity;
} buffer;

/* Room for `more` bytes behind what is used; NULL if there is no memory. */
static inline char *room(buffer *b, size_t more)
{
    if (!b->data || b->capacity - b->used < more) {
        size_t capacity = (b->used + more) * 2 + 64;
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

/* On any thread. */
void pykafka_rd_tell(const listener *listener);

/* -- reading ahead -------------------------------------------------------------------- */

/* What a thread has taken out of librdkafka for whoever comes for it. */
typedef struct block block;

/* The thread, and what it shares with those who come. Nobody calls librdkafka under the lock, which
   librdkafka's own threads take when they tell of messages.
   line: partitions that are to be read, first come, first served
   busy: that which is being read
   spare: blocks that can be used again
   most_rows, most_bytes: of one partition, at which it is not read before something is taken */
typedef struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_cond_t idle;
    pykafka_rd_partition *line;
    pykafka_rd_partition **line_end;
    pykafka_rd_partition *busy;
    block *spare;
    int spares;
    int64_t most_rows;
    int64_t most_bytes;
    int ending;
} reader;

/* 0, or an error number if there can be no thread. */
int pykafka_rd_reader_begin(reader *reader);
void pykafka_rd_reader_end(reader *reader);

/* Some errors of partitions (one that is there no more) are no messages: librdkafka calls this while
   their queue is read. Others are events. */
void pykafka_rd_note_failure(rd_kafka_t *kafka, int code, const char *reason, void *handle);

/* -- handles -------------------------------------------------------------------------- */

struct pykafka_rd_handle {
    pykafka_rd_library *library;
    rd_kafka_t *kafka;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *events;
    listener listener;
    buffer text;
    buffer outcomes;
    reader reader; /* of a consumer */
};
