// Rings over part of a memory: laid once, found by others, side by side, and strict about what they find.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { IpcError, MappedFile, Participants, SharedMemory, SpscRing } from "../../mod.ts";
import * as layout from "../../src/ring/spsc/layout.ts";
import { mainRuntimes, ownRuntime, runPeer, spawnPeer, uniqueName } from "../support/mod.ts";
import { bytes, cleanUpRings, text } from "./bytes.ts";

const peer = new URL("./peer.ts", import.meta.url);
const FIRST = Participants.byteSize();

/** Memory with a table of participants at its start. */
function memoryWithTable(label: string, size = 65536) {
  const memory = SharedMemory.create(uniqueName(label), { size, unlinkOnClose: true });
  const participants = Participants.over(memory, 0);
  const close = () => {
    participants.close();
    memory.close();
  };
  return { memory, participants, close };
}

describe("a ring over memory", () => {
  after(cleanUpRings);

  it("is laid where there are zeros, and found by the next one", () => {
    const { memory, participants, close } = memoryWithTable("found");
    const laid = SpscRing.over(memory, FIRST, { participants, capacity: 1024, maxMessageSize: 200 });
    const found = SpscRing.over(memory, FIRST, { participants });
    const same = SpscRing.over(memory, FIRST, { participants, capacity: 1024, maxMessageSize: 200 });
    assert.deepEqual([laid.created, found.created, same.created], [true, false, false]);
    assert.deepEqual([found.capacity, found.maxMessageSize], [1024, 200]);
    laid.producer().trySend(bytes("hello"));
    assert.equal(text(found.consumer().tryReceive()), "hello");
    for (const ring of [laid, found, same]) ring.close();
    close();
  });

  it("works in anonymous memory", async () => {
    const memory = SharedMemory.anonymous({ size: 65536 });
    const participants = Participants.over(memory, 0);
    const ring = SpscRing.over(memory, FIRST, { participants, capacity: 1024 });
    const [producer, consumer] = [ring.producer(), ring.consumer()];
    const receiving = consumer.receive();
    producer.trySend(bytes("hello"));
    assert.equal(text(await receiving), "hello");
    ring.close();
    participants.close();
    memory.close();
  });

  it("needs byteSize bytes and touches no others", () => {
    const size = SpscRing.byteSize({ capacity: 256, maxMessageSize: 240 });
    assert.equal(size % 128, 0);
    const { memory, participants, close } = memoryWithTable("bounds");
    memory.bytes.fill(0xee, FIRST);
    memory.bytes.fill(0, FIRST + 1024, FIRST + 1024 + size);
    const ring = SpscRing.over(memory, FIRST + 1024, { participants, capacity: 256, maxMessageSize: 240 });
    const [producer, consumer] = [ring.producer(), ring.consumer()];
    for (let number = 0; number < 1000; number++) {
      producer.trySend(new Uint8Array(number % 241).fill(1));
      consumer.tryReceive();
    }
    ring.close();
    assert.ok(memory.bytes.subarray(FIRST, FIRST + 1024).every((byte) => byte === 0xee));
    assert.ok(memory.bytes.subarray(FIRST + 1024 + size).every((byte) => byte === 0xee));
    close();
  });

  it("may end where its memory ends", () => {
    const size = { capacity: 2048, maxMessageSize: 2040 - 768 };
    assert.equal(SpscRing.byteSize(size), 4096);
    const memory = SharedMemory.anonymous({ size: FIRST + 4096 });
    const participants = Participants.over(memory, 0);
    assert.equal(SpscRing.over(memory, FIRST, { participants, ...size }).created, true);
    assert.equal(SpscRing.over(memory, FIRST, { participants }).created, false);
    participants.close();
    memory.close();
  });

  it("lies beside others, each with its own messages", () => {
    const { memory, participants, close } = memoryWithTable("beside");
    const size = SpscRing.byteSize({ capacity: 256 });
    const rings = [0, 1, 2].map((index) =>
      SpscRing.over(memory, FIRST + index * size, { participants, capacity: 256 }),
    );
    const sides = rings.map((ring) => ({ producer: ring.producer(), consumer: ring.consumer() }));
    for (let round = 0; round < 100; round++) {
      for (const [index, { producer }] of sides.entries()) {
        assert.equal(producer.trySend(new Uint8Array(100).fill(index + 1)), true);
      }
      for (const [index, { consumer }] of sides.entries()) {
        assert.deepEqual(consumer.tryReceive(), new Uint8Array(100).fill(index + 1));
      }
      for (const { consumer } of sides) assert.equal(consumer.tryReceive(), undefined);
    }
    for (const ring of rings) ring.close();
    close();
  });

  it("leaves memory and participants open when it is closed", () => {
    const { memory, participants, close } = memoryWithTable("open");
    const ring = SpscRing.over(memory, FIRST, { participants, capacity: 64 });
    ring.producer().trySend(bytes("kept"));
    const owner = participants.owner;
    ring.close();
    assert.equal(memory.size, 65536);
    assert.deepEqual([participants.owner, participants.isProvenDead(owner)], [owner, false]);
    for (const use of [() => ring.producer(), () => ring.consumer(), () => ring.holder("producer")])
      assert.throws(use, { code: "EBADF" }, "and not because something else is closed");
    const again = SpscRing.over(memory, FIRST, { participants });
    assert.equal(text(again.consumer().tryReceive()), "kept");
    again.close();
    close();
  });

  it("works between processes of all runtimes, each over its own mapping", async () => {
    for (const runtime of mainRuntimes) {
      const { memory, participants, close } = memoryWithTable(`processes-${runtime.name}`);
      const ring = SpscRing.over(memory, FIRST, { participants, capacity: 1024 });
      const consumer = ring.consumer();
      const sender = spawnPeer(runtime, peer, ["sendOver", memory.name ?? "", FIRST, 5]);
      for (let number = 0; number < 5; number++) {
        assert.deepEqual([...((await consumer.receive()) ?? [])], [number]);
      }
      await assert.rejects(consumer.receive(), { code: "EPIPE" });
      assert.equal((await sender.ended).code, 0);
      ring.close();
      close();
    }
  });

  it("that many processes lay at one instant is laid once", { timeout: 60_000 }, async () => {
    const { memory, close } = memoryWithTable("racing");
    const racers = Array.from({ length: 12 }, (_, index) => {
      const runtime = mainRuntimes[index < 4 ? index : 0];
      return spawnPeer(runtime, peer, ["layOver", memory.name ?? "", FIRST]);
    });
    for (const one of racers) assert.equal(await one.line(), "ready");
    const start = Date.now() + 100;
    for (const one of racers) one.write(String(start));
    const ends = await Promise.all(racers.map((one) => one.ended));
    const created = ends.map(({ stdout }) => stdout.split("\n")[1].split(" ").map(Number));
    for (let place = 0; place < 20; place++) {
      assert.equal(created.filter((places) => places.includes(place)).length, 1, `place ${place}`);
    }
    close();
  });

  it("in a window is the same ring as in the whole memory", () => {
    const { memory, participants, close } = memoryWithTable("window");
    const window = SharedMemory.open(memory.name ?? "", { offset: 16384 });
    const table = Participants.over(window, 0);
    const inside = SpscRing.over(window, FIRST, { participants: table, capacity: 1024 });
    const outside = SpscRing.over(memory, 16384 + FIRST, { participants: Participants.over(memory, 16384) });
    assert.deepEqual([inside.created, outside.created], [true, false]);
    inside.producer().trySend(bytes("through"));
    assert.throws(() => outside.producer(), { code: "EBUSY" });
    assert.equal(text(outside.consumer().tryReceive()), "through");
    assert.equal(participants.owner, 0);
    outside.close();
    inside.close();
    table.close();
    window.close();
    close();
  });
});

describe("laying a ring is refused", () => {
  after(cleanUpRings);

  it("where it does not fit or is not aligned", () => {
    const { memory, participants, close } = memoryWithTable("fit", 16384);
    for (const byteOffset of [-128, 1, 64, FIRST + 8, 16385, 0.5]) {
      assert.throws(
        () => SpscRing.over(memory, byteOffset, { participants, capacity: 64 }),
        RangeError,
        `${byteOffset}`,
      );
    }
    assert.throws(() => SpscRing.over(memory, FIRST, { participants, capacity: 8192 }), {
      name: "RangeError",
      message: /does not fit/,
    });
    for (const byteOffset of [16384, 16384 - 128]) {
      assert.throws(() => SpscRing.over(memory, byteOffset, { participants, capacity: 64 }), Error);
    }
    const bad = "0" as unknown as number;
    assert.throws(() => SpscRing.over(memory, bad, { participants, capacity: 64 }), TypeError);
    assert.ok(memory.bytes.subarray(FIRST).every((byte) => byte === 0));
    close();
  });

  it("without participants, and with options that nobody knows", () => {
    const { memory, participants, close } = memoryWithTable("options");
    const bad = (options: unknown) => options as { participants: Participants };
    for (const options of [
      undefined,
      {},
      { participants: {} },
      { participants, size: 64 },
      { participants, mode: 0o600 },
      { participants, capacity: 64, ordering: 5 },
    ]) {
      assert.throws(() => SpscRing.over(memory, FIRST, bad(options)), TypeError);
    }
    for (const options of [{ capacity: 100 }, { capacity: 64, spinMs: -1 }])
      assert.throws(() => SpscRing.over(memory, FIRST, { participants, ...options }), RangeError);
    close();
  });

  it("where there is something else: EBADMSG, and its bytes stay", () => {
    const { memory, participants, close } = memoryWithTable("else");
    memory.bytes.fill(0x55, FIRST, FIRST + 4);
    const expected = { name: "IpcError", code: "EBADMSG", message: /something else/ };
    assert.throws(() => SpscRing.over(memory, FIRST, { participants, capacity: 64 }), expected);
    assert.equal(memory.bytes[FIRST], 0x55);
    close();
  });

  it("where there is a ring of other sizes, or none and no capacity: EINVAL", () => {
    const { memory, participants, close } = memoryWithTable("sizes");
    assert.throws(() => SpscRing.over(memory, FIRST, { participants }), { code: "EINVAL", message: /none/ });
    const ring = SpscRing.over(memory, FIRST, { participants, capacity: 1024 });
    for (const [size, message] of [
      [{ capacity: 512 }, /it exists with capacity 1024, 512 asked\)$/],
      [{ capacity: 1024, maxMessageSize: 100 }, /maxMessageSize 512, 100 asked\)$/],
    ] as const) {
      assert.throws(() => SpscRing.over(memory, FIRST, { participants, ...size }), { code: "EINVAL", message });
    }
    ring.close();
    close();
  });

  it("in read-only memory: nobody else would see it", () => {
    const { memory, participants, close } = memoryWithTable("readonly");
    const reader = SharedMemory.open(memory.name ?? "", { readOnly: true });
    const isRefused = (error: unknown) => error instanceof IpcError || error instanceof TypeError;
    assert.throws(
      () => SpscRing.over(reader, FIRST, { participants: Participants.over(reader, 0), capacity: 64 }),
      isRefused,
    );
    reader.close();
    assert.equal(participants.owner, 0);
    close();
  });

  it("by hostile bytes, whatever they are", () => {
    const { memory, participants, close } = memoryWithTable("hostile");
    const view = new DataView(memory.buffer, FIRST);
    view.setUint32(layout.MAGIC, layout.RING_MAGIC, true);
    view.setUint32(layout.VERSION, layout.RING_VERSION, true);
    for (const capacity of [0, 63, 1 << 20, 2 ** 31, 2 ** 32 - 1]) {
      view.setUint32(layout.CAPACITY, capacity, true);
      view.setUint32(layout.MAX_MESSAGE_SIZE, 10, true);
      assert.throws(() => SpscRing.over(memory, FIRST, { participants }), { code: "EBADMSG" });
    }
    close();
  });
});

describe("memory that is closed under a ring", () => {
  after(cleanUpRings);

  for (const form of ["drainAt", "peekAt"]) {
    it(`ends a ${form} that had more to read, by an error`, async () => {
      const parameters = ["readClosedMemory", uniqueName("closed"), form];
      const end = await runPeer(ownRuntime, peer, parameters, { timeoutMs: 10_000 });
      assert.equal(end.signal, null, "it never ended");
      assert.match(end.stdout, /^(E[A-Z]+|TypeError|RangeError).*\nalive\n$/, end.stderr);
    });
  }

  for (const how of ["idle", "awaited", "resized"]) {
    it(`crashes nobody: ${how}`, async () => {
      const end = await runPeer(ownRuntime, peer, ["closeMemoryFirst", uniqueName("first"), how], {
        timeoutMs: 15_000,
      });
      assert.equal(end.signal, null, `ended by ${end.signal}\n${end.stdout}${end.stderr}`);
      assert.match(end.stdout, /alive\n$/, end.stderr);
      if (how === "awaited") assert.match(end.stdout, /^EBADF\n/, "what the pending receive is told");
      if (how !== "resized") assert.match(end.stdout, /undefined\nundefined\nalive\n$/, "closing the ring afterwards");
    });
  }

  it("is refused where it would end behind the first 2 GiB, and found there through a window", () => {
    const path = join(mkdtempSync(join(tmpdir(), "linux-ipc-test-")), "sparse");
    const file = MappedFile.create(path, { size: 2 ** 31 + 2 ** 20, sparse: true });
    const participants = Participants.over(file, 0);
    const size = { capacity: 4096 };
    for (const offset of [2 ** 31 - 4096, 2 ** 31, 2 ** 31 + 4096])
      assert.throws(() => SpscRing.over(file, offset, { participants, ...size }), RangeError);
    const last = 2 ** 31 - SpscRing.byteSize(size);
    const ring = SpscRing.over(file, last, { participants, ...size });
    const [producer, consumer] = [ring.producer(), ring.consumer()];
    for (let round = 0; round < 100; round++) {
      assert.ok(producer.trySend(bytes("the last bytes")));
      assert.equal(text(consumer.tryReceive()), "the last bytes");
    }
    ring.close();
    const start = 2 ** 31 - 65536;
    const window = MappedFile.open(path, { offset: start });
    const large = { capacity: 65536, participants: Participants.over(window, 0) };
    assert.equal(SpscRing.over(window, FIRST, large).created, true);
    const table = Participants.over(file, start);
    assert.throws(() => SpscRing.over(file, start + FIRST, { participants: table }), {
      name: "RangeError",
      message: /ends behind the first 2 GiB/,
    });
    window.close();
    participants.close();
    file.close();
    rmSync(dirname(path), { recursive: true });
  });

  it("agrees with what was asked for, and only with that", () => {
    const { memory, participants, close } = memoryWithTable("agrees");
    const laid = SpscRing.over(memory, FIRST, { participants, capacity: 1024, maxMessageSize: 200 });
    for (const options of [{ capacity: 1024 }, { maxMessageSize: 200 }, {}])
      SpscRing.over(memory, FIRST, { participants, ...options }).close();
    for (const options of [{ capacity: 2048 }, { maxMessageSize: 201 }])
      assert.throws(() => SpscRing.over(memory, FIRST, { participants, ...options }), { code: "EINVAL" });
    for (const maxMessageSize of [0, -1, 0.5, 2 ** 30])
      assert.throws(() => SpscRing.over(memory, FIRST, { participants, maxMessageSize }), RangeError);
    const wrong = { participants, maxMessageSize: "x" as unknown as number };
    assert.throws(() => SpscRing.over(memory, FIRST, wrong), TypeError);
    for (const offset of [65536 - 128, 65536 - 1024])
      assert.throws(() => SpscRing.over(memory, offset, { participants, capacity: 1024 }), RangeError);
    laid.close();
    close();
  });
});
