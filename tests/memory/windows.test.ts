// Parts of shared memory: read-only mappings, windows at an offset, growing.

import assert from "node:assert/strict";
import { chmodSync, statSync } from "node:fs";
import process from "node:process";
import { after, describe, it } from "node:test";
import { SharedMemory } from "../../mod.ts";
import { cleanUp, objectPath, ownRuntime, runPeer, spawnPeer, uniqueName } from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);
const isBun = ownRuntime.name === "bun";

describe("read-only memory", () => {
  after(cleanUp);

  it("shows what others write, in this process and in another", async () => {
    const memory = SharedMemory.create(uniqueName("readonly"), { size: 4096 });
    const reader = SharedMemory.open(memory.name ?? "", { readOnly: true });
    assert.deepEqual([reader.readOnly, memory.readOnly], [true, false]);
    memory.bytes[5] = 1;
    assert.equal(reader.bytes[5], 1);
    memory.bytes[5] = 2;
    assert.equal(reader.bytes[5], 2);
    const other = spawnPeer(ownRuntime, peer, ["lookTwice", memory.name ?? "", "readOnly"]);
    assert.equal(await other.line(), "0");
    memory.bytes[0] = 8;
    other.write("look");
    assert.equal(await other.line(), "8");
    await other.ended;
    reader.close();
    memory.close();
  });

  it("keeps a stray write with its culprit, who does not crash", async () => {
    const memory = SharedMemory.create(uniqueName("stray"), { size: 16384 });
    memory.bytes.fill(3);
    const end = await runPeer(ownRuntime, peer, ["strayWrite", memory.name ?? ""]);
    assert.equal(end.signal, null);
    assert.equal(end.stdout, "99 true\nalive\n", end.stderr);
    assert.ok(memory.bytes.every((byte) => byte === 3));
    memory.close();
  });

  it("cannot be resized", () => {
    const memory = SharedMemory.create(uniqueName("fixed"), { size: 4096 });
    const reader = SharedMemory.open(memory.name ?? "", { readOnly: true });
    assert.throws(() => reader.resize(8192), RangeError);
    assert.equal(statSync(objectPath(memory.name ?? "")).size, 4096);
    reader.close();
    memory.close();
  });

  it("needs no permission to write", { skip: process.getuid?.() === 0 ? "root may write everything" : false }, () => {
    const name = uniqueName("permission");
    SharedMemory.create(name, { size: 4096 }).close();
    chmodSync(objectPath(name), 0o400);
    assert.throws(() => SharedMemory.open(name), { code: "EACCES" });
    SharedMemory.open(name, { readOnly: true }).close();
  });
});

describe("a window", () => {
  after(cleanUp);

  it("shows the bytes from its offset on, and no more than its length", () => {
    const memory = SharedMemory.create(uniqueName("window"), { size: 4096 * 4 });
    memory.bytes.forEach((_, index) => {
      memory.bytes[index] = index / 4096;
    });
    const name = memory.name ?? "";
    const [middle, rest, start] = [
      SharedMemory.open(name, { offset: 4096, length: 5000 }),
      SharedMemory.open(name, { offset: 8192 }),
      SharedMemory.open(name, { length: 10 }),
    ];
    assert.deepEqual([middle.size, middle.bytes[0], middle.bytes[4096]], [5000, 1, 2]);
    assert.deepEqual([rest.size, rest.bytes[0], rest.bytes[8191]], [8192, 2, 3]);
    assert.deepEqual([start.size, start.bytes[9], start.bytes[10]], [10, 0, undefined]);
    middle.bytes[0] = 77;
    assert.equal(memory.bytes[4096], 77);
    for (const one of [middle, rest, start, memory]) one.close();
  });

  it("may be read-only", () => {
    const memory = SharedMemory.create(uniqueName("both"), { size: 8192 });
    const window = SharedMemory.open(memory.name ?? "", { offset: 4096, readOnly: true });
    memory.bytes[4096] = 5;
    assert.equal(window.bytes[0], 5);
    window.bytes[1] = 1;
    assert.equal(memory.bytes[4097], 0);
    window.close();
    memory.close();
  });

  it("outside of the object is a RangeError with the limits", () => {
    const name = uniqueName("outside");
    SharedMemory.create(name, { size: 10_000 }).close();
    const wrong: [{ offset?: number; length?: number }, RegExp][] = [
      [{ offset: 12288 }, /^offset must be a whole number from 0 to 9999, not 12288$/],
      [{ offset: 8192, length: 4096 }, /^length must be a whole number from 1 to 1808, not 4096$/],
      [{ length: 10_001 }, /^length must be a whole number from 1 to 10000, not 10001$/],
      [{ offset: 10_000 }, /^offset must be a multiple of 4096, not 10000$/],
      [{ offset: 1 }, /^offset must be a multiple of 4096, not 1$/],
    ];
    for (const [options, message] of wrong)
      assert.throws(() => SharedMemory.open(name, options), { name: "RangeError", message });
    assert.equal(SharedMemory.open(name, { offset: 8192 }).size, 1808);
  });

  it("cannot be resized", () => {
    const name = uniqueName("fixed");
    SharedMemory.create(name, { size: 8192 }).close();
    for (const options of [{ offset: 4096 }, { length: 100 }]) {
      const window = SharedMemory.open(name, options);
      assert.throws(() => window.resize(16384), { name: "RangeError", message: /window/ });
      window.close();
    }
  });
});

describe("resize", () => {
  after(cleanUp);

  it("grows: the bytes stay, the new ones are zeros, and reserved", () => {
    const memory = SharedMemory.create(uniqueName("grow"), { size: 4096 });
    memory.bytes.fill(6);
    memory.resize(100_000);
    assert.deepEqual([memory.size, memory.bytes.length, memory.buffer.byteLength], [100_000, 100_000, 100_000]);
    assert.ok(memory.bytes.subarray(0, 4096).every((byte) => byte === 6));
    assert.ok(memory.bytes.subarray(4096).every((byte) => byte === 0));
    const { size, blocks } = statSync(objectPath(memory.name ?? ""));
    assert.equal(size, 100_000);
    assert.ok(blocks * 512 >= size, `${blocks} blocks`);
    memory.close();
  });

  it("empties the old views, and gives new ones", () => {
    const memory = SharedMemory.create(uniqueName("old"), { size: 4096 });
    const { bytes, buffer } = memory;
    memory.resize(8192);
    assert.deepEqual([bytes.length, buffer.byteLength], [0, 0]);
    assert.notEqual(memory.buffer, buffer);
    memory.bytes[8191] = 1;
    memory.close();
    assert.equal(memory.size, 0);
  });

  it("is seen by peers when they open again; what they have mapped stays", () => {
    const memory = SharedMemory.create(uniqueName("peers"), { size: 4096 });
    const before = SharedMemory.open(memory.name ?? "");
    memory.resize(8192);
    memory.bytes[0] = 9;
    const later = SharedMemory.open(memory.name ?? "");
    assert.deepEqual([before.size, before.bytes[0], later.size], [4096, 9, 8192]);
    for (const one of [before, later, memory]) one.close();
  });

  it("to the same size changes nothing, and to a smaller one is a RangeError", () => {
    const memory = SharedMemory.create(uniqueName("same"), { size: 4096 });
    const { buffer } = memory;
    memory.resize(4096);
    assert.equal(memory.buffer, buffer);
    assert.throws(() => memory.resize(4095), { name: "RangeError", message: /4095/ });
    assert.throws(() => memory.resize("9000" as unknown as number), TypeError);
    assert.equal(memory.size, 4096);
    memory.close();
  });

  it("beyond what an ArrayBuffer holds is refused before the memory has grown", {
    skip: isBun ? false : "it holds more",
  }, () => {
    const memory = SharedMemory.create(uniqueName("beyond"), { size: 4096 });
    assert.throws(() => memory.resize(5 * 2 ** 30), { name: "RangeError", message: /cannot hold 5368709120 bytes/ });
    assert.deepEqual([memory.size, statSync(objectPath(memory.name ?? "")).size], [4096, 4096]);
    memory.close();
  });

  it("after close is EBADF", () => {
    const memory = SharedMemory.create(uniqueName("closed"), { size: 4096, unlinkOnClose: true });
    memory.close();
    assert.throws(() => memory.resize(8192), { name: "IpcError", code: "EBADF" });
  });

  it("never cuts an object that somebody else has grown meanwhile", () => {
    const memory = SharedMemory.create(uniqueName("grown"), { size: 4096 });
    const other = SharedMemory.open(memory.name ?? "");
    other.resize(65536);
    memory.resize(8192);
    assert.equal(statSync(objectPath(memory.name ?? "")).size, 65536);
    assert.equal(memory.size, 8192);
    other.close();
    memory.close();
  });
});
