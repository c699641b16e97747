/* A peer of the tests of participants without a runtime: LIBRARY FILE COUNT. Joins so many tables in a row by the shim,
 * says the owner ids, and ends. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

typedef double attach(double fd, double table_offset, double slots, double environment);
typedef int owner(double participant);

int main(int words, char **word) {
  if (words != 4) return 1;
  void *library = dlopen(word[1], RTLD_NOW);
  if (!library) return 2;
  attach *join = (attach *)dlsym(library, "lipc_participant_attach");
  owner *owner_of = (owner *)dlsym(library, "lipc_participant_owner");
  int fd = open(word[2], O_RDWR | O_CLOEXEC), count = atoi(word[3]);
  for (int index = 0; index < count; index++) {
    double participant = join(fd, index * 8192, 128, 0);
    if (participant < 0) return 3;
    printf("%d%s", owner_of(participant), index + 1 < count ? "," : "\n");
  }
  return 0;
}
