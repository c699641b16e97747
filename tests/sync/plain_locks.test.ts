// FutexLock and SpinLock: the locks of the C and C++ world, shared with C programs.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Futex, FutexLock, Mutex, SharedMemory, SpinLock } from "../../mod.ts";
import {
  cleanUp,
  compileC,
  least,
  mainRuntimes,
  ownRuntime,
  processorMs,
  sleep,
  spawnPeer,
  spawnProgram,
  uniqueName,
  until,
  within,
} from "../support/mod.ts";
import { futexProgram } from "../wait/futex_program.ts";

const peer = new URL("./plain_locks_peer.ts", import.meta.url);
const OFFSET = 128;
/** The word at which a C program that holds looks, whether it shall give back. */
const RELEASE = 18;

function make(label: string) {
  const memory = SharedMemory.create(uniqueName(label), { size: 4096, unlinkOnClose: true });
  const words = new Int32Array(memory.buffer, OFFSET, RELEASE + 1);
  return { memory, name: memory.name as string, words, bytes: memory.bytes };
}
const program = (name: string, ...words: (string | number)[]) =>
  spawnProgram(compileC(futexProgram), [name, OFFSET, ...words].map(String));

/** Lets all of them increment at once; what the counter came to. */
async function race(name: string, words: Int32Array, peers: ReturnType<typeof program>[]): Promise<number> {
  for (const each of peers) await each.line();
  for (const each of peers) each.write("go");
  for (const each of peers) await each.line(60_000);
  for (const each of peers) assert.equal((await each.ended).code, 0, name);
  return words[16];
}

describe("a futex lock", () => {
  after(cleanUp);

  it("is 0 free, 1 locked, 2 locked and waited for", async () => {
    const { memory, words } = make("states");
    const lock = FutexLock.over(memory, OFFSET);
    const guard = lock.lockSync();
    assert.equal(words[0], 1);
    assert.equal(lock.tryLock(), undefined);
    assert.equal(await lock.lock({ timeoutMs: 5 }), undefined);
    assert.equal(words[0], 2);
    guard?.unlock();
    assert.equal(words[0], 0);
    assert.equal(lock.isLocked, false);
    memory.close();
  });

  it("held by a C program is waited for, blocking and awaiting", async () => {
    const { memory, name, words } = make("held");
    const lock = FutexLock.over(memory, OFFSET);
    for (const form of ["lockSync", "lock"] as const) {
      words[RELEASE] = 0;
      const holder = program(name, "hold", 100);
      await holder.line();
      assert.equal(lock.tryLock(), undefined);
      assert.equal(lock.lockSync({ timeoutMs: 20 }), undefined);
      const begin = performance.now();
      Atomics.store(words, RELEASE, 1);
      const guard = form === "lock" ? await lock.lock() : lock.lockSync();
      assert.ok(performance.now() - begin > 20, "did not wait");
      guard?.unlock();
      await holder.ended;
    }
    memory.close();
  });

  it("that we hold keeps a C program waiting until we give it back", async () => {
    const { memory, name, words } = make("given");
    const guard = FutexLock.over(memory, OFFSET).lockSync();
    const waiter = program(name, "hold");
    await until(() => words[0] === 2, "the C program to wait");
    guard?.unlock();
    await waiter.line();
    waiter.write("release");
    assert.equal((await waiter.ended).code, 0);
    assert.equal(words[0], 0);
    memory.close();
  });

  it("makes increments of C, of this runtime and of others exact", { timeout: 90_000 }, async () => {
    const { memory, name, words } = make("counter");
    const rounds = 5000;
    const other = mainRuntimes.find((runtime) => runtime.name !== ownRuntime.name) ?? ownRuntime;
    const peers = [
      program(name, "lock", rounds),
      program(name, "lock", rounds),
      spawnPeer(ownRuntime, peer, [name, "lockSync", rounds]),
      spawnPeer(other, peer, [name, "lock", 500]),
    ];
    assert.equal(await race(name, words, peers), 3 * rounds + 500);
    memory.close();
  });

  it("wakes a C program also where one who awaits before it has a busy event loop", async () => {
    const { memory, name, words } = make("busy");
    const [lock, other] = [FutexLock.over(memory, OFFSET), FutexLock.over(memory, OFFSET)];
    const guard = lock.lockSync();
    const awaiting = other.lock();
    await sleep(50);
    const waiter = program(name, "hold");
    await sleep(200);
    guard?.unlock();
    const end = performance.now() + 3000;
    while (Atomics.load(words, 0) === 0 && performance.now() < end); // the event loop is busy
    const isTaken = Atomics.load(words, 0) !== 0;
    if (isTaken) await waiter.line();
    waiter.write("release");
    (await within(awaiting, 5000, "the lock behind the C program")).unlock();
    await waiter.ended;
    assert.ok(isTaken, "one who did not look had the only wake-up");
    memory.close();
  });

  it("awaited by many callers of one object serves them in order, past those that give up", async () => {
    const { memory } = make("order");
    const lock = FutexLock.over(memory, OFFSET);
    const guard = await lock.lock();
    const controller = new AbortController();
    const order: number[] = [];
    const waits = [1, 2, 3, 4].map(async (number) => {
      const limits = number === 1 ? { signal: controller.signal } : number === 2 ? { timeoutMs: 20 } : {};
      const mine = await lock.lock(limits);
      order.push(number);
      mine?.unlock();
    });
    const first = assert.rejects(waits[0], /enough/);
    controller.abort(new Error("enough"));
    await sleep(60);
    guard.unlock();
    await within(Promise.all([first, ...waits.slice(1)]), 5000, "the others");
    assert.deepEqual([order, lock.isLocked], [[2, 3, 4], false]);
    const held = lock.lockSync();
    const closed = lock.lock();
    const aborted = lock.lock({ timeoutMs: 60_000 });
    memory.close();
    for (const waiting of [closed, aborted]) await assert.rejects(waiting, { code: "EBADF" });
    assert.throws(() => held?.unlock(), { code: "EBADF" });
  });

  it("is not kept from a C program by callers that have given up", async () => {
    const { memory, name } = make("gone");
    const holder = program(name, "hold");
    await holder.line();
    const lock = FutexLock.over(memory, OFFSET);
    const callers = [20, 30, 40].map((timeoutMs) => lock.lock({ timeoutMs }));
    assert.deepEqual(await Promise.all(callers), [undefined, undefined, undefined]);
    const behind = program(name, "lock", 1);
    await behind.line();
    behind.write("go");
    await sleep(100);
    holder.write("release");
    await within(behind.ended, 5000, "the lock behind nobody");
    memory.close();
  });

  it("is not kept from a C program by a caller that is aborted at the instant of its wake-up", async () => {
    const { memory, name, words } = make("aborted");
    const other = Futex.over(memory, OFFSET + 128);
    const lock = FutexLock.over(memory, OFFSET);
    const early = await least(1, async () => {
      words[RELEASE] = 0;
      const holder = program(name, "hold", 50);
      await holder.line();
      const controller = new AbortController();
      other.wait(0).then(() => controller.abort(new Error("enough")));
      const aborted = assert.rejects(
        lock.lock({ signal: controller.signal }).then((guard) => guard.unlock()),
        /enough/,
      );
      const isEarly = aborted.then(
        () => 0,
        () => 1,
      ); // on a machine that is busy the abort may come too late
      await sleep(30);
      const behind = program(name, "lock", 1);
      await behind.line();
      behind.write("go");
      await sleep(50);
      await until(() => other.wake() === 1, "the abort");
      Atomics.store(words, RELEASE, 1);
      const end = performance.now() + 200;
      while (performance.now() < end); // both are told in one turn of the event loop
      await within(behind.ended, 5000, "the lock behind the aborted one");
      return isEarly;
    });
    assert.equal(early, 0, "the caller was not aborted");
    memory.close();
  });

  it("is given to every one of many awaiting callers", async () => {
    const { memory } = make("many");
    const lock = FutexLock.over(memory, OFFSET);
    let inside = 0;
    let served = 0;
    const callers = Array.from({ length: 100 }, async () => {
      const guard = await lock.lock();
      assert.equal(++inside, 1);
      await null;
      inside--;
      served++;
      guard.unlock();
    });
    await within(Promise.all(callers), 20_000, "a hundred callers");
    assert.deepEqual([served, lock.isLocked], [100, false]);
    memory.close();
  });

  it("says what is misuse", async () => {
    const { memory, words } = make("misuse");
    const lock = FutexLock.over(memory, OFFSET);
    const guard = await lock.lock();
    assert.throws(() => lock.lockSync(), { code: "EDEADLK" });
    const controller = new AbortController();
    const waiting = lock.lock({ signal: controller.signal });
    await sleep(10);
    controller.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
    guard.unlock();
    assert.throws(() => guard.unlock(), { code: "EPERM" });
    const second = lock.lockSync();
    words[0] = 0;
    assert.throws(() => second?.unlock(), { code: "EPERM" });
    assert.throws(() => FutexLock.over(memory, 6), RangeError);
    memory.close();
    assert.throws(() => lock.tryLock(), { code: "EBADF" });
    await assert.rejects(lock.lock(), { code: "EBADF" });
  });
});

describe("a futex, a futex lock and a spin lock by name", () => {
  after(cleanUp);

  it("lie at byte 0 of plain shared memory, whoever makes it", () => {
    for (const Kind of [FutexLock, SpinLock] as unknown as (typeof FutexLock)[]) {
      const name = uniqueName("word");
      const word = Kind.create(name, { unlinkOnClose: true });
      const raw = SharedMemory.open(name);
      assert.deepEqual([word.created, raw.size, Math.max(...raw.bytes)], [true, Kind.byteSize(), 0]);
      const same = Kind.openOrCreate(name);
      const guard = word.tryLock();
      assert.deepEqual([same.created, raw.bytes[0], same.tryLock(), same.isLocked], [false, 1, undefined, true]);
      guard?.unlock();
      for (const each of [same, same, raw, word]) each.close();
      assert.throws(() => word.tryLock(), { code: "EBADF" });
      assert.throws(() => Kind.open(name), { code: "ENOENT" });
      assert.equal(Kind.unlink(name), false);
      assert.throws(() => Kind.create(name, { size: 1 } as object), TypeError);
    }
    const memory = SharedMemory.create(uniqueName("made"), { size: 4, unlinkOnClose: true });
    const futex = Futex.open(memory.name as string);
    futex.store(7);
    assert.deepEqual([...memory.bytes], [7, 0, 0, 0]);
    for (const each of [futex, memory]) each.close();
    assert.throws(() => futex.load(), { code: "EBADF" });
  });

  it("meet a C program that maps the name", async () => {
    const name = uniqueName("mapped");
    const lock = FutexLock.create(name, { unlinkOnClose: true });
    const guard = lock.lockSync();
    const waiter = spawnProgram(compileC(futexProgram), [name, "0", "hold"]);
    await sleep(100);
    guard.unlock();
    await waiter.line();
    assert.equal(lock.tryLock(), undefined);
    const waiting = lock.lock();
    waiter.write("release");
    (await within(waiting, 5000, "the C program's lock")).unlock();
    const pending = lock.lock({ timeoutMs: 60_000 }).then((mine) => mine?.unlock());
    await pending;
    const held = lock.lockSync();
    const closed = lock.lock();
    lock.close();
    await assert.rejects(closed, { code: "EBADF" });
    assert.throws(() => held.unlock(), { code: "EBADF" });
    await waiter.ended;
  });

  it("are not taken out of what is something else", () => {
    const name = uniqueName("else");
    const mutex = Mutex.create(name, { unlinkOnClose: true });
    for (const Kind of [Futex, FutexLock, SpinLock] as unknown as (typeof FutexLock)[]) {
      assert.throws(() => Kind.open(name), { code: "EINVAL", message: /another object/ });
      assert.throws(() => Kind.create(name), { code: "EEXIST" });
      assert.throws(() => Kind.openOrCreate(name, { unlinkOnClose: true }), {
        code: "EINVAL",
        message: /another object/,
      });
    }
    Mutex.open(name).close(); // its name is still there
    mutex.close();
    const short = SharedMemory.create(name, { size: 3, unlinkOnClose: true });
    assert.throws(() => FutexLock.open(name), { code: "EINVAL", message: /too few/ });
    short.close();
  });
});

describe("a spin lock", () => {
  after(cleanUp);

  it("is a byte of 0 or 1 at any place", () => {
    const { memory, bytes } = make("byte");
    const lock = SpinLock.over(memory, 131);
    const guard = lock.lockSync();
    assert.deepEqual([...bytes.subarray(130, 133)], [0, 1, 0]);
    assert.equal(lock.tryLock(), undefined);
    guard.unlock();
    assert.equal(bytes[131], 0);
    memory.close();
  });

  it("held by a C program is waited for, and times out without burning the processor", async () => {
    const { memory, name, words } = make("spin-held");
    const lock = SpinLock.over(memory, OFFSET);
    const holder = program(name, "hold-spin", 100);
    await holder.line();
    const took = await least(1000, () => {
      const begin = performance.now();
      assert.equal(lock.lockSync({ timeoutMs: 200 }), undefined);
      return performance.now() - begin;
    });
    assert.ok(took >= 200 && took < 1000, `${took} ms`);
    const used = await processorMs(120, () => assert.equal(lock.lockSync({ timeoutMs: 200 }), undefined));
    assert.ok(used < 120, `${used} ms of processor time in 200 ms`);
    Atomics.store(words, RELEASE, 1);
    lock.lockSync().unlock();
    assert.equal((await holder.ended).code, 0);
    memory.close();
  });

  it("makes increments of C, of this runtime and of others exact", { timeout: 90_000 }, async () => {
    const { memory, name, words } = make("spin-counter");
    const rounds = 5000;
    const other = mainRuntimes.find((runtime) => runtime.name !== ownRuntime.name) ?? ownRuntime;
    const peers = [
      program(name, "spin", rounds),
      spawnPeer(ownRuntime, peer, [name, "spin", rounds]),
      spawnPeer(other, peer, [name, "spin", rounds]),
    ];
    assert.equal(await race(name, words, peers), 3 * rounds);
    memory.close();
  });

  it("says what is misuse", () => {
    const { memory, bytes } = make("spin-misuse");
    const lock = SpinLock.over(memory, OFFSET);
    const guard = lock.lockSync();
    assert.equal(lock.lockSync({ timeoutMs: 3 }), undefined);
    guard.unlock();
    assert.throws(() => guard.unlock(), { code: "EPERM" });
    const second = lock.lockSync();
    bytes[OFFSET] = 0;
    assert.throws(() => second.unlock(), { code: "EPERM" });
    assert.throws(() => SpinLock.over(memory, 4096), RangeError);
    for (const bad of [undefined, {}, bytes, new Uint8Array(8)])
      assert.throws(() => SpinLock.over(bad as SharedMemory, 0), TypeError);
    memory.close();
    assert.throws(() => lock.tryLock(), { code: "EBADF" });
    assert.throws(() => SpinLock.over(memory, OFFSET), { code: "EBADF" });
  });
});
