// Scarcity: no thread can be started, no descriptor is left, or no signal more may be queued. What was promised is not half given.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { cleanUp, compileC, ownRuntime, runPeer, spawnPeer, temporaryDirectory, uniqueName } from "../support/mod.ts";

const program = new URL("./scarce_peer.ts", import.meta.url);

/** Refuses threads as the kernel does beyond RLIMIT_NPROC, while there is a file FLAG. */
const withoutThreads = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
typedef int create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  if (access(getenv("FLAG"), F_OK) == 0) return EAGAIN;
  return ((create *)dlsym(RTLD_NEXT, "pthread_create"))(thread, attributes, run, argument);
}`;

describe("a process", () => {
  after(cleanUp);

  it("that can start no thread is told so by a file lock it would wait for, and has no lock", async () => {
    const [file, flag] = ["locked", "flag"].map((name) => join(temporaryDirectory(), name)) as [string, string];
    const environment = { LD_PRELOAD: compileC(withoutThreads, { shared: true }), FLAG: flag };
    const peer = spawnPeer(ownRuntime, program, ["threads", file, flag], { environment });
    const end = await peer.ended;
    assert.equal(end.stdout, "EAGAIN pthread_create\nEAGAIN pthread_create\nundefined\nobject\n", end.stderr);
  });

  it("that can start no thread is told so by whatever needs one, and what the limits are", async () => {
    const [name, flag] = [uniqueName("waits"), join(temporaryDirectory(), "flag")];
    const environment = { LD_PRELOAD: compileC(withoutThreads, { shared: true }), FLAG: flag };
    const end = await runPeer(ownRuntime, program, ["waits", name, flag], { environment });
    const [attach, ...waits] = end.stdout.trimEnd().split("\n");
    const hint = "no thread can be started (ulimit -u, pids.max of the control group)";
    const said = (doing: string) => `Cannot ${doing}: EAGAIN, temporarily unavailable (${hint}`;
    assert.ok(attach?.startsWith(said(`attach to ${name}`)), `${end.stdout}${end.stderr}`);
    const expected = ["await a futex", "watch descriptor N", "start the waiting engine"];
    assert.deepEqual(
      waits.map((line) => line.replace(/descriptor \d+/, "descriptor N")),
      expected.map((doing) => `${said(doing)})`),
      end.stderr,
    );
  });

  it("that can start no thread is told so by the signal of a peer's death, which a later one tells of", async () => {
    const flag = join(temporaryDirectory(), "flag");
    const environment = { LD_PRELOAD: compileC(withoutThreads, { shared: true }), FLAG: flag };
    const end = await runPeer(ownRuntime, program, ["death", flag, flag], { environment, timeoutMs: 20_000 });
    assert.equal(end.stdout, "false EAGAIN pthread_create\nfalse EOWNERDEAD poll\n", end.stderr);
  });

  it("that has no descriptor for its slot makes no object, and leaves no name", async () => {
    const wrapper = ["sh", "-c", 'ulimit -n 128; exec "$@"', "sh"];
    const end = await runPeer(ownRuntime, program, ["descriptors", uniqueName("scarce")], { wrapper });
    assert.equal(end.stdout, "EMFILE fcntl false\n", end.stderr);
  });

  it("that may queue no signal more gives up its waits for file locks all the same", async () => {
    const [wrapper, file] = [["prlimit", "--sigpending=0"], join(temporaryDirectory(), "locked")];
    const end = await runPeer(ownRuntime, program, ["signals", file], { wrapper, timeoutMs: 10_000 });
    assert.deepEqual([end.stdout, end.signal], ["undefined\nundefined\nEBADF fcntl\nobject\n", null], end.stderr);
  });
});
