// Opening an object that cannot be opened: the promised error, and nothing is left behind.

import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, truncateSync, writeSync } from "node:fs";
import { afterEach, describe, it } from "node:test";
import { Barrier, Mutex, Participants, RwLock, Semaphore, SharedMemory } from "../../mod.ts";
import { OBJECT_OFFSET, SIZE_OFFSET } from "../../src/memory/layout.ts";
import { uniqueName } from "../support/mod.ts";
import { closeAll, closing, make } from "./scene.ts";

const code = (text: string) => ({ name: "IpcError", code: text });

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return ""; // that of the listing itself
  }
}

/** Descriptors and mappings of this process that belong to the file. */
function uses(name: string): number {
  const maps = readFileSync("/proc/self/maps", "latin1").split("\n");
  return [...maps, ...readdirSync("/proc/self/fd").map(targetOf)].filter((line) => line.includes(name)).length;
}

describe("an object that cannot be opened", () => {
  afterEach(closeAll);

  it("because 128 participants are attached leaves nothing behind, and its name to the others", () => {
    const { name, it: mutex } = make(Mutex, "full");
    const others = Array.from({ length: 127 }, () => closing(Mutex.open(name)));
    const open = () => Mutex.open(name);
    const openOrCreate = () => Mutex.openOrCreate(name, { unlinkOnClose: true });
    const before = uses(name);
    assert.ok(before > 127);
    for (let count = 0; count < 5; count++)
      for (const attempt of [open, openOrCreate]) assert.throws(attempt, code("EUSERS"));
    assert.equal(uses(name), before);
    others[0]?.close();
    closing(open()).lockSync()?.unlock();
    assert.equal(mutex.isLocked, false);
  });

  it("because its file is too short is EINVAL, and leaves nothing behind", () => {
    for (const Kind of [RwLock, Barrier, Semaphore, Mutex] as unknown as (typeof Mutex)[]) {
      const { name } = make(Kind, "short");
      truncateSync(`/dev/shm${name}`, OBJECT_OFFSET);
      const fd = openSync(`/dev/shm${name}`, "r+");
      writeSync(fd, new Uint8Array(Float64Array.of(OBJECT_OFFSET).buffer), 0, 8, SIZE_OFFSET);
      closeSync(fd);
      const before = uses(name);
      assert.throws(() => Kind.open(name), { ...code("EINVAL"), message: /too few/ });
      assert.throws(() => Kind.openOrCreate(name), code("EINVAL"));
      assert.equal(uses(name), before);
    }
  });

  it("over a memory whose table is full closes nothing, and is forgotten", () => {
    const memory = closing(SharedMemory.create(uniqueName("table"), { size: 16384, unlinkOnClose: true }));
    const joined = Array.from({ length: 128 }, () => closing(Participants.over(memory, 0)));
    for (const participants of joined) participants.join();
    const late = closing(Participants.over(memory, 0));
    const lay = () => RwLock.over(memory, Participants.byteSize(), { participants: late });
    assert.throws(lay, code("EUSERS"));
    joined[0]?.close();
    closing(lay()).writeSync()?.unlock();
    memory.close();
  });
});
