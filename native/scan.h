/* Splits record sets into columns. What Python sees of it: the build reads this file. */

/* What a call has split.
   position: where it stopped: behind the last row, in front of what it leaves to its caller
   next_offset: the offset after all that was split, past what compaction took out
   rows: how many
   dense: whether each offset is one above the one before
   one_time: whether all have the timestamp of the first
   keys, headers: how many have one, or some */
typedef struct {
    int64_t position;
    int64_t next_offset;
    int64_t rows;
    int64_t keys;
    int64_t headers;
    int32_t dense;
    int32_t one_time;
} pykafka_split;

/* Columns follow each other in one array, each with room for `capacity` rows: offset, timestamp,
   where key and value begin and end, where the headers' count stands and where the record ends.
   A null key or value begins at -1, and so do headers that there are none of. */
#define PYKAFKA_COLUMNS 8

/* Batches of format 2 from `position` on, as far as they are alike (attributes, leader epoch,
   producer), not compressed, no control batches, without headers, intact, and fit.
   floor: the lowest offset that the first may have. */
void pykafka_scan_batches(const uint8_t *data, int64_t length, int64_t position, int64_t floor,
                          int32_t check_crcs, int64_t capacity, int64_t *columns,
                          pykafka_split *split);

/* The records of one batch, which take all of what is between `position` and `end`.
   Nothing is split (rows 0) if anything about them is wrong. */
void pykafka_scan_records(const uint8_t *data, int64_t position, int64_t end,
                          int64_t base_offset, int64_t last_delta, int64_t base_time,
                          int64_t count, int64_t capacity, int64_t *columns,
                          pykafka_split *split);

/* Messages of format 0 or 1 that have these magic and attributes bytes (magic << 8 | attributes),
   from `position` on, as far as they are intact, their offsets ascend, and they fit. */
void pykafka_scan_messages(const uint8_t *data, int64_t length, int64_t position, int32_t kind,
                           int32_t check_crcs, int64_t capacity, int64_t *columns,
                           pykafka_split *split);

/* Walks over the heads of messages of formats 0 and 1, from the beginning; where it stops: in front
   of something else, or of what is cut off. next_offset: the offset after the last, if there is
   one. */
int64_t pykafka_walk_messages(const uint8_t *data, int64_t length, int64_t *next_offset);

/* Makes tables; before anything else, once. */
void pykafka_scan_prepare(void);

/* The checksums by themselves. */
uint32_t pykafka_crc32(const uint8_t *data, int64_t length, uint32_t before);
uint32_t pykafka_crc32c(const uint8_t *data, int64_t length, uint32_t before);
