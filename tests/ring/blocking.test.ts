// Blocking forms: they wait as long as they are told, and end when the other side publishes or ends.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { SpscRing } from "../../mod.ts";
import { least, mainRuntimes, processorMs, type Runtime, spawnPeer, uniqueName } from "../support/mod.ts";
import { bytes, cleanUpRings, makePair, makeRing, text } from "./bytes.ts";

const peer = new URL("./peer.ts", import.meta.url);

/** What the action answers and how many ms it took. */
function timed<T>(action: () => T): { result: T; took: number } {
  const begin = performance.now();
  const result = action();
  return { result, took: performance.now() - begin };
}

/** A wait that answers `expected` takes so many ms, and not much more: less than `limit`. */
async function assertTakes(timeoutMs: number, limit: number, expected: unknown, wait: () => unknown): Promise<void> {
  const took = await least(limit, () => {
    const { result, took } = timed(wait);
    assert.equal(result, expected);
    return took;
  });
  assert.ok(took >= timeoutMs - 0.1 && took < limit, `${took} ms of ${timeoutMs}`);
}

/** How many ms it takes until who blocks is told of a producer that was killed; then it goes on with a successor. */
async function noticeOfDeath(runtime: Runtime): Promise<number> {
  const { ring, name } = makeRing(`died-${runtime.name}`, { capacity: 1024 });
  const consumer = ring.consumer();
  const sender = spawnPeer(runtime, peer, ["sendAndHang", name, 3]);
  assert.equal(await sender.line(), "sent");
  const { pid } = sender;
  sender.kill();
  for (let number = 0; number < 3; number++) {
    assert.deepEqual([...(consumer.receiveSync({ timeoutMs: 5000 }) ?? [])], [number]);
  }
  const expected = { name: "PeerDiedError", code: "EOWNERDEAD", pid };
  const { took } = timed(() => assert.throws(() => consumer.receiveSync({ timeoutMs: 5000 }), expected));
  assert.equal(consumer.receiveSync({ timeoutMs: 5 }), undefined, "a death is told once");
  await sender.ended;
  ring.producer().trySend(bytes("successor"));
  assert.equal(text(consumer.receiveSync({ timeoutMs: 5000 })), "successor");
  ring.close();
  return took;
}

describe("receiveSync", () => {
  after(cleanUpRings);

  it("answers at once when there is a message", async () => {
    const { ring, producer, consumer } = makePair("once", { capacity: 1024 });
    await assertTakes(0, 1000, "there", () => {
      producer.trySend(bytes("there"));
      return text(consumer.receiveSync({ timeoutMs: 5000 }));
    });
    ring.close();
  });

  it("answers undefined after its timeout, not before and not much later", async () => {
    const { ring, consumer } = makePair("timeout", { capacity: 1024 });
    for (const timeoutMs of [0, 0.5, 3, 30, 120])
      await assertTakes(timeoutMs, timeoutMs + 500, undefined, () => consumer.receiveSync({ timeoutMs }));
    ring.close();
  });

  it("keeps to its timeout with nobody on the other side", async () => {
    const { ring } = makeRing("alone", { capacity: 1024 });
    const consumer = ring.consumer();
    await assertTakes(80, 600, undefined, () => consumer.receiveSync({ timeoutMs: 80 }));
    ring.close();
  });

  it("keeps to its timeout also when it may spin for longer", async () => {
    const { ring, name } = makeRing("spin", { capacity: 1024 });
    const patient = SpscRing.open(name, { spinMs: 3000 });
    const consumer = patient.consumer();
    await assertTakes(30, 1000, undefined, () => consumer.receiveSync({ timeoutMs: 30 }));
    patient.close();
    ring.close();
  });

  it("works without spinning at all", () => {
    const { ring, name } = makeRing("no-spin", { capacity: 1024 });
    const opened = SpscRing.open(name, { spinMs: 0 });
    const consumer = opened.consumer();
    assert.equal(consumer.receiveSync({ timeoutMs: 5 }), undefined);
    ring.producer().trySend(bytes("x"));
    assert.equal(text(consumer.receiveSync()), "x");
    opened.close();
    ring.close();
  });

  it("uses no processor while it sleeps", async () => {
    const { ring, consumer } = makePair("idle", { capacity: 1024 });
    consumer.receiveSync({ timeoutMs: 50 });
    const used = await processorMs(150, () => consumer.receiveSync({ timeoutMs: 400 }));
    assert.ok(used < 150, `${used} ms of processor time in 400 ms`);
    ring.close();
  });

  for (const runtime of mainRuntimes) {
    it(`is woken by a ${runtime.name} process that sends`, async () => {
      const { ring, name } = makeRing(`woken-${runtime.name}`, { capacity: 1024 });
      const consumer = ring.consumer();
      const sender = spawnPeer(runtime, peer, ["sendLater", name, 5, 30]);
      for (let number = 0; number < 5; number++) {
        assert.deepEqual([...(consumer.receiveSync({ timeoutMs: 30_000 }) ?? [])], [number]);
      }
      assert.throws(() => consumer.receiveSync({ timeoutMs: 30_000 }), { code: "EPIPE" });
      await sender.ended;
      ring.close();
    });

    it(`is ended by the death of a ${runtime.name} producer, after everything it had sent`, async () => {
      const took = await least(1000, () => noticeOfDeath(runtime));
      assert.ok(took < 1000, `${took} ms`);
    });
  }
});

describe("sendSync", () => {
  after(cleanUpRings);

  it("sends at once when there is room", () => {
    const { ring, producer, consumer } = makePair("room", { capacity: 64 });
    assert.equal(producer.sendSync(bytes("x")), true);
    assert.equal(text(consumer.tryReceive()), "x");
    ring.close();
  });

  it("answers false after its timeout, and has sent nothing", async () => {
    const { ring, producer, consumer } = makePair("full", { capacity: 64 });
    while (producer.trySend(new Uint8Array(8)));
    for (const timeoutMs of [0, 40])
      await assertTakes(timeoutMs, timeoutMs + 500, false, () => producer.sendSync(new Uint8Array(8), { timeoutMs }));
    assert.equal(
      consumer.drain(() => {}),
      3,
    );
    ring.close();
  });

  it("goes on as soon as another process has made room", async () => {
    const { ring, name } = makeRing("makes-room", { capacity: 64 });
    const producer = ring.producer();
    while (producer.trySend(new Uint8Array(8)));
    const reader = spawnPeer(mainRuntimes[0], peer, ["receiveLater", name, 100, 53]);
    for (let number = 0; number < 50; number++) {
      assert.equal(producer.sendSync(new Uint8Array(8), { timeoutMs: 30_000 }), true);
    }
    assert.equal((await reader.ended).stdout, "received 53\n");
    ring.close();
  });

  it("is ended by the death of the consumer, once", async () => {
    const { ring, name } = makeRing("dead-reader", { capacity: 64 });
    const producer = ring.producer();
    while (producer.trySend(new Uint8Array(8)));
    const reader = spawnPeer(mainRuntimes[0], peer, ["holdConsumer", name]);
    assert.equal(await reader.line(), "holding");
    reader.kill();
    const expected = { name: "PeerDiedError", code: "EOWNERDEAD" };
    assert.throws(() => producer.sendSync(new Uint8Array(8), { timeoutMs: 5000 }), expected);
    assert.equal(producer.sendSync(new Uint8Array(8), { timeoutMs: 5 }), false);
    assert.equal(
      ring.consumer().drain(() => {}),
      3,
    );
    assert.equal(producer.sendSync(new Uint8Array(8), { timeoutMs: 5000 }), true);
    ring.close();
  });
});

describe("options of a blocking wait", () => {
  after(cleanUpRings);

  it("are checked: kind, amount, and names that nobody knows", () => {
    const { ring, producer, consumer } = makePair("options", { capacity: 64 });
    const bad = (options: unknown) => options as { timeoutMs: number };
    for (const options of [{ timeoutMs: "5" }, { timeout: 5 }, { signal: new AbortController().signal }, null, 5]) {
      assert.throws(() => consumer.receiveSync(bad(options)), TypeError, JSON.stringify(options));
      assert.throws(() => producer.sendSync(bytes("x"), bad(options)), TypeError, JSON.stringify(options));
    }
    for (const timeoutMs of [-1, Number.NaN]) {
      assert.throws(() => consumer.receiveSync({ timeoutMs }), RangeError);
      assert.throws(() => producer.sendSync(bytes("x"), { timeoutMs }), RangeError);
    }
    assert.equal(consumer.tryReceive(), undefined, "a refused send has sent");
    producer.trySend(bytes("x"));
    assert.equal(text(consumer.receiveSync({ timeoutMs: Number.POSITIVE_INFINITY })), "x");
    ring.close();
  });
});

describe("two blocking ends", () => {
  after(cleanUpRings);

  it("of two runtimes pass a thousand messages through a small ring", async () => {
    const name = uniqueName("both");
    const ring = SpscRing.create(name, { capacity: 256, unlinkOnClose: true });
    const consumer = ring.consumer();
    const sender = spawnPeer(mainRuntimes[2], peer, ["sendMany", name, 1000]);
    for (let number = 0; number < 1000; number++) {
      const message = consumer.receiveSync({ timeoutMs: 30_000 });
      assert.equal(message?.length, number % 100);
    }
    assert.throws(() => consumer.receiveSync({ timeoutMs: 30_000 }), { code: "EPIPE" });
    assert.equal((await sender.ended).code, 0);
    ring.close();
  });
});
