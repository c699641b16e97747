// Inspection: a console and JSON show of each object what it is called, in one short line, also after close.

import assert from "node:assert/strict";
import process from "node:process";
import { after, describe, it } from "node:test";
import { inspect } from "node:util";
import * as library from "../../mod.ts";
import { cleanUp, ownRuntime, runPeer, uniqueName } from "../support/mod.ts";

const peer = new URL("./inspect_peer.ts", import.meta.url);
const { Participants, SharedMemory } = library;

interface Closable {
  close(): void;
}

/** One object of each public class that is not made by `new`, by the name of the class. */
function makeAll(): Closable[] {
  const memory = SharedMemory.anonymous({ size: 65536 });
  const participants = Participants.over(memory, 0);
  const ring = library.SpscRing.create(uniqueName("ring"), { capacity: 4096, unlinkOnClose: true });
  const latest = library.LatestValue.create(uniqueName("latest"), { size: 64, unlinkOnClose: true });
  const path = `/dev/shm${uniqueName("file")}`;
  const { Mutex, RwLock, Condition, Event, Once, Futex, FutexLock, SpinLock } = library;
  const kinds = [Mutex, RwLock, Condition, Event, Once, Futex, FutexLock, SpinLock] as unknown as (typeof Mutex)[];
  const locks = kinds.map((Kind) => Kind.create(uniqueName(Kind.name), { unlinkOnClose: true }));
  return [
    ring.producer(),
    ring.consumer(),
    ring,
    latest.writer(),
    latest.reader(),
    latest,
    library.SharedMap.create(uniqueName("map"), { capacity: 8, valueSize: 8, unlinkOnClose: true }),
    library.Semaphore.create(uniqueName("semaphore"), { value: 1, unlinkOnClose: true }),
    library.Barrier.create(uniqueName("barrier"), { parties: 2, unlinkOnClose: true }),
    ...locks,
    library.MappedFile.create(path, { size: 4096 }),
    library.FileLock.open(path),
    library.AnonymousMemory.create({ size: 4096 }),
    library.Peer.ofPid(process.pid),
    participants,
    memory,
  ];
}

/** One guard of each kind of lock. */
function guardsOf(object: Closable): object[] {
  const { Mutex, RwLock, FutexLock, SpinLock, FileLock } = library;
  const isLock = [Mutex, FutexLock, SpinLock, FileLock].some((Kind) => object instanceof Kind);
  const guards = isLock ? [(object as library.Mutex).tryLock()] : [];
  if (object instanceof RwLock) {
    const reading = object.tryRead();
    guards.push(reading as never);
    guards.push(reading?.tryUpgrade() as never);
  }
  return guards as object[];
}

describe("inspect", () => {
  after(cleanUp);

  it("shows each object in one short line, open and closed, and never throws", () => {
    const objects = makeAll();
    for (const isOpen of [true, false]) {
      if (!isOpen) for (const object of objects) object.close();
      for (const object of objects) {
        const text = inspect(object);
        const { name } = object.constructor;
        assert.match(text, new RegExp(`^${name} \\{ \\w+: [^{}\\n]+ \\}$`));
        assert.ok(text.length < 120, text);
        if (name !== "Participants") assert.match(text, new RegExp(`closed: ${!isOpen} \\}$`));
      }
    }
  });

  it("is what JSON.stringify says, of guards too, which walked through all mapped bytes", () => {
    const objects = makeAll();
    const guards = objects.flatMap(guardsOf);
    assert.equal(guards.length, 6);
    for (const isOpen of [true, false]) {
      if (!isOpen) for (const object of objects) object.close();
      for (const object of objects) {
        const text = JSON.stringify({ object });
        const fields = Object.entries(JSON.parse(text).object);
        const same = fields.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ");
        const shown = inspect(object).replace(/\w+: undefined, /, ""); // JSON leaves out what is undefined
        assert.equal(shown, `${object.constructor.name} { ${same} }`);
        assert.ok(text.length < 140, text);
      }
      for (const guard of guards) assert.ok(JSON.stringify(guard).length < 140, guard.constructor.name);
    }
  });

  it("knows every public class that is not made by new, and stands its prototype", () => {
    const others = /Error$|Guard$/;
    const isClass = (value: unknown) => typeof value === "function" && /^class\b/.test(String(value));
    const names = Object.entries(library).flatMap(([name, value]) =>
      isClass(value) && !others.test(name) ? [name] : [],
    );
    const objects = makeAll();
    assert.deepEqual(objects.map((object) => object.constructor.name).sort(), names.sort());
    for (const object of objects) {
      assert.equal(typeof inspect(object.constructor.prototype), "string");
      const custom = object.constructor.prototype[Symbol.for("nodejs.util.inspect.custom")];
      assert.equal(custom.call(object.constructor.prototype), `${object.constructor.name} {}`);
      assert.equal(JSON.stringify(object.constructor.prototype), "{}");
      object.close();
    }
  });

  it("is what the console of this runtime shows", async () => {
    const name = uniqueName("shown");
    const end = await runPeer(ownRuntime, peer, [name]);
    assert.equal(end.code, 0, end.stderr);
    const ring = `{ name: "${name}", capacity: 65536, closed:`;
    assert.match(end.stdout, new RegExp(`^SpscRing ${ring} false \\}\n`));
    assert.match(end.stdout, new RegExp(`^SpscProducer ${ring} false \\}\n`, "m"));
    assert.match(end.stdout, new RegExp(`SpscRing ${ring} true \\}`));
    assert.ok(end.stdout.length < 1000, end.stdout);
  });
});
