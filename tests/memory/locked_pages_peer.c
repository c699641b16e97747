/* A program without a runtime that locks all of itself by the shim, then drops a page: LIBRARY. Says what the lock came to
 * and what madvise(2) did, and the page's first byte. Compiled with QUIET it has no entry of madvise. */
#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>

int main(int words, char **word) {
  void *library = words == 2 ? dlopen(word[1], RTLD_NOW) : NULL;
  if (!library) return 2;
  int (*lock)(double flags, double reaching) = (int (*)(double, double))dlsym(library, "lipc_mlockall");
  unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  page[0] = 7;
  printf("%d", lock(MCL_CURRENT | MCL_FUTURE, 1));
#ifndef QUIET
  printf(" %d", madvise(page, 4096, MADV_DONTNEED));
  printf(" %d", madvise(page + 1, 4096, MADV_DONTNEED)); /* EINVAL for another reason stays one */
#endif
  printf(" %d\n", page[0]);
  return 0;
}
