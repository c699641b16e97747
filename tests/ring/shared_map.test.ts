// SharedMap in one process: entries in and out, keys, counters, comparing writes, iteration, what it refuses.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { after, describe, it } from "node:test";
import { SharedMap } from "../../mod.ts";
import { KeyText } from "../../src/ring/map/key.ts";
import * as layout from "../../src/ring/map/layout.ts";
import {
  cleanUp,
  falseArrays,
  foreign,
  foreignBytes,
  goneBytes,
  least,
  ownObjects,
  proxyBytes,
  Random,
  runningBytes,
  uniqueName,
} from "../support/mod.ts";
import { bytes, contentOf, MapBytes, makeMap, text } from "./shared_map_parts.ts";

const bad = <T>(value: unknown) => value as T;

function hashOf(key: string): number {
  const text = new KeyText(64);
  text.set(key);
  return text.hash;
}

describe("entries", () => {
  after(cleanUp);

  it("are there for everybody once they are set, and gone once they are deleted", () => {
    const { name, map } = makeMap("entries");
    const same = SharedMap.open(name);
    assert.deepEqual([map.get("a"), map.has("a"), map.size, map.delete("a")], [undefined, false, 0, false]);
    assert.equal(map.set("a", bytes("first")), true);
    assert.equal(same.set("b", bytes("other")), true);
    assert.deepEqual([text(same.get("a")), text(map.get("b")), same.size], ["first", "other", 2]);
    map.set("a", bytes("second, longer"));
    assert.equal(text(same.get("a")), "second, longer");
    assert.deepEqual([same.delete("a"), map.has("a"), map.has("b"), map.size], [true, false, true, 1]);
    same.close();
    map.close();
  });

  it("keep values of every length, and give copies", () => {
    const { map } = makeMap("lengths", { valueSize: 200 });
    const target = new Uint8Array(200);
    for (let length = 0; length <= 200; length++) {
      const value = Uint8Array.from({ length }, (_, index) => length + index);
      map.set("key", value);
      assert.deepEqual(map.get("key"), value);
      assert.equal(map.getInto("key", target), length);
      assert.deepEqual(target.subarray(0, length), value);
      const offset = map.peekAt("key");
      assert.deepEqual(map.u8.slice(offset, offset + map.length), value);
      assert.equal(map.confirm(), true);
    }
    map.get("key")?.fill(0);
    assert.equal(map.get("key")?.[3], 203);
    assert.deepEqual([map.getInto("none", target), map.peekAt("none")], [-1, -1]);
    map.close();
  });

  it("are copied into any part of a buffer, and nothing beside it", () => {
    const { map } = makeMap("targets", { valueSize: 400 });
    const space = new Uint8Array(500);
    for (const length of [0, 1, 3, 4, 5, 63, 64, 255, 256, 257, 400]) {
      const value = Uint8Array.from({ length }, (_, index) => 1 + ((length + index) % 255));
      map.set("key", value);
      for (const [offset, room] of [
        [0, 400],
        [1, 400],
        [4, length],
        [6, length],
        [8, length + 3],
      ] as const) {
        space.fill(0);
        const target = space.subarray(offset, offset + room);
        for (let turn = 0; turn < 2; turn++) assert.equal(map.getInto("key", target), length);
        assert.deepEqual(target.subarray(0, length), value);
        assert.ok(space.every((byte, index) => byte === 0 || (index >= offset && index < offset + length)));
      }
    }
    map.close();
  });

  it("read in place stay what they were until their slot is used again, and confirm tells", () => {
    const { map } = makeMap("in-place", { capacity: 4 });
    for (const key of ["a", "b"]) map.set(key, bytes(key));
    const offset = map.peekAt("a");
    for (let spare = 4 + layout.SPARES - 2; spare > 0; spare--) {
      map.set("a", bytes(`${spare}`));
      assert.deepEqual([map.confirm(), map.u8[offset]], [true, 97]);
    }
    map.set("a", bytes("once more"));
    assert.equal(map.confirm(), false);
    map.peekAt("b");
    assert.equal(map.confirm(), true);
    map.close();
    assert.equal(map.confirm(), false);
  });

  it("take any view or buffer", () => {
    const { map } = makeMap("views");
    const numbers = new Float64Array([1.5, 2.5]);
    for (const value of [numbers, numbers.buffer, new DataView(numbers.buffer)]) {
      map.set("numbers", value);
      const offset = map.peekAt("numbers");
      assert.deepEqual([offset % 8, map.f64[offset / 8], map.f64[offset / 8 + 1]], [0, 1.5, 2.5]);
      assert.equal(map.view.getFloat64(offset + 8, true), 2.5);
    }
    map.close();
    assert.throws(() => map.view.byteLength, TypeError);
  });

  it("have keys of any text, up to their size in UTF-8", () => {
    const { map } = makeMap("keys", { keySize: 12, capacity: 64 });
    const keys = [
      "",
      "a",
      "ab",
      "abc",
      "abcd",
      "abcde",
      "twelve bytes",
      "ä",
      "äöüäöü",
      "😀😀😀",
      "\0",
      "a\0",
      "日本語",
    ];
    for (const key of keys) assert.equal(map.set(key, bytes(`value of ${key}`)), true);
    for (const key of keys) assert.equal(text(map.get(key)), `value of ${key}`);
    assert.deepEqual([...map.keys()].sort(), [...keys].sort());
    for (const key of ["thirteen byte", "äöüäöüä", "😀😀😀a", "x".repeat(5000)]) {
      for (const use of [() => map.get(key), () => map.set(key, bytes("")), () => map.delete(key)]) {
        assert.throws(use, RangeError, key);
      }
    }
    for (const key of [5, undefined, null, "\ud800", "a\udc00"]) assert.throws(() => map.get(bad(key)), TypeError);
    map.close();
  });

  it("that are few use little of the memory, however often they are written", () => {
    for (const evict of [undefined, "lru"] as const) {
      const capacity = 1000;
      const { name, map } = makeMap("few", { capacity, evict });
      const behind = new MapBytes(name);
      for (let turn = 0; turn < 5000; turn++) {
        map.set(`${turn % 5}`, bytes(`${turn}`));
        map.increment("turns");
        if (turn % 3 === 0) map.delete(`${turn % 7}`);
      }
      assert.ok(behind.get(layout.FRESH) < 100, `${behind.get(layout.FRESH)} slots for 6 entries`);
      map.clear();
      for (let number = 0; number < capacity; number++) assert.equal(map.set(`${number}`, bytes(`${number}`)), true);
      assert.equal(map.set("one more", bytes("x")), evict === "lru");
      assert.equal(map.size, capacity);
      assert.equal(text(map.get("999")), "999");
      behind.close();
      map.close();
    }
  });

  it("are the same as in a Map, whatever is done", () => {
    const random = new Random();
    const { map } = makeMap("model", { capacity: 40, valueSize: 16 });
    const model = new Map<string, string>();
    for (let step = 0; step < 4000; step++) {
      const [key, value] = [`key ${random.below(60)}`, `value ${random.below(1000)}`];
      const what = random.below(20);
      if (what < 11) {
        const fits = model.has(key) || model.size < 40;
        assert.equal(map.set(key, bytes(value)), fits, `seed ${random.seed}`);
        if (fits) model.set(key, value);
      } else if (what < 19) assert.equal(map.delete(key), model.delete(key), `seed ${random.seed}`);
      else if (random.below(100) === 0) {
        map.clear();
        model.clear();
      }
      assert.equal(text(map.get(key)), model.get(key), `seed ${random.seed}`);
      assert.equal(map.size, model.size);
    }
    assert.deepEqual(contentOf(map), Object.fromEntries([...model].sort()));
    map.close();
  });
});

describe("a full map", () => {
  after(cleanUp);

  it("refuses new keys, takes old ones, and has room again after a delete", () => {
    for (const capacity of [1, 2, 3, 100]) {
      const { map } = makeMap("full", { capacity });
      for (let number = 0; number < capacity; number++) assert.equal(map.set(`${number}`, bytes("x")), true);
      assert.equal(map.set("one more", bytes("x")), false);
      assert.throws(() => map.compareAndSet("one more", undefined, bytes("x")), { code: "ENOSPC" });
      assert.throws(() => map.increment("one more"), { code: "ENOSPC" });
      assert.deepEqual([map.has("one more"), map.size], [false, capacity]);
      for (let turn = 0; turn < 50; turn++) assert.equal(map.set("0", bytes(`${turn}`)), true);
      assert.equal(map.delete("0"), true);
      assert.equal(map.set("one more", bytes("x")), true);
      map.clear();
      assert.deepEqual([map.size, map.has("one more"), [...map.keys()]], [0, false, []]);
      for (let number = 0; number < capacity; number++) assert.equal(map.set(`${number}`, bytes("y")), true);
      map.close();
    }
  });
});

describe("comparing writes", () => {
  after(cleanUp);

  it("write only over what was expected", () => {
    const { map } = makeMap("compare");
    assert.equal(map.compareAndSet("a", bytes("x"), bytes("y")), false);
    assert.equal(map.compareAndSet("a", undefined, bytes("x")), true);
    assert.equal(map.compareAndSet("a", undefined, bytes("z")), false);
    for (const wrong of ["", "y", "xx"]) assert.equal(map.compareAndSet("a", bytes(wrong), bytes("z")), false);
    assert.equal(text(map.get("a")), "x");
    assert.equal(map.compareAndSet("a", bytes("x"), bytes("y")), true);
    assert.equal(text(map.get("a")), "y");
    assert.equal(map.compareAndSet("a", bytes("y"), undefined), true);
    assert.deepEqual([map.has("a"), map.size], [false, 0]);
    assert.equal(map.compareAndSet("a", undefined, undefined), true);
    map.close();
  });
});

describe("comparing writes of long values", () => {
  after(cleanUp);

  it("see each byte, of arrays of every make", () => {
    const { map } = makeMap("long", { valueSize: 1000 });
    for (const length of [127, 128, 129, 130, 1000]) {
      const value = Uint8Array.from({ length }, (_, index) => index * 7);
      map.set("key", value);
      for (const wrong of [0, length >> 1, length - 1]) {
        const other = value.slice();
        other[wrong] ^= 1;
        assert.equal(map.compareAndSet("key", other, other), false, `${length}, byte ${wrong}`);
      }
      assert.equal(map.compareAndSet("key", value.subarray(1), value), false);
      const shared = new Uint8Array(new SharedArrayBuffer(length + 5), 5);
      shared.set(value);
      for (const same of [value, shared, foreignBytes(...value), value.buffer, Buffer.from(value)]) {
        assert.equal(map.compareAndSet("key", same, value), true, `${length}`);
      }
    }
    map.close();
  });

  it("take little longer than to write them: the others wait meanwhile", async () => {
    const { map } = makeMap("quick", { capacity: 2, valueSize: 2 ** 19 });
    const value = new Uint8Array(2 ** 19).fill(1);
    const shortest = (write: () => void): number => {
      const times = Array.from({ length: 40 }, () => {
        const begin = performance.now();
        write();
        return performance.now() - begin;
      });
      return Math.min(...times);
    };
    map.set("key", value);
    const ratio = await least(5, () => {
      const set = shortest(() => map.set("key", value));
      return shortest(() => assert.equal(map.compareAndSet("key", value, value), true)) / set;
    });
    assert.ok(ratio < 5, `${ratio} times as long`);
    map.close();
  });
});

describe("comparing writes of what is no value", () => {
  after(cleanUp);

  it("are refused, and the map is as it was", () => {
    const { map } = makeMap("no-value");
    map.set("key", bytes("old"));
    for (const none of [null, 0, "", false, "text"]) {
      assert.throws(() => map.compareAndSet("key", bytes("old"), bad(none)), TypeError);
      assert.throws(() => map.compareAndSet("key", bad(none), bytes("new")), TypeError);
      assert.throws(() => map.compareAndSet("other", undefined, bad(none)), TypeError);
    }
    assert.deepEqual(contentOf(map), { key: "old" });
    map.close();
  });
});

describe("counters", () => {
  after(cleanUp);

  it("count from 0, up and down, as C sees them", () => {
    const { map } = makeMap("counters");
    assert.deepEqual([map.increment("a"), map.increment("a", 5), map.increment("a", -10)], [1, 6, -4]);
    for (const value of [2 ** 31, 2 ** 32, 2 ** 32 + 5, -1, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53) + 1, 0]) {
      map.delete("b");
      assert.equal(map.increment("b", value), value);
      assert.equal(map.increment("b", 0), value);
      assert.equal(map.getCounter("b"), value);
      const shared = map.get("b") as Uint8Array;
      assert.equal(new DataView(shared.buffer).getBigInt64(0, true), BigInt(value));
    }
    assert.equal(map.getCounter("none"), undefined);
    map.close();
  });

  it("refuse what is no counter and what is too much, and change nothing", () => {
    const { map } = makeMap("no-counters");
    map.set("text", bytes("seven b"));
    assert.throws(() => map.increment("text"), { code: "EINVAL" });
    assert.throws(() => map.getCounter("text"), { code: "EINVAL" });
    map.increment("most", 2 ** 53 - 1);
    assert.throws(() => map.increment("most"), { code: "ERANGE" });
    map.set("wide", new Uint8Array(8).fill(0x7f));
    assert.throws(() => map.increment("wide"), { code: "ERANGE" });
    for (const value of [2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), -(2n ** 63n)]) {
      map.set("wide", new BigInt64Array([value]));
      for (const use of [() => map.getCounter("wide"), () => map.increment("wide", 0)])
        assert.throws(use, { code: "ERANGE", message: /beyond 2 \*\* 53/ }, `${value}`);
    }
    for (const by of [0.5, Number.NaN, 2 ** 53]) assert.throws(() => map.increment("most", by), RangeError);
    assert.throws(() => map.increment("most", bad("1")), TypeError);
    assert.deepEqual([text(map.get("text")), map.getCounter("most")], ["seven b", 2 ** 53 - 1]);
    const small = makeMap("small", { valueSize: 7 }).map;
    assert.throws(() => small.increment("a"), RangeError);
    for (const one of [small, map]) one.close();
  });
});

describe("iteration", () => {
  after(cleanUp);

  it("gives everything once, also while entries change, come and go", () => {
    const { map } = makeMap("iteration", { capacity: 200 });
    for (let number = 0; number < 100; number++) map.set(`stays ${number}`, bytes(`${number}`));
    assert.deepEqual(
      [...map.values()].map(text).sort(),
      Array.from({ length: 100 }, (_, number) => `${number}`).sort(),
    );
    const seen: string[] = [];
    let turn = 0;
    for (const [key] of map) {
      seen.push(key);
      map.set(`stays ${turn % 100}`, bytes(`new ${turn}`));
      map.set(`comes ${turn % 90}`, bytes("x"));
      map.delete(`comes ${(turn++ + 45) % 90}`);
    }
    const stayed = seen.filter((key) => key.startsWith("stays"));
    assert.equal(stayed.length, 100);
    assert.equal(new Set(stayed).size, 100);
    map.close();
  });

  /** A map in whose one bucket lie a short and a long value; `meanwhile` runs in each copy of the long one. */
  function withCopies(label: string, meanwhile: (other: SharedMap) => void) {
    const { name, map } = makeMap(label, { capacity: 2, valueSize: 1000 });
    const other = SharedMap.open(name);
    const bucketOf = (key: string) => hashOf(key) & 1;
    const [first, ...others] = ["a", "b", "c"] as const;
    const long = others.find((key) => bucketOf(key) === bucketOf(first)) ?? assert.fail("two of three are neighbours");
    map.set(first, bytes("short"));
    map.set(long, new Uint8Array(1000).fill(1));
    map.u8.slice = (start = 0, end = 0) => {
      if (end - start === 1000) meanwhile(other);
      return Uint8Array.prototype.slice.call(map.u8, start, end);
    };
    const close = () => {
      other.close();
      map.close();
    };
    return { map, first, long, close };
  }

  it("goes on beside a neighbour of a long value that is written more often than the value can be copied", () => {
    let copies = 0;
    const { map, first, long, close } = withCopies("neighbour", (other) => other.set(first, bytes(`${copies++}`)));
    assert.deepEqual(Object.fromEntries(map)[long], new Uint8Array(1000).fill(1));
    assert.deepEqual([...map.keys()].sort(), [first, long]);
    assert.equal([...map.values()].length, 2);
    assert.ok(copies < 10);
    close();
  });

  it("gives an entry whole and once that is written over, or goes, while it is copied", () => {
    let changes: ((other: SharedMap) => void)[] = [];
    const { map, first, long, close } = withCopies("copied", (other) => changes.shift()?.(other));
    const laps = 3 * layout.SPARES;
    const write = (other: SharedMap) => {
      for (let lap = 0; lap < laps; lap++) other.set(long, new Uint8Array(1000).fill(lap));
    };
    changes = [write, write];
    assert.deepEqual([...map].sort(), [
      [first, bytes("short")],
      [long, new Uint8Array(1000).fill(laps - 1)],
    ]);
    changes = [
      (other) => {
        other.delete(long);
        for (let lap = 0; lap < laps; lap++) other.set(first, bytes(`${lap}`));
      },
    ];
    assert.deepEqual([...map.keys(), ...[...map].map(([key]) => key)].sort(), [first, first, long]);
    close();
  });

  it("gives keys as they were set, also those that begin with a byte order mark", () => {
    const { map } = makeMap("mark");
    const keys = ["\ufeffkey", "key", "\ufeff"];
    for (const key of keys) map.set(key, bytes("value"));
    assert.deepEqual([...map.keys()].sort(), keys.sort());
    map.close();
  });

  it("ends with EBADF when the map is closed meanwhile", () => {
    const { map } = makeMap("closed");
    for (const key of ["a", "b", "c"]) map.set(key, bytes(key));
    const keys = map.keys();
    keys.next();
    map.close();
    assert.throws(() => [...keys], { code: "EBADF" });
  });
});

describe("what a map refuses", () => {
  after(cleanUp);

  it("bad options, before anything is made", () => {
    const name = uniqueName("refused");
    const size = { capacity: 4, valueSize: 8 };
    const types = [undefined, {}, { capacity: "4", valueSize: 8 }, { ...size, evict: true }, { ...size, ttlMs: 5 }];
    for (const options of types) assert.throws(() => SharedMap.create(name, bad(options)), TypeError);
    const amounts = [{ capacity: 0 }, { capacity: 2 ** 24 + 1 }, { capacity: 1.5 }, { valueSize: -1 }, { keySize: 0 }];
    for (const amount of [
      ...amounts,
      { keySize: 4097 },
      { capacity: 2 ** 24, valueSize: 4096 },
      { writeTimeoutMs: -1 },
    ]) {
      assert.throws(() => SharedMap.create(name, { ...size, ...amount }), RangeError, JSON.stringify(amount));
    }
    assert.throws(() => SharedMap.create(name, { ...size, evict: bad("fifo") }), RangeError);
    assert.throws(() => SharedMap.open(name, bad({ capacity: 4 })), TypeError);
    assert.throws(() => SharedMap.byteSize(bad({ ...size, mode: 0o600 })), TypeError);
    const { name: there, map } = makeMap("exists", size);
    for (const options of [{}, { ...size, ttlMs: 5 }, { ...size, evict: true }])
      assert.throws(() => SharedMap.openOrCreate(there, bad(options)), TypeError);
    for (const amount of [{ capacity: 0 }, { keySize: 4097 }, { writeTimeoutMs: -1 }])
      assert.throws(() => SharedMap.openOrCreate(there, { ...size, ...amount }), RangeError);
    map.close();
    assert.deepEqual(ownObjects(), []);
  });

  it("bad values and options of writes, and anything after close", () => {
    const { name, map } = makeMap("writes");
    for (const value of ["text", 5, undefined, null]) assert.throws(() => map.set("a", bad(value)), TypeError);
    assert.throws(() => map.set("a", new Uint8Array(33)), RangeError);
    assert.throws(() => map.set("a", bytes("x"), bad({ ttl: 5 })), TypeError);
    assert.throws(() => map.set("a", bytes("x"), { ttlMs: -1 }), RangeError);
    assert.throws(() => map.set("a", bytes("x"), { ttlMs: Number.NaN }), RangeError);
    assert.throws(() => map.compareAndSet("a", undefined, new Uint8Array(33)), RangeError);
    map.set("a", bytes("long"));
    const short = new Uint8Array(3);
    assert.throws(() => map.getInto("a", short), RangeError);
    assert.deepEqual(short, new Uint8Array(3));
    for (const target of [undefined, null, 5, "text", {}, new Float64Array(16)]) {
      const refused = { name: "TypeError", message: /to a Uint8Array, not / };
      for (const key of ["a", "none"]) assert.throws(() => map.getInto(key, bad(target)), refused, key);
    }
    assert.throws(() => SharedMap.create(name, { capacity: 1, valueSize: 1 }), { code: "EEXIST" });
    assert.throws(() => SharedMap.openOrCreate(name, { capacity: 17, valueSize: 32 }), { code: "EINVAL" });
    map.close();
    map.close();
    const uses = [() => map.get("a"), () => map.set("a", bytes("")), () => map.delete("a"), () => map.size];
    const more = [
      () => map.clear(),
      () => map.increment("a"),
      () => [...map],
      () => map.has("a"),
      () => map.peekAt("a"),
      () => map.getInto("a", new Uint8Array(32)),
      () => map.getCounter("a"),
      () => map.compareAndSet("a", undefined, undefined),
      () => map.removeExpired(),
      () => [...map.keys()],
      () => [...map.values()],
    ];
    for (const use of [...uses, ...more]) assert.throws(use, { code: "EBADF" });
    assert.equal(map.u8.length, 0);
  });

  it("what only looks like bytes of another realm; those that are some it takes", () => {
    const { map } = makeMap("realm");
    const given = foreignBytes(7, 8, 9);
    const target = new foreign.Uint8Array(5);
    for (const value of [given, given.buffer, new foreign.DataView(given.buffer)]) {
      map.set("a", value);
      assert.equal(map.getInto("a", target), 3);
      assert.deepEqual([...target], [7, 8, 9, 0, 0]);
      assert.equal(map.compareAndSet("a", value, foreignBytes(1)), true);
      assert.deepEqual(map.get("a"), Uint8Array.of(1));
    }
    for (const other of falseArrays()) assert.throws(() => map.getInto("a", bad(other)), TypeError);
    const none = [new foreign.SharedArrayBuffer(3), new Proxy(given, {}), Object.create(foreign.ArrayBuffer.prototype)];
    for (const other of none) assert.throws(() => map.set("a", bad(other)), TypeError);
    assert.deepEqual(map.get("a"), Uint8Array.of(1));
    map.close();
  });

  it("bytes that are gone, before it has the lock: nobody has to repair", () => {
    const { name, map } = makeMap("gone");
    const behind = new MapBytes(name);
    map.set("a", bytes(""));
    const refused = { name: "TypeError", message: /^a value must have its bytes/ };
    const late = bytes("late");
    const options = {
      get ttlMs() {
        structuredClone(late.buffer, { transfer: [late.buffer] });
        return 1000;
      },
    };
    const writes = [
      () => map.set("a", goneBytes()),
      () => map.set("a", late, options),
      () => map.compareAndSet("a", goneBytes(), bytes("new")),
      () => map.compareAndSet("a", bytes(""), goneBytes()),
    ];
    for (const write of writes) {
      assert.throws(write, refused);
      assert.equal(behind.get(layout.REPAIR), 0);
    }
    assert.deepEqual(contentOf(map), { a: "" });
    behind.close();
    map.close();
  });

  it("a map that was not asked for: openOrCreate says both values", () => {
    const SIZE = { capacity: 4, keySize: 20, valueSize: 8 };
    for (const evict of ["lru", undefined] as const) {
      const { name, map } = makeMap("asked", { ...SIZE, evict });
      for (const [options, message] of [
        [{ ...SIZE, evict, capacity: 5 }, /it exists with capacity 4, 5 asked\)$/],
        [{ ...SIZE, evict, keySize: 9, valueSize: 9 }, /keySize 20, 9 asked; valueSize 8, 9 asked\)$/],
        evict === "lru"
          ? [SIZE, /it exists with evict lru, none asked\)$/]
          : [{ ...SIZE, evict: "lru" }, /evict none, lru asked\)$/],
      ] as const) {
        assert.throws(() => SharedMap.openOrCreate(name, options as never), { code: "EINVAL", message });
      }
      SharedMap.openOrCreate(name, { capacity: 4, valueSize: 8, evict }).close();
      map.close();
    }
  });

  it("nothing it was made with: openOrCreate finds the same map again", () => {
    const name = uniqueName("again");
    const options = { capacity: 9, keySize: 20, valueSize: 5, evict: "lru" } as const;
    const first = SharedMap.openOrCreate(name, { ...options, mode: 0o640 });
    first.set("kept", bytes("value"));
    first.close();
    const second = SharedMap.openOrCreate(name, { ...options, unlinkOnClose: true });
    assert.deepEqual([first.created, second.created, text(second.get("kept"))], [true, false, "value"]);
    assert.deepEqual([second.capacity, second.keySize, second.valueSize, second.evict], [9, 20, 5, "lru"]);
    second.close();
    assert.equal(SharedMap.unlink(name), false);
  });
});

describe("a write whose arguments run code", () => {
  after(cleanUp);

  /** The writes to "a", each with arguments that call `run`. */
  const writesOf = (map: SharedMap, run: () => unknown): (() => unknown)[] => {
    const options = {
      get ttlMs() {
        run();
        return 1e6;
      },
    };
    const counter = () => runningBytes(8, run);
    return [
      () => map.set("a", new Uint8Array(8), options),
      () => map.set("a", counter()),
      () => map.compareAndSet("a", new Uint8Array(8).fill(7), new Uint8Array(8), options),
      () => map.compareAndSet("a", new Uint8Array(8), counter()),
      () => map.compareAndSet("a", counter(), new Uint8Array(8)),
      () => map.increment("a", 1, options),
      () => map.getInto("a", counter()),
    ];
  };

  it("writes under its own key, whatever that code does with the map", () => {
    const { map } = makeMap("running");
    map.set("b", bytes("kept"));
    const writes = writesOf(map, () => {
      map.get("b");
      map.set("other", bytes("other"));
    });
    for (const [number, write] of writes.entries()) {
      assert.ok(write(), `${number}`);
      assert.deepEqual(Object.keys(contentOf(map)), ["a", "b", "other"], `${number}`);
      assert.equal(text(map.get("b")), "kept", `${number}`);
    }
    assert.equal(map.getCounter("a"), 1);
    map.close();
  });

  it("is EBADF where that code closes the map, whether it has written before or not", () => {
    for (const isAttached of [true, false]) {
      for (let number = 0; number < 7; number++) {
        const { map } = makeMap("running-close");
        if (isAttached) map.set("a", bytes("a"));
        const write = writesOf(map, () => map.close())[number] as () => unknown;
        assert.throws(write, { code: "EBADF" }, `${number}`);
      }
    }
  });

  it("refuses what is of another length than it says, or no bytes at all", () => {
    const { name, map } = makeMap("lying");
    const behind = new MapBytes(name);
    for (const key of ["a", "b"]) map.set(key, new Uint8Array(8).fill(1));
    const before = behind.memory.bytes.slice();
    const lengths = [0, 7, 9, 32, -1, 7.5, Number.NaN, "x", undefined];
    const liars = [
      ...lengths.map((says) =>
        runningBytes(
          8,
          () => {},
          () => says,
        ),
      ),
      proxyBytes(8, () => {}),
    ];
    for (const liar of liars) {
      assert.throws(() => map.set("a", liar), TypeError);
      assert.throws(() => map.compareAndSet("a", liar, new Uint8Array(1)), TypeError);
      assert.throws(() => map.compareAndSet("a", new Uint8Array(8).fill(1), liar), TypeError);
    }
    assert.deepEqual(behind.memory.bytes, before);
    let asked = 0;
    map.set(
      "a",
      runningBytes(
        8,
        () => asked++,
        () => (asked > 2 ? 30 : 8),
      ),
    );
    assert.deepEqual([map.get("a"), map.get("b")], [new Uint8Array(8).fill(7), new Uint8Array(8).fill(1)]);
    behind.close();
    map.close();
  });
});

describe("a map opened with readOnly", () => {
  after(cleanUp);

  it("sees every entry that others write, and writes nothing itself", () => {
    const { name, map } = makeMap("read-only", { evict: "lru", capacity: 4 });
    const same = SharedMap.open(name, { readOnly: true });
    const target = new Uint8Array(32);
    assert.equal(same.get("a"), undefined);
    for (let round = 1; round <= 20_000; round++) {
      // engines that have compiled all of it must not write to it either
      map.set("a", bytes(`${round}`));
      assert.equal(text(target.subarray(0, same.getInto("a", target))), `${round}`);
      if (round % 20 === 0) assert.deepEqual(contentOf(same), { a: `${round}` });
    }
    map.increment("n", 7);
    assert.deepEqual([same.getCounter("n"), same.has("a"), same.size, same.evict], [7, true, 2, "lru"]);
    assert.ok(same.peekAt("a") > 0 && same.confirm());
    same.close();
    map.close();
  });

  it("is no use of an entry: the oldest goes, whoever looks", () => {
    const { name, map } = makeMap("read-only-lru", { evict: "lru", capacity: 2 });
    const same = SharedMap.open(name, { readOnly: true });
    for (const key of ["old", "new"]) map.set(key, bytes(key));
    assert.equal(text(same.get("old")), "old");
    map.set("newest", bytes("newest"));
    assert.deepEqual(Object.keys(contentOf(same)), ["new", "newest"]);
    same.close();
    map.close();
  });

  it("refuses whatever writes, and takes no slot", () => {
    const { name, map } = makeMap("read-only-refused", { valueSize: 8 });
    map.set("a", bytes("a"));
    const same = SharedMap.open(name, { readOnly: true });
    const writes: (() => unknown)[] = [
      () => same.set("a", bytes("b")),
      () => same.delete("a"),
      () => same.compareAndSet("a", bytes("a"), bytes("b")),
      () => same.increment("n"),
      () => same.removeExpired(),
      () => same.clear(),
    ];
    for (const write of writes) assert.throws(write, { code: "EACCES", message: /open read-only/ });
    assert.throws(() => SharedMap.open(name, { readOnly: bad(1) }), TypeError);
    assert.deepEqual(contentOf(map), { a: "a" });
    same.close();
    map.close();
  });
});
