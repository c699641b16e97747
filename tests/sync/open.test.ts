// Opening an object that cannot be opened: the promised error, and nothing is left behind.

import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, truncateSync, writeSync } from "node:fs";
import { afterEach, describe, it } from "node:test";
import { Barrier, Event, Mutex, Participants, RwLock, Semaphore, SharedMemory } from "../../mod.ts";
import { OBJECT_OFFSET, SIZE_OFFSET } from "../../src/memory/layout.ts";
import type { SharedObject } from "../../src/sync/shared_object.ts";
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

/** A class, what it is asked for by, how one is made, and how another one is asked for. */
const others: [typeof Semaphore, string, object, object][] = [
  [Semaphore, "owned", { value: 2, owned: false }, { value: 2, owned: true }],
  [Semaphore, "owned", { value: 2, owned: true }, { value: 2, owned: false }],
  [Event as never, "autoReset", { autoReset: false }, { autoReset: true }],
  [Event as never, "autoReset", { autoReset: true }, { autoReset: false }],
  [RwLock as never, "preferReaders", { preferReaders: false }, { preferReaders: true }],
  [RwLock as never, "preferReaders", { preferReaders: true }, { preferReaders: false }],
  [Barrier as never, "parties", { parties: 3 }, { parties: 2 }],
];

/** Leaves a trace in its bytes: nothing tells an object of zeros that was never used from a fresh one. */
function use(object: SharedObject): void {
  if (object instanceof Event) object.set();
  if (object instanceof RwLock) object.tryRead();
}

describe("an object that exists", () => {
  afterEach(closeAll);

  for (const [Kind, trait, made, wanted] of others) {
    const [found, asked] = [made, wanted].map((options) => (options as Record<string, unknown>)[trait]);
    const message = new RegExp(`it exists with ${trait} ${found}, ${asked} asked`);

    it(`with ${trait} ${found} is not taken by openOrCreate for one with ${asked}`, () => {
      const { name } = make(Kind, "other", made);
      const before = uses(name);
      assert.throws(() => Kind.openOrCreate(name, { ...wanted, unlinkOnClose: true }), { ...code("EINVAL"), message });
      assert.equal(uses(name), before);
      for (const same of [{}, made, { [trait]: undefined }])
        assert.equal(closing(Kind.openOrCreate(name, same)).created, false);
    });

    it(`with ${trait} ${found} is not taken by over for one with ${asked}`, () => {
      const memory = closing(SharedMemory.anonymous({ size: 16384 }));
      const over = (options: object) => {
        const participants = closing(Participants.over(memory, 0));
        return closing(Kind.over(memory, Participants.byteSize(), { participants, ...options }));
      };
      const [first] = [over(made), over(made), over({}), over({ [trait]: undefined })];
      use(first);
      const bytes = memory.buffer.slice(Participants.byteSize());
      assert.throws(() => over(wanted), { ...code("EINVAL"), message });
      over({ [trait]: found });
      assert.deepEqual(memory.buffer.slice(Participants.byteSize()), bytes);
    });
  }

  it("keeps its amount when openOrCreate finds it; over writes the one it names, and what it is stays", () => {
    const { name, it: seats } = make(Semaphore, "amount", { value: 2 });
    closing(Semaphore.openOrCreate(name, { value: 5, owned: false }));
    assert.equal(seats.value, 2);
    const memory = closing(SharedMemory.anonymous({ size: 16384 }));
    const participants = closing(Participants.over(memory, 0));
    const at = Participants.byteSize();
    Semaphore.over(memory, at, { participants, value: 2, owned: true }).close();
    const again = closing(Semaphore.over(memory, at, { participants, value: 3 }));
    assert.equal(again.value, 3);
    assert.throws(() => again.release(), code("EPERM"), "its permits are owned as before");
  });
});
