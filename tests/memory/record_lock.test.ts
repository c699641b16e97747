// Record locks of somebody else over a file of ours: told, and never waited for without end.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { FileLock, LatestValue, MappedFile, Participants, SharedMap, SpscRing } from "../../mod.ts";
import { cleanUp, least, temporaryDirectory } from "../support/mod.ts";

const BASE = Participants.byteSize();
const SPACE = 65536;
const over = (memory: MappedFile) => ({ participants: Participants.over(memory, 0) });

/** Each kind of object over a file. */
const kinds: [string, (memory: MappedFile, isNew: boolean) => { created: boolean; close(): void }][] = [
  ["ring", (memory, isNew) => SpscRing.over(memory, BASE, { ...over(memory), ...(isNew && { capacity: 4096 }) })],
  ["value", (memory, isNew) => LatestValue.over(memory, BASE, { ...over(memory), ...(isNew && { size: 64 }) })],
  [
    "map",
    (memory, isNew) => SharedMap.over(memory, BASE, { ...over(memory), ...(isNew && { capacity: 9, valueSize: 8 }) }),
  ],
];

describe("a record lock over the file", () => {
  after(cleanUp);
  const directory = temporaryDirectory();
  const make = (name: string) => MappedFile.create(join(directory, name), { size: BASE + SPACE });

  for (const [noun, lay] of kinds) {
    it(`is in nobody's way who finds a ${noun}`, async () => {
      const memory = make(noun);
      lay(memory, true).close();
      const lock = FileLock.open(memory.path);
      assert.ok(lock.tryLock({ shared: true }));
      const took = await least(1000, () => {
        const begin = performance.now();
        const found = lay(memory, false);
        const took = performance.now() - begin;
        assert.equal(found.created, false);
        found.close();
        return took;
      });
      assert.ok(took < 1000, `${took} ms`);
      lock.close();
      memory.close();
    });
  }

  it("is ETIMEDOUT with its name for who would lay something new, and no wait for ever", () => {
    const memory = make("new");
    const lock = FileLock.open(memory.path);
    assert.ok(lock.tryLock());
    const message = /for 5000 ms a record lock covers all bytes from 0 on of the file: lock it by kind "flock"/;
    assert.throws(() => kinds[0][1](memory, true), { code: "ETIMEDOUT", message });
    lock.close();
    assert.equal(kinds[0][1](memory, true).created, true);
    memory.close();
  });

  it("is named to who finds no slot", () => {
    const memory = make("slots");
    const lock = FileLock.open(memory.path);
    const first = Participants.over(memory, 0);
    first.join();
    assert.ok(lock.tryLock({ offset: 64, length: BASE }));
    const message = /EUSERS.*a record lock covers bytes 64 to 8256 of the file/;
    assert.throws(() => Participants.over(memory, 0).join(), { code: "EUSERS", message });
    lock.close();
    Participants.over(memory, 0).join();
    memory.close();
  });

  it('of kind "flock" is in nobody\'s way', () => {
    const memory = make("flock");
    const lock = FileLock.open(memory.path, { kind: "flock" });
    assert.ok(lock.tryLock());
    assert.equal(kinds[0][1](memory, true).created, true);
    Participants.over(memory, 0).join();
    lock.close();
    memory.close();
  });
});
