/* Encodes messages. What Python sees of it: the build reads this file. */

/* Messages in columns.
   data: keys and values, one after another, in the order key, value
   value_lengths: -1 for null
   key_lengths: likewise; NULL if no message has a key
   timestamps: NULL if the format has none */
typedef struct {
    const uint8_t *data;
    const int64_t *value_lengths;
    const int64_t *key_lengths;
    const int64_t *timestamps;
    int64_t count;
} pykafka_messages;

/* A message set of format 0 or 1, not compressed, with offsets from 0 on; how many bytes it takes.
   `out` has room. */
int64_t pykafka_encode_messages(const pykafka_messages *messages, int32_t magic, uint8_t *out);
