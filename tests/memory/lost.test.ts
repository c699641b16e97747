// Memory that goes away: a peer that truncates, a file system that is full. No process dies of it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import process from "node:process";
import { after, describe, it } from "node:test";
import { SharedMemory } from "../../mod.ts";
import {
  cleanUp,
  compileC,
  objectPath,
  ownRuntime,
  projectRoot,
  runPeer,
  temporaryDirectory,
  uniqueName,
} from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);

/** A program with a handler of its own, plain or full, that loses an unguarded page, then a guarded one: LIBRARY FILE KIND. */
const handling = `
#include <dlfcn.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
static sigjmp_buf back;
static char *volatile bytes, *volatile guarded;
static volatile int calls;
static void plain(int signal) {
  if (signal != SIGBUS || ++calls > 1) _exit(1);
  siglongjmp(back, 1);
}
static void full(int signal, siginfo_t *info, void *context) {
  if (info->si_addr != bytes || !context) _exit(1);
  plain(signal);
}
int main(int count, char **words) {
  if (count != 4) return 1;
  struct sigaction action = {.sa_handler = plain};
  if (words[3][0] == 'f') {
    action.sa_sigaction = full;
    action.sa_flags = SA_SIGINFO;
  }
  sigaction(SIGBUS, &action, NULL);
  int (*guard)(double, double) = (int (*)(double, double))dlsym(dlopen(words[1], RTLD_NOW), "lipc_guard_add");
  bytes = mmap(NULL, 4096, PROT_READ, MAP_SHARED, open(words[2], O_RDONLY), 0);
  guarded = mmap(NULL, 4096, PROT_READ, MAP_SHARED, open(words[2], O_RDONLY), 0);
  if (guard((double)(intptr_t)guarded, 4096) < 0) return 2;
  if (!sigsetjmp(back, 1)) return bytes[0] + 3;
  return guarded[0] == 0 && calls == 1 ? 42 : 4;
}`;

describe("memory that a peer has truncated", () => {
  after(cleanUp);

  it("reads as zeros and counts its lost pages; the process survives", async () => {
    const end = await runPeer(ownRuntime, peer, ["truncated", uniqueName("truncated")]);
    assert.equal(end.signal, null, `ended by ${end.signal}`);
    assert.equal(end.stdout, "1 0 5 2\n4101 7\nalive 0\n", end.stderr);
  });

  it("is guarded in every one of more than 4096 mappings", async () => {
    const end = await runPeer(ownRuntime, peer, ["manyGuards", uniqueName("guards"), 4200]);
    assert.equal(end.signal, null, `ended by ${end.signal}`);
    assert.equal(end.stdout, "0 1 0 true\ntrue\n", end.stderr);
  });

  it("may lose more pages, here and there, than the kernel has room for mappings", async () => {
    const most = Number(readFileSync("/proc/sys/vm/max_map_count", "utf8"));
    const size = Math.min(most + 1000, 2 ** 17) * 8192; // some machines allow more than a test has time for
    // A hole makes two mappings more: the last one leaves as many as there may be, or one more than that.
    for (const others of [0, 1]) {
      const end = await runPeer(ownRuntime, peer, ["scattered", uniqueName("scattered"), size, others]);
      assert.equal(end.signal, null, `ended by ${end.signal}`);
      assert.equal(end.stdout, "0 7 true\n9\n", end.stderr);
    }
  });

  it("that somebody else has mapped, without a guard, ends the process as ever", async () => {
    const end = await runPeer(ownRuntime, peer, ["unguarded", uniqueName("unguarded")], { timeoutMs: 20_000 });
    assert.deepEqual([end.signal, end.stdout], ["SIGBUS", "0\n"], end.stderr);
  });

  it("and is guarded: a SIGBUS of kill(2) ends the process as ever", async () => {
    const end = await runPeer(ownRuntime, peer, ["killedByBus", uniqueName("bus")], { timeoutMs: 20_000 });
    assert.deepEqual([end.signal, end.stdout], ["SIGBUS", "guarded\n"], end.stderr);
  });

  it("that nobody guards is for the handler that was there before, and guards stay", () => {
    const empty = `${temporaryDirectory()}/empty`;
    writeFileSync(empty, "");
    const library = `${projectRoot}native/linux-ipc-${process.arch}.so`;
    const codes = ["plain", "full"].map((kind) => spawnSync(compileC(handling), [library, empty, kind]).status);
    assert.deepEqual(codes, [42, 42]);
  });

  it("counts for each mapping what it has lost itself", () => {
    const name = uniqueName("each");
    const first = SharedMemory.create(name, { size: 8192 });
    const second = SharedMemory.open(name);
    const sound = SharedMemory.create(uniqueName("sound"), { size: 8192 });
    truncateSync(objectPath(name), 0);
    assert.equal(first.bytes[0], 0);
    assert.equal(sound.bytes[0], 0);
    assert.deepEqual([first.lostPages, second.lostPages, sound.lostPages], [1, 0, 0]);
    for (const one of [first, second, sound]) one.close();
  });

  it("is found anew by who opens it again", () => {
    const name = uniqueName("anew");
    const first = SharedMemory.create(name, { size: 8192 });
    truncateSync(objectPath(name), 0);
    assert.throws(() => SharedMemory.open(name, { timeoutMs: 10 }), { code: "ETIMEDOUT" });
    truncateSync(objectPath(name), 4096);
    const second = SharedMemory.open(name);
    assert.deepEqual([second.size, second.bytes[0], second.lostPages], [4096, 0, 0]);
    first.close();
    second.close();
  });
});

/** Runs the peer where /dev/shm is a file system of its own, of 1 MiB. */
const small = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec "$@"', "sh"];
const skip = process.getuid?.() === 0 ? false : "needs root to mount a file system";

describe("a full /dev/shm", () => {
  after(cleanUp);

  it("is ENOSPC at create, with a hint, and leaves nothing of the object", { skip }, async () => {
    const parameters = ["fill", uniqueName("full"), 4 << 20];
    const { stdout, stderr, signal } = await runPeer(ownRuntime, peer, parameters, { wrapper: small });
    const [code, message, opened, resized] = stdout.split("\n");
    assert.equal(signal, null);
    assert.equal(code, "ENOSPC", stderr);
    assert.match(
      message,
      /^Cannot create shared memory .*: ENOSPC, no space left \(.*free.*1048576.*4194304 asked.*\)$/,
    );
    assert.match(message, /size=|--shm-size/);
    assert.equal(opened, "ENOENT");
    assert.equal(resized, "ENOSPC 65536 0");
  });
});
