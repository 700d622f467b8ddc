/* Feeds damaged record sets to native/scan.c, each in a block of its own size, so that the address
   sanitizer sees every access outside of it; and checks what comes back.

   fuzz_scan SEED ROUNDS FILE...: files with good record sets, which are damaged in each round. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"

static uint64_t state;

static uint64_t drawn(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static void fail(const char *what)
{
    printf("wrong: %s\n", what);
    exit(1);
}

static uint8_t *read_file(const char *name, int64_t *size)
{
    FILE *file = fopen(name, "rb");
    if (!file)
        fail(name);
    fseek(file, 0, SEEK_END);
    *size = ftell(file);
    rewind(file);
    uint8_t *data = malloc(*size + 1);
    if (fread(data, 1, *size, file) != (size_t)*size)
        fail(name);
    fclose(file);
    return data;
}

static void damage(uint8_t *data, int64_t size)
{
    static const uint8_t edges[] = {0, 1, 2, 127, 128, 254, 255};
    for (uint64_t times = drawn(6); size && times; times--) {
        int64_t at = drawn(size);
        switch (drawn(3)) {
        case 0:
            data[at] ^= 1 << drawn(8);
            break;
        case 1:
            data[at] = edges[drawn(sizeof edges)];
            break;
        default:
            for (int n = 0; n < 10 && at < size; n++, at++)
                data[at] = 255;
        }
    }
}

static void check_part(int64_t begin, int64_t end, int64_t position, int64_t size)
{
    if (begin >= 0 && (begin < position || end < begin || end > size))
        fail("a key or value that is not in the data");
}

static void check(const pykafka_split *split, const int64_t *columns, int64_t capacity,
                  int64_t position, int64_t size)
{
    if (split->rows < 0 || split->rows > capacity)
        fail("the number of rows");
    if (split->position < position || split->position > size)
        fail("the position");
    for (int64_t row = 0; row < split->rows; row++) {
        const int64_t *at = columns + row;
        if (row && at[0] <= at[-1])
            fail("offsets that do not ascend");
        check_part(at[2 * capacity], at[3 * capacity], position, size);
        check_part(at[4 * capacity], at[5 * capacity], position, size);
        check_part(at[6 * capacity], at[7 * capacity], position, size);
    }
}

static void one_round(const uint8_t *good, int64_t size)
{
    static const int64_t capacities[] = {0, 1, 3, 50, 4096};
    if (drawn(3) == 0)
        size = drawn(size + 1);
    uint8_t *data = malloc(size ? size : 1);
    memcpy(data, good, size);
    damage(data, size);
    int64_t capacity = capacities[drawn(5)];
    int64_t *columns = malloc(capacity ? capacity * PYKAFKA_COLUMNS * 8 : 1);
    int64_t position = size ? drawn(4) ? 0 : (int64_t)drawn(size + 1) : 0;
    int crcs = drawn(4) == 0;
    pykafka_split split;
    pykafka_scan_batches(data, size, position, drawn(2) ? INT64_MIN : 20, crcs, capacity, columns,
                         &split);
    check(&split, columns, capacity, position, size);
    for (int kind = 0; kind < 4; kind++) {
        pykafka_scan_messages(data, size, position, (kind & 1) << 8 | (kind >> 1) * 8, crcs,
                              capacity, columns, &split);
        check(&split, columns, capacity, position, size);
    }
    int64_t begin = position + 61 < size ? position + 61 : position;
    int64_t last_delta = drawn(2) ? INT32_MAX : drawn(50);
    pykafka_scan_records(data, begin, size, drawn(2) ? INT64_MAX - 100 : 5, last_delta,
                         drawn(2) ? INT64_MIN : 0, drawn(60), capacity, columns, &split);
    if (split.rows < 2 || columns[0] < columns[split.rows - 1]) /* else they went round */
        check(&split, columns, capacity, begin, size);
    int64_t next_offset = 0, walked = pykafka_walk_messages(data, size, &next_offset);
    if (walked < 0 || walked > size)
        fail("where messages end");
    free(columns);
    free(data);
}

int main(int count, char **words)
{
    if (count < 4)
        fail("usage: fuzz_scan SEED ROUNDS FILE...");
    state = strtoull(words[1], NULL, 10) | 1;
    pykafka_scan_prepare();
    int files = count - 3;
    uint8_t **data = malloc(files * sizeof *data);
    int64_t *sizes = malloc(files * sizeof *sizes);
    for (int n = 0; n < files; n++)
        data[n] = read_file(words[n + 3], &sizes[n]);
    for (uint64_t rounds = strtoull(words[2], NULL, 10); rounds; rounds--) {
        int n = drawn(files);
        one_round(data[n], sizes[n]);
    }
    for (int n = 0; n < files; n++)
        free(data[n]);
    free(data);
    free(sizes);
    printf("nothing wrong\n");
    return 0;
}
