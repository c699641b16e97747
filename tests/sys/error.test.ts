// Errors: one class, the kernel's names, a message that says what was tried and what helps.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { after, describe, it } from "node:test";
import {
  IpcError,
  LatestValue,
  Mutex,
  PeerClosedError,
  PeerDiedError,
  SharedMap,
  SharedMemory,
  SpscRing,
} from "../../mod.ts";
import { describeErrno, errno } from "../../src/sys/errno.ts";
import { check } from "../../src/sys/error.ts";
import { cleanUp, uniqueName } from "../support/mod.ts";

/** `Cannot <verb> <thing>: <CODE>, <text>` and, with a hint, ` (<hint>)`. */
const grammar = /^Cannot [a-z]+ .+: E[A-Z0-9]+, [a-z][^()]*( \(.+\))?$/;

function thrown(action: () => unknown): IpcError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof IpcError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

describe("IpcError", () => {
  after(cleanUp);

  it("is an Error with code, errno, syscall and path", () => {
    const name = uniqueName("missing");
    const error = thrown(() => SharedMemory.open(name));
    assert.ok(error instanceof Error);
    assert.equal(error.name, "IpcError");
    assert.equal(error.code, "ENOENT");
    assert.equal(error.errno, 2);
    assert.equal(error.syscall, "shm_open");
    assert.equal(error.path, `/dev/shm${name}`);
    assert.match(error.stack ?? "", /error\.test\.ts/);
  });

  it("says what was tried to which name, the kernel's name and its meaning", () => {
    const name = uniqueName("missing");
    const error = thrown(() => SharedMemory.open(name));
    assert.equal(error.message, `Cannot open shared memory ${name}: ENOENT, no such object`);
    const objects: [string, () => unknown][] = [
      ["SPSC ring", () => SpscRing.open(name)],
      ["latest value", () => LatestValue.open(name)],
      ["map", () => SharedMap.open(name)],
      ["mutex", () => Mutex.open(name)],
    ];
    for (const [noun, open] of objects)
      assert.equal(thrown(open).message, `Cannot open ${noun} ${name}: ENOENT, no such object`);
  });

  it("keeps to one grammar wherever it comes from", () => {
    const [memory, ring] = [uniqueName("memory"), uniqueName("ring")];
    const kept = SharedMemory.create(memory, { size: 4096, unlinkOnClose: true });
    const held = SpscRing.create(ring, { capacity: 64, unlinkOnClose: true });
    held.producer();
    const sealed = SharedMemory.anonymous({ size: 4096 });
    const messages = [
      thrown(() => SharedMemory.create(memory, { size: 1 })),
      thrown(() => SharedMemory.openOrCreate(memory, { size: 8192 })),
      thrown(() => SpscRing.open(memory)),
      thrown(() => SpscRing.create(ring, { capacity: 64 })),
      thrown(() => held.producer()),
      thrown(() => sealed.resize(8192)),
      thrown(() => SharedMemory.fromDescriptor(12345)),
    ].map((error) => error.message);
    for (const message of messages) assert.match(message, grammar);
    for (const object of [kept, held, sealed]) object.close();
    assert.match(thrown(() => held.consumer()).message, grammar);
    assert.match(thrown(() => kept.resize(8192)).message, grammar);
  });

  it("of a limit that any call may meet says how to change it, unless there is something better to say", () => {
    const attempt = { syscall: "shm_open", doing: "open shared memory /x" };
    assert.match(new IpcError(errno.EMFILE, attempt).message, /EMFILE, .+ \(.*ulimit -n.*\)$/);
    assert.match(new IpcError(errno.ENFILE, attempt).message, /ENFILE, .+ \(.*fs\.file-max.*\)$/);
    assert.match(new IpcError(errno.EMFILE, { ...attempt, hint: "better" }).message, /EMFILE, .+ \(better\)$/);
    for (const number of [errno.EMFILE, errno.ENFILE]) assert.match(new IpcError(number, attempt).message, grammar);
  });

  it("of a peer's end has a class of its own and the code of pthreads and pipes", () => {
    const attempt = { syscall: "receive", doing: "receive on ring /r", path: "/r" };
    const [died, closed] = [new PeerDiedError(attempt, 4711), new PeerClosedError(attempt)];
    assert.ok(died instanceof IpcError && closed instanceof IpcError);
    assert.deepEqual([died.name, died.code, died.errno, died.pid], ["PeerDiedError", "EOWNERDEAD", 130, 4711]);
    assert.deepEqual([closed.name, closed.code, closed.errno], ["PeerClosedError", "EPIPE", 32]);
    assert.match(died.message, grammar);
    assert.match(died.message, /process 4711/);
    assert.match(closed.message, grammar);
    assert.doesNotMatch(new PeerDiedError(attempt, 0).message, /process/);
    const worker = new PeerDiedError(attempt, process.pid).message;
    assert.match(worker, new RegExp(`\\(it was a Worker of this process, or an earlier process ${process.pid}\\)$`));
    assert.match(worker, grammar);
  });

  it("names numbers that it does not know after themselves", () => {
    assert.deepEqual(describeErrno(999), ["E999", "unknown error"]);
    assert.equal(new IpcError(999, { syscall: "x", doing: "try it" }).code, "E999");
  });

  it("has the numbers of this machine's own headers", () => {
    const paths = ["/usr/include/asm-generic/errno-base.h", "/usr/include/asm-generic/errno.h"];
    const text = paths.map((path) => readIfThere(path)).join("");
    const defined = new Map([...text.matchAll(/#define\s+(E[A-Z0-9]+)\s+(\d+)/g)].map((row) => [row[1], row[2]]));
    if (defined.size === 0) return; // no C headers here
    for (const [name, number] of Object.entries(errno)) {
      if (name !== "EOPNOTSUPP" || defined.has(name)) assert.equal(String(number), defined.get(name), name);
    }
  });
});

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

describe("check", () => {
  it("returns what is not negative and asks nobody to describe it", () => {
    const never = () => assert.fail("described without need");
    assert.equal(check(0, never), 0);
    assert.equal(check(2 ** 40, never), 2 ** 40);
  });

  it("throws a negative number under its name", () => {
    const error = thrown(() => check(-13, () => ({ syscall: "mmap", doing: "map it", hint: "ask the owner" })));
    assert.equal(error.message, "Cannot map it: EACCES, permission denied (ask the owner)");
  });
});
