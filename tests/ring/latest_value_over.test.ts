// LatestValue over parts of a memory, and over memory that says what no writer would have written.

import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { after, describe, it } from "node:test";
import { LatestValue, Participants, SharedMemory } from "../../mod.ts";
import { OBJECT_OFFSET } from "../../src/memory/layout.ts";
import * as layout from "../../src/ring/latest_value/layout.ts";
import { cleanUp, objectPath, Random, uniqueName } from "../support/mod.ts";
import { bytes, makeBoth, makeLatest, Quote, text, ValueBytes } from "./latest_value_parts.ts";
import { assertLeavesNothing } from "./leaves.ts";

const TABLE = Participants.byteSize();

function makeMemory(size: number) {
  const memory = SharedMemory.anonymous({ size });
  return { memory, participants: Participants.over(memory, 0) };
}

describe("over a memory", () => {
  after(cleanUp);

  it("lays one over zeros, finds it again with its value, and leaves the memory open", () => {
    const size = LatestValue.byteSize({ size: 20 });
    const { memory, participants } = makeMemory(TABLE + 2 * size);
    const first = LatestValue.over(memory, TABLE, { participants, size: 20 });
    const second = LatestValue.over(memory, TABLE + size, { participants, type: Quote });
    assert.deepEqual([first.created, second.created], [true, true]);
    first.writer().write(bytes("kept"));
    second.writer().write({ price: 1, volume: 2 });
    for (const one of [first, second]) one.close();
    const again = LatestValue.over(memory, TABLE, { participants });
    assert.deepEqual([again.created, again.size, text(again.reader().tryRead())], [false, 20, "kept"]);
    const typed = LatestValue.over(memory, TABLE + size, { participants, type: Quote });
    assert.deepEqual(typed.reader().tryRead(), { price: 1, volume: 2 });
    for (const one of [again, typed, participants, memory]) one.close();
  });

  it("refuses what does not fit, what disagrees, and no size where there is none", () => {
    const { memory, participants } = makeMemory(TABLE + LatestValue.byteSize({ size: 20 }));
    const lay = (offset: number, options: object) => () =>
      LatestValue.over(memory, offset, { participants, ...options } as never);
    assert.throws(lay(TABLE, {}), { code: "EINVAL" });
    // @ts-expect-error: a size and a type
    assert.throws(() => LatestValue.over(memory, TABLE, { participants, size: 20, type: Quote }), TypeError);
    for (const offset of [TABLE + 64, -128, memory.size, 0.5]) assert.throws(lay(offset, { size: 20 }), RangeError);
    assert.throws(lay(TABLE, { size: 500 }), RangeError);
    assert.throws(lay(TABLE, { size: 20, spinMs: -1 }), RangeError);
    assert.throws(lay(TABLE, { participants: {}, size: 20 }), TypeError);
    assert.throws(lay(TABLE, { size: 20, capacity: 5 }), TypeError);
    LatestValue.over(memory, TABLE, { participants, size: 20 }).close();
    for (const other of [{ size: 21 }, { type: Quote }, { size: 20, buffers: 16 }, { size: 20, checksum: true }]) {
      assert.throws(lay(TABLE, other), { code: "EINVAL" });
    }
    for (const type of [5, {}, { size: 20 }]) assert.throws(lay(TABLE, { type }), TypeError);
    memory.bytes.fill(7, TABLE, TABLE + 4);
    assert.throws(lay(TABLE, { size: 20 }), { code: "EBADMSG" });
    for (const one of [participants, memory]) one.close();
  });

  it("lays none over read-only memory, with or without a size", () => {
    const name = uniqueName("read-only");
    const memory = SharedMemory.create(name, { size: TABLE + LatestValue.byteSize({ size: 20 }), unlinkOnClose: true });
    const same = SharedMemory.open(name, { readOnly: true });
    const participants = Participants.over(same, 0);
    for (const [options, message] of [
      [{}, /no size was given/],
      [{ size: 20 }, /open read-only/],
    ] as const)
      assert.throws(() => LatestValue.over(same, TABLE, { participants, ...options }), { code: "EINVAL", message });
    for (const one of [same, memory]) one.close();
  });

  it("survives that the memory is closed first", () => {
    const { memory, participants } = makeMemory(TABLE + LatestValue.byteSize({ size: 20 }));
    const latest = LatestValue.over(memory, TABLE, { participants, size: 20 });
    const [writer, reader] = [latest.writer(), latest.reader()];
    writer.write(bytes("x"));
    writer.close();
    participants.close();
    memory.close();
    assert.throws(() => reader.tryRead());
    latest.close();
  });
});

describe("corrupted bytes", () => {
  after(cleanUp);

  it("a header that makes no sense is EBADMSG at open", () => {
    const words = [
      [layout.MAGIC, 0],
      [layout.MAGIC, 5],
      [layout.VERSION, 99],
      [layout.SIZE, 0],
      [layout.SIZE, 2 ** 28],
      [layout.SIZE, -1],
      [layout.BUFFERS, 0],
      [layout.BUFFERS, 5],
      [layout.BUFFERS, 1024],
      [layout.FLAGS, 2],
      [layout.FLAGS, 1],
    ] as const;
    for (const [offset, value] of words) {
      const { name, latest } = makeLatest("header", { size: 64 });
      const behind = new ValueBytes(name);
      behind.set(offset, value);
      assert.throws(() => LatestValue.open(name), { code: "EBADMSG" }, `${offset} = ${value}`);
      behind.close();
      latest.close();
    }
  });

  it("one that cannot be opened leaves nothing open", () => {
    const { name, latest } = makeLatest("leaves", { size: 64 });
    const behind = new ValueBytes(name);
    assertLeavesNothing("EINVAL", () => LatestValue.openOrCreate(name, { size: 65 }));
    assertLeavesNothing("EINVAL", () => LatestValue.open(name, { type: Quote }));
    behind.set(layout.SIZE, 0);
    assertLeavesNothing("EBADMSG", () => LatestValue.open(name));
    behind.close();
    latest.close();
  });

  it("a current value that is not there, or too long, is EBADMSG and never a read beyond it", () => {
    const { name, latest, writer, reader } = makeBoth("value", { size: 64 });
    const behind = new ValueBytes(name);
    writer.write(bytes("good"));
    const header = behind.bufferOffset(1);
    behind.set(layout.CURRENT, 5);
    assert.throws(() => reader.tryRead(), { code: "EBADMSG" });
    behind.set(layout.CURRENT, 1);
    for (const length of [65, -1, 2 ** 31 - 1]) {
      behind.set(header + layout.LENGTH, length);
      assert.throws(() => reader.tryRead(), { code: "EBADMSG" }, `length ${length}`);
      assert.throws(() => reader.tryReadInto(new Uint8Array(64)), { code: "EBADMSG" });
      assert.throws(() => reader.peekAt(), { code: "EBADMSG" });
    }
    behind.set(header + layout.LENGTH, 4);
    assert.equal(text(reader.tryRead()), "good");
    writer.close();
    behind.set(layout.CURRENT, 5);
    assert.throws(() => latest.writer(), { code: "EBADMSG" });
    behind.close();
    latest.close();
  });

  it("any garbage in any word gives a value, an answer or EBADMSG", () => {
    const random = new Random();
    for (let round = 0; round < 300; round++) {
      const { name, latest, writer } = makeBoth("garbage", { size: 64, checksum: round % 2 === 0 });
      for (let count = random.below(12); count > 0; count--) writer.write(random.bytes(random.below(65)));
      writer.close();
      const behind = new ValueBytes(name);
      const last = layout.FIRST_BUFFER + 8 * layout.strideOf(64);
      for (let word = 0; word < 4; word++) behind.set(0x80 + random.below((last - 0x80) / 4) * 4, random.word() | 0);
      for (const use of [() => latest.reader().tryRead(), () => latest.writer().write(new Uint8Array(3))]) {
        try {
          use();
        } catch (error) {
          const { code } = error as { code?: string };
          assert.ok(code === "EBADMSG" || code === "EBUSY", `seed ${random.seed}: ${error}`);
        }
      }
      behind.close();
      latest.close();
    }
  });

  it("memory that a peer has truncated is EBADMSG, and the process survives", () => {
    const name = uniqueName("lost");
    const written = LatestValue.create(name, { size: 64 });
    written.writer().write(bytes("gone"));
    written.close();
    const latest = LatestValue.open(name);
    const reader = latest.reader();
    assert.equal(text(reader.tryRead()), "gone");
    truncateSync(objectPath(name), 0);
    assert.throws(() => reader.tryRead(), { code: "EBADMSG", message: /pages were lost/ });
    latest.close();
  });

  it("memory that a peer has truncated is EBADMSG for the writer, which would write where nobody reads", () => {
    for (const grow of [false, true]) {
      const { name, latest, writer } = makeBoth("unread", { size: 64 });
      for (let number = 0; number < 20; number++) writer.write(bytes("kept"));
      truncateSync(objectPath(name), 0);
      if (grow) truncateSync(objectPath(name), OBJECT_OFFSET + LatestValue.byteSize({ size: 64 }));
      const message = grow ? /its header is empty/ : /pages were lost/;
      for (let attempt = 0; attempt < 10; attempt++) {
        assert.throws(() => writer.write(bytes("lost")), { code: "EBADMSG", message });
        writer.claim();
        assert.throws(() => writer.commit(1), { code: "EBADMSG", message });
      }
      latest.close();
    }
  });
});
