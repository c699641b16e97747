/* memcpy(3) by address, with a hint what comes next: engines have no copy that is cheap for some hundred bytes. */
#include "internal.h"

#include <string.h>

#define CACHE_LINE 64
/* As much as a core fetches while it copies as much again; behind that, the processor has seen the pattern itself. */
#define FETCH_MOST 2048

/*
 * Between mapped memory and an array of JavaScript's. `ahead` is where the next copy will probably begin, 0 = unknown:
 * its cache lines, which another core has written, are on their way while these bytes are copied. A hint may point
 * anywhere. No address is checked here: TypeScript has done so.
 */
LIPC_EXPORT int32_t lipc_copy(double to, double from, double count, double ahead) {
  if (ahead != 0) {
    const char *next = POINTER(ahead);
    const size_t fetched = count < FETCH_MOST ? (size_t)count : FETCH_MOST;
    for (size_t i = 0; i < fetched; i += CACHE_LINE) __builtin_prefetch(next + i);
  }
  memcpy(POINTER(to), POINTER(from), (size_t)count);
  return 0;
}
