// for await: each message as it comes, to the end of the stream, without starving the event loop.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { SpscConsumer } from "../../mod.ts";
import { mainRuntimes, sleep, spawnPeer, within } from "../support/mod.ts";
import { bytes, cleanUpRings, makePair, makeRing, text } from "./bytes.ts";

const peer = new URL("./peer.ts", import.meta.url);

async function collect(consumer: SpscConsumer): Promise<string[]> {
  const seen: string[] = [];
  for await (const message of consumer) seen.push(text(message) ?? "none");
  return seen;
}

describe("for await over a consumer", () => {
  after(cleanUpRings);

  it("gives each message in order and ends with the stream", async () => {
    const { ring, producer, consumer } = makePair("end", { capacity: 1024 });
    for (const word of ["a", "", "c"]) producer.trySend(bytes(word));
    const collecting = collect(consumer);
    await sleep(10);
    producer.trySend(bytes("late"));
    await sleep(10);
    producer.close();
    assert.deepEqual(await within(collecting, 5000, "the end"), ["a", "", "c", "late"]);
    assert.equal(consumer.ended, true);
    ring.close();
  });

  it("of a stream that has ended gives what is left, and of an empty one nothing", async () => {
    const { ring, producer, consumer } = makePair("left", { capacity: 1024 });
    producer.trySend(bytes("left"));
    producer.close();
    assert.deepEqual(await within(collect(consumer), 5000, "first"), ["left"]);
    assert.deepEqual(await within(collect(consumer), 5000, "second"), []);
    ring.close();
  });

  it("may be left by break and taken up again; nothing is lost", async () => {
    const { ring, producer, consumer } = makePair("break", { capacity: 1024 });
    for (const word of ["a", "b", "c", "d"]) producer.trySend(bytes(word));
    producer.close();
    const seen: string[] = [];
    for await (const message of consumer) {
      seen.push(text(message) ?? "");
      if (seen.length === 2) break;
    }
    assert.deepEqual(seen, ["a", "b"]);
    assert.deepEqual(await collect(consumer), ["c", "d"]);
    ring.close();
  });

  it("passes on what its body throws, and the consumer stays usable", async () => {
    const { ring, producer, consumer } = makePair("throw", { capacity: 1024 });
    for (const word of ["a", "b"]) producer.trySend(bytes(word));
    const failure = new Error("enough");
    await assert.rejects(async () => {
      for await (const message of consumer) {
        assert.equal(text(message), "a");
        throw failure;
      }
    }, failure);
    assert.equal(text(consumer.tryReceive()), "b");
    ring.close();
  });

  it("ends with its stream also where a successor has come before it could ask again", async () => {
    const { ring, producer, consumer } = makePair("successor", { capacity: 1024 });
    const { receive } = consumer;
    consumer.receive = ((options) =>
      receive.call(consumer, options).catch((error) => {
        assert.ok(ring.producer().trySend(bytes("next")));
        throw error;
      })) as typeof receive;
    setTimeout(() => producer.close(), 20);
    assert.deepEqual(await within(collect(consumer), 5000, "the end"), []);
    assert.equal(text(consumer.tryReceive()), "next");
    ring.close();
  });

  it("is ended by the death of the producer with PeerDiedError, after what it had sent", async () => {
    const { ring, name } = makeRing("death", { capacity: 1024 });
    const consumer = ring.consumer();
    const sender = spawnPeer(mainRuntimes[0], peer, ["sendAndHang", name, 3]);
    let count = 0;
    const iterating = (async () => {
      for await (const message of consumer) {
        assert.deepEqual([...message], [count++]);
        if (count === 3) setTimeout(() => sender.kill(), 20);
      }
    })();
    await assert.rejects(within(iterating, 30_000, "death"), { name: "PeerDiedError", pid: sender.pid });
    assert.equal(count, 3);
    ring.close();
  });

  it("is ended by close() of the consumer, quietly, while it waits and while its body runs", async () => {
    for (const isWaiting of [true, false]) {
      const { ring, producer, consumer } = makePair("closed", { capacity: 1024 });
      for (const word of ["a", "b"]) producer.trySend(bytes(word));
      const seen: (string | undefined)[] = [];
      const iterating = (async () => {
        for await (const message of consumer) {
          seen.push(text(message));
          if (!isWaiting) consumer.close();
        }
      })();
      if (isWaiting) setTimeout(() => ring.close(), 20);
      await within(iterating, 5000, "close");
      assert.deepEqual(seen, isWaiting ? ["a", "b"] : ["a"]);
      ring.close();
    }
  });

  it("of a consumer that was closed before is EBADF", async () => {
    const { ring, consumer } = makePair("before", { capacity: 1024 });
    consumer.close();
    await assert.rejects(collect(consumer), { code: "EBADF" });
    ring.close();
  });

  it("by messages() ends with an abort, and takes no message then", async () => {
    const { ring, producer, consumer } = makePair("signal", { capacity: 1024 });
    producer.trySend(bytes("a"));
    const controller = new AbortController();
    const seen: (string | undefined)[] = [];
    const iterating = (async () => {
      for await (const message of consumer.messages({ signal: controller.signal })) seen.push(text(message));
    })();
    setTimeout(() => controller.abort("enough"), 20);
    await assert.rejects(within(iterating, 5000, "abort"), (reason) => reason === "enough");
    producer.trySend(bytes("b"));
    assert.deepEqual([...seen, text(consumer.tryReceive())], ["a", "b"]);
    assert.throws(() => consumer.messages({ timeoutMs: 5 } as object), TypeError);
    assert.throws(() => consumer.messages({ signal: 5 as unknown as AbortSignal }), TypeError);
    ring.close();
  });

  it("gives timers their turn though the ring is never empty", async () => {
    const { ring, producer, consumer } = makePair("turn", { capacity: 65536 });
    while (producer.trySend(new Uint8Array(8)));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const end = performance.now() + 10_000;
    for await (const message of consumer) {
      producer.trySend(message);
      if (turns >= 5 || performance.now() > end) break;
    }
    clearInterval(timer);
    assert.ok(turns >= 5, `${turns} turns of a timer in 10 s`);
    ring.close();
  });
});
