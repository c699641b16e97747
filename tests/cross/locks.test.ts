// Locks between runtimes and C: the same bytes, one owner, exact sums, and deaths that are told across.

import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { after, describe, it } from "node:test";
import { Event, Mutex, Semaphore, SharedMemory } from "../../mod.ts";
import * as segment from "../../src/memory/layout.ts";
import * as layout from "../../src/sync/layout.ts";
import { ledgerDefinitions } from "../crash/lock_ledger.ts";
import { compilePeer } from "../support/c_peer.ts";
import {
  cleanUp,
  compileC,
  mainRuntimes,
  objectPath,
  projectRoot,
  runtimeNamed,
  spawnProgram,
  uniqueName,
  within,
} from "../support/mod.ts";
import { SyncPeer } from "../sync/scene.ts";
import {
  CCaller,
  EAGAIN,
  EBUSY,
  EDEADLK,
  EINVAL,
  ENOENT,
  ENOTRECOVERABLE,
  EPERM,
  ETIMEDOUT,
  RECOVERED,
} from "./c_caller.ts";
import { countTogether } from "./counter.ts";

const cPeer = () => compilePeer("tests/cross/lock_peer.c", { parameters: ledgerDefinitions });

describe("include/linux_ipc.h", () => {
  after(cleanUp);

  it("compiles without a warning as C11, as GNU C11 and as C++, with nothing defined for it", () => {
    const warnings = ["-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Wcast-align"];
    for (const flags of [["-std=c11"], ["-std=gnu11"], ["-x", "c++", "-std=c++17", "-fno-exceptions"]])
      compilePeer("tests/cross/call_peer.c", { parameters: [...warnings, ...flags] });
  });

  it("says what to do where a system header came first and has hidden what it needs", () => {
    const source = '#include <stdio.h>\n#include "linux_ipc.h"\nint main(void) { return 0; }\n';
    const compile = (...parameters: string[]) =>
      compileC(source, { parameters: [`-I${projectRoot}include`, ...parameters] });
    assert.throws(() => compile("-std=c11"), /include linux_ipc\.h before all system headers/);
    for (const parameters of [["-std=c11", "-D_DEFAULT_SOURCE"], ["-std=gnu11"]]) compile(...parameters);
  });

  it("is refused where it would not be what the library is: in 32-bit programs", () => {
    const compile = () => compilePeer("examples/c_peer/peer.c", { parameters: ["-target", "x86-linux-musl"] });
    assert.throws(compile, /64-bit programs on x86-64 and aarch64/);
  });

  it("has the layouts of TypeScript", async () => {
    const { stdout } = await spawnProgram(cPeer(), ["LAYOUT"]).ended;
    const said = Object.fromEntries(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" ")),
    );
    const expected = {
      "header.magic": segment.MAGIC_OFFSET,
      "header.version": segment.VERSION_OFFSET,
      "header.kind": segment.KIND_OFFSET,
      "header.object_version": segment.OBJECT_VERSION_OFFSET,
      "header.size": segment.SIZE_OFFSET,
      "header.created": segment.CREATED_OFFSET,
      "slot.life": segment.SLOT_LIFE_OFFSET,
      "slot.generation": segment.SLOT_GENERATION_OFFSET,
      "slot.pid": segment.SLOT_PID_OFFSET,
      slot: segment.SLOT_SIZE,
      "mutex.word": layout.LOCK,
      "mutex.state": layout.STATE,
      "mutex.dead_pid": layout.DEAD_PID,
      "mutex.eventcount": layout.LOCK_EVENTCOUNT,
      "mutex.reason": layout.REASON,
      mutex: layout.MUTEX_SIZE,
      "event.eventcount": layout.EVENTCOUNT,
      "event.is_set": layout.EVENT_IS_SET,
      "event.resets": layout.EVENT_RESETS,
      event: layout.EVENT_SIZE,
      "semaphore.eventcount": layout.EVENTCOUNT,
      "semaphore.value": layout.SEMAPHORE_VALUE,
      "semaphore.owned": layout.SEMAPHORE_OWNED,
      semaphore: Semaphore.byteSize(),
      "condition.eventcount": layout.EVENTCOUNT,
      condition: layout.CONDITION_SIZE,
      "barrier.eventcount": layout.EVENTCOUNT,
      "barrier.phase": layout.BARRIER_PHASE,
      "barrier.parties": layout.BARRIER_PARTIES,
      "barrier.members": layout.BARRIER_MEMBERS,
      "barrier.arrived": layout.BARRIER_ARRIVED,
      barrier: layout.BARRIER_SIZE,
      "once.word": layout.LOCK,
      "once.done": layout.ONCE_DONE,
      "once.eventcount": layout.LOCK_EVENTCOUNT,
      once: layout.ONCE_SIZE,
      "rwlock.writer": layout.LOCK,
      "rwlock.drain": layout.RWLOCK_DRAIN,
      "rwlock.prefers_readers": layout.RWLOCK_PREFERS_READERS,
      "rwlock.entered": layout.RWLOCK_ENTERED,
      "rwlock.readers": layout.RWLOCK_READERS,
      rwlock: layout.RWLOCK_SIZE,
      OWNED_MOST: layout.SEMAPHORE_OWNED_MOST,
      MAGIC: segment.SEGMENT_MAGIC,
      TABLE: segment.PARTICIPANTS_OFFSET,
      OBJECT: segment.OBJECT_OFFSET,
      SLOTS: segment.PARTICIPANTS_COUNT,
      SOUND: layout.STATE_SOUND,
      SUSPECT: layout.STATE_SUSPECT,
      UNRECOVERABLE: layout.STATE_UNRECOVERABLE,
      OWNER_DIED: segment.OWNER_DIED,
      NO_ROBUST_LIST: segment.LIFE_WITHOUT_ROBUST_LIST,
      SLEEPERS: 1,
      VERSION: segment.SEGMENT_VERSION,
      OBJECT_VERSION: layout.VERSION,
    };
    assert.deepEqual(said, Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, `${value}`])));
  });

  it("refuses what is something else", async () => {
    const name = uniqueName("kind");
    const event = Event.create(name, { unlinkOnClose: true });
    for (const [what, answer] of [
      [name, EINVAL],
      [uniqueName("nothing"), ENOENT],
    ])
      assert.equal((await CCaller.spawn("MUTX", what as string).ended).stdout, `${answer}\n`);
    event.close();
  });

  it("refuses a segment that does not have the size that it says, or no room for the object", async () => {
    const name = uniqueName("cut");
    Mutex.create(name).close();
    const open = async () => {
      const c = CCaller.spawn("MUTX", name);
      const result = await c.line();
      c.kill();
      return result;
    };
    const memory = SharedMemory.open(name);
    const header = new DataView(memory.buffer);
    header.setFloat64(segment.SIZE_OFFSET, memory.size + 4096, true);
    assert.equal(await open(), EINVAL);
    header.setFloat64(segment.SIZE_OFFSET, memory.size, true);
    assert.equal(await open(), "0");
    truncateSync(objectPath(name), segment.OBJECT_OFFSET);
    assert.equal(await open(), EINVAL);
    header.setFloat64(segment.SIZE_OFFSET, segment.OBJECT_OFFSET, true);
    assert.equal(await open(), EINVAL);
    memory.close();
  });

  it("takes a lock whose word names a slot that is none, or a generation 0, from the dead", async () => {
    const name = uniqueName("garbage");
    Mutex.create(name).close();
    const memory = SharedMemory.open(name);
    const word = new Uint32Array(memory.buffer, segment.OBJECT_OFFSET, 1);
    const c = await CCaller.start("MUTX", name);
    for (const garbage of [0x400, 0x7ff, 0x481, 0x80000400, 0x800007ff, 0xffffffff, 0x485, 5, 0x80000005]) {
      word[0] = garbage;
      assert.deepEqual([garbage, await c.call("lock 100")], [garbage, RECOVERED]);
      assert.equal(await c.call("dead 0"), "0");
      assert.deepEqual([await c.call("repaired 0"), await c.call("unlock 0")], ["0", "0"]);
    }
    c.peer.kill();
    memory.close();
  });

  it("takes a lock whose holder looks alive without its slot's lock: a file may outlive its kernel", async () => {
    const name = uniqueName("outlived");
    const mutex = Mutex.create(name, { unlinkOnClose: true });
    const held = mutex.lockSync();
    const memory = SharedMemory.open(name);
    const words = new Int32Array(memory.buffer);
    const stale = (segment.PARTICIPANTS_OFFSET + 100 * segment.SLOT_SIZE) / 4;
    words[stale + segment.SLOT_LIFE_OFFSET / 4] = 4_000_000; // a thread that no kernel marks any more
    words[stale + segment.SLOT_GENERATION_OFFSET / 4] = 7;
    const c = await CCaller.start("MUTX", name);
    assert.equal(await c.call("try 0"), EBUSY); // we are alive, and stay so
    held?.unlock();
    words[(segment.OBJECT_OFFSET + layout.LOCK) / 4] = (7 << 10) | 101;
    assert.equal(await c.call("lock 1000"), RECOVERED);
    assert.deepEqual([await c.call("repaired 0"), await c.call("unlock 0")], ["0", "0"]);
    c.peer.kill();
    memory.close();
    mutex.close();
  });

  it("takes no id from the beginning of a new table: a word that outlived its table may carry that", async () => {
    const name = uniqueName("new-table");
    const mutex = Mutex.create(name, { unlinkOnClose: true });
    const memory = SharedMemory.open(name);
    new Int32Array(memory.buffer)[(segment.OBJECT_OFFSET + layout.LOCK) / 4] = (1 << 10) | 2; // the second slot's first
    const c = await CCaller.start("MUTX", name);
    assert.equal(await c.call("lock 1000"), RECOVERED);
    c.peer.kill();
    memory.close();
    mutex.close();
  });

  it("serves a child after fork(2) whose parent had opened, and leaves the parent alive", async () => {
    const name = uniqueName("fork");
    const mutex = Mutex.create(name, { unlinkOnClose: true });
    const parent = spawnProgram(cPeer(), ["FORK", name]);
    assert.equal(await parent.line(), `9 ${RECOVERED} 1`);
    assert.equal(mutex.tryLock(), undefined);
    parent.write("");
    assert.equal((await parent.ended).code, 0);
    mutex.close();
  });

  it("shares events and counting semaphores with us", async () => {
    const [eventName, seatsName] = [uniqueName("event"), uniqueName("seats")];
    const event = Event.create(eventName, { autoReset: true, unlinkOnClose: true });
    const seats = Semaphore.create(seatsName, { value: 1, unlinkOnClose: true });
    const [c, d] = [await CCaller.start("EVNT", eventName), await CCaller.start("SEMA", seatsName)];
    const waiting = event.wait();
    assert.equal(await c.call("set 0"), "0");
    assert.equal(await within(waiting, 5000, "the event"), true);
    assert.equal(await c.call("wait 20"), ETIMEDOUT);
    c.begin("wait -1");
    await new Promise((resolve) => setTimeout(resolve, 50));
    event.set();
    assert.equal(await c.answer(), "0");
    assert.equal(event.isSet, false);
    assert.equal(await d.call("acquire -1"), "0");
    assert.deepEqual(
      [seats.tryAcquire(), await d.call("try 0"), await d.call("acquire 20")],
      [false, EAGAIN, ETIMEDOUT],
    );
    const permit = seats.acquire();
    assert.equal(await d.call("release 1"), "0");
    assert.equal(await within(permit, 5000, "the permit"), true);
    for (const { peer } of [c, d]) peer.kill();
    event.close();
    seats.close();
  });
});

describe("a mutex between C and", () => {
  after(cleanUp);

  for (const runtime of mainRuntimes) {
    it(`${runtime.name} has one owner, tells deaths both ways, and gives up for both`, async () => {
      const name = uniqueName("c");
      const mutex = Mutex.create(name, { unlinkOnClose: true });
      const ours = await SyncPeer.start("Mutex", name, { runtime });
      let c = await CCaller.start("MUTX", name);
      assert.equal(await c.call("lock -1"), "0");
      assert.deepEqual([await c.call("lock -1"), await c.call("try 0")], [EDEADLK, EDEADLK]);
      assert.equal(await ours.call("object tryLock"), "undefined");
      ours.begin("object lock");
      assert.equal(await c.call("unlock 0"), "0");
      assert.equal(await ours.answer(), "guard -");
      assert.deepEqual(
        [await c.call("unlock 0"), await c.call("try 0"), await c.call("lock 20")],
        [EPERM, EBUSY, ETIMEDOUT],
      );
      c.begin("lock -1");
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(await ours.call("guard unlock"), "undefined");
      assert.equal(await c.answer(), "0");
      ours.begin("object lockSync");
      await new Promise((resolve) => setTimeout(resolve, 50));
      c.peer.kill();
      assert.equal(await ours.answer(), `guard ${c.peer.pid}`);
      await ours.call("guard repaired");
      c = await CCaller.start("MUTX", name);
      c.begin("lock -1");
      await new Promise((resolve) => setTimeout(resolve, 50));
      await ours.kill();
      assert.equal(await c.answer(), RECOVERED);
      assert.equal(await c.call("dead 0"), `${ours.pid}`);
      assert.deepEqual([await c.call("repaired 0"), await c.call("unlock 0"), await c.call("try 0")], ["0", "0", "0"]);
      assert.equal(await c.call("give-up 0"), "0");
      assert.equal(await c.call("lock -1"), ENOTRECOVERABLE);
      assert.throws(() => mutex.lockSync(), { code: "ENOTRECOVERABLE", message: /C gave it up/ });
      c.peer.kill();
      mutex.close();
    });
  }
});

describe("a mutex in C", () => {
  after(cleanUp);

  it("whose word names a slot that nobody has ever held is taken from the dead", async () => {
    const name = uniqueName("nobody");
    const mutex = Mutex.create(name, { unlinkOnClose: true });
    const memory = SharedMemory.open(name);
    const c = await CCaller.start("MUTX", name);
    Atomics.store(new Int32Array(memory.buffer), (segment.OBJECT_OFFSET + layout.LOCK) / 4, 7);
    assert.equal(await c.call("lock 1000"), RECOVERED);
    c.peer.kill();
    memory.close();
    mutex.close();
  });
});

describe("a counter under a mutex", () => {
  after(cleanUp);
  const ROUNDS = 20_000;

  for (const names of [
    ["bun", "deno", "node22", "node26"],
    ["bun", "deno", "node26", "C"],
  ]) {
    it(`of ${names.join(", ")} is exact`, async (t) => {
      const processes = names.map((name) => (name === "C" ? "C" : runtimeNamed(name)));
      const { total, handOffs, milliseconds } = await countTogether(processes, ROUNDS, 60_000);
      t.diagnostic(`${total} in ${milliseconds} ms, ${handOffs} hand-offs`);
      assert.equal(total, 4 * ROUNDS);
      assert.ok(handOffs >= 4);
    });
  }
});
