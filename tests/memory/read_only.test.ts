// Read-only memory: polled by loadOrdered, it follows what others write, also when the loop has been optimised.

import assert from "node:assert/strict";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { loadOrdered, MappedFile, SharedMemory } from "../../mod.ts";
import { touch } from "../../src/memory/advice.ts";
import { cleanUp, ownRuntime, temporaryDirectory, uniqueName } from "../support/mod.ts";

const POLLS = 100_000;

function sharedMemory(): [SharedMemory, SharedMemory] {
  const name = uniqueName("read-only");
  const writer = SharedMemory.create(name, { size: 8192, unlinkOnClose: true });
  return [writer, SharedMemory.open(name, { readOnly: true })];
}

function file(): [MappedFile, MappedFile] {
  const path = join(temporaryDirectory(), "file");
  writeFileSync(path, new Uint8Array(8192));
  return [MappedFile.open(path), MappedFile.open(path, { readOnly: true })];
}

describe("loadOrdered", () => {
  after(cleanUp);

  for (const [what, open] of Object.entries({ sharedMemory, file })) {
    it(`of a read-only mapping sees each of ${POLLS} changes: ${what}`, () => {
      const [writer, reader] = open();
      const written = new Int32Array(writer.buffer);
      const words = new Int32Array(reader.buffer);
      for (let value = 1; value <= POLLS; value++) {
        written[3] = value;
        if (loadOrdered(words, 3) !== value) assert.fail(`frozen at ${words[3]}, ${value} was written`);
      }
      reader.close();
      writer.close();
    });
  }

  it("answers undefined outside the array, and once the memory is closed", () => {
    const [writer, reader] = sharedMemory();
    const words = new Int32Array(reader.buffer);
    assert.deepEqual([loadOrdered(words, -1), loadOrdered(words, words.length)], [undefined, undefined]);
    reader.close();
    writer.close();
    assert.equal(loadOrdered(words, 0), undefined);
  });
});

/** Whether the kernel has promised memory for the mapping that begins there: "ac" among its flags, proc_pid_smaps(5). */
function isPromised(address: number): boolean {
  const entry = readFileSync("/proc/self/smaps", "utf8").split(`\n${address.toString(16)}-`)[1] ?? "";
  return / ac( |$)/.test(/^VmFlags:(.*)$/m.exec(entry)?.[1] ?? " ac");
}

const setting = readFileSync("/proc/sys/vm/overcommit_memory", "utf8").trim();
const isStrict = setting === "2" && "vm.overcommit_memory is 2: this kernel promises memory for every mapping";
const isLimited = ownRuntime.name === "bun" ? "an ArrayBuffer of Bun ends at 4 GiB" : isStrict;

describe("read-only memory", () => {
  after(cleanUp);

  for (const [what, open] of Object.entries({ sharedMemory, file })) {
    it(`takes no promise of memory for copies that nobody makes: ${what}`, { skip: isStrict }, () => {
      const [writer, reader] = open();
      assert.equal(isPromised(reader.address), false);
      reader.bytes[5] = 9;
      assert.deepEqual([reader.bytes[5], writer.bytes[5]], [9, 0]);
      reader.close();
      writer.close();
    });
  }

  it("may be larger than all the memory there is", { skip: isLimited }, () => {
    const size = totalmem() * 2;
    const path = join(temporaryDirectory(), "large");
    writeFileSync(path, "");
    truncateSync(path, size); // a hole
    const reader = MappedFile.open(path, { readOnly: true });
    assert.deepEqual([reader.size, reader.bytes[size - 1]], [size, 0]);
    reader.close();
    rmSync(path);
  });
});

describe("what prefault does on old kernels", () => {
  after(cleanUp);

  it("leaves read-only memory shared with its writers, also when the loop has been optimised", () => {
    const [writer, reader] = sharedMemory();
    for (let round = 0; round < POLLS / 10; round++) touch(reader, {});
    writer.bytes[8000] = 7;
    assert.equal(reader.bytes[8000], 7);
    reader.close();
    writer.close();
  });
});
