// C programs with shm_open: they see the same bytes, and their objects are opened as ours.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { SharedMemory } from "../../mod.ts";
import { cleanUp, compileC, least, spawnProgram, uniqueName } from "../support/mod.ts";

/** read NAME OFFSET | write NAME SIZE BYTE | slow NAME MILLISECONDS SIZE | fields NAME */
const source = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint8_t *map(int fd, size_t size) {
  uint8_t *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED) exit(3);
  return bytes;
}

static int made(const char *name) {
  int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
  if (fd < 0) exit(2);
  return fd;
}

int main(int count, char **words) {
  if (count < 3) return 1;
  const char *name = words[2];
  if (!strcmp(words[1], "write")) {
    size_t size = strtoul(words[3], NULL, 10);
    int fd = made(name);
    if (ftruncate(fd, (off_t)size)) return 4;
    memset(map(fd, size), atoi(words[4]), size);
    return 0;
  }
  if (!strcmp(words[1], "slow")) {
    int fd = made(name);
    puts("named");
    fflush(stdout);
    usleep((useconds_t)atoi(words[3]) * 1000);
    if (ftruncate(fd, (off_t)strtoul(words[4], NULL, 10))) return 4;
    return 0;
  }
  int fd = shm_open(name, O_RDWR, 0);
  struct stat status;
  if (fd < 0 || fstat(fd, &status)) return 2;
  uint8_t *bytes = map(fd, (size_t)status.st_size);
  if (!strcmp(words[1], "read")) {
    printf("%lld %o %d\\n", (long long)status.st_size, status.st_mode & 07777, bytes[atoi(words[3])]);
    bytes[0] = 200;
    return 0;
  }
  struct { int32_t a; uint32_t b; double c; } fields;
  memcpy(&fields, bytes + 64, sizeof fields);
  printf("%d %u %g\\n", fields.a, fields.b, fields.c);
  return 0;
}
`;

describe("a C program", () => {
  after(cleanUp);
  const program = (...parameters: (string | number)[]) => spawnProgram(compileC(source), parameters.map(String));

  it("opens our memory by the same name, and both see each other's bytes from offset 0", async () => {
    const memory = SharedMemory.create(uniqueName("ours"), { size: 5000, mode: 0o640 });
    memory.bytes[0] = 17;
    memory.bytes[4999] = 18;
    const end = await program("read", memory.name ?? "", 4999).ended;
    assert.equal(end.stdout, "5000 640 18\n", end.stderr);
    assert.equal(memory.bytes[0], 200);
    memory.close();
  });

  it("makes memory that we open, and refuses a name that we have taken", async () => {
    const name = uniqueName("theirs");
    assert.equal((await program("write", name, 10_000, 33).ended).code, 0);
    const memory = SharedMemory.open(name);
    assert.equal(memory.size, 10_000);
    assert.ok(memory.bytes.every((byte) => byte === 33));
    assert.throws(() => SharedMemory.create(name, { size: 1 }), { code: "EEXIST" });
    assert.equal((await program("write", name, 1, 1).ended).code, 2);
    memory.close();
  });

  it("reads a struct where a DataView has written its fields", async () => {
    const memory = SharedMemory.create(uniqueName("struct"), { size: 4096 });
    const view = new DataView(memory.buffer, 64);
    view.setInt32(0, -5, true);
    view.setUint32(4, 4_000_000_000, true);
    view.setFloat64(8, 2.5, true);
    assert.equal((await program("fields", memory.name ?? "").ended).stdout, "-5 4000000000 2.5\n");
    memory.close();
  });

  it("that has not sized its object yet is waited for", async () => {
    const open = async () => {
      const name = uniqueName("slow");
      const maker = program("slow", name, 300, 12_345);
      assert.equal(await maker.line(), "named");
      const begin = performance.now();
      const memory = SharedMemory.open(name, { timeoutMs: 10_000 });
      const waited = performance.now() - begin;
      assert.equal(memory.size, 12_345);
      memory.close();
      assert.equal((await maker.ended).code, 0);
      return -waited;
    };
    assert.ok((await least(-20, open)) < -20, "did not wait"); // once is enough: it may have come too late to wait
  });
});
