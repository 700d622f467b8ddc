/* librdkafka, found when the program runs, a batch at a time. What Python sees of it: the build
   reads this file. Needs scan.h and encode.h before it. */

/* A library that was opened; never closed again. */
typedef struct pykafka_rd_library pykafka_rd_library;
/* A consumer or producer of it (rd_kafka_t), with its topic if it produces. */
typedef struct pykafka_rd_handle pykafka_rd_handle;
/* One partition that is read, with what was taken out of librdkafka and not handed over: a thread
   of the handle is ahead of whoever takes it, by a bounded number of rows. */
typedef struct pykafka_rd_partition pykafka_rd_partition;
/* Properties that a handle will be made with (rd_kafka_conf_t). */
typedef struct pykafka_rd_properties pykafka_rd_properties;

/* Tells a thread that waits for a descriptor. One for each handle; must outlive it.
   descriptor: of a socket that does not block; a byte is sent to it
   pending: whether one was sent, and pykafka_rd_heard was not called since */
typedef struct {
    int32_t descriptor;
    int32_t pending;
} pykafka_rd_bell;

/* To be called after the byte was read, and before looking for what the bell was rung: one that is
   rung in between is seen then, and sends another byte from now on. */
void pykafka_rd_heard(pykafka_rd_bell *bell);

/* A symbol that is missing, or what the dynamic linker says, is written to `error`; NULL then. */
pykafka_rd_library *pykafka_rd_open(const char *path, char *error, int64_t size);
int32_t pykafka_rd_version(pykafka_rd_library *library);
const char *pykafka_rd_version_text(pykafka_rd_library *library);
/* Where it was found; NULL if that cannot be told. */
const char *pykafka_rd_file(pykafka_rd_library *library);
/* The name of an error code (librdkafka's own are negative), and what it means. */
const char *pykafka_rd_error_name(pykafka_rd_library *library, int32_t code);
const char *pykafka_rd_error_text(pykafka_rd_library *library, int32_t code);

pykafka_rd_properties *pykafka_rd_properties_new(pykafka_rd_library *library);
/* 0; -1 for a value, -2 for a name that this library does not take: then `error` has its words. */
int32_t pykafka_rd_properties_set(pykafka_rd_library *library, pykafka_rd_properties *properties,
                                  const char *name, const char *value, char *error, int64_t size);
void pykafka_rd_properties_free(pykafka_rd_library *library, pykafka_rd_properties *properties);

/* Makes a handle, which takes the properties over; NULL if it refuses them: `error` has its words,
   and the properties are still the caller's. topic: that it produces to; NULL for a consumer.
   told: set to 1, and the bell rung, when there are events. Both must outlive the handle. */
pykafka_rd_handle *pykafka_rd_handle_new(pykafka_rd_library *library,
                                         pykafka_rd_properties *properties, const char *topic,
                                         int8_t *told, pykafka_rd_bell *bell,
                                         char *error, int64_t size);
/* Drops what is queued, and ends its threads; may take as long as they do. */
void pykafka_rd_handle_free(pykafka_rd_handle *handle);
/* Tells nobody of anything any more, of its events or of a partition's rows. */
void pykafka_rd_handle_silence(pykafka_rd_handle *handle);
void pykafka_rd_partition_silence(pykafka_rd_partition *partition);

/* How far a consumer is ahead of whoever takes, of each partition; soft: by a few hundred rows or
   some hundred kilobytes. To be called before any is read; without, it is one row. */
void pykafka_rd_read_ahead(pykafka_rd_handle *handle, int64_t rows, int64_t bytes);

/* Begins to read a partition; NULL, with the code in `error`, if it cannot.
   told: set to 1, and the bell rung, when there is something to take. */
pykafka_rd_partition *pykafka_rd_start(pykafka_rd_handle *handle, const char *topic,
                                       int32_t partition, int64_t offset, int8_t *told,
                                       int32_t *error);
void pykafka_rd_stop(pykafka_rd_partition *partition);

/* What a call has taken of a partition: rows that are alike, or one error.
   split: as scan.h says; keys and values, and headers as format 2 has them, lie one after another
     in `data`
   columns: as scan.h says, each as long as `capacity`; these and `data` hold until the next call
   length: of the data
   timestamp_kind: 0 none, 1 the producer's, 2 the broker's
   leader_epoch: -1 where it is not known
   error, error_offset: its code and where; `data` has its words */
typedef struct {
    pykafka_split split;
    int64_t *columns;
    const char *data;
    int64_t capacity;
    int64_t length;
    int64_t error_offset;
    int32_t timestamp_kind;
    int32_t leader_epoch;
    int32_t error;
} pykafka_rd_taken;

/* Takes what there is, a few hundred rows at most; waits for nothing. */
void pykafka_rd_take(pykafka_rd_partition *partition, pykafka_rd_taken *taken);

/* Messages that are produced to a partition.
   headers: NULL if there are none; for each message their number, then for each the lengths of its
     key and its value
   header_data: these, one after another
   first: the number of the first message, by which its outcome is known
   largest: librdkafka takes messages of so many bytes in any case */
typedef struct {
    pykafka_messages messages;
    const int64_t *headers;
    const char *header_data;
    int64_t first;
    int64_t largest;
    int32_t partition;
} pykafka_rd_messages;

/* Queues them; how many were, and in `error` why no more. Where there are no timestamps they get
   the time of the call. */
int64_t pykafka_rd_produce(pykafka_rd_handle *handle, const pykafka_rd_messages *produced,
                           int32_t *error);

/* Asks brokers which partitions the topic has; waits for so long at most. */
void pykafka_rd_refresh(pykafka_rd_handle *handle, int32_t timeout_ms);

/* What has become of messages of one partition with consecutive numbers, all the same.
   base_offset: that of the first; -1 if none are told
   timestamp: what is stored; -1 where that is their own and was not asked for
   error: 0 for none */
typedef struct {
    int64_t first;
    int64_t count;
    int64_t base_offset;
    int64_t timestamp;
    int32_t partition;
    int32_t error;
} pykafka_rd_outcome;

/* What librdkafka has said: lines "level facility text" (level as of syslog), each behind a NUL;
   `code` is that of the last error of the handle, 0 if there was none. */
typedef struct {
    pykafka_rd_outcome *outcomes;
    const char *text;
    int64_t outcome_count;
    int64_t text_length;
    int32_t code;
    int32_t more;
} pykafka_rd_events;

/* Takes what there is, up to a bound (`more`); waits for nothing. All of it holds until the next
   call. times: whether outcomes tell the timestamps that messages had of their own. */
void pykafka_rd_poll(pykafka_rd_handle *handle, int32_t times, pykafka_rd_events *events);
