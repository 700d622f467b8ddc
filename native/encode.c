/* From columns to message sets, byte for byte as pykafka/wire/records/encode.py writes them. */

#include <stdint.h>
#include <string.h>

#include "scan.h"
#include "encode.h"

static uint8_t *put_big(uint8_t *at, uint64_t number, int size)
{
    for (int i = size - 1; i >= 0; i--, number >>= 8)
        at[i] = (uint8_t)number;
    return at + size;
}

/* Takes a key or value out of the data; a null one has no bytes. */
static uint8_t *put_bytes(uint8_t *at, const uint8_t **data, int64_t length)
{
    if (length > 0) {
        memcpy(at, *data, length);
        *data += length;
        at += length;
    }
    return at;
}

int64_t pykafka_encode_messages(const pykafka_messages *messages, int32_t magic, uint8_t *out)
{
    enum { UP_TO_CRC = 12, CRC = 4 };
    const uint8_t *data = messages->data;
    uint8_t *at = out;

    for (int64_t i = 0; i < messages->count; i++) {
        int64_t key = messages->key_lengths ? messages->key_lengths[i] : -1;
        int64_t value = messages->value_lengths[i];
        uint8_t *head = at, *body = head + UP_TO_CRC + CRC;
        at = body;
        *at++ = (uint8_t)magic;
        *at++ = 0; /* attributes */
        if (magic)
            at = put_big(at, (uint64_t)messages->timestamps[i], 8);
        at = put_bytes(put_big(at, (uint64_t)key, 4), &data, key);
        at = put_bytes(put_big(at, (uint64_t)value, 4), &data, value);
        head = put_big(head, (uint64_t)i, 8);
        head = put_big(head, (uint64_t)(at - body + CRC), 4);
        put_big(head, pykafka_crc32(body, at - body, 0), 4);
    }
    return at - out;
}
