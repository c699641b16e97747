// Objects laid across one another in one process, by a wrong offset: refused before a byte is written.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import {
  Barrier,
  Event,
  LatestValue,
  Mutex,
  Participants,
  RwLock,
  Semaphore,
  SharedMap,
  SharedMemory,
  SpscRing,
} from "../../mod.ts";
import { cleanUp } from "../support/mod.ts";

interface Closable {
  close(): void;
}
type Lay = (byteOffset: number) => Closable;

const TABLE = Participants.byteSize();
const AT = TABLE + 65536;

/** All kinds of objects that are more than 128 bytes, and their sizes. */
function makeKinds(memory: SharedMemory, participants: Participants): Record<string, [Lay, number]> {
  const [ring, value, map] = [{ capacity: 4096 }, { size: 1000 }, { capacity: 50, valueSize: 50 }];
  const permits = { value: 40, owned: true };
  return {
    ring: [(at) => SpscRing.over(memory, at, { participants, ...ring }), SpscRing.byteSize(ring)],
    "latest value": [(at) => LatestValue.over(memory, at, { participants, ...value }), LatestValue.byteSize(value)],
    map: [(at) => SharedMap.over(memory, at, { participants, ...map }), SharedMap.byteSize(map)],
    rwlock: [(at) => RwLock.over(memory, at, { participants }), RwLock.byteSize()],
    semaphore: [(at) => Semaphore.over(memory, at, { participants, ...permits }), Semaphore.byteSize(permits)],
    barrier: [(at) => Barrier.over(memory, at, { participants }), Barrier.byteSize()],
  };
}

function makeMemory() {
  const memory = SharedMemory.anonymous({ size: 1 << 18 });
  const participants = Participants.over(memory, 0);
  participants.join();
  return { memory, participants, kinds: makeKinds(memory, participants) };
}

const overlap = (noun: string) => ({
  name: "RangeError",
  message: new RegExp(`would lie over (a|an) ${noun} that is open here, bytes ${AT} to`),
});

describe("an object over bytes of another one that is open", () => {
  after(cleanUp);

  for (const noun of ["ring", "latest value", "map", "rwlock", "semaphore", "barrier"]) {
    it(`is refused where that is a ${noun}, and nothing is written`, () => {
      const { memory, participants, kinds } = makeMemory();
      const [lay, size] = kinds[noun] as [Lay, number];
      const object = lay(AT);
      const before = memory.bytes.slice();
      for (const at of [AT, AT + 128, AT + size - 128])
        assert.throws(() => Event.over(memory, at, { participants, autoReset: true }), overlap(noun), `${at}`);
      for (const [other, [layOther, otherSize]] of Object.entries(kinds))
        for (const at of [AT - otherSize + 128, ...(other === noun ? [] : [AT]), AT + size - 128])
          assert.throws(() => layOther(at), overlap(noun), `${other} at ${at}`);
      assert.deepEqual(memory.bytes.slice(), before);
      object.close();
      memory.close();
    });

    it(`is welcome right beside a ${noun}, and in its place when it has closed`, () => {
      const { memory, participants, kinds } = makeMemory();
      const [lay, size] = kinds[noun] as [Lay, number];
      const object = lay(AT);
      const rooms = [AT - 128, AT + size];
      for (const at of rooms) Mutex.over(memory, at, { participants });
      object.close();
      memory.bytes.fill(0, AT, AT + size);
      Mutex.over(memory, AT, { participants }).close();
      memory.close();
    });

    it(`is welcome where it is the same ${noun}, until the last one has closed`, () => {
      const { memory, participants, kinds } = makeMemory();
      const [lay] = kinds[noun] as [Lay, number];
      const objects = [lay(AT), lay(AT), lay(AT)];
      for (const object of objects) {
        assert.throws(() => Mutex.over(memory, AT, { participants }), overlap(noun));
        object.close();
        object.close();
      }
      memory.bytes.fill(0, AT);
      Mutex.over(memory, AT, { participants }).close();
      memory.close();
    });
  }

  it("is refused also where it is there already, and its own bytes say how long it is", () => {
    for (const noun of ["ring", "latest value", "map"]) {
      const { memory, participants, kinds } = makeMemory();
      const [lay, size] = kinds[noun] as [Lay, number];
      lay(AT).close();
      const last = AT + size - 128;
      const event = Event.over(memory, last, { participants });
      const message = new RegExp(`would lie over an event that is open here, bytes ${last} to`);
      assert.throws(() => lay(AT), { name: "RangeError", message }, noun);
      event.close();
      lay(AT).close();
      memory.close();
    }
  });

  it("is refused whoever its participants are", () => {
    const { memory, participants } = makeMemory();
    const others = Participants.over(memory, 128 * 1024);
    RwLock.over(memory, AT, { participants });
    assert.throws(() => Mutex.over(memory, AT + 256, { participants: others }), overlap("rwlock"));
    memory.close();
  });

  it("is refused across a table that somebody here has joined, and a table across it", () => {
    const { memory, participants } = makeMemory();
    const mutex = Mutex.over(memory, AT, { participants });
    const across = /^a table of participants at bytes .* would lie over a mutex that is open here/;
    assert.throws(() => Participants.over(memory, AT - 128), { name: "RangeError", message: across });
    const others = Participants.over(memory, AT + 128); // as long as nobody joins it, it is nothing
    mutex.close();
    others.join();
    const over = /would lie over a table of participants that is open here/;
    assert.throws(() => Mutex.over(memory, AT + 256, { participants }), { name: "RangeError", message: over });
    others.close();
    Mutex.over(memory, AT, { participants });
    const late = Participants.over(memory, AT + 128);
    Mutex.over(memory, AT + 256, { participants });
    assert.throws(() => late.join(), { name: "RangeError" });
    memory.close();
  });

  it("is welcome when the other one has closed with its participants", () => {
    const { memory, participants } = makeMemory();
    RwLock.over(memory, AT, { participants });
    participants.close();
    Mutex.over(memory, AT + 256, { participants: Participants.over(memory, 0) }).close();
    memory.close();
  });

  it("leaves nothing behind where it was refused for something else", () => {
    const { memory, participants } = makeMemory();
    assert.throws(() => SpscRing.over(memory, AT, { participants }), { code: "EINVAL" });
    assert.throws(() => LatestValue.over(memory, AT, { participants, size: 1 << 20 }), RangeError);
    assert.throws(() => SharedMap.over(memory, AT, { participants, capacity: 4, valueSize: -1 }), RangeError);
    RwLock.over(memory, AT, { participants }).close();
    memory.close();
  });
});
