// SharedMap over parts of a memory, and over memory that says what no writer would have written.

import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { IpcError, MappedFile, Participants, SharedMap, SharedMemory } from "../../mod.ts";
import { OBJECT_OFFSET } from "../../src/memory/layout.ts";
import * as layout from "../../src/ring/map/layout.ts";
import { LockWord } from "../../src/sync/lock_word.ts";
import { cleanUp, objectPath, ownRuntime, Random, temporaryDirectory, uniqueName } from "../support/mod.ts";
import { assertLeavesNothing } from "./leaves.ts";
import { bytes, contentOf, MapBytes, makeMap, text } from "./shared_map_parts.ts";

const TABLE = Participants.byteSize();
const SIZE = { capacity: 8, keySize: 8, valueSize: 20 };

function makeMemory(size: number) {
  const memory = SharedMemory.anonymous({ size });
  return { memory, participants: Participants.over(memory, 0) };
}

describe("a map over a memory", () => {
  after(cleanUp);

  it("is laid over zeros, found again with its entries, and leaves the memory open", () => {
    const size = SharedMap.byteSize(SIZE);
    const { memory, participants } = makeMemory(TABLE + 2 * size);
    const maps = [TABLE, TABLE + size].map((offset) => SharedMap.over(memory, offset, { participants, ...SIZE }));
    maps.forEach((map, index) => {
      assert.equal(map.created, true);
      map.set("key", bytes(`${index}`));
      map.close();
    });
    const again = SharedMap.over(memory, TABLE, { participants });
    const other = SharedMap.over(memory, TABLE + size, { participants, ...SIZE });
    assert.deepEqual([again.created, again.capacity, contentOf(again)], [false, 8, { key: "0" }]);
    assert.deepEqual([other.created, contentOf(other)], [false, { key: "1" }]);
    for (const one of [again, other, participants, memory]) one.close();
  });

  it("refuses what does not fit, what disagrees, and no size where there is none", () => {
    const { memory, participants } = makeMemory(TABLE + SharedMap.byteSize(SIZE));
    const lay = (offset: number, options: object) => () =>
      SharedMap.over(memory, offset, { participants, ...options } as never);
    assert.throws(lay(TABLE, {}), { code: "EINVAL" });
    for (const offset of [TABLE + 64, -128, memory.size, 0.5]) assert.throws(lay(offset, SIZE), RangeError);
    assert.throws(lay(TABLE, { ...SIZE, valueSize: 500 }), RangeError);
    assert.throws(lay(TABLE, { ...SIZE, participants: {} }), TypeError);
    assert.throws(lay(TABLE, { ...SIZE, size: 5 }), TypeError);
    assert.throws(lay(TABLE, { ...SIZE, evict: "all" }), RangeError);
    assert.throws(lay(TABLE, { ...SIZE, evict: true }), TypeError);
    assert.throws(lay(TABLE, { ...SIZE, writeTimeoutMs: -1 }), RangeError);
    assert.ok(memory.bytes.subarray(TABLE).every((byte) => byte === 0));
    SharedMap.over(memory, TABLE, { participants, ...SIZE }).close();
    for (const other of [{ capacity: 9 }, { keySize: 9 }, { valueSize: 21 }, { evict: "lru" }]) {
      assert.throws(lay(TABLE, other), { code: "EINVAL" });
    }
    assert.throws(lay(TABLE, { evict: "all" }), RangeError);
    assert.throws(lay(TABLE, { evict: true }), TypeError);
    memory.bytes.fill(7, TABLE, TABLE + 4);
    assert.throws(lay(TABLE, SIZE), { code: "EBADMSG" });
    for (const one of [participants, memory]) one.close();
  });

  it("evicts only for who asked for it, or who takes what is there", () => {
    const { memory, participants } = makeMemory(TABLE + SharedMap.byteSize({ ...SIZE, evict: "lru" }));
    const lay = (options: object) => SharedMap.over(memory, TABLE, { participants, ...options });
    lay({ ...SIZE, evict: "lru" }).close();
    assert.throws(() => lay(SIZE), { code: "EINVAL", message: /evict lru, none asked\)$/ });
    for (const options of [{}, { capacity: 8 }, { keySize: 8 }, { evict: "lru" }]) {
      const map = lay(options);
      assert.equal(map.evict, "lru");
      map.close();
    }
    for (const one of [participants, memory]) one.close();
  });

  const isBun = ownRuntime.name === "bun";

  it("keeps its expiry times beyond 16 GiB, and writes nowhere else", {
    skip: isBun && "it cannot hold that much",
  }, () => {
    const far = 2 ** 34 + 2 ** 20;
    const file = MappedFile.create(join(temporaryDirectory(), "far"), { size: far + 2 ** 20, sparse: true });
    const map = SharedMap.over(file, far, { participants: Participants.over(file, 0), ...SIZE });
    map.set("stays", bytes("a"), { ttlMs: 1e6 });
    map.set("goes", bytes("b"), { ttlMs: 1 });
    while (map.has("goes"));
    assert.deepEqual([contentOf(map), text(map.get("stays")), map.get("goes")], [{ stays: "a" }, "a", undefined]);
    assert.deepEqual([map.removeExpired(), map.size], [1, 1]);
    const low = new Uint8Array(file.buffer, TABLE, 2 ** 20 + SharedMap.byteSize(SIZE)); // where 32 bits of an index lead
    assert.ok(low.every((byte) => byte === 0));
    file.close();
  });

  it("is closed with its memory", () => {
    const { memory, participants } = makeMemory(TABLE + SharedMap.byteSize(SIZE));
    const map = SharedMap.over(memory, TABLE, { participants, ...SIZE });
    map.set("key", bytes("x"));
    participants.close();
    memory.close();
    assert.throws(() => map.get("key"), { code: "EBADF" });
    assert.throws(() => map.set("key", bytes("y")), { code: "EBADF" });
    map.close();
  });
});

describe("a map whose lock is held", () => {
  after(cleanUp);

  it("by one that lives: writes time out, reads go on", () => {
    const { memory, participants } = makeMemory(TABLE + SharedMap.byteSize(SIZE));
    const map = SharedMap.over(memory, TABLE, { participants, ...SIZE, writeTimeoutMs: 20 });
    map.set("key", bytes("value"));
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, (TABLE + layout.LOCK) / 4, participants.owner);
    assert.throws(() => map.set("key", bytes("other")), { code: "ETIMEDOUT", message: /is it stopped/ });
    assert.throws(() => map.delete("key"), { code: "ETIMEDOUT" });
    assert.equal(text(map.get("key")), "value");
    Atomics.store(words, (TABLE + layout.LOCK) / 4, 0);
    assert.equal(map.set("key", bytes("other")), true);
    for (const one of [map, participants, memory]) one.close();
  });

  it("is waited for asleep, where who lets go wakes", () => {
    const { memory, participants } = makeMemory(TABLE + SharedMap.byteSize(SIZE));
    const map = SharedMap.over(memory, TABLE, { participants, ...SIZE, writeTimeoutMs: 150 });
    map.set("key", bytes("value"));
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, (TABLE + layout.LOCK) / 4, participants.owner);
    const { announce } = LockWord.prototype;
    let sleeps = 0;
    LockWord.prototype.announce = function () {
      sleeps++;
      return announce.call(this);
    };
    try {
      // again, where the time was over before it came to sleep
      for (let tries = 0; tries < 4 && sleeps === 0; tries++)
        assert.throws(() => map.set("key", bytes("other")), { code: "ETIMEDOUT" });
    } finally {
      LockWord.prototype.announce = announce;
    }
    assert.ok(sleeps > 0 && sleeps < 20, `${sleeps} sleeps in 150 ms`);
    const eventcount = (TABLE + layout.LOCK_EVENTCOUNT) / 4;
    const before = words[eventcount] as number;
    Atomics.store(words, (TABLE + layout.LOCK) / 4, 0);
    map.delete("key");
    assert.notEqual(words[eventcount], before);
    for (const one of [map, participants, memory]) one.close();
  });

  it("by one that cannot be: it is taken and repaired", () => {
    const { name, map } = makeMap("dead", SIZE);
    const behind = new MapBytes(name);
    for (const key of ["a", "b", "c"]) map.set(key, bytes(key));
    behind.set(layout.COUNT, 77);
    behind.set(layout.FREE_FIRST, 5);
    behind.set(layout.FRESH, -1);
    behind.set(layout.LOCK, (123 << 10) | 99);
    assert.equal(map.set("d", bytes("d")), true);
    behind.set(layout.LOCK, 7); // of a slot that nobody has ever held
    assert.equal(map.set("d", bytes("d")), true);
    assert.deepEqual([map.size, contentOf(map)], [4, { a: "a", b: "b", c: "c", d: "d" }]);
    assert.equal(behind.get(layout.FRESH), SIZE.capacity + layout.SPARES);
    behind.close();
    map.close();
  });
});

describe("corrupted bytes of a map", () => {
  after(cleanUp);

  it("in the header are EBADMSG at open", () => {
    const words = [
      [layout.MAGIC, 0],
      [layout.MAGIC, 5],
      [layout.VERSION, 99],
      [layout.CAPACITY, 0],
      [layout.CAPACITY, 2 ** 24],
      [layout.CAPACITY, -1],
      [layout.KEY_SIZE, 0],
      [layout.KEY_SIZE, 5000],
      [layout.VALUE_SIZE, -1],
      [layout.VALUE_SIZE, 2 ** 28],
      [layout.FLAGS, 2],
    ] as const;
    for (const [offset, value] of words) {
      const { name, map } = makeMap("header", SIZE);
      const behind = new MapBytes(name);
      behind.set(offset, value);
      assert.throws(() => SharedMap.open(name), { code: "EBADMSG" }, `${offset} = ${value}`);
      behind.close();
      map.close();
    }
  });

  it("in the header leave nothing open", () => {
    const { name, map } = makeMap("leaves", SIZE);
    const behind = new MapBytes(name);
    assertLeavesNothing("EINVAL", () => SharedMap.openOrCreate(name, { ...SIZE, capacity: 9 }));
    behind.set(layout.CAPACITY, 0);
    assertLeavesNothing("EBADMSG", () => SharedMap.open(name));
    behind.close();
    map.close();
  });

  it("in links and lengths are EBADMSG, and never an access beyond the map", () => {
    const { name, map } = makeMap("links", { ...SIZE, capacity: 1 });
    const behind = new MapBytes(name);
    map.set("key", bytes("good"));
    for (const link of [0, 18, -2, 2 ** 31 - 1, -(2 ** 31)]) {
      behind.set(layout.FIRST_BUCKET, link);
      const uses = [() => map.get("key"), () => map.has("x"), () => [...map], () => map.set("key", bytes("x"))];
      for (const use of [...uses, () => map.delete("key"), () => map.clear()]) {
        assert.throws(use, { code: "EBADMSG" }, `link ${link}`);
      }
    }
    behind.set(layout.FIRST_BUCKET, 1);
    const slot = behind.slotOffset(1);
    for (const length of [21, -1, 2 ** 31 - 1]) {
      behind.set(slot + layout.VALUE_LENGTH, length);
      for (const use of [() => map.get("key"), () => map.getInto("key", new Uint8Array(64)), () => [...map]]) {
        assert.throws(use, { code: "EBADMSG" }, `length ${length}`);
      }
    }
    behind.set(slot + layout.VALUE_LENGTH, 4);
    behind.set(slot + layout.NEXT, 1); // a ring
    assert.throws(() => map.get("x"), { code: "EBADMSG" });
    assert.throws(() => map.set("x", bytes("x")), { code: "EBADMSG" });
    behind.set(slot + layout.NEXT, layout.END);
    assert.equal(text(map.get("key")), "good");
    assert.equal(map.set("key", bytes("better")), true);
    for (const link of [0, 18, -2, 2 ** 31 - 1]) {
      behind.set(layout.FREE_LAST, link);
      assert.throws(() => map.set("key", bytes("lost")), { code: "EBADMSG" }, `link ${link}`);
      assert.equal(map.set("key", bytes("healed")), true, "by a repair");
      assert.deepEqual([map.size, text(map.get("key"))], [1, "healed"]);
    }
    behind.close();
    map.close();
  });

  it("in lists that all lead into one are EBADMSG after so many steps as there are slots", () => {
    const capacity = 64;
    const { name, map } = makeMap("one-list", { capacity });
    const behind = new MapBytes(name);
    for (let number = 0; number < capacity; number++) map.set(`${number}`, bytes("x"), { ttlMs: 1e6 });
    const corrupt = () => {
      for (let link = 1; link <= capacity + layout.SPARES; link++)
        behind.set(behind.slotOffset(link) + layout.NEXT, link < capacity + layout.SPARES ? link + 1 : layout.END);
      for (let bucket = 0; bucket < capacity; bucket++)
        behind.set(layout.FIRST_BUCKET + bucket * layout.BUCKET_SIZE, 1);
      behind.set(layout.EARLIEST + 4, 0);
      behind.set(layout.REPAIR, 0);
    };
    const walks = [() => [...map], () => [...map.keys()], () => [...map.values()]];
    for (const use of [...walks, () => map.removeExpired(), () => map.set("new", bytes("x")), () => map.clear()]) {
      corrupt();
      assert.throws(use, { code: "EBADMSG" }, `${use}`);
    }
    behind.close();
    map.close();
  });

  it("in what an eviction goes by are EBADMSG before it has evicted all, and heal", () => {
    const capacity = 200;
    const { name, map } = makeMap("evicting", { capacity, evict: "lru" });
    const behind = new MapBytes(name);
    const fill = () => {
      for (let number = 0; number < capacity; number++) map.set(`${number}`, bytes("x"));
    };
    fill();
    behind.set(layout.COUNT, 2 ** 31 - 1);
    assert.throws(() => map.set("new", bytes("x")), { code: "EBADMSG", message: /more entries than there are slots/ });
    fill();
    assert.equal(map.size, capacity);
    for (let bucket = 0; bucket < 256; bucket++)
      behind.set(layout.FIRST_BUCKET + bucket * layout.BUCKET_SIZE, layout.END);
    assert.throws(() => map.set("new", bytes("x")), { code: "EBADMSG", message: /stamps of use/ });
    fill();
    assert.equal(map.size, capacity);
    behind.close();
    map.close();
  });

  it("anywhere give a value, an answer or EBADMSG", () => {
    const random = new Random();
    for (let round = 0; round < 200; round++) {
      const evict = round % 2 === 0 ? "lru" : undefined;
      const { name, map } = makeMap("garbage", { ...SIZE, evict, writeTimeoutMs: 0 });
      for (let count = random.below(30); count > 0; count--) map.set(`${random.below(12)}`, random.bytes(8));
      const behind = new MapBytes(name);
      const last = behind.slotOffset(SIZE.capacity + layout.SPARES + 1);
      for (let word = 0; word < 6; word++) {
        const value = random.below(2) === 0 ? random.word() | 0 : random.below(26) - 1;
        behind.set(0x80 + random.below((last - 0x80) / 4) * 4, value);
      }
      for (let turn = 0; turn < 40; turn++) {
        const key = `${random.below(14)}`;
        const writes = [
          () => map.set(key, bytes(key)),
          () => map.delete(key),
          () => map.increment(key),
          () => map.clear(),
        ];
        const others = [() => map.get(key), () => [...map], () => map.removeExpired(), () => map.has(key)];
        try {
          random.pick<() => unknown>([...writes, ...others])();
        } catch (error) {
          const known = ["EBADMSG", "ETIMEDOUT", "EINVAL", "ERANGE", "ENOSPC", "EAGAIN"];
          assert.ok(error instanceof IpcError && known.includes(error.code), `seed ${random.seed}: ${error}`);
        }
      }
      behind.close();
      map.close();
    }
  });

  it("that a peer has truncated are EBADMSG, and the process survives", () => {
    const name = uniqueName("lost");
    const map = SharedMap.create(name, SIZE);
    map.set("key", bytes("gone"));
    truncateSync(objectPath(name), 0);
    for (const use of [() => map.get("key"), () => map.set("key", bytes("x")), () => [...map]]) {
      assert.throws(use, { code: "EBADMSG", message: /pages were lost/ });
    }
    map.close();
  });

  it("of which a peer has cut off the entry of the empty key are EBADMSG for it: what is gone is no empty entry", () => {
    const uses: ((map: SharedMap) => unknown)[] = [
      (map) => map.get(""),
      (map) => map.has(""),
      (map) => map.peekAt(""),
      (map) => map.set("", bytes("x")),
      (map) => map.delete(""),
      (map) => map.compareAndSet("", bytes(""), bytes("x")),
    ];
    for (const use of uses) {
      const { name, map } = makeMap("cut", { capacity: 400 });
      for (let number = 0; number < 200; number++) map.set(`${number}`, bytes("before"));
      map.set("", bytes("gone"));
      truncateSync(objectPath(name), Math.ceil((OBJECT_OFFSET + layout.slotsOffset(400, false)) / 4096) * 4096);
      assert.throws(() => use(map), { code: "EBADMSG", message: /pages were lost/ }, String(use));
      map.close();
    }
  });
});
