/* From record sets to columns: what pykafka/wire/records does in Python, without its errors.

   Nothing here reports what is wrong with the data. It stops in front of it, and Python, which
   looks at the same bytes then, says what that is. All that is read is inside the bounds that are
   given, whatever the bytes say. Formats: see pykafka/wire/records. */

#include <stdint.h>
#include <string.h>

#include "scan.h"

enum { OFFSET, TIME, KEY, KEY_END, VALUE, VALUE_END, HEADERS, END };

/* --- numbers --- */

static inline uint32_t big32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline int32_t int32_at(const uint8_t *at)
{
    return (int32_t)big32(at);
}

static inline int64_t int64_at(const uint8_t *at)
{
    return (int64_t)((uint64_t)big32(at) << 32 | big32(at + 4));
}

/* A zig-zag number of at most 64 bits; 0 if it is cut off or too long. */
static inline int varint(const uint8_t **at, const uint8_t *end, int64_t *number)
{
    const uint8_t *next = *at;
    uint64_t found = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (next == end)
            return 0;
        uint8_t byte = *next++;
        if (shift == 63 && byte > 1)
            return 0;
        found |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            *number = (int64_t)(found >> 1 ^ -(found & 1));
            *at = next;
            return 1;
        }
    }
    return 0;
}

/* --- checksums --- */

#define SLICES 16

static uint32_t crc32_tables[SLICES][256];
static uint32_t crc32c_tables[SLICES][256];

static void make_tables(uint32_t tables[SLICES][256], uint32_t polynomial)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t rest = byte;
        for (int bit = 0; bit < 8; bit++)
            rest = rest >> 1 ^ (rest & 1 ? polynomial : 0);
        tables[0][byte] = rest;
    }
    for (int slice = 1; slice < SLICES; slice++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t before = tables[slice - 1][byte];
            tables[slice][byte] = before >> 8 ^ tables[0][before & 255];
        }
}

static uint32_t by_tables(uint32_t tables[SLICES][256], const uint8_t *data, int64_t length,
                          uint32_t crc)
{
    for (; length >= SLICES; length -= SLICES, data += SLICES) {
        crc ^= (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
               (uint32_t)data[3] << 24;
        uint32_t mixed = 0;
        for (int i = 4; i < SLICES; i++)
            mixed ^= tables[SLICES - 1 - i][data[i]];
        crc = mixed ^ tables[SLICES - 1][crc & 255] ^ tables[SLICES - 2][crc >> 8 & 255] ^
              tables[SLICES - 3][crc >> 16 & 255] ^ tables[SLICES - 4][crc >> 24];
    }
    for (; length > 0; length--, data++)
        crc = crc >> 8 ^ tables[0][(crc ^ *data) & 255];
    return crc;
}

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <nmmintrin.h>
#define BY_INSTRUCTION 1

__attribute__((target("sse4.2"))) static uint32_t by_instruction(const uint8_t *data,
                                                                 int64_t length, uint32_t crc)
{
    uint64_t wide = crc;
    for (; length >= 8; length -= 8, data += 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
    for (; length > 0; length--, data++)
        crc = _mm_crc32_u8(crc, *data);
    return crc;
}

static int has_instruction;
#endif

void pykafka_scan_prepare(void)
{
    make_tables(crc32_tables, 0xEDB88320u);
    make_tables(crc32c_tables, 0x82F63B78u);
#ifdef BY_INSTRUCTION
    has_instruction = __builtin_cpu_supports("sse4.2");
#endif
}

uint32_t pykafka_crc32(const uint8_t *data, int64_t length, uint32_t before)
{
    return ~by_tables(crc32_tables, data, length, ~before);
}

uint32_t pykafka_crc32c(const uint8_t *data, int64_t length, uint32_t before)
{
#ifdef BY_INSTRUCTION
    if (has_instruction)
        return ~by_instruction(data, length, ~before);
#endif
    return ~by_tables(crc32c_tables, data, length, ~before);
}

/* --- rows --- */

typedef struct {
    int64_t *columns;
    int64_t capacity;
    pykafka_split *split;
} sink;

static sink begin(int64_t capacity, int64_t *columns, int64_t position, pykafka_split *split)
{
    memset(split, 0, sizeof *split);
    split->position = position;
    split->dense = split->one_time = 1;
    return (sink){columns, capacity, split};
}

/* Puts a row behind those there are, without counting it: many may turn out not to count. */
static inline void put(const sink *to, int64_t row, int64_t offset, int64_t time, int64_t key,
                       int64_t key_end, int64_t value, int64_t value_end, int64_t headers,
                       int64_t end)
{
    int64_t *at = to->columns + row;
    int64_t step = to->capacity;
    at[OFFSET * step] = offset;
    at[TIME * step] = time;
    at[KEY * step] = key;
    at[KEY_END * step] = key_end;
    at[VALUE * step] = value;
    at[VALUE_END * step] = value_end;
    at[HEADERS * step] = headers;
    at[END * step] = end;
}

/* Counts rows that were put behind those there are. */
static void count(const sink *to, int64_t rows)
{
    pykafka_split *split = to->split;
    const int64_t *columns = to->columns;
    int64_t step = to->capacity, last = split->rows + rows;
    for (int64_t row = split->rows; row < last; row++) {
        split->keys += columns[KEY * step + row] >= 0;
        if (columns[TIME * step + row] != columns[TIME * step])
            split->one_time = 0;
        if ((uint64_t)columns[OFFSET * step + row] - (uint64_t)columns[OFFSET * step] !=
            (uint64_t)row)
            split->dense = 0;
    }
    split->rows = last;
}

/* --- format 2 --- */

enum {
    HEAD = 61,
    ENTRY_HEAD = 12,
    SMALLEST_RECORD = 7,
    CODEC = 7,
    LOG_APPEND_TIME = 8,
    CONTROL = 32,
};

/* Where a field lies in the data; null begins, and ends, at -1. */
static inline int nullable(const uint8_t **at, const uint8_t *stop, const uint8_t *data,
                           int64_t *begins, int64_t *ends)
{
    int64_t size;
    if (!varint(at, stop, &size) || size < -1 || size > stop - *at)
        return 0;
    *begins = *ends = -1;
    if (size >= 0) {
        *begins = *at - data;
        *ends = *begins + size;
        *at += size;
    }
    return 1;
}

/* Puts the records of a batch; how many have headers, -1 if anything is wrong. No sum can overflow:
   lengths are compared with what is left, offsets and times are added as unsigned numbers. */
static int64_t put_records(const sink *to, const uint8_t *data, int64_t position, int64_t end,
                           int64_t base_offset, int64_t last_delta, int64_t base_time,
                           int64_t records)
{
    const uint8_t *at = data + position, *last = data + end;
    int64_t following = 0, row = to->split->rows, with_headers = 0;
    for (int64_t number = 0; number < records; number++, row++) {
        int64_t length, time, delta, key, key_end, value, value_end;
        if (!varint(&at, last, &length) || length < 1 || length > last - at)
            return -1;
        const uint8_t *stop = at + length;
        at++; /* its attributes, which mean nothing */
        if (!varint(&at, stop, &time) || !varint(&at, stop, &delta))
            return -1;
        if (delta < following || delta > last_delta)
            return -1;
        if (!nullable(&at, stop, data, &key, &key_end) ||
            !nullable(&at, stop, data, &value, &value_end) || at == stop)
            return -1;
        int64_t headers = *at ? at - data : -1;
        if (headers < 0 && at + 1 != stop)
            return -1;
        with_headers += headers >= 0;
        at = stop;
        following = delta + 1;
        put(to, row, (int64_t)((uint64_t)base_offset + (uint64_t)delta),
            (int64_t)((uint64_t)base_time + (uint64_t)time), key, key_end, value, value_end,
            headers, stop - data);
    }
    return at == last ? with_headers : -1;
}

/* Whether as many records could be there, and there is room for them. */
static int fits(const sink *to, int64_t records, int64_t last_delta, int64_t bytes)
{
    return records > 0 && records - 1 <= last_delta && records <= bytes / SMALLEST_RECORD &&
           records <= to->capacity - to->split->rows;
}

void pykafka_scan_records(const uint8_t *data, int64_t position, int64_t end, int64_t base_offset,
                          int64_t last_delta, int64_t base_time, int64_t records, int64_t capacity,
                          int64_t *columns, pykafka_split *split)
{
    sink to = begin(capacity, columns, position, split);
    if (!fits(&to, records, last_delta, end - position))
        return;
    split->headers = put_records(&to, data, position, end, base_offset, last_delta, base_time,
                                 records);
    if (split->headers < 0)
        return;
    count(&to, records);
    split->position = end;
    split->next_offset = (int64_t)((uint64_t)base_offset + (uint64_t)last_delta + 1);
}

void pykafka_scan_batches(const uint8_t *data, int64_t length, int64_t position, int64_t floor,
                          int32_t check_crcs, int64_t capacity, int64_t *columns,
                          pykafka_split *split)
{
    sink to = begin(capacity, columns, position, split);
    const uint8_t *first = data + position;
    while (length - position >= HEAD) {
        const uint8_t *head = data + position;
        int64_t base_offset = int64_at(head), size = int32_at(head + 8);
        if (size < HEAD - ENTRY_HEAD || size > length - position - ENTRY_HEAD || head[16] != 2)
            break;
        int64_t end = position + ENTRY_HEAD + size;
        int attributes = head[22];
        int64_t last_delta = int32_at(head + 23), records = int32_at(head + 57);
        if (attributes & (CODEC | CONTROL) || base_offset < floor || base_offset < 0)
            break;
        /* alike: attributes; leader epoch; producer's id */
        if (memcmp(head + 21, first + 21, 2) || memcmp(head + 12, first + 12, 4) ||
            memcmp(head + 43, first + 43, 8))
            break;
        if (!fits(&to, records, last_delta, end - position - HEAD))
            break;
        if (check_crcs && pykafka_crc32c(head + 21, end - position - 21, 0) != big32(head + 17))
            break;
        if (put_records(&to, data, position + HEAD, end, base_offset, last_delta,
                        int64_at(head + 27), records))
            break; /* something is wrong, or there are headers */
        if (attributes & LOG_APPEND_TIME) {
            int64_t *times = columns + TIME * capacity + split->rows;
            for (int64_t row = 0; row < records; row++)
                times[row] = int64_at(head + 35);
        }
        count(&to, records);
        split->position = position = end;
        split->next_offset = floor = (int64_t)((uint64_t)base_offset + (uint64_t)last_delta + 1);
    }
}

/* --- formats 0 and 1 --- */

void pykafka_scan_messages(const uint8_t *data, int64_t length, int64_t position, int32_t kind,
                           int32_t check_crcs, int64_t capacity, int64_t *columns,
                           pykafka_split *split)
{
    sink to = begin(capacity, columns, position, split);
    int64_t fields = kind >> 8 ? 26 : 18; /* where key's length stands */
    int64_t row = 0;
    while (row < capacity && length - position >= fields + 8) {
        const uint8_t *entry = data + position;
        int64_t size = int32_at(entry + 8);
        if (size < fields + 8 - ENTRY_HEAD || size > length - position - ENTRY_HEAD)
            break;
        int64_t end = position + ENTRY_HEAD + size;
        int64_t offset = int64_at(entry);
        if ((entry[16] << 8 | entry[17]) != kind || (row && offset <= columns[row - 1]))
            break;
        int64_t key_length = int32_at(entry + fields);
        int64_t key = position + fields + 4, left = end - key - 4;
        if (key_length < -1 || key_length > left)
            break;
        int64_t value = key + (key_length < 0 ? 0 : key_length) + 4;
        int64_t value_length = int32_at(data + value - 4);
        if (value_length < -1 || (value_length < 0 ? 0 : value_length) != end - value)
            break;
        if (check_crcs && pykafka_crc32(entry + 16, size - 4, 0) != big32(entry + 12))
            break;
        put(&to, row++, offset, kind >> 8 ? int64_at(entry + 18) : 0,
            key_length < 0 ? -1 : key, key + key_length, value_length < 0 ? -1 : value, end, -1,
            end);
        position = end;
    }
    count(&to, row);
    split->position = position;
    if (row)
        split->next_offset = (int64_t)((uint64_t)columns[row - 1] + 1);
}

int64_t pykafka_walk_messages(const uint8_t *data, int64_t length, int64_t *next_offset)
{
    int64_t position = 0;
    while (length - position > 16) {
        const uint8_t *entry = data + position;
        int64_t size = int32_at(entry + 8);
        if (entry[16] > 1 || size < 14 || size > length - position - ENTRY_HEAD)
            break;
        *next_offset = (int64_t)((uint64_t)int64_at(entry) + 1);
        position += ENTRY_HEAD + size;
    }
    return position;
}
