// Awaiting forms: promises in order, with timeouts and signals, on a loop that stays free.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { type SpscConsumer, SpscRing } from "../../mod.ts";
import { least, mainRuntimes, type Runtime, sleep, spawnPeer, within } from "../support/mod.ts";
import { bytes, cleanUpRings, makePair, makeRing, text } from "./bytes.ts";

const peer = new URL("./peer.ts", import.meta.url);

/** How many ms after its death a producer's end is told to who awaits its third message. */
async function noticeOfDeath(runtime: Runtime): Promise<number> {
  const { ring, name } = makeRing(`died-${runtime.name}`, { capacity: 1024 });
  const consumer = ring.consumer();
  const sender = spawnPeer(runtime, peer, ["sendAndHang", name, 2]);
  assert.equal((await within(consumer.receive(), 30_000, "first"))?.length, 1);
  assert.equal((await within(consumer.receive(), 30_000, "second"))?.length, 1);
  const receiving = consumer.receive();
  receiving.catch(() => {});
  await sleep(30);
  const begin = performance.now();
  sender.kill();
  await assert.rejects(within(receiving, 5000, "death"), { name: "PeerDiedError", pid: sender.pid });
  const took = performance.now() - begin;
  const next = consumer.receive();
  ring.producer().trySend(bytes("successor"));
  assert.equal(text(await within(next, 5000, "successor")), "successor");
  ring.close();
  return took;
}

describe("receive", () => {
  after(cleanUpRings);

  it("resolves to what is there, and to what comes", async () => {
    const { ring, producer, consumer } = makePair("both", { capacity: 1024 });
    producer.trySend(bytes("there"));
    assert.equal(text(await consumer.receive()), "there");
    const receiving = consumer.receive();
    producer.trySend(bytes("comes"));
    assert.equal(text(await within(receiving, 5000, "receive")), "comes");
    ring.close();
  });

  it("is woken by a process of any runtime", async () => {
    for (const runtime of mainRuntimes) {
      const { ring, name } = makeRing(`woken-${runtime.name}`, { capacity: 1024 });
      const consumer = ring.consumer();
      spawnPeer(runtime, peer, ["sendLater", name, 3, 20]);
      for (let number = 0; number < 3; number++) {
        assert.deepEqual([...((await within(consumer.receive(), 30_000, "receive")) ?? [])], [number]);
      }
      await assert.rejects(within(consumer.receive(), 30_000, "the end"), { code: "EPIPE" });
      ring.close();
    }
  });

  it("serves pending calls in the order in which they were made", async () => {
    const { ring, producer, consumer } = makePair("order", { capacity: 1024 });
    const order: string[] = [];
    const pending = [1, 2, 3, 4, 5].map((number) =>
      consumer.receive().then((message) => order.push(`${number}${text(message)}`)),
    );
    for (const word of ["a", "b"]) producer.trySend(bytes(word));
    await Promise.all(pending.slice(0, 2));
    for (const word of ["c", "d", "e"]) {
      producer.trySend(bytes(word));
      await sleep(2);
    }
    await within(Promise.all(pending), 5000, "all of them");
    assert.deepEqual(order, ["1a", "2b", "3c", "4d", "5e"]);
    ring.close();
  });

  it("does not overtake a pending call when a message comes meanwhile", async () => {
    const { ring, producer, consumer } = makePair("overtake", { capacity: 1024 });
    const first = consumer.receive();
    producer.trySend(bytes("a"));
    producer.trySend(bytes("b"));
    const second = consumer.receive();
    assert.deepEqual([text(await first), text(await second)], ["a", "b"]);
    ring.close();
  });

  it("answers undefined after its timeout, and takes no message later", async () => {
    const { ring, producer, consumer } = makePair("timeout", { capacity: 1024 });
    for (const timeoutMs of [0, 0.5, 40]) {
      const took = await least(timeoutMs + 500, async () => {
        const begin = performance.now();
        assert.equal(await consumer.receive({ timeoutMs }), undefined);
        return performance.now() - begin;
      });
      assert.ok(took >= timeoutMs - 1.5 && took < timeoutMs + 500, `${took} ms of ${timeoutMs}`);
    }
    producer.trySend(bytes("later"));
    await sleep(5);
    assert.equal(text(consumer.tryReceive()), "later");
    ring.close();
  });

  it("with a timeout that has passed leaves its place to those behind it", async () => {
    const { ring, producer, consumer } = makePair("place", { capacity: 1024 });
    const [short, long] = [consumer.receive({ timeoutMs: 10 }), consumer.receive({ timeoutMs: 10_000 })];
    assert.equal(await short, undefined);
    producer.trySend(bytes("x"));
    assert.equal(text(await within(long, 5000, "the second")), "x");
    ring.close();
  });

  it("has waited too long to be counted by setTimeout and still works", async () => {
    const { ring, producer, consumer } = makePair("weeks", { capacity: 1024 });
    const receiving = [2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY].map((timeoutMs) => consumer.receive({ timeoutMs }));
    await sleep(20);
    for (const word of ["a", "b", "c"]) producer.trySend(bytes(word));
    assert.deepEqual((await within(Promise.all(receiving), 5000, "weeks")).map(text), ["a", "b", "c"]);
    ring.close();
  });

  it("ends with the death of the producer, once, and waits for a successor", async () => {
    for (const runtime of mainRuntimes) {
      const took = await least(1000, () => noticeOfDeath(runtime));
      assert.ok(took < 1000, `${runtime.name}: ${took} ms`);
    }
  });
});

describe("an AbortSignal", () => {
  after(cleanUpRings);

  it("that is aborted already rejects with its reason, and takes no message", async () => {
    const { ring, producer, consumer } = makePair("aborted", { capacity: 64 });
    producer.trySend(bytes("kept"));
    const reason = new Error("no more");
    const signal = AbortSignal.abort(reason);
    await assert.rejects(consumer.receive({ signal }), reason);
    await assert.rejects(producer.send(bytes("never"), { signal }), reason);
    assert.equal(text(consumer.tryReceive()), "kept");
    assert.equal(consumer.tryReceive(), undefined);
    ring.close();
  });

  it("that is aborted during the wait rejects at once, and takes no message later", async () => {
    const { ring, producer, consumer } = makePair("during", { capacity: 1024 });
    const controller = new AbortController();
    const receiving = consumer.receive({ signal: controller.signal });
    const behind = consumer.receive();
    setTimeout(() => controller.abort("changed my mind"), 10);
    await assert.rejects(within(receiving, 5000, "abort"), (reason) => reason === "changed my mind");
    producer.trySend(bytes("for the other"));
    assert.equal(text(await within(behind, 5000, "the other")), "for the other");
    ring.close();
  });

  it("that is aborted after the wait changes nothing, and is not listened to any more", async () => {
    const { ring, producer, consumer } = makePair("after", { capacity: 1024 });
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...parameters: Parameters<typeof add>) => {
      listeners++;
      add(...parameters);
    };
    signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
      listeners--;
      remove(...parameters);
    };
    for (let round = 0; round < 50; round++) {
      const receiving = consumer.receive({ signal });
      producer.trySend(bytes("x"));
      assert.equal(text(await receiving), "x");
    }
    assert.equal(await consumer.receive({ signal, timeoutMs: 2 }), undefined);
    assert.equal(listeners, 0);
    controller.abort();
    assert.equal(await consumer.receive({ timeoutMs: 2 }), undefined);
    ring.close();
  });

  it("of another realm, or a polyfill's, works as well", async () => {
    const { ring, producer, consumer } = makePair("foreign", { capacity: 1024 });
    const signal = Object.assign(new EventTarget(), { aborted: false, reason: undefined as unknown });
    const foreign = signal as unknown as AbortSignal;
    const [receiving, sending] = [
      consumer.receive({ signal: foreign }),
      producer.send(bytes("x"), { signal: foreign }),
    ];
    await sending;
    assert.equal(text(await receiving), "x");
    const waiting = consumer.receive({ signal: foreign });
    Object.assign(signal, { aborted: true, reason: "elsewhere" }).dispatchEvent(new Event("abort"));
    const isReason = (reason: unknown) => reason === "elsewhere";
    await assert.rejects(within(waiting, 5000, "abort"), isReason);
    await assert.rejects(producer.send(bytes("y"), { signal: foreign }), isReason);
    assert.equal(consumer.tryReceive(), undefined);
    ring.close();
  });

  it("of a timeout works as well", async () => {
    const { ring, consumer } = makePair("timer", { capacity: 1024 });
    const keepAlive = setTimeout(() => {}, 10_000); // the signal's own timer does not
    await assert.rejects(consumer.receive({ signal: AbortSignal.timeout(20) }), { name: "TimeoutError" });
    clearTimeout(keepAlive);
    ring.close();
  });
});

describe("send", () => {
  after(cleanUpRings);

  it("resolves at once when there is room, and when room comes", async () => {
    const { ring, producer, consumer } = makePair("send", { capacity: 64 });
    for (let count = 0; count < 3; count++) assert.equal(await producer.send(bytes(`${count}`)), true);
    const sending = ["3", "4", "5"].map((word) => producer.send(bytes(word)));
    await sleep(5);
    const seen: string[] = [];
    while (seen.length < 6) seen.push(text(await within(consumer.receive(), 5000, "receive")) ?? "none");
    assert.deepEqual(seen, ["0", "1", "2", "3", "4", "5"]);
    assert.deepEqual(await Promise.all(sending), [true, true, true]);
    ring.close();
  });

  it("answers false after its timeout, and has sent nothing", async () => {
    const { ring, producer, consumer } = makePair("full", { capacity: 64 });
    while (producer.trySend(bytes("x")));
    assert.equal(await producer.send(bytes("late"), { timeoutMs: 20 }), false);
    assert.equal(
      consumer.drain(() => {}),
      3,
    );
    await sleep(5);
    assert.equal(consumer.tryReceive(), undefined);
    ring.close();
  });

  it("that is aborted has sent nothing, and lets those behind it through", async () => {
    const { ring, producer, consumer } = makePair("abort", { capacity: 64 });
    while (producer.trySend(bytes("x")));
    const controller = new AbortController();
    const sending = producer.send(bytes("never"), { signal: controller.signal });
    const behind = producer.send(bytes("behind"));
    controller.abort();
    await assert.rejects(sending, { name: "AbortError" });
    consumer.drain(() => {});
    assert.equal(await within(behind, 5000, "behind"), true);
    assert.equal(text(consumer.tryReceive()), "behind");
    ring.close();
  });

  it("refuses at once what can never be sent", async () => {
    const { ring, producer } = makePair("never", { capacity: 64 });
    await assert.rejects(producer.send(new Uint8Array(33)), RangeError);
    await assert.rejects(producer.send("text" as unknown as Uint8Array), TypeError);
    while (producer.trySend(bytes("x")));
    const pending = producer.send(bytes("y"));
    await assert.rejects(within(producer.send(new Uint8Array(33)), 1000, "a message that is too large"), RangeError);
    ring.close();
    await assert.rejects(pending, { code: "EBADF" });
  });

  it("behind close is EBADF also while those that waited are about to be told, and none of them is sent", async () => {
    for (const isRingClosed of [false, true]) {
      const { ring, producer, consumer } = makePair("behind", { capacity: 64 });
      while (producer.trySend(Uint8Array.of(0)));
      const waiting = [1, 2].map((number) => producer.send(Uint8Array.of(number)));
      consumer.drain(() => {}); // there is room for all
      if (isRingClosed) ring.close();
      else producer.close();
      const sends = await within(Promise.allSettled([...waiting, producer.send(Uint8Array.of(3))]), 5000, "sends");
      const codes = sends.map((send) => send.status === "rejected" && send.reason.code);
      assert.deepEqual(codes, ["EBADF", "EBADF", "EBADF"]);
      if (!isRingClosed) assert.deepEqual([consumer.drain(() => {}), consumer.ended], [0, true]);
      ring.close();
    }
  });
});

/** Everything that can be received now, by the first byte. */
function firstBytes(consumer: SpscConsumer): number[] {
  const seen: number[] = [];
  consumer.drain((message) => seen.push(message[0]));
  return seen;
}

const filled = (size: number, value: number) => new Uint8Array(size).fill(value);

/** A ring with messages of 1 and 9 in it, room for a small one, and none for 150 bytes. */
function nearlyFull(label: string) {
  const pair = makePair(label, { capacity: 256, maxMessageSize: 200 });
  pair.producer.trySend(filled(120, 1));
  pair.producer.trySend(filled(8, 9));
  return pair;
}

describe("a pending send", () => {
  after(cleanUpRings);

  it("is overtaken by no other form", async () => {
    const { ring, producer, consumer } = nearlyFull("overtaken");
    const sending = producer.send(filled(150, 2));
    assert.equal(producer.trySend(filled(8, 3)), false);
    assert.equal(producer.claim(8), undefined);
    assert.equal(producer.claimAt(8), -1);
    assert.equal(
      producer.fillAt(8, 5, () => assert.fail("there is no room")),
      0,
    );
    assert.equal(producer.sendSync(filled(8, 3), { timeoutMs: 1 }), false);
    assert.deepEqual(firstBytes(consumer), [1, 9]);
    assert.equal(await within(sending, 5000, "room"), true);
    assert.equal(producer.trySend(filled(8, 4)), true);
    assert.deepEqual(firstBytes(consumer), [2, 4]);
    ring.close();
  });

  it("is sent first by whoever finds room before the event loop does, and its promise says so", async () => {
    for (const form of ["trySend", "claim", "fillAt", "sendSync"]) {
      const { ring, producer, consumer } = nearlyFull(form);
      const sending = [producer.send(filled(150, 2)), producer.send(filled(8, 3))];
      assert.deepEqual(firstBytes(consumer), [1, 9]);
      if (form === "trySend") assert.equal(producer.trySend(filled(8, 4)), true);
      else if (form === "sendSync") assert.equal(producer.sendSync(filled(8, 4), { timeoutMs: 1000 }), true);
      else if (form === "fillAt") producer.fill(8, 1, (room) => room.fill(4));
      else {
        producer.claim(8)?.fill(4);
        producer.commit();
      }
      assert.deepEqual(firstBytes(consumer), [2, 3, 4], form);
      assert.deepEqual(await within(Promise.all(sending), 5000, form), [true, true]);
      ring.close();
    }
  });

  it("writes into no room that is claimed: it follows behind commit or abort", async () => {
    for (const end of ["commit", "abort"] as const) {
      const { ring, producer, consumer } = nearlyFull(end);
      const room = producer.claim(8);
      const sending = producer.send(filled(150, 2));
      assert.deepEqual(firstBytes(consumer), [1, 9]);
      await sleep(20); // the consumer's room has been told by now
      assert.equal(producer.trySend(filled(8, 5)), false);
      assert.equal(
        producer.fillAt(8, 5, () => assert.fail("there is no room")),
        0,
      );
      assert.equal(consumer.tryReceive(), undefined);
      room?.fill(3);
      producer[end]();
      assert.deepEqual(firstBytes(consumer), end === "commit" ? [3, 2] : [2]);
      assert.equal(await within(sending, 5000, end), true);
      assert.equal(producer.trySend(filled(8, 4)), true);
      assert.deepEqual(firstBytes(consumer), [4]);
      ring.close();
    }
  });

  it("is not disturbed by one that is too long", async () => {
    const { ring, producer, consumer } = nearlyFull("too-long");
    const sending = producer.send(filled(150, 2));
    const refused = { name: "RangeError", message: /a message of ring .* has 0 to / };
    await assert.rejects(producer.send(filled(ring.maxMessageSize + 1, 3)), refused);
    assert.throws(() => producer.sendSync(filled(ring.maxMessageSize + 1, 3)), refused);
    assert.deepEqual(firstBytes(consumer), [1, 9]);
    assert.equal(await within(sending, 5000, "room"), true);
    assert.deepEqual(firstBytes(consumer), [2]);
    ring.close();
  });

  it("that has ended without being sent lets a smaller one behind it find room", async () => {
    const { ring, producer, consumer } = makePair("smaller", { capacity: 64, maxMessageSize: 24, spinMs: 0 });
    producer.trySend(filled(24, 1));
    const large = producer.send(filled(24, 2), { timeoutMs: 20 });
    const small = producer.send(filled(8, 3));
    assert.equal(await large, false);
    assert.equal(await within(small, 5000, "room"), true);
    assert.deepEqual(firstBytes(consumer), [1, 3]);
    ring.close();
  });

  it("that has ended without being sent is in nobody's way, also behind a claim", async () => {
    for (const isClaimed of [false, true]) {
      const { ring, producer, consumer } = nearlyFull("ended");
      if (isClaimed) producer.claim(8)?.fill(3);
      const controller = new AbortController();
      const aborted = producer.send(filled(150, 2), { signal: controller.signal });
      assert.equal(await producer.send(filled(150, 2), { timeoutMs: 5 }), false);
      consumer.drain(() => {});
      controller.abort("enough");
      if (isClaimed) producer.commit();
      assert.equal(producer.trySend(filled(8, 4)), true);
      assert.deepEqual(firstBytes(consumer), isClaimed ? [3, 4] : [4]);
      await assert.rejects(aborted, (reason) => reason === "enough");
      ring.close();
    }
  });

  it("is rejected by close, also behind a claim; what had been sent by then is told so", async () => {
    const { ring, producer, consumer } = nearlyFull("closing");
    const sending = [producer.send(filled(150, 2)), producer.send(filled(150, 3))];
    assert.deepEqual(firstBytes(consumer), [1, 9]);
    assert.equal(producer.trySend(filled(8, 4)), false); // sends the first one
    producer.close();
    producer.abort();
    assert.equal(await sending[0], true);
    await assert.rejects(sending[1], { code: "EBADF" });
    assert.deepEqual(firstBytes(consumer), [2]);
    ring.close();
  });
});

describe("options of an awaiting wait", () => {
  after(cleanUpRings);

  it("are checked before anything is taken or sent; the promise is rejected", async () => {
    const { ring, producer, consumer } = makePair("options", { capacity: 64 });
    producer.trySend(bytes("kept"));
    const bad = (options: unknown) => options as { timeoutMs: number };
    for (const options of [
      { timeoutMs: "5" },
      { timeout: 5 },
      { signal: {} },
      { signal: "abort" },
      { signal: new EventTarget() },
      null,
      5,
    ]) {
      await assert.rejects(consumer.receive(bad(options)), TypeError, JSON.stringify(options));
      await assert.rejects(producer.send(bytes("x"), bad(options)), TypeError, JSON.stringify(options));
    }
    await assert.rejects(consumer.receive(bad({ signal: 5 })), { message: /AbortSignal, not number 5$/ });
    for (const timeoutMs of [-1, Number.NaN]) await assert.rejects(consumer.receive({ timeoutMs }), RangeError);
    assert.equal(text(consumer.tryReceive()), "kept");
    assert.equal(consumer.tryReceive(), undefined);
    ring.close();
  });
});

describe("awaiting on many rings", () => {
  after(cleanUpRings);

  it("closing one leaves the others waiting", async () => {
    const pairs = [1, 2, 3].map((number) => makePair(`many-${number}`, { capacity: 64 }));
    const receiving = pairs.map(({ consumer }) => consumer.receive());
    receiving[1].catch(() => {});
    pairs[1].ring.close();
    await assert.rejects(receiving[1], { code: "EBADF" });
    pairs[0].producer.trySend(bytes("a"));
    SpscRing.open(pairs[2].name).close();
    pairs[2].producer.trySend(bytes("c"));
    assert.deepEqual([text(await receiving[0]), text(await receiving[2])], ["a", "c"]);
    for (const { ring } of pairs) ring.close();
  });
});
