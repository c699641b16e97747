// Explorer: a shared map whose writers are killed, or interrupted by readers and the other way round, at every access.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemoryRegion } from "../../src/memory/memory_region.ts";
import type { Participants } from "../../src/memory/participants.ts";
import type { Placement } from "../../src/memory/placement.ts";
import { layEmpty, type MapGeometry, sizeOf } from "../../src/ring/map/geometry.ts";
import { KeyText } from "../../src/ring/map/key.ts";
import { FIRST_BUCKET, SPARES } from "../../src/ring/map/layout.ts";
import { MapTable } from "../../src/ring/map/table.ts";
import { MapWriting } from "../../src/ring/map/writing.ts";
import { actAt, crashAt, TracedMemory } from "./traced.ts";

const CAPACITY = 4;

class View extends MapWriting {}

type Content = Record<string, string>;

const bytes = (value: string) => new TextEncoder().encode(value);
const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : new TextDecoder().decode(value));
const textOf = (number: number) => `${number}.`.repeat(1 + (number % 3));

/** Keys that all meet in one bucket. */
const [a, b, c, d, e] = (() => {
  const key = new KeyText(8);
  const isFirst = (name: string) => {
    key.set(name);
    return (key.hash & (CAPACITY - 1)) === 0;
  };
  return Array.from({ length: 100 }, (_, number) => `k${number}`).filter(isFirst);
})() as [string, string, string, string, string];

/** One map on traced memory; every life but the last is dead. */
class Scene {
  readonly memory: TracedMemory;
  readonly #geometry: MapGeometry;
  #lives = 0;

  constructor(isLru: boolean) {
    this.#geometry = { capacity: CAPACITY, keySize: 8, valueSize: 16, isLru };
    this.memory = new TracedMemory(new ArrayBuffer(sizeOf(this.#geometry)));
    layEmpty(this.memory.buffer, 0, this.#geometry);
  }

  /** Another process; what it opens is traced. */
  view(): View {
    const id = ++this.#lives << 10;
    const isDead = (owner: number) => owner !== id;
    const table = {
      owner: id,
      join: () => id,
      isDead,
      isFoundDead: isDead,
      isProvenDead: isDead,
      needsAsking: () => false,
    };
    const region = { buffer: this.memory.buffer, address: 0, size: this.memory.buffer.byteLength } as MemoryRegion;
    const placement = { memory: region, participants: table as unknown as Participants, base: 0 };
    const map = new MapTable(region, 0, this.#geometry, "explored");
    return new View(map, placement as unknown as Placement, 0);
  }

  /** A map with this content, of which every slot has been used before. */
  begin(content: Content): View {
    const view = this.view();
    for (let turn = 0; turn < CAPACITY + SPARES; turn++) view.set(a, bytes(textOf(turn)));
    view.clear();
    for (const [key, value] of Object.entries(content)) view.set(key, bytes(value));
    return view;
  }
}

const contentOf = (view: View): Content =>
  Object.fromEntries([...view].map(([key, value]) => [key, text(value) ?? ""]));
const sorted = (content: Content) => Object.entries(content).sort();
const isOneOf = (content: Content, allowed: readonly Content[]) =>
  allowed.some((other) => JSON.stringify(sorted(other)) === JSON.stringify(sorted(content)));

const full: Content = { [a]: "1.", [b]: "2.2.", [c]: "3", [d]: "4.4" };
const three: Content = { [a]: "1.", [b]: "2.2.", [c]: "3" };
const without = (content: Content, ...keys: string[]) =>
  Object.fromEntries(Object.entries(content).filter(([key]) => !keys.includes(key)));

interface Write {
  readonly before: Content;
  readonly isLru?: boolean;
  write(view: View): unknown;
  /** What there may be after a kill; the last one if there was none. */
  readonly after: readonly Content[];
}

const eightBytes = "\u0005\0\0\0\0\0\0\0";
const writes: Record<string, Write> = {
  "a new entry": { before: three, write: (view) => view.set(d, bytes("4.4")), after: [three, full] },
  "the first entry": { before: {}, write: (view) => view.set(a, bytes("1.")), after: [{}, { [a]: "1." }] },
  "another value": { before: full, write: (view) => view.set(b, bytes("new")), after: [full, { ...full, [b]: "new" }] },
  "a removal": { before: full, write: (view) => view.delete(b), after: [full, without(full, b)] },
  "the last removal": { before: { [a]: "1." }, write: (view) => view.delete(a), after: [{ [a]: "1." }, {}] },
  "a comparing write": {
    before: full,
    write: (view) => view.compareAndSet(c, bytes("3"), bytes("new")),
    after: [full, { ...full, [c]: "new" }],
  },
  "a counter": {
    before: { ...three, [d]: "\u0004\0\0\0\0\0\0\0" },
    write: (view) => view.increment(d),
    after: [
      { ...three, [d]: "\u0004\0\0\0\0\0\0\0" },
      { ...three, [d]: eightBytes },
    ],
  },
  "an eviction": {
    before: full,
    isLru: true,
    write: (view) => view.set(e, bytes("5")),
    after: [full, { ...full, [e]: "5" }, { ...without(full, a), [e]: "5" }],
  },
  "clear()": {
    before: full,
    write: (view) => view.clear(),
    after: [full, without(full, d), without(full, d, c), without(full, d, c, b), {}],
  },
};

/** Every slot must still be there: the map takes as many entries as ever, and many writes. */
function assertWhole(view: View, isLru: boolean): void {
  view.clear();
  for (let turn = 0; turn < 2 * (CAPACITY + SPARES); turn++) assert.equal(view.set(a, bytes(textOf(turn))), true);
  for (const key of [b, c, d]) assert.equal(view.set(key, bytes(key)), true);
  assert.equal(view.set(e, bytes(e)), isLru);
  assert.equal(view.size, CAPACITY);
  assert.equal(view.has(a), !isLru);
  assert.deepEqual([text(view.get(b)), text(view.get(c)), text(view.get(d))], [b, c, d]);
}

describe("a writer killed before every access", () => {
  for (const [what, { before, isLru = false, write, after }] of Object.entries(writes)) {
    it(`${what}: was written or not, readers see the same, and a successor goes on`, () => {
      let happened = true;
      for (let index = 0; happened; index++) {
        const scene = new Scene(isLru);
        scene.memory.trace(() => {
          const view = scene.begin(before);
          const early = scene.view();
          const writer = scene.view();
          happened = crashAt(scene.memory, index, () => write(writer));
          const found = contentOf(early);
          assert.ok(isOneOf(found, after), `${index}: ${JSON.stringify(found)}`);
          assert.deepEqual(contentOf(view), found);
          const next = scene.view();
          next.delete("other");
          const healed = contentOf(next);
          assert.ok(isOneOf(healed, Object.keys(found).length > CAPACITY ? after : [found]), `${index}: healed`);
          assert.equal(next.size, Object.keys(healed).length);
          assert.ok(next.size <= CAPACITY);
          write(next);
          if (what !== "a counter") assert.deepEqual(sorted(contentOf(next)), sorted(after.at(-1) as Content));
          assertWhole(next, isLru);
        });
      }
    });
  }

  it("and its successor too, at its repair", () => {
    for (const { before, isLru = false, write, after } of Object.values(writes)) {
      let happened = true;
      for (let index = 0; happened; index += 4) {
        for (let second = index % 7, isDying = true; isDying; second += 7) {
          const scene = new Scene(isLru);
          scene.memory.trace(() => {
            scene.begin(before);
            const writer = scene.view();
            happened = crashAt(scene.memory, index, () => write(writer));
            const successor = scene.view();
            isDying = crashAt(scene.memory, second, () => successor.delete("other"));
            const last = scene.view();
            last.delete("other");
            assert.ok(isOneOf(contentOf(last), after));
            assertWhole(last, isLru);
          });
        }
      }
    }
  });
});

describe("sides between two accesses of each other", () => {
  /** Everything that reads one key; its text. */
  const reads: Record<string, (view: View, key: string) => string | undefined> = {
    get: (view, key) => text(view.get(key)),
    getInto(view, key) {
      const target = new Uint8Array(16);
      const length = view.getInto(key, target);
      return length < 0 ? undefined : text(target.subarray(0, length));
    },
    peekAt(view, key) {
      for (;;) {
        const offset = view.peekAt(key);
        const value = offset < 0 ? undefined : text(view.u8.slice(offset, offset + view.length));
        if (offset < 0 || view.confirm()) return value;
      }
    },
    entries: (view, key) => contentOf(view)[key],
  };

  for (const [way, read] of Object.entries(reads)) {
    it(`${way}: an entry that is there is always found, whole, and as new as it was at the beginning`, () => {
      for (const count of [1, 2, SPARES - 1, SPARES, SPARES + 1, 2 * SPARES + 3]) {
        for (const key of [a, b, c]) {
          let happened = true;
          for (let index = 0; happened; index++) {
            const scene = new Scene(false);
            scene.memory.trace(() => {
              const writer = scene.begin(full);
              let last = 10;
              writer.set(key, bytes(textOf(last)));
              const reader = scene.view();
              const write = () => {
                for (let more = 0; more < count; more++) {
                  const other = [a, b, c, d].filter((one) => one !== key)[more % 3] as string;
                  if (more % 4 === 3) writer.delete(other);
                  else writer.set(other, bytes(`other ${more}`));
                  if (more % 2 === 0) writer.set(key, bytes(textOf(++last)));
                }
              };
              let found: string | undefined;
              happened = actAt(scene.memory, [index, index + 5], write, () => {
                found = read(reader, key);
              });
              const candidates = Array.from({ length: last - 9 }, (_, number) => textOf(10 + number));
              assert.ok(found !== undefined && candidates.includes(found), `${index}: ${found}`);
              assert.equal(read(reader, key), textOf(last));
            });
          }
        }
      }
    });
  }

  it("a writer that is half-way hides nothing", () => {
    for (const [what, { before, isLru = false, write, after }] of Object.entries(writes)) {
      let happened = true;
      for (let index = 0; happened; index++) {
        const scene = new Scene(isLru);
        scene.memory.trace(() => {
          const writer = scene.begin(before);
          const reader = scene.view();
          const look = () => {
            const found = Object.fromEntries(
              [a, b, c, d, e].map((key) => [key, text(reader.get(key))]).filter(([, value]) => value !== undefined),
            ) as Content;
            if (!isLru) assert.ok(isOneOf(found, after), `${what}, ${index}: ${JSON.stringify(found)}`);
            assert.ok(isOneOf(contentOf(reader), after), `${what}, ${index}`);
          };
          happened = actAt(scene.memory, [index], look, () => write(writer));
        });
      }
    }
  });
});

describe("a reader whose writers are always faster", () => {
  const reads: Record<string, (view: View) => unknown> = {
    get: (view) => view.get(a),
    getInto: (view) => view.getInto(a, new Uint8Array(16)),
    peekAt: (view) => view.peekAt(a),
    has: (view) => view.has(a),
    getCounter: (view) => view.getCounter(a),
    entries: (view) => [...view],
  };

  for (const [way, read] of Object.entries(reads)) {
    it(`${way}: gives up after 100,000 attempts`, () => {
      const scene = new Scene(false);
      const words = new Int32Array(scene.memory.buffer);
      scene.memory.trace(() => {
        scene.begin(three);
        const reader = scene.view();
        let accesses = 0;
        scene.memory.onAccess = () => {
          assert.ok(++accesses < 2e6, "it goes on and on");
          words[FIRST_BUCKET / 4 + 1]++;
        };
        assert.throws(() => read(reader), { code: "EAGAIN", message: /overtook 100000 attempts/ });
      });
    });
  }
});
