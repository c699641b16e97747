// Objects over a memory: beside their participants and never on top of them, in one open memory; names and options.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import {
  AnonymousMemory,
  Event,
  LatestValue,
  MappedFile,
  Mutex,
  Participants,
  RwLock,
  SharedMap,
  SharedMemory,
  SpscRing,
} from "../../mod.ts";
import type { MemoryRegion } from "../../src/memory/memory_region.ts";
import { cleanUp, objectExists, temporaryDirectory, uniqueName } from "../support/mod.ts";

const TABLE = Participants.byteSize();

type Lay = (memory: MemoryRegion, byteOffset: number, options: { participants: Participants }) => { close(): void };

/** Every kind of object, of 5000 bytes and more where it may be that large. */
const kinds: Record<string, Lay> = {
  SpscRing: (memory, at, options) => SpscRing.over(memory, at, { ...options, capacity: 4096 }),
  LatestValue: (memory, at, options) => LatestValue.over(memory, at, { ...options, size: 1000 }),
  SharedMap: (memory, at, options) => SharedMap.over(memory, at, { ...options, capacity: 50, valueSize: 50 }),
  Mutex: (memory, at, options) => Mutex.over(memory, at, options),
  RwLock: (memory, at, options) => RwLock.over(memory, at, options),
  Event: (memory, at, options) => Event.over(memory, at, options),
};

/** Those of 128 bytes. */
const SMALL = ["Mutex", "Event"];

/** Memory whose table stands in its middle. */
function makeMemory(at = 3 * TABLE) {
  const memory = SharedMemory.anonymous({ size: 8 * TABLE });
  const participants = Participants.over(memory, at);
  return { memory, participants, owner: participants.join() };
}

for (const [kind, lay] of Object.entries(kinds)) {
  describe(`${kind} over a memory`, () => {
    after(cleanUp);

    it("is refused on top of its participants, which live on", () => {
      const { memory, participants, owner } = makeMemory();
      const before = memory.bytes.slice();
      for (const byteOffset of [3 * TABLE, 3 * TABLE + 128, 4 * TABLE - 128]) {
        const expected = { name: "RangeError", message: /would lie over its participants, bytes 24576 to 32768/ };
        assert.throws(() => lay(memory, byteOffset, { participants }), expected, `${byteOffset}`);
      }
      const layBefore = () => lay(memory, 3 * TABLE - 128, { participants }).close();
      if (SMALL.includes(kind)) layBefore();
      else assert.throws(layBefore, { name: "RangeError", message: /would lie over its participants/ });
      assert.deepEqual(memory.bytes.slice(3 * TABLE), before.slice(3 * TABLE));
      assert.equal(participants.isProvenDead(owner), false);
      for (const byteOffset of [0, 4 * TABLE]) lay(memory, byteOffset, { participants }).close();
      memory.close();
    });

    it("is refused with participants of another memory, or of this one before it grew", () => {
      const { memory, participants } = makeMemory();
      const other = SharedMemory.create(uniqueName("other"), { size: 8 * TABLE });
      const expected = { name: "TypeError", message: /participants in its own memory/ };
      assert.throws(() => lay(other, 0, { participants }), expected);
      const early = Participants.over(other, 3 * TABLE);
      other.resize(9 * TABLE);
      assert.throws(() => lay(other, 0, { participants: early }), expected);
      lay(other, 0, { participants: Participants.over(other, 3 * TABLE) }).close();
      for (const one of [memory, other]) one.close();
    });

    it("is refused over closed memory, memory of this process alone, and what is no memory", () => {
      const { memory, participants } = makeMemory();
      const own = AnonymousMemory.create({ size: 8 * TABLE });
      for (const wrong of [own, {}, undefined, null, new ArrayBuffer(8 * TABLE)])
        assert.throws(() => lay(wrong as never, 0, { participants }), {
          name: "TypeError",
          message: /SharedMemory or a/,
        });
      own.close();
      memory.close();
      assert.throws(() => lay(memory, 0, { participants }), { code: "EBADF", message: /the memory is closed/ });
    });
  });
}

describe("participants of a memory", () => {
  after(cleanUp);

  it("are refused where it is closed, too small, or of this process alone", () => {
    const memory = SharedMemory.anonymous({ size: 4096 });
    const tooSmall = { name: "RangeError", message: /8192 bytes does not fit into a memory of 4096 bytes/ };
    assert.throws(() => Participants.over(memory, 0), tooSmall);
    memory.close();
    assert.throws(() => Participants.over(memory, 0), { code: "EBADF", message: /the memory is closed/ });
    const own = AnonymousMemory.create({ size: TABLE });
    assert.throws(() => Participants.over(own as never, 0), { name: "TypeError", message: /SharedMemory or a/ });
    own.close();
  });

  it("cannot join once it is closed or mapped anew", () => {
    const { memory, participants } = makeMemory();
    memory.close();
    assert.throws(() => participants.join(), { code: "EBADF", message: /closed/ });
    const file = MappedFile.create(`${temporaryDirectory()}/file`, { size: TABLE });
    const early = Participants.over(file, 0);
    early.join();
    file.grow(2 * TABLE);
    assert.throws(() => early.join(), { code: "EBADF", message: /mapped anew/ });
    assert.ok(Participants.over(file, 0).join() > 0);
    file.close();
  });

  it("that are closed are forgotten by it, and closed in time when they join again", () => {
    const { memory, participants } = makeMemory();
    const counts: number[] = [];
    const dependents = { size: 0 };
    const region = new Proxy(memory, {
      get(target, name) {
        if (name === "beforeClose") return () => dependents.size++;
        if (name === "afterClose") return () => dependents.size--;
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    for (let round = 0; round < 3; round++) {
      Participants.over(region, 4 * TABLE).close();
      counts.push(dependents.size);
    }
    assert.deepEqual(counts, [0, 0, 0]);
    participants.close();
    const again = participants.join();
    const other = Participants.over(memory, 3 * TABLE);
    assert.equal(other.isDead(again), false);
    memory.close();
    assert.equal(participants.owner, 0);
  });
});

describe("options of named objects", () => {
  after(cleanUp);

  const openOrCreate: Record<string, (name: string, options: object) => { close(): void; created: boolean }> = {
    SharedMemory: (name, options) => SharedMemory.openOrCreate(name, { size: 4096, ...options }),
    SpscRing: (name, options) => SpscRing.openOrCreate(name, { capacity: 64, ...options }),
    LatestValue: (name, options) => LatestValue.openOrCreate(name, { size: 64, ...options }),
    SharedMap: (name, options) => SharedMap.openOrCreate(name, { capacity: 8, valueSize: 8, ...options }),
    Mutex: (name, options) => Mutex.openOrCreate(name, options),
  };
  for (const [kind, make] of Object.entries(openOrCreate)) {
    it(`are checked by openOrCreate of ${kind}, be it there or not`, () => {
      const name = uniqueName("options");
      const refuse = () => {
        assert.throws(() => make(name, { unlinkOnClose: "no" }), { name: "TypeError", message: /unlinkOnClose/ });
        assert.throws(() => make(name, { mode: "x" }), { name: "TypeError", message: /mode/ });
        assert.throws(() => make(name, { mode: 0o1777 }), { name: "RangeError", message: /mode/ });
      };
      refuse();
      assert.equal(objectExists(name), false);
      const first = make(name, {});
      refuse();
      assert.equal(objectExists(name), true);
      make(name, { unlinkOnClose: true, mode: 0o600 }).close();
      assert.equal(objectExists(name), false);
      first.close();
    });
  }

  const open: Record<string, (name: string, options: object) => { close(): void }> = {
    SpscRing: (name, options) => SpscRing.open(name, options),
    LatestValue: (name, options) => LatestValue.open(name, options),
    SharedMap: (name, options) => SharedMap.open(name, options),
    Mutex: (name, options) => Mutex.open(name, options),
  };
  for (const [kind, attempt] of Object.entries(open)) {
    it(`are checked by open of ${kind}, be it there or not`, () => {
      const name = uniqueName("options");
      const refuse = () => {
        assert.throws(() => attempt(name, { timeout: 1 }), { name: "TypeError", message: /no option "timeout"/ });
        for (const wrong of ["1", null])
          assert.throws(() => attempt(name, { timeoutMs: wrong }), { name: "TypeError", message: /timeoutMs/ });
        assert.throws(() => attempt(name, { timeoutMs: -1 }), { name: "RangeError", message: /timeoutMs/ });
      };
      refuse();
      const first = openOrCreate[kind]?.(name, { unlinkOnClose: true });
      refuse();
      attempt(name, { timeoutMs: 0 }).close();
      first?.close();
    });
  }

  it("that are missing altogether are a TypeError that names them", () => {
    const { memory } = makeMemory();
    const none = undefined as never;
    const calls: [string, () => unknown][] = [
      ["capacity", () => SpscRing.create("/x", none)],
      ["capacity", () => SpscRing.openOrCreate("/x", none)],
      ["participants", () => SpscRing.over(memory, 0, none)],
      ["size", () => LatestValue.create("/x", none)],
      ["size", () => LatestValue.openOrCreate("/x", none)],
      ["size", () => LatestValue.byteSize(none)],
      ["participants", () => LatestValue.over(memory, 0, none)],
      ["capacity", () => SharedMap.create("/x", none)],
      ["participants", () => SharedMap.over(memory, 0, none)],
      ["participants", () => Mutex.over(memory, 0, none)],
      ["size", () => SharedMemory.create("/x", none)],
      ["size", () => SharedMemory.openOrCreate("/x", none)],
      ["size", () => MappedFile.openOrCreate("/nowhere/x", none)],
    ];
    for (const [option, call] of calls)
      assert.throws(call, { name: "TypeError", message: new RegExp(`^(?!Cannot).*\\b${option}\\b`) });
    memory.close();
  });
});

describe("participants that close", () => {
  after(cleanUp);

  it("close what was laid with them, and pass on what it held", async () => {
    const { memory, participants } = makeMemory();
    const heirs = Participants.over(memory, 3 * TABLE); // as another process sees them
    const mutex = Mutex.over(memory, 0, { participants });
    const event = Event.over(memory, 128, { participants });
    const ring = SpscRing.over(memory, 4 * TABLE, { participants, capacity: 4096 });
    const producer = ring.producer();
    assert.ok(mutex.tryLock());
    const waiting = event.wait();
    participants.close();
    await assert.rejects(waiting, { code: "EBADF" });
    assert.throws(() => mutex.tryLock(), { code: "EBADF" });
    assert.throws(() => producer.trySend(new Uint8Array(1)), { code: "EBADF" });
    assert.ok(Mutex.over(memory, 0, { participants: heirs }).tryLock()?.recovered);
    assert.equal(
      SpscRing.over(memory, 4 * TABLE, { participants: heirs })
        .producer()
        .trySend(new Uint8Array(1)),
      true,
    );
    memory.close();
  });

  it("and join again do so anew, and close with their memory", () => {
    const { memory, participants } = makeMemory();
    const first = Mutex.over(memory, 0, { participants });
    participants.close();
    const second = Mutex.over(memory, 0, { participants });
    assert.throws(() => first.tryLock(), { code: "EBADF" });
    assert.ok(second.tryLock());
    memory.close();
    assert.equal(participants.owner, 0);
    assert.throws(() => second.tryLock(), { code: "EBADF" });
  });
});
