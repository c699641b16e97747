// Opening rings: what is one, what is not, and what the error says of it.

import assert from "node:assert/strict";
import { readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { IpcError, SharedMemory, SpscRing } from "../../mod.ts";
import * as segment from "../../src/memory/layout.ts";
import * as layout from "../../src/ring/spsc/layout.ts";
import { objectExists, objectPath, uniqueName } from "../support/mod.ts";
import { bytes, cleanUpRings, makeRing, RingBytes, text } from "./bytes.ts";
import { assertLeavesNothing } from "./leaves.ts";

/** The error of opening the name. */
function refusal(name: string): IpcError {
  try {
    SpscRing.open(name, { timeoutMs: 5 });
  } catch (error) {
    assert.ok(error instanceof IpcError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: `${name} was opened` });
}

/** A ring in whose segment one word has been changed; `offset` is from the start of the file. */
function changed(label: string, offset: number, value: number): string {
  const { name } = makeRing(label, { capacity: 1024 });
  const shared = new RingBytes(name);
  Atomics.store(shared.words, offset / 4, value);
  shared.close();
  return name;
}

describe("making a ring", () => {
  after(cleanUpRings);

  it("is exclusive: a name that is taken is EEXIST", () => {
    const { ring, name } = makeRing("taken", { capacity: 64 });
    assert.throws(() => SpscRing.create(name, { capacity: 64 }), { name: "IpcError", code: "EEXIST" });
    assert.equal(ring.created, true);
    ring.close();
  });

  it("or opening it tells which it did; what was not asked for is taken as it is", () => {
    const name = uniqueName("either");
    const first = SpscRing.openOrCreate(name, { capacity: 1024, maxMessageSize: 100 });
    const second = SpscRing.openOrCreate(name, { capacity: 1024 });
    assert.deepEqual([first.created, second.created], [true, false]);
    assert.deepEqual([second.capacity, second.maxMessageSize], [1024, 100]);
    first.close();
    second.close();
    assert.equal(SpscRing.unlink(name), true);
  });

  it("or opening it takes nothing but what was asked for, and says both values", () => {
    const { ring, name } = makeRing("asked", { capacity: 1024, maxMessageSize: 100 });
    for (const [options, message] of [
      [{ capacity: 4096 }, /it exists with capacity 1024, 4096 asked\)$/],
      [{ capacity: 1024, maxMessageSize: 200 }, /it exists with maxMessageSize 100, 200 asked\)$/],
      [{ capacity: 64, maxMessageSize: 8, unlinkOnClose: true }, /1024, 64 asked; maxMessageSize 100, 8 asked\)$/],
    ] as const) {
      assert.throws(() => SpscRing.openOrCreate(name, options), { code: "EINVAL", message });
    }
    SpscRing.openOrCreate(name, { capacity: 1024, maxMessageSize: 100 }).close();
    SpscRing.open(name).close();
    ring.close();
  });

  it("with unlinkOnClose takes the name away at close, also when openOrCreate has opened it", () => {
    for (const exists of [false, true]) {
      const name = uniqueName("unlink");
      if (exists) SpscRing.create(name, { capacity: 64 }).close();
      SpscRing.openOrCreate(name, { capacity: 64, unlinkOnClose: true }).close();
      assert.equal(objectExists(name), false, exists ? "opened" : "created");
    }
  });

  it("gives it the mode that was asked, 0600 unless said", () => {
    const { name } = makeRing("mode", { capacity: 64 });
    const other = makeRing("mode", { capacity: 64, mode: 0o660 });
    assert.equal(statSync(objectPath(name)).mode & 0o777, 0o600);
    assert.equal(statSync(objectPath(other.name)).mode & 0o777, 0o660);
  });

  it("says in its segment when it was made", () => {
    const before = Date.now();
    const { name } = makeRing("made", { capacity: 64 });
    const memory = SharedMemory.open(name);
    const made = new DataView(memory.buffer).getFloat64(segment.CREATED_OFFSET, true);
    assert.ok(made >= before && made <= Date.now(), `${made}`);
    memory.close();
  });

  it("reserves the space of its capacity", () => {
    const { name } = makeRing("space", { capacity: 1 << 20 });
    assert.ok(statSync(objectPath(name)).blocks * 512 >= 1 << 20);
  });

  it("of the least capacity works", () => {
    const { ring } = makeRing("least", { capacity: 64, maxMessageSize: 48 });
    ring.producer().trySend(bytes("x".repeat(48)));
    assert.equal(ring.consumer().tryReceive()?.length, 48);
    ring.close();
  });
});

describe("opening what is no ring", () => {
  after(cleanUpRings);

  it("is ENOENT where there is nothing", () => {
    assert.equal(refusal(uniqueName("nothing")).code, "ENOENT");
  });

  it("is EINVAL for a file that somebody else has made, whatever its size", () => {
    for (const size of [1, 4096, 65536]) {
      const name = uniqueName("foreign");
      writeFileSync(objectPath(name), new Uint8Array(size).fill(65));
      const error = refusal(name);
      assert.equal(error.code, "EINVAL");
      assert.match(error.message, size < 0x3000 ? /too few/ : /not made by linux-ipc/);
    }
  });

  it("is EINVAL for raw shared memory", () => {
    const name = uniqueName("raw");
    const memory = SharedMemory.create(name, { size: 65536 });
    assert.match(refusal(name).message, /EINVAL.*not made by linux-ipc/);
    memory.close();
  });

  it("is EINVAL for an object of another kind", () => {
    const error = refusal(changed("kind", segment.KIND_OFFSET, 0x5854554d));
    assert.equal(error.code, "EINVAL");
    assert.match(error.message, /not an SPSC ring/);
  });

  it("is EINVAL for a newer version of the segment or of the ring, with both numbers", () => {
    for (const [offset, version] of [
      [segment.VERSION_OFFSET, segment.SEGMENT_VERSION],
      [segment.OBJECT_VERSION_OFFSET, layout.RING_VERSION],
    ]) {
      const error = refusal(changed("newer", offset, 99));
      assert.equal(error.code, "EINVAL");
      assert.match(error.message, new RegExp(`version 99.*reads ${version}`));
    }
  });

  it("is EINVAL for a ring whose file was cut or has grown", () => {
    for (const size of [4096, 0x3000, 0x4000, 1 << 20]) {
      const { name } = makeRing("cut", { capacity: 65536 });
      truncateSync(objectPath(name), size);
      assert.equal(refusal(name).code, "EINVAL");
    }
  });

  it("is EBADMSG for one that was cut by somebody who changed the size that it says, too", () => {
    for (const size of [segment.OBJECT_OFFSET, segment.OBJECT_OFFSET + 4096]) {
      const { name } = makeRing("resized", { capacity: 65536 });
      const shared = new RingBytes(name);
      new DataView(shared.memory.buffer).setFloat64(segment.SIZE_OFFSET, size, true);
      shared.close();
      truncateSync(objectPath(name), size);
      assert.match(refusal(name).message, /EBADMSG.*(the memory ends before it does|more bytes than there are)/);
    }
  });

  it("is ETIMEDOUT for an object that never gets a size", () => {
    const name = uniqueName("empty");
    writeFileSync(objectPath(name), "");
    assert.equal(refusal(name).code, "ETIMEDOUT");
  });

  it("is EBADMSG for a ring whose own header makes no sense", () => {
    const at = (offset: number) => segment.OBJECT_OFFSET + offset;
    const wrong: [number, number][] = [
      [layout.MAGIC, 0],
      [layout.MAGIC, 0x12345678],
      [layout.VERSION, 7],
      ...[0, 1, 63, 65, 1000, 8192, 2 ** 30, -1, -(2 ** 31)].map((value): [number, number] => [layout.CAPACITY, value]),
      ...[0, -1, 1017, 2 ** 30].map((value): [number, number] => [layout.MAX_MESSAGE_SIZE, value]),
    ];
    for (const [offset, value] of wrong) {
      assert.equal(refusal(changed("header", at(offset), value)).code, "EBADMSG", `${offset}: ${value}`);
    }
  });

  it("leaves no descriptor and no mapping open, nor does one of other sizes", () => {
    const { name } = makeRing("leaves", { capacity: 64 });
    const shared = new RingBytes(name);
    assertLeavesNothing("EINVAL", () => SpscRing.openOrCreate(name, { capacity: 128 }));
    shared.set(layout.CAPACITY, 1);
    assertLeavesNothing("EBADMSG", () => SpscRing.open(name));
    shared.words[segment.KIND_OFFSET / 4] = 1;
    assertLeavesNothing("EINVAL", () => SpscRing.open(name));
    shared.close();
  });
});

describe("a ring that is open", () => {
  after(cleanUpRings);

  it("gives back its descriptors at close", () => {
    const before = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 50; round++) {
      const { ring, name } = makeRing("descriptors", { capacity: 64 });
      const other = SpscRing.open(name);
      ring.producer().trySend(bytes("x"));
      assert.equal(text(other.consumer().receiveSync()), "x");
      other.close();
      ring.close();
    }
    assert.ok(readdirSync("/proc/self/fd").length < before + 10);
  });

  it("goes on when its name is taken away", () => {
    const { ring, name } = makeRing("unlinked", { capacity: 64 });
    SpscRing.unlink(name);
    ring.producer().trySend(bytes("x"));
    assert.equal(text(ring.consumer().tryReceive()), "x");
    assert.equal(objectExists(name), false);
    ring.close();
  });
});
