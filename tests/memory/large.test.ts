// Large memory: beyond 4 GiB where the engine can view it, by a window where it cannot.

import assert from "node:assert/strict";
import { existsSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { MappedFile, SharedMemory } from "../../mod.ts";
import * as sys from "../../src/sys/memory.ts";
import { cleanUp, objectPath, ownRuntime, temporaryDirectory, uniqueName } from "../support/mod.ts";

const GIB = 2 ** 30;
const space = sys.statfs("/dev/shm");
const skip = typeof space === "object" && space.total < 6 * GIB ? "/dev/shm is smaller than 6 GiB" : false;
/** Bun's ArrayBuffer ends at 4 GiB. */
const isLimited = ownRuntime.name === "bun";

/** A file that takes no space until it is written. */
function sparse(label: string, size: number): string {
  const name = uniqueName(label);
  writeFileSync(objectPath(name), "");
  truncateSync(objectPath(name), size);
  return name;
}

describe("memory of 5 GiB", { skip }, () => {
  after(cleanUp);

  it("is viewed whole, where the engine can hold it", { skip: isLimited && "Bun cannot" }, () => {
    const name = sparse("whole", 5 * GIB);
    const memory = SharedMemory.open(name);
    assert.equal(memory.size, 5 * GIB);
    memory.bytes[5 * GIB - 1] = 7;
    new DataView(memory.buffer).setFloat64(4 * GIB + 8, 1.5);
    const window = SharedMemory.open(name, { offset: 4 * GIB });
    assert.equal(new DataView(window.buffer).getFloat64(8), 1.5);
    assert.equal(window.bytes[GIB - 1], 7);
    memory.close();
    window.close();
  });

  it("is a RangeError that tells of windows, where the engine cannot", { skip: !isLimited && "it can" }, () => {
    const name = sparse("refused", 5 * GIB);
    assert.throws(() => SharedMemory.open(name), { name: "RangeError", message: /5368709120.*window.*offset/ });
  });

  it("is opened as a window at any offset, by everybody", () => {
    const name = sparse("window", 5 * GIB);
    const low = SharedMemory.open(name, { length: 4096 });
    const high = SharedMemory.open(name, { offset: 5 * GIB - 8192, length: 8192 });
    const across = SharedMemory.open(name, { offset: 4 * GIB - 4096, length: 8192 });
    high.bytes[8191] = 3;
    across.bytes[0] = 1;
    across.bytes[4096] = 2;
    const again = SharedMemory.open(name, { offset: 4 * GIB });
    assert.deepEqual([again.size, again.bytes[0], again.bytes[GIB - 1], low.bytes[0]], [GIB, 2, 3, 0]);
    for (const one of [low, high, across, again]) one.close();
  });

  it("can be a window of 3 GiB, beyond what 31 bits count", () => {
    const name = sparse("three", 5 * GIB);
    const window = SharedMemory.open(name, { offset: GIB, length: 3 * GIB });
    assert.equal(window.size, 3 * GIB);
    window.bytes[3 * GIB - 1] = 9;
    const end = SharedMemory.open(name, { offset: 4 * GIB - 4096, length: 4096 });
    assert.equal(end.bytes[4095], 9);
    window.close();
    end.close();
    assert.equal(window.size, 0);
  });
});

describe("a file of 5 GiB that is not there yet", { skip: !isLimited && "only Bun cannot map it whole" }, () => {
  after(cleanUp);
  const refused = (verb: string) => ({
    name: "RangeError",
    message: new RegExp(`^Cannot ${verb} mapped file .* cannot hold 5368709120 bytes \\(make it .* fallocate.*window`),
  });
  const options = { size: 5 * GIB, sparse: true };

  it("is a RangeError that tells how to make it, and of windows; nothing is made or grown", () => {
    const path = join(temporaryDirectory(), "file");
    assert.throws(() => MappedFile.create(path, options), refused("create"));
    assert.throws(() => MappedFile.openOrCreate(path, options), refused("create"));
    assert.equal(existsSync(path), false);
    const file = MappedFile.create(path, { size: 4096 });
    assert.throws(() => file.grow(options.size, { sparse: true }), refused("grow"));
    assert.equal(file.size, 4096);
    file.close();
    truncateSync(path, 0);
    assert.throws(() => MappedFile.openOrCreate(path, options), refused("open"));
  });

  it("is opened by a window once it is there, which is all that is told then", () => {
    const path = join(temporaryDirectory(), "file");
    writeFileSync(path, "");
    truncateSync(path, options.size);
    const told = { name: "RangeError", message: /\(open a window of it with offset and length\)$/ };
    assert.throws(() => MappedFile.open(path), told);
    assert.throws(() => MappedFile.openOrCreate(path, options), told);
    MappedFile.open(path, { offset: 4 * GIB }).close();
  });
});

describe("memory that nobody has", () => {
  after(cleanUp);

  it("is refused at create, at once, with the space there is", () => {
    const size = 2 ** 46;
    const begin = performance.now();
    assert.throws(() => SharedMemory.create(uniqueName("huge"), { size }), {
      name: "IpcError",
      code: /ENOSPC|ENOMEM|EFBIG/,
    });
    assert.ok(performance.now() - begin < 5000);
  });
});
