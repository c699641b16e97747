// Explorer: a latest value whose writer is killed, or whose sides are interrupted, before every single access.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemoryRegion } from "../../src/memory/memory_region.ts";
import type { Participants } from "../../src/memory/participants.ts";
import { ValueBuffers } from "../../src/ring/latest_value/buffers.ts";
import { geometryOf, sizeOf, writeGeometry } from "../../src/ring/latest_value/geometry.ts";
import * as layout from "../../src/ring/latest_value/layout.ts";
import { ValueView } from "../../src/ring/latest_value/view.ts";
import { LatestValueWriter } from "../../src/ring/latest_value/writer.ts";
import { Role, type RoleWords } from "../../src/ring/role.ts";
import { actAt, crashAt, TracedMemory } from "./traced.ts";

const SIZE = 24;
const BUFFERS = 4;
const WRITER: RoleWords = {
  noun: "writer",
  role: layout.WRITER_ROLE,
  state: layout.WRITER_STATE,
  candidate: layout.WRITER_CANDIDATE,
};

class View extends ValueView<Uint8Array, Uint8Array> {}

interface Kind {
  readonly checksum: boolean;
  readonly isAtomic: boolean;
  /** How many values were published before. */
  readonly before: number;
  /** The first version: near 2 ** 32, sequences begin anew. */
  readonly first: number;
}

const lengthOf = (number: number) => (number * 5) % (SIZE + 1);
const valueAt = (number: number) => new Uint8Array(lengthOf(number)).fill(number);

/** One latest value on traced memory; everybody who ever wrote is dead, but the last one. */
class Scene {
  readonly memory: TracedMemory;
  readonly #kind: Kind;
  #lives = 0;

  constructor(kind: Kind) {
    const geometry = geometryOf({ size: SIZE, buffers: BUFFERS, checksum: kind.checksum });
    this.memory = new TracedMemory(new ArrayBuffer(sizeOf(geometry)));
    writeGeometry(this.memory.buffer, 0, geometry);
    this.#kind = kind;
    const words = new Int32Array(this.memory.buffer);
    const sequence = (kind.first % 2 ** 32) | 0;
    const header = (layout.FIRST_BUFFER + (sequence & (BUFFERS - 1)) * layout.strideOf(SIZE)) / 4;
    words[layout.CURRENT / 4] = sequence;
    words[header] = sequence;
    words[header + 1] = Math.floor(kind.first / 2 ** 32);
    if (kind.checksum && kind.first > 0) words[header + 3] = this.#buffers.checksumOf(header * 4, 0);
  }

  get #buffers(): ValueBuffers {
    const { checksum, isAtomic } = this.#kind;
    const region = { buffer: this.memory.buffer, address: 0, size: this.memory.buffer.byteLength };
    const geometry = geometryOf({ size: SIZE, buffers: BUFFERS, checksum });
    return new ValueBuffers({ memory: region as MemoryRegion, base: 0, geometry, name: "explored", isAtomic });
  }

  writer(): LatestValueWriter {
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
    const participants = table as unknown as Participants;
    const role = new Role(new Int32Array(this.memory.buffer), 0, WRITER, participants);
    role.take("explored", () => {});
    return new LatestValueWriter({ buffers: this.#buffers, type: undefined, role, onClose: () => {} });
  }

  reader(): View {
    return new View(this.#buffers, undefined);
  }

  /** As power loss may do. */
  damageCurrent(): void {
    const buffers = this.#buffers;
    new Int32Array(this.memory.buffer)[(buffers.headerOf(buffers.current) + layout.CHECKSUM) / 4] ^= 1;
  }

  /** A writer that has published the values 1 to `before`. */
  begin(): LatestValueWriter {
    const writer = this.writer();
    for (let number = 1; number <= this.#kind.before; number++) writer.write(valueAt(number));
    return writer;
  }
}

const kinds: readonly Kind[] = [false, true].flatMap((checksum) =>
  [false, true].flatMap((isAtomic) =>
    [0, 1, 2, 3, 4, 5, 9].flatMap((before) => [0, 2 ** 32 - 3].map((first) => ({ checksum, isAtomic, before, first }))),
  ),
);

const writes: Record<string, (writer: LatestValueWriter, number: number) => void> = {
  write: (writer, number) => writer.write(valueAt(number)),
  claim(writer, number) {
    writer.claim().set(valueAt(number));
    writer.commit(lengthOf(number));
  },
};

const reads = {
  copy: (view: View) => view.tryRead(),
  into(view: View) {
    const target = new Uint8Array(SIZE);
    const length = view.tryReadInto(target);
    return length < 0 ? undefined : target.subarray(0, length);
  },
};

/**
 * The number of the value that is there now; 0 = none, or the empty one of a scene that starts late. It must be whole,
 * and one of those that are published by the time it is read.
 */
function look(view: View, most: () => number, read = reads.copy): number {
  const bytes = read(view);
  if (bytes === undefined) return 0;
  const candidates = Array.from({ length: most() + 1 }, (_, index) => index);
  const found = candidates.filter((number) => Buffer.compare(valueAt(number), bytes) === 0);
  assert.ok(found.length > 0, `torn: ${[...bytes]}`);
  return found.at(-1) as number;
}

describe("a writer killed before every access", () => {
  for (const [way, write] of Object.entries(writes)) {
    it(`${way}: leaves the value before or the whole new one, and a successor goes on`, () => {
      for (const kind of kinds) {
        let happened = true;
        for (let index = 0; happened; index++) {
          const scene = new Scene(kind);
          scene.memory.trace(() => {
            const { before } = kind;
            const writer = scene.begin();
            const early = scene.reader();
            happened = crashAt(scene.memory, index, () => write(writer, before + 1));
            const found = look(scene.reader(), () => before + 1);
            assert.ok(found === before || found === before + 1 || kind.first > 0, `${found}: ${JSON.stringify(kind)}`);
            assert.equal(
              look(early, () => before + 1),
              found,
            );
            const next = scene.writer();
            for (let number = before + 2; number <= before + 8; number++) {
              write(next, number);
              assert.equal(
                look(early, () => number),
                number,
              );
              assert.equal(early.version, next.version);
            }
          });
        }
      }
    });
  }
});

describe("sides between two accesses of each other", () => {
  const ways = Object.entries(reads);
  for (const [way, read] of ways)
    it(`${way}: a reader gets one whole value, whatever is published meanwhile`, () => {
      for (const kind of kinds.filter(({ before }) => before > 0)) {
        for (const count of [1, 2, 3, 4, 5, 8]) {
          let happened = true;
          for (let index = 0; happened; index++) {
            const scene = new Scene(kind);
            scene.memory.trace(() => {
              const writer = scene.begin();
              const reader = scene.reader();
              let last = kind.before;
              const publish = () => {
                for (let more = 0; more < count; more++) writer.write(valueAt(++last));
              };
              let found = 0;
              happened = actAt(scene.memory, [index, index + 7], publish, () => {
                found = look(reader, () => last, read);
              });
              assert.ok(found >= kind.before && found <= last);
              assert.equal(
                look(reader, () => last),
                last,
              );
            });
          }
        }
      }
    });

  it("a reader of what power loss has left gets one whole value, though a writer comes and is half-way again", () => {
    for (const kind of kinds.filter(({ checksum, before }) => checksum && before > 1)) {
      for (const count of [0, 1, 2, 3, 4, 5]) {
        let happened = true;
        for (let index = 0; happened; index++) {
          const scene = new Scene(kind);
          scene.memory.trace(() => {
            scene.begin();
            scene.damageCurrent();
            const reader = scene.reader();
            let last = kind.before;
            const goOn = () => {
              const writer = scene.writer();
              for (let more = 0; more < count; more++) writer.write(valueAt(++last));
              writer.claim().fill(255);
            };
            happened = actAt(scene.memory, [index], goOn, () => look(reader, () => last));
          });
        }
      }
    }
  });

  it("a writer that is half-way hides nothing", () => {
    for (const kind of kinds) {
      for (const write of Object.values(writes)) {
        let happened = true;
        for (let index = 0; happened; index++) {
          const scene = new Scene(kind);
          scene.memory.trace(() => {
            const writer = scene.begin();
            const reader = scene.reader();
            const read = () => assert.ok([kind.before, kind.before + 1].includes(look(reader, () => kind.before + 1)));
            happened = actAt(scene.memory, [index], kind.before > 0 ? read : () => look(reader, () => 1), () =>
              write(writer, kind.before + 1),
            );
            assert.equal(
              look(reader, () => kind.before + 1),
              kind.before + 1,
            );
          });
        }
      }
    }
  });
});

describe("a reader whose writer is always faster", () => {
  for (const [way, read] of Object.entries(reads)) {
    it(`${way}: gives up after 100,000 attempts`, () => {
      const scene = new Scene({ checksum: false, isAtomic: false, before: 1, first: 0 });
      const words = new Int32Array(scene.memory.buffer);
      scene.memory.trace(() => {
        scene.begin();
        const reader = scene.reader();
        let accesses = 0;
        scene.memory.onAccess = () => {
          assert.ok(++accesses < 2e6, "it goes on and on");
          words[layout.CURRENT / 4]++; // where none of its values stands
        };
        assert.throws(() => read(reader), { code: "EAGAIN", message: /overtook 100000 attempts/ });
      });
    });
  }
});
