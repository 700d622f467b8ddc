/* librdkafka, found when the program runs: handles, what is produced, and what it says. Reading is in
   rdkafka_reading.c. */

#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rdkafka_inside.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

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

/* -- telling that there is something -------------------------------------------------- */

void pykafka_rd_tell(const listener *l)
{
    __atomic_store_n(l->told, 1, __ATOMIC_RELEASE);
    if (!__atomic_exchange_n(&l->bell->pending, 1, __ATOMIC_SEQ_CST)) {
        ssize_t sent = send(l->bell->descriptor, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)sent; /* full of rings already, or closed by whoever listened */
    }
}

/* On librdkafka's threads: only what may be done anywhere. */
static void tell_of_events(rd_kafka_t *kafka, void *handle)
{
    (void)kafka;
    pykafka_rd_tell(&((pykafka_rd_handle *)handle)->listener);
}

void pykafka_rd_heard(pykafka_rd_bell *bell)
{
    /* Not just a store: what follows must not be looked at before. */
    __atomic_exchange_n(&bell->pending, 0, __ATOMIC_SEQ_CST);
}

/* -- handles -------------------------------------------------------------------------- */

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
    if (!topic) {
        int code = pykafka_rd_reader_begin(&handle->reader);
        if (code) {
            snprintf(error, size, "no thread can be started to read: %s", strerror(code));
            free(handle);
            return NULL;
        }
    }
    library->conf_set_opaque(conf, handle);
    library->conf_set_error_cb(conf, pykafka_rd_note_failure);
    library->conf_set_events(conf, RD_EVENT_LOG | RD_EVENT_ERROR | (topic ? RD_EVENT_DR : 0));
    handle->kafka = library->new(topic ? RD_PRODUCER : RD_CONSUMER, conf, error, size);
    if (!handle->kafka) {
        if (!topic)
            pykafka_rd_reader_end(&handle->reader);
        free(handle);
        return NULL;
    }
    handle->events = library->queue_get_main(handle->kafka);
    library->set_log_queue(handle->kafka, handle->events);
    library->queue_cb_event_enable(handle->events, tell_of_events, handle);
    if (topic)
        handle->topic = library->topic_new(handle->kafka, topic, NULL);
    /* What was said before anybody listened. */
    pykafka_rd_tell(&handle->listener);
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
    } else {
        pykafka_rd_reader_end(&handle->reader);
    }
    library->queue_destroy(handle->events);
    library->destroy_flags(handle->kafka, RD_NO_CONSUMER_CLOSE);
    free(handle->text.data);
    free(handle->outcomes.data);
    free(handle);
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
