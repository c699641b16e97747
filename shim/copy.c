/* memcpy(3) by address: engines have no copy that is cheap for some hundred bytes. */
#include "internal.h"

#include <string.h>

/* Between mapped memory and an array of JavaScript's. No address is checked here: TypeScript has done so. */
LIPC_EXPORT int32_t lipc_copy(double to, double from, double count) {
  memcpy(POINTER(to), POINTER(from), (size_t)count);
  return 0;
}
