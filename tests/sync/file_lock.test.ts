// FileLock: flock, OFD and POSIX locks between processes of all runtimes and C programs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, afterEach, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { FileLock, type FileLockKind, type FileLockOpenOptions } from "../../mod.ts";
import {
  cleanUp,
  compileC,
  least,
  mainRuntimes,
  ownRuntime,
  patiently,
  runPeer,
  sleep,
  spawnPeer,
  spawnProgram,
  temporaryDirectory,
  until,
  within,
} from "../support/mod.ts";
import { closeAll, closing, isPending } from "./scene.ts";

const peer = new URL("./file_lock_peer.ts", import.meta.url);
/** Closed behind the test, also one that fails: what is awaited keeps the file alive. */
const open = (path: string | URL, options?: FileLockOpenOptions) => closing(FileLock.open(path, options));
const kinds: readonly FileLockKind[] = ["ofd", "flock", "posix"];
const directory = temporaryDirectory();
let count = 0;

function newFile(): string {
  const path = join(directory, `file-${++count}`);
  writeFileSync(path, "some bytes");
  return path;
}
/** PATH ofd|posix|flock shared|exclusive START LENGTH: holds the lock until a line comes. */
const source = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int main(int count, char **words) {
  if (count < 6) return 1;
  int fd = open(words[1], O_RDWR), shared = !strcmp(words[3], "shared");
  struct flock lock = {shared ? F_RDLCK : F_WRLCK, SEEK_SET, atol(words[4]), atol(words[5]), 0};
  int result = !strcmp(words[2], "flock")   ? flock(fd, shared ? LOCK_SH : LOCK_EX)
               : !strcmp(words[2], "posix") ? fcntl(fd, F_SETLKW, &lock)
                                            : fcntl(fd, F_OFD_SETLKW, &lock);
  puts(result ? "failed" : "locked");
  fflush(stdout);
  getchar();
  return 0;
}
`;
const program = (path: string, kind: FileLockKind, type = "exclusive", start = 0, length = 0) =>
  spawnProgram(compileC(source), [path, kind, type, `${start}`, `${length}`]);

/** Whether a call of the process waits for a POSIX lock: proc_locks(5). */
const waitsInKernel = (pid: number) => new RegExp(`-> POSIX .* ${pid} `).test(readFileSync("/proc/locks", "latin1"));

describe("a file lock", () => {
  afterEach(closeAll);
  after(cleanUp);

  for (const kind of kinds) {
    it(`of kind ${kind} held by a C program is busy, times out, is aborted, and comes free`, async () => {
      const path = newFile();
      const file = open(path, { kind });
      const holder = program(path, kind);
      assert.equal(await holder.line(), "locked");
      assert.equal(file.tryLock(), undefined);
      assert.equal(file.tryLock({ shared: true }), undefined);
      const begin = performance.now();
      assert.equal(file.lockSync({ timeoutMs: 30 }), undefined);
      assert.equal(await file.lock({ timeoutMs: 30 }), undefined);
      const took = performance.now() - begin;
      assert.ok(took >= 59 && took < 2000, `${took} ms`);
      const controller = new AbortController();
      const aborted = file.lock({ signal: controller.signal });
      await sleep(10);
      controller.abort(new Error("enough"));
      await assert.rejects(aborted, /enough/);
      const waiting = file.lock();
      await sleep(20);
      holder.write("release");
      const guard = await within(waiting, 5000, "the lock");
      assert.deepEqual([guard.shared, guard.offset, guard.length], [false, 0, Number.POSITIVE_INFINITY]);
      guard.unlock();
      file.lockSync()?.unlock();
      file.close();
    });

    it(`of kind ${kind} is shared by readers, and a writer waits for all of them`, async () => {
      const path = newFile();
      const file = open(path, { kind });
      const reader = program(path, kind, "shared");
      assert.equal(await reader.line(), "locked");
      const first = file.tryLock({ shared: true });
      const second = file.lockSync({ shared: true });
      first?.unlock();
      assert.notEqual(second, undefined);
      const writer = program(path, kind);
      reader.write("release");
      await reader.ended;
      await sleep(30);
      assert.equal(writer.stdout, "");
      second?.unlock();
      assert.equal(await writer.line(), "locked");
      assert.equal(file.tryLock({ shared: true }), undefined);
      writer.kill();
      (await within(file.lock({ shared: true }), 5000, "a killed writer's lock")).unlock();
      file.close();
    });

    it(`of kind ${kind} is dropped by kill -9 at once, whoever waits`, { timeout: 60_000 }, async () => {
      const path = newFile();
      const file = open(path, { kind });
      for (const runtime of kind === "ofd" ? mainRuntimes : [ownRuntime]) {
        const took = await least(1000, async () => {
          const holder = spawnPeer(runtime, peer, [path, kind, "lockSync", "exclusive", 0, 10]);
          await holder.lineOf("locked");
          const waiting = file.lock();
          await sleep(20);
          const begin = performance.now();
          holder.kill();
          (await within(waiting, 5000, `${runtime.name}'s death`)).unlock();
          return performance.now() - begin;
        });
        assert.ok(took < 1000, `${took} ms`);
      }
      file.close();
    });
  }

  for (const form of ["lock", "lockSync"]) {
    it(`that we hold keeps other processes waiting in ${form} until we unlock`, { timeout: 60_000 }, async () => {
      const path = newFile();
      const file = open(path);
      const guard = file.lockSync({ offset: 5, length: 10 });
      const others = [0, 1].map(() => spawnPeer(ownRuntime, peer, [path, "ofd", form, "shared", 14, 1]));
      for (const other of others) assert.equal(await other.line(), "waiting");
      await sleep(50);
      for (const other of others) assert.equal(other.stdout, "waiting\n");
      guard?.unlock();
      for (const other of others) {
        assert.equal(await other.line(), "locked");
        other.write("release");
      }
      for (const other of others) assert.equal((await other.ended).code, 0, other.stderr);
      file.close();
    });
  }

  it("covers its bytes and no others, also such as do not exist yet", () => {
    const path = newFile();
    const [file, other] = [open(path), open(path)];
    const guard = file.tryLock({ offset: 100, length: 10 });
    assert.equal(other.tryLock({ offset: 109, length: 1 }), undefined);
    assert.equal(other.tryLock({ offset: 99, length: 2 }), undefined);
    assert.equal(other.tryLock(), undefined);
    other.tryLock({ offset: 90, length: 10 })?.unlock();
    assert.notEqual(other.tryLock({ offset: 110 }), undefined);
    assert.equal(file.tryLock({ offset: 2 ** 50, length: 1 }), undefined);
    guard?.unlock();
    assert.notEqual(other.tryLock({ offset: 100, length: 10 }), undefined);
    file.close();
    other.close();
  });

  it("covers the last byte that a number can name", () => {
    const path = newFile();
    const [file, other] = [open(path), open(path)];
    const last = { offset: Number.MAX_SAFE_INTEGER, length: 1 };
    const guard = file.tryLock(last);
    assert.equal(guard?.length, 1);
    assert.deepEqual(other.blocker(), { shared: false, ...last, pid: undefined });
    assert.equal(other.tryLock({ offset: 1, length: Number.MAX_SAFE_INTEGER }), undefined);
    assert.notEqual(other.tryLock({ offset: 0, length: Number.MAX_SAFE_INTEGER }), undefined);
    guard?.unlock();
    assert.notEqual(other.tryLock(last), undefined);
    file.close();
    other.close();
  });

  it("tells what is in the way", () => {
    const path = newFile();
    const [file, other] = [open(path), open(path)];
    assert.equal(other.blocker(), undefined);
    file.lockSync({ offset: 3, length: 4, shared: true });
    assert.deepEqual(other.blocker(), { shared: true, offset: 3, length: 4, pid: undefined });
    assert.equal(other.blocker({ shared: true }), undefined);
    file.lockSync({ offset: 50 });
    assert.deepEqual(other.blocker({ offset: 60, length: 1 }), {
      shared: false,
      offset: 50,
      length: Number.POSITIVE_INFINITY,
      pid: undefined,
    });
    file.close();
    assert.equal(other.blocker(), undefined);
    other.close();
  });

  it("of kind posix names its holder, meets OFD locks, and finds deadlocks", async () => {
    const path = newFile();
    const [mine, ofd] = [open(path, { kind: "posix" }), open(path)];
    mine.lockSync({ offset: 0, length: 1 });
    assert.equal(ofd.blocker()?.pid, process.pid);
    assert.equal(ofd.tryLock({ offset: 0, length: 1 }), undefined);
    const other = program(path, "posix", "exclusive", 1, 1);
    assert.equal(await other.line(), "locked");
    const deadlocked = program(path, "posix", "exclusive", 1, 1);
    await sleep(20);
    assert.equal(mine.blocker({ offset: 1, length: 1 })?.pid, other.pid);
    deadlocked.kill();
    other.kill();
    mine.close();
    ofd.close();
  });

  it("of kind posix ends a deadlock with EDEADLK, blocking and awaiting", async () => {
    const path = newFile();
    const mine = open(path, { kind: "posix" });
    for (const form of ["lockSync", "lock"] as const) {
      const own = mine.lockSync({ offset: 0, length: 1 });
      const other = spawnPeer(ownRuntime, new URL("./file_lock_deadlock.ts", import.meta.url), [path]);
      await other.lineOf("locked 1");
      await until(() => waitsInKernel(other.pid), "the other one to wait for byte 0"); // else the deadlock would be its
      const wait = async () => mine[form]({ offset: 1, length: 1, timeoutMs: 10_000 });
      await assert.rejects(wait(), { code: "EDEADLK" });
      own?.unlock();
      assert.equal(await other.line(), "locked 0");
      await other.ended;
    }
    mine.close();
  });

  it("of kind posix belongs to the process, and closing any descriptor of the file drops it", () => {
    const path = newFile();
    const [mine, same, ofd] = [open(path, { kind: "posix" }), open(path, { kind: "posix" }), open(path)];
    mine.lockSync();
    assert.notEqual(same.tryLock(), undefined); // the trap
    assert.equal(ofd.tryLock(), undefined);
    closeSync(openSync(path, "r")); // the other trap
    assert.notEqual(ofd.tryLock(), undefined);
    for (const each of [mine, same, ofd]) each.close();
  });

  it("over a descriptor leaves it open; OFD and flock locks belong to the description", () => {
    const path = newFile();
    const fd = openSync(path, "r+");
    for (const kind of ["ofd", "flock"] as const) {
      const [file, stranger] = [FileLock.over(fd, { kind }), open(path, { kind })];
      const guard = file.tryLock();
      assert.equal(stranger.tryLock(), undefined);
      guard?.unlock();
      stranger.tryLock()?.unlock();
      file.tryLock();
      file.close();
      assert.notEqual(stranger.tryLock(), undefined);
      stranger.close();
    }
    closeSync(fd);
  });

  for (const [kind, task] of [
    ["ofd", "terminated"],
    ["ofd", "ended"],
    ["flock", "terminated"],
  ]) {
    it(`of kind ${kind} is given back by a Worker that is ${task}`, async () => {
      const script = new URL("./file_lock_worker.ts", import.meta.url);
      const end = await runPeer(ownRuntime, script, [newFile(), kind, task], { timeoutMs: 30_000 });
      assert.deepEqual([end.stdout, end.code], ["true 1\n", 0], end.stderr);
    });
  }

  it("that is awaited behind the same object's claim keeps the process alive, and no longer than it waits", async () => {
    const script = new URL("./file_lock_pending.ts", import.meta.url);
    const end = await runPeer(ownRuntime, script, [newFile()], { timeoutMs: 30_000 });
    assert.deepEqual([end.stdout, end.code], ["served\n", 0], end.stderr);
  });

  it("of a FIFO opens at once, though nobody writes to it", () => {
    const path = join(directory, "fifo");
    execFileSync("mkfifo", [path]);
    const file = open(path, { kind: "flock", readOnly: true });
    assert.notEqual(file.tryLock(), undefined);
    file.close();
  });

  it("that the same object awaits cannot be waited for by blocking: EDEADLK", async () => {
    const path = newFile();
    const [file, other] = [open(path), open(path)];
    const held = other.lockSync();
    const pending = file.lock();
    assert.throws(() => file.lockSync({ timeoutMs: 1 }), { code: "EDEADLK", message: /holds it, or awaits it/ });
    held?.unlock();
    (await within(pending, 5000, "the other's guard")).unlock();
    file.close();
    other.close();
  });

  it("within one object waits for its own guards, and shared ones do not take each other along", async () => {
    const path = newFile();
    const [file, other] = [open(path), open(path)];
    const [left, right] = [file.lockSync({ shared: true, length: 60 }), file.lockSync({ shared: true, offset: 40 })];
    const waiting = file.lock({ offset: 50, length: 20 });
    assert.equal(file.tryLock({ offset: 0, length: 1 }), undefined);
    assert.throws(() => file.lockSync({ offset: 0, length: 1 }), { code: "EDEADLK" });
    left?.unlock();
    assert.notEqual(other.tryLock({ offset: 0, length: 40 }), undefined);
    assert.equal(other.tryLock({ offset: 40, length: 20 }), undefined); // the right one covers it still
    right?.unlock();
    const guard = await within(waiting, 5000, "own guards");
    assert.equal(other.tryLock({ offset: 60, length: 1 }), undefined);
    guard.unlock();
    assert.notEqual(other.tryLock({ offset: 40 }), undefined);
    file.close();
    other.close();
  });

  it("that is given back is free for others, whatever the same object awaits there", async () => {
    const path = newFile();
    const [file, other] = [open(path), open(path)];
    const mine = file.tryLock({ shared: true, length: 10 });
    const theirs = other.tryLock({ offset: 10, length: 5 });
    const controller = new AbortController();
    const wanted = { shared: true, offset: 5, length: 10 };
    const waits = [file.lock(wanted), file.lock(wanted)];
    const late = file.lock({ ...wanted, timeoutMs: 60 });
    const aborted = file.lock({ ...wanted, signal: controller.signal });
    const reaped = file.lock({ ...wanted, signal: AbortSignal.timeout(1) });
    await assert.rejects(reaped, { name: "TimeoutError" });
    await sleep(10);
    mine?.unlock();
    assert.equal(other.blocker({ length: 10 }), undefined);
    other.tryLock({ offset: 5, length: 5 })?.unlock();
    assert.equal(await within(late, 5000, "the timeout"), undefined);
    controller.abort(new Error("enough"));
    await assert.rejects(aborted, /enough/);
    theirs?.unlock();
    const [guard, same] = await within(Promise.all(waits), 5000, "the lock");
    guard.unlock();
    assert.deepEqual(other.blocker(), { shared: true, offset: 5, length: 10, pid: undefined });
    same.unlock();
    assert.equal(other.blocker(), undefined);
  });

  it("that is given back takes nothing from a wait that gets it at this instant", async () => {
    const path = newFile();
    const [file, other] = [open(path), open(path)];
    for (let round = 0; round < 100; round++) {
      const mine = file.tryLock({ shared: true, length: 10 });
      const theirs = other.tryLock({ offset: 10, length: 5 });
      const waits = [5, 8].map((offset) => file.lock({ shared: true, offset, length: 15 - offset, timeoutMs: 20_000 }));
      if (round % 2 === 0) await sleep(1);
      theirs?.unlock();
      for (const begin = performance.now(); performance.now() - begin < (round % 10) / 50; ); // its thread is on its way
      mine?.unlock();
      const guards = await within(Promise.all(waits), 5000, `round ${round}`);
      assert.deepEqual(other.blocker(), { shared: true, offset: 5, length: 10, pid: undefined }, `round ${round}`);
      for (const guard of guards) guard?.unlock();
      assert.equal(other.blocker(), undefined);
    }
  });

  it("is given to every one of many awaiting callers, one at a time", { timeout: 60_000 }, async () => {
    const path = newFile();
    const files = Array.from({ length: 20 }, () => open(path));
    let inside = 0;
    let served = 0;
    const callers = [...files, ...files].map(async (file) => {
      const guard = await file.lock({ length: 1 });
      assert.equal(++inside, 1);
      await sleep(1);
      inside--;
      served++;
      guard.unlock();
    });
    await within(Promise.all(callers), 20_000, "forty callers");
    assert.equal(served, 40);
    for (const file of files) file.close();
  });

  it("does not stop the event loop, and leaves no thread behind", async () => {
    const path = newFile();
    const [file, holder] = [open(path), open(path)];
    holder.lockSync();
    const before = readdirSync("/proc/self/task").length;
    const wait = (offset: number, timeoutMs: number) => file.lock({ offset, length: 1, timeoutMs });
    const waits = Array.from({ length: 30 }, (_, index) => wait(index, 100));
    assert.ok(readdirSync("/proc/self/task").length >= before + 30); // no timeout has had its turn yet
    const last = wait(30, 60_000);
    for (let ticks = 0; ticks < 10; ticks++) await sleep(5);
    assert.ok(await isPending(last, 0), "the event loop stood still for as long as that");
    assert.deepEqual(new Set(await Promise.all(waits)), new Set([undefined]));
    await until(() => readdirSync("/proc/self/task").length < before + 10, "the threads are out");
    holder.close();
    (await within(last, 5000, "the lock"))?.unlock();
    file.tryLock()?.unlock();
    file.close();
  });

  it("is aborted for hundreds of callers at once without stopping the event loop", { timeout: 60_000 }, async () => {
    const path = newFile();
    const [file, holder] = [open(path), open(path)];
    holder.lockSync();
    const before = readdirSync("/proc/self/task").length;
    const took: number[] = [];
    for (let round = 0; round < 3; round++) {
      const controller = new AbortController();
      const options = { length: 1, signal: controller.signal };
      const waits = Array.from({ length: 400 }, (_, index) => file.lock({ ...options, offset: index }));
      const outcomes = Promise.allSettled(waits);
      await sleep(50);
      const begin = performance.now();
      controller.abort(new Error("enough"));
      took.push(performance.now() - begin);
      for (const outcome of await within(outcomes, 10_000, "the rejections")) assert.equal(outcome.status, "rejected");
    }
    assert.ok(Math.min(...took) < patiently(80), `abort() took ${took} ms`);
    await until(() => readdirSync("/proc/self/task").length < before + 10, "the threads are out");
    holder.close();
    file.tryLock()?.unlock();
    file.close();
  });

  for (const end of ["abort", "close"] as const) {
    it(`waits for nothing and has nothing at once after ${end}`, async () => {
      for (let round = 0; round < 20; round++) {
        const path = newFile();
        const [file, holder] = [open(path), open(path)];
        const guard = holder.lockSync();
        const controller = new AbortController();
        const waits = Promise.allSettled([0, 1, 2].map(() => file.lock({ signal: controller.signal, shared: true })));
        if (round % 2 === 0) await sleep(2);
        if (end === "abort") controller.abort();
        else file.close();
        guard?.unlock();
        const next = (end === "abort" ? file : holder).lockSync(); // EDEADLK, or for ever, if one still waited
        for (const outcome of await waits) assert.equal(outcome.status, "rejected");
        next?.unlock();
        assert.ok((end === "abort" ? holder : open(path)).tryLock());
        for (const each of [file, holder]) each.close();
      }
    });
  }

  it("answers misuse with the kernel's names", async () => {
    const path = newFile();
    assert.throws(() => FileLock.open(join(directory, "nothing")), { code: "ENOENT", syscall: "open" });
    assert.throws(() => FileLock.open(directory), { code: "EISDIR" });
    const created = FileLock.open(join(directory, "made"), { create: true, mode: 0o600 });
    created.close();
    const readOnly = open(path, { readOnly: true });
    assert.throws(() => readOnly.tryLock(), { code: "EBADF", syscall: "fcntl" });
    await assert.rejects(readOnly.lock(), { code: "EBADF" });
    readOnly.tryLock({ shared: true })?.unlock();
    const flock = open(path, { kind: "flock", readOnly: true });
    const guard = flock.tryLock();
    guard?.unlock();
    assert.throws(() => guard?.unlock(), { code: "EPERM" });
    assert.throws(() => flock.tryLock({ offset: 1 }), TypeError);
    assert.throws(() => flock.blocker(), TypeError);
    const none = (kind: FileLockKind) => () => FileLock.over(19_999, { kind }).tryLock();
    assert.throws(none("ofd"), { code: "EBADF", message: /\(it is no open descriptor, or not open for reading / });
    assert.throws(none("flock"), { code: "EBADF", message: /\(it is no open descriptor\)$/ });
    const file = open(path);
    flock.lockSync();
    const holder = open(path);
    holder.lockSync();
    const pending = file.lock();
    await sleep(10);
    for (const each of [file, file, holder, flock, readOnly]) each.close();
    await assert.rejects(pending, { code: "EBADF" });
    assert.throws(() => file.tryLock(), { code: "EBADF" });
    await assert.rejects(file.lock(), { code: "EBADF" });
  });

  it("refuses what it does not understand", async () => {
    const path = newFile();
    const file = open(path);
    assert.throws(() => FileLock.open(""), RangeError);
    for (const bad of [undefined, 5, "a\0b"]) assert.throws(() => FileLock.open(bad as string), TypeError);
    const same = open(pathToFileURL(path));
    assert.equal(same.path, path);
    same.close();
    assert.throws(() => FileLock.open(path, { kind: "lockf" as FileLockKind }), RangeError);
    assert.throws(() => FileLock.open(path, { readonly: true } as object), TypeError);
    assert.throws(() => FileLock.over(-1), RangeError);
    for (const bad of [{ offset: -1 }, { offset: 0.5 }, { length: 0 }, { offset: 2 ** 53 - 1, length: 2 }]) {
      assert.throws(() => file.tryLock(bad), RangeError);
    }
    assert.throws(() => file.tryLock({ shared: 1 } as object), TypeError);
    assert.throws(() => file.tryLock({ timeoutMs: 1 } as object), TypeError);
    await assert.rejects(file.lock({ timeoutMs: -1 }), RangeError);
    await assert.rejects(file.lock({ signal: AbortSignal.abort(new Error("before")) }), /before/);
    file.close();
  });
});
