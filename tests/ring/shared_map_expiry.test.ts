// SharedMap: entries that expire, and full maps that give up what was used least recently.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, it } from "node:test";
import { MappedFile, type MemoryRegion, Participants, SharedMap, SharedMemory } from "../../mod.ts";
import { OBJECT_OFFSET, SLOT_BOOT_OFFSET } from "../../src/memory/layout.ts";
import * as layout from "../../src/ring/map/layout.ts";
import { MapWriter } from "../../src/ring/map/writer.ts";
import { environment } from "../../src/runtime/environment.ts";
import { isInMemory } from "../../src/sys/memory.ts";
import { cleanUp, least, Random, temporaryDirectory, until } from "../support/mod.ts";
import { bytes, MapBytes, makeMap, text } from "./shared_map_parts.ts";

describe("expiry", () => {
  after(cleanUp);

  it("ends an entry for everybody, and not before its time", async () => {
    const { name, map } = makeMap("expiry");
    const same = SharedMap.open(name);
    const begin = performance.now();
    map.set("short", bytes("x"), { ttlMs: 60 });
    map.set("long", bytes("y"), { ttlMs: 1e9 });
    map.set("always", bytes("z"), { ttlMs: Number.POSITIVE_INFINITY });
    map.set("never", bytes("x"), { ttlMs: 0 });
    assert.deepEqual([map.get("never"), map.has("never")], [undefined, false]);
    await until(() => !same.has("short"), "it has expired");
    assert.ok(performance.now() - begin >= 59);
    const none = [map.get("short"), map.getInto("short", new Uint8Array(9)), map.peekAt("short")];
    assert.deepEqual(none, [undefined, -1, -1]);
    assert.deepEqual([...same.keys()].sort(), ["always", "long"]);
    assert.equal(map.size, 4);
    assert.deepEqual([map.removeExpired(), same.size, map.removeExpired()], [2, 2, 0]);
    assert.deepEqual([text(map.get("long")), text(map.get("always"))], ["y", "z"]);
    same.close();
    map.close();
  });
});

describe("expiry by a clock that only the test moves: nothing expires before, however slow the machine is", () => {
  after(cleanUp);
  const found = environment();
  const { calls } = found;
  let now = 0;
  const pass = (milliseconds: number) => {
    now += milliseconds * 1e6;
  };
  beforeEach(() => {
    now = calls.clock_monotonic();
    Object.assign(found, { calls: Object.assign(Object.create(calls), { clock_monotonic: () => now }) });
  });
  afterEach(() => {
    Object.assign(found, { calls });
  });

  it("counts as no entry for those who write", () => {
    const { map } = makeMap("expired");
    const ttl = { ttlMs: 1 };
    for (const key of ["deleted", "compared", "counted", "set"]) map.set(key, bytes("12345678"), ttl);
    pass(10);
    assert.equal(map.delete("deleted"), false);
    assert.equal(map.compareAndSet("compared", bytes("12345678"), bytes("x")), false);
    assert.equal(map.compareAndSet("compared", undefined, bytes("new")), true);
    assert.equal(map.increment("counted"), 1);
    assert.equal(map.set("set", bytes("new")), true);
    assert.deepEqual([text(map.get("compared")), map.getCounter("counted"), text(map.get("set"))], ["new", 1, "new"]);
    assert.equal(map.size, 3);
    map.close();
  });

  it("can be asked for", () => {
    const { name, map } = makeMap("asked");
    const same = SharedMap.open(name);
    map.set("short", bytes("x"), { ttlMs: 20 });
    map.set("always", bytes("x"));
    pass(15);
    assert.deepEqual(
      [same.ttlMs("short"), same.ttlMs("always"), same.ttlMs("none")],
      [5, Number.POSITIVE_INFINITY, undefined],
    );
    pass(5);
    assert.equal(same.ttlMs("short"), undefined);
    map.set("short", bytes("x"), { ttlMs: 0.25 });
    assert.equal(same.ttlMs("short"), 0.25);
    assert.throws(() => same.ttlMs("x".repeat(map.keySize + 1)), RangeError);
    same.close();
    assert.throws(() => same.ttlMs("short"), { code: "EBADF" });
    map.close();
  });

  it("is set anew by set, and kept by increment", () => {
    const { map } = makeMap("anew");
    map.set("renewed", bytes("x"), { ttlMs: 20 });
    map.set("renewed", bytes("y"));
    map.increment("kept", 1, { ttlMs: 20 });
    map.increment("kept", 1);
    map.increment("longer", 1, { ttlMs: 20 });
    map.increment("longer", 1, { ttlMs: 1e6 });
    pass(40);
    assert.deepEqual([text(map.get("renewed")), map.getCounter("kept"), map.getCounter("longer")], ["y", undefined, 2]);
    map.close();
  });

  it("makes room in a full map", () => {
    const { map } = makeMap("room", { capacity: 4 });
    map.set("stays", bytes("x"));
    for (const key of ["a", "b", "c"]) map.set(key, bytes("x"), { ttlMs: 20 });
    assert.equal(map.set("d", bytes("x"), { ttlMs: 20 }), false);
    pass(40);
    for (const key of ["d", "e", "f"]) assert.equal(map.set(key, bytes("x")), true);
    assert.equal(map.set("g", bytes("x")), false);
    assert.deepEqual([...map.keys()].sort(), ["d", "e", "f", "stays"]);
    map.close();
  });

  it("makes room in a full map again and again, each time that something has expired", () => {
    const { map } = makeMap("again", { capacity: 2 });
    map.set("first", bytes("x"), { ttlMs: 0 });
    map.set("second", bytes("x"), { ttlMs: 50 });
    assert.equal(map.set("a", bytes("x")), true);
    pass(80);
    assert.equal(map.set("b", bytes("x")), true);
    assert.deepEqual([...map.keys()].sort(), ["a", "b"]);
    map.close();
  });

  it("goes before what has not expired, also with eviction", () => {
    const { map } = makeMap("both", { capacity: 3, evict: "lru" });
    map.set("old", bytes("x"));
    map.set("expires", bytes("x"), { ttlMs: 10 });
    map.set("new", bytes("x"));
    pass(30);
    map.set("more", bytes("x"));
    assert.deepEqual([...map.keys()].sort(), ["more", "new", "old"]);
    map.close();
  });
});

/** Calls `use` for 400 ms, and until there was a look through a whole map: the part of that time that such looks took. */
function partOfLooks(use: () => void): number {
  const look = MapWriter.prototype.removeExpired;
  let looks = 0;
  MapWriter.prototype.removeExpired = function (now) {
    const begin = performance.now();
    const count = look.call(this, now);
    looks += performance.now() - begin;
    return count;
  };
  const begin = performance.now();
  const isAfter = (milliseconds: number) => performance.now() - begin > milliseconds;
  try {
    while (!isAfter(400) || (looks === 0 && !isAfter(10_000))) use();
    return looks / (performance.now() - begin);
  } finally {
    MapWriter.prototype.removeExpired = look;
  }
}

describe("expiry in a file", () => {
  after(cleanUp);
  const BASE = Participants.byteSize();
  const SIZE = { capacity: 8, valueSize: 8 };
  const bootIndex = (BASE + layout.BOOT) / 4;
  const slotBootIndex = SLOT_BOOT_OFFSET / 4;

  const lay = (memory: MemoryRegion, participants = Participants.over(memory, 0)) =>
    SharedMap.over(memory, BASE, { participants, ...SIZE });

  /** With one entry that stays, and two that expire in a while. */
  function fill(memory: MemoryRegion): Int32Array {
    const participants = Participants.over(memory, 0);
    const map = lay(memory, participants);
    map.set("stays", bytes("x"));
    map.set("expires", bytes("x"), { ttlMs: 1e9 });
    map.increment("counted", 3, { ttlMs: 1e9 });
    participants.close();
    const words = new Int32Array(memory.buffer);
    assert.notEqual(words[bootIndex], 0);
    return words;
  }

  const file = (name: string) =>
    MappedFile.create(join(temporaryDirectory(), name), { size: BASE + SharedMap.byteSize(SIZE) });
  const probe = file("probe");
  const skip = isInMemory(probe.fd) && "the temporary directory is memory, and ends with the boot";
  probe.close();

  it("is not known after a reboot: what would expire is dropped, once, and the rest stays", { skip }, () => {
    const memory = file("reboot");
    const words = fill(memory);
    assert.deepEqual([...lay(memory).keys()].sort(), ["counted", "expires", "stays"]);
    const boot = words[bootIndex] as number;
    words[bootIndex] = boot ^ 1;
    words[slotBootIndex] = boot ^ 1; // as do the dead
    const map = lay(memory);
    assert.deepEqual([...map.keys(), map.size, words[bootIndex]], ["stays", 1, boot]);
    assert.deepEqual([map.removeExpired(), map.increment("counted", 1, { ttlMs: 1e9 })], [0, 1]);
    map.close();
    const again = lay(memory);
    assert.deepEqual([...again.keys()].sort(), ["counted", "stays"]);
    memory.close();
  });

  it("goes on where the map's boot is this kernel's by another id: somebody lives who has joined under it", {
    skip,
  }, () => {
    const memory = file("container");
    const words = fill(memory);
    const participants = Participants.over(memory, 0);
    participants.join();
    const other = (words[bootIndex] as number) ^ 1;
    words[bootIndex] = words[slotBootIndex] = other;
    assert.equal(lay(memory).size, 3);
    assert.equal(words[bootIndex], other);
    participants.close();
    assert.equal(lay(memory).size, 1);
    memory.close();
  });

  it("goes on in memory that a reboot would have taken", () => {
    const memory = SharedMemory.anonymous({ size: BASE + SharedMap.byteSize(SIZE) });
    const words = fill(memory);
    words[bootIndex] = (words[bootIndex] as number) ^ 1;
    assert.equal(lay(memory).size, 3);
    memory.close();
  });
});

describe("eviction", () => {
  after(cleanUp);

  it("gives up what was used least recently, of all uses", () => {
    const { map } = makeMap("uses", { capacity: 5, evict: "lru" });
    for (const key of ["set", "get", "into", "peek", "counted"]) map.increment(key);
    map.get("get");
    map.getInto("into", new Uint8Array(8));
    map.peekAt("peek");
    map.increment("counted");
    map.has("set"); // is no use
    const order: string[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const before = new Set(map.keys());
      assert.equal(map.set(`new ${turn}`, bytes("x")), true);
      const left = new Set(map.keys());
      order.push(...[...before].filter((key) => !left.has(key)));
    }
    assert.deepEqual(order, ["set", "get", "into", "peek", "counted"]);
    assert.equal(map.size, 5);
    map.close();
  });

  it("is the order of a model, in maps of many sizes", () => {
    const random = new Random();
    for (const capacity of [1, 2, 7, 100, 1500]) {
      const { map } = makeMap(`model-${capacity}`, { capacity, evict: "lru", valueSize: 8 });
      const model = new Map<string, string>(); // in the order of use
      const use = (key: string, value: string) => {
        model.delete(key);
        model.set(key, value);
        if (model.size > capacity) model.delete(model.keys().next().value as string);
      };
      for (let step = 0; step < 3000 + capacity * 2; step++) {
        const key = `${random.below(Math.ceil(capacity * 1.7))}`;
        const found = text(map.get(key));
        assert.equal(found, model.get(key), `seed ${random.seed}, step ${step}`);
        if (found !== undefined) use(key, found);
        if (random.below(2) === 0) continue;
        map.set(key, bytes(`${step}`));
        use(key, `${step}`);
      }
      assert.deepEqual([...map.keys()].sort(), [...model.keys()].sort(), `seed ${random.seed}`);
      map.close();
    }
  });

  it("keeps its order while the count of uses passes 2 ** 32", () => {
    const { name, map } = makeMap("wrap", { capacity: 3, evict: "lru" });
    const shared = new MapBytes(name);
    shared.set(layout.TICK, -2);
    for (const key of ["a", "b", "c"]) map.set(key, bytes(key)); // the second use is the last one of its epoch
    assert.equal(shared.get(layout.EPOCH), 1);
    for (const [coming, going] of [
      ["d", "a"],
      ["e", "b"],
      ["f", "c"],
    ] as const) {
      map.set(coming, bytes(coming));
      assert.equal(map.has(going), false);
    }
    shared.memory.close();
    map.close();
  });

  it("takes no notice of a free slot that a slow reader has stamped", () => {
    const { name, map } = makeMap("stamped", { capacity: 2, evict: "lru" });
    const shared = new MapBytes(name);
    for (const key of ["a", "b"]) map.set(key, bytes(key));
    const stamps = new Float64Array(shared.memory.buffer, OBJECT_OFFSET + layout.usedOffset(2), 2 + layout.SPARES);
    stamps[9] = 0.5; // older than any use
    map.set("c", bytes("c"));
    assert.deepEqual([[...map.keys()].sort(), map.size, stamps[9]], [["b", "c"], 2, 0]);
    shared.close();
    map.close();
  });

  it("does not look through the map for each entry that expires meanwhile", async () => {
    const capacity = 2 ** 15;
    const value = bytes("x");
    const part = await least(1 / 4, () => {
      const { map } = makeMap("looks", { capacity, valueSize: 8, evict: "lru" });
      for (let number = 0; number < capacity; number++) map.set(`stays ${number}`, value);
      let number = 0;
      const part = partOfLooks(() => {
        map.set(`short ${number}`, value, { ttlMs: 1 });
        for (const last = number + 20; number < last; number++) map.set(`new ${number}`, value);
      });
      map.close();
      return part;
    });
    assert.ok(part > 0 && part < 1 / 4, `${part} of the time`);
  });

  it("sees the uses of others", () => {
    const { name, map } = makeMap("others", { capacity: 3, evict: "lru" });
    const same = SharedMap.open(name);
    for (const key of ["a", "b", "c"]) map.set(key, bytes(key));
    same.get("a");
    map.set("d", bytes("d"));
    same.get("c");
    same.set("e", bytes("e"));
    assert.deepEqual([...map.keys()].sort(), ["c", "d", "e"]);
    same.close();
    map.close();
  });
});
