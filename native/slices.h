/* Makes bytes objects, of CPython alone. What Python sees of it: the build reads this file. */

/* Sets the first items of a list to copies of what lies in the data between `begins` and `ends`.
   Where something begins below 0 its item stays as it is.
   list: the address of a list of at least so many items, which nobody else uses meanwhile
   Returns how many are done: fewer where there is no more memory. */
int64_t pykafka_slices(void *list, const uint8_t *data, const int64_t *begins,
                       const int64_t *ends, int64_t count);
