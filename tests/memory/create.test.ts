// SharedMemory: creating, opening, the name, the first bytes, the mode.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import process from "node:process";
import { after, describe, it } from "node:test";
import { SharedMemory } from "../../mod.ts";
import {
  cleanUp,
  compileC,
  mainRuntimes,
  objectExists,
  objectPath,
  ownRuntime,
  runPeer,
  spawnPeer,
  uniqueName,
} from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);

describe("SharedMemory by name", () => {
  after(cleanUp);

  it("is all zeros, of the size that was asked, and says that it was created", () => {
    for (const size of [1, 4095, 4096, 4097, 100_000]) {
      const memory = SharedMemory.create(uniqueName("zeros"), { size });
      assert.deepEqual([memory.size, memory.bytes.length, memory.buffer.byteLength], [size, size, size]);
      assert.ok(memory.bytes.every((byte) => byte === 0));
      assert.equal(memory.created, true);
      assert.equal(memory.readOnly, false);
      memory.close();
    }
  });

  it("is created exclusively: a name that is taken is EEXIST, and its bytes are untouched", () => {
    const name = uniqueName("exclusive");
    const memory = SharedMemory.create(name, { size: 4096 });
    memory.bytes[0] = 1;
    assert.throws(() => SharedMemory.create(name, { size: 8192 }), { name: "IpcError", code: "EEXIST" });
    assert.equal(statSync(objectPath(name)).size, 4096);
    assert.equal(memory.bytes[0], 1);
    memory.close();
  });

  it("is the same memory for everybody who opens the name, in both directions", () => {
    const name = uniqueName("shared");
    const made = SharedMemory.create(name, { size: 4096 });
    const opened = SharedMemory.open(name);
    assert.equal(opened.created, false);
    assert.equal(opened.size, 4096);
    made.bytes[17] = 42;
    assert.equal(opened.bytes[17], 42);
    new DataView(opened.buffer).setFloat64(4088, Math.PI, true);
    assert.equal(new DataView(made.buffer).getFloat64(4088, true), Math.PI);
    made.close();
    assert.equal(opened.bytes[17], 42);
    opened.close();
  });

  it("is the same memory in processes of all runtimes", async () => {
    const memory = SharedMemory.create(uniqueName("runtimes"), { size: 4096 });
    memory.bytes[0] = 11;
    const peers = mainRuntimes.map((runtime) => spawnPeer(runtime, peer, ["lookTwice", memory.name ?? ""]));
    for (const one of peers) assert.equal(await one.line(), "11");
    memory.bytes[0] = 12;
    for (const one of peers) {
      one.write("look");
      assert.equal(await one.line(), "12");
      await one.ended;
    }
    memory.close();
  });

  it("is a file of the file system, byte for byte from offset 0", () => {
    const name = uniqueName("file");
    const memory = SharedMemory.create(name, { size: 100 });
    memory.bytes.set([1, 2, 3]);
    const file = readFileSync(objectPath(name));
    assert.equal(file.length, 100);
    assert.deepEqual([...file.subarray(0, 4)], [1, 2, 3, 0]);
    memory.close();
  });

  it("can be opened where somebody else has made the file", () => {
    const name = uniqueName("foreign");
    writeFileSync(objectPath(name), "hello");
    const memory = SharedMemory.open(name);
    assert.equal(new TextDecoder().decode(memory.bytes), "hello");
    memory.close();
  });

  it("that is missing is ENOENT, for open alone", () => {
    const name = uniqueName("missing");
    assert.throws(() => SharedMemory.open(name), { code: "ENOENT", errno: 2, syscall: "shm_open" });
    assert.equal(SharedMemory.openOrCreate(name, { size: 10 }).created, true);
  });

  it("is opened or created, and says which", () => {
    const name = uniqueName("either");
    const first = SharedMemory.openOrCreate(name, { size: 4096 });
    const second = SharedMemory.openOrCreate(name, { size: 4096 });
    assert.deepEqual([first.created, second.created], [true, false]);
    first.bytes[0] = 3;
    assert.equal(second.bytes[0], 3);
    first.close();
    second.close();
  });

  it("that exists and is larger is opened as it is, and one that is smaller is refused", () => {
    const name = uniqueName("sizes");
    SharedMemory.create(name, { size: 4096 }).close();
    const opened = SharedMemory.openOrCreate(name, { size: 100 });
    assert.equal(opened.size, 4096);
    opened.close();
    const expected = { name: "IpcError", code: "EINVAL", message: /4096.*8192|8192.*4096/ };
    assert.throws(() => SharedMemory.openOrCreate(name, { size: 8192 }), expected);
  });

  it("that a C program has not sized yet is waited for, and given up after the timeout", async () => {
    const name = uniqueName("unsized");
    writeFileSync(objectPath(name), "");
    const begin = performance.now();
    assert.throws(() => SharedMemory.open(name, { timeoutMs: 60 }), { code: "ETIMEDOUT", message: /60 ms.*ftruncate/ });
    const took = performance.now() - begin;
    assert.ok(took >= 55 && took < 2000, `${took} ms`);
  });
});

/** Preloaded, it refuses files without a name, as old kernels and odd file systems do. */
const refusingTmpfile = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>
int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  int mode = va_arg(more, int);
  va_end(more);
  if ((flags & O_TMPFILE) != O_TMPFILE) return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  errno = EOPNOTSUPP;
  return -1;
}`;

describe("SharedMemory in the making", () => {
  after(cleanUp);

  it("has no name at all, so that a kill leaves nothing", () => {
    const name = uniqueName("making");
    const privateNames = () => readdirSync("/dev/shm").filter((one) => one.startsWith(`.linux-ipc-${process.pid}-`));
    const found: unknown[] = [];
    SharedMemory.createFilled(name, { size: 1 }, () => found.push(objectExists(name), ...privateNames())).close();
    assert.deepEqual(found, [false]);
  });

  it("has a private name where it must have one, which nobody has taken before, and which goes", async () => {
    const preload = `LD_PRELOAD=${compileC(refusingTmpfile, { shared: true })}`;
    const end = await runPeer(ownRuntime, peer, ["privateName", uniqueName("private")], { wrapper: ["env", preload] });
    assert.equal(end.stdout, "taken: EEXIST 5\nmaking: 640\nmade: 640 7\nagain: EEXIST\nleft: 0\n", end.stderr);
  });
});

describe("SharedMemory's mode", () => {
  after(cleanUp);
  const modeOf = (name: string) => statSync(objectPath(name)).mode & 0o7777;

  it("is 0600 unless said", () => {
    const name = uniqueName("mode");
    SharedMemory.create(name, { size: 1 }).close();
    assert.equal(modeOf(name), 0o600);
  });

  it("is what was asked, whatever the umask", () => {
    for (const [umask, mode] of [
      [0o777, 0o640],
      [0o077, 0o666],
      [0, 0o600],
      [0o022, 0o777],
      [0o022, 0],
    ]) {
      const name = uniqueName("umask");
      const before = process.umask(umask);
      try {
        SharedMemory.create(name, { size: 1, mode }).close();
      } finally {
        process.umask(before);
      }
      assert.equal(modeOf(name), mode);
      assert.ok(objectExists(name));
    }
  });
});
