// Reading: peek and release, drain, and what acknowledges a message.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import * as layout from "../../src/ring/spsc/layout.ts";
import { ownRuntime, runPeer, uniqueName } from "../support/mod.ts";
import { bytes, cleanUpRings, makePair, makeRing, RingBytes, text } from "./bytes.ts";

const peer = new URL("./peer.ts", import.meta.url);

/** A ring that holds these messages. */
function holding(label: string, words: string[]) {
  const pair = makePair(label, { capacity: 1024 });
  for (const word of words) pair.producer.trySend(bytes(word));
  return { ...pair, shared: new RingBytes(pair.name) };
}

describe("peek", () => {
  after(cleanUpRings);

  it("shows the next message in place, the same one until release", () => {
    const { ring, consumer, shared } = holding("peek", ["one", "two"]);
    assert.equal(text(consumer.peek()), "one");
    assert.equal(text(consumer.peek()), "one");
    assert.equal(consumer.peek()?.buffer, consumer.u8.buffer);
    assert.deepEqual([consumer.length, consumer.position], [3, 0]);
    consumer.release();
    assert.equal(text(consumer.peek()), "two");
    assert.deepEqual([consumer.length, consumer.position], [3, 16]);
    consumer.release();
    assert.equal(consumer.peek(), undefined);
    assert.equal(consumer.peekAt(), -1);
    shared.close();
    ring.close();
  });

  it("then tryReceive gives the same message and is done with it", () => {
    const { ring, consumer, shared } = holding("mixed", ["one", "two"]);
    consumer.peek();
    assert.equal(text(consumer.tryReceive()), "one");
    consumer.release();
    assert.equal(text(consumer.tryReceive()), "two");
    shared.close();
    ring.close();
  });

  it("release without a peek, or twice, does nothing", () => {
    const { ring, consumer, shared } = holding("release", ["one", "two"]);
    consumer.release();
    consumer.peek();
    consumer.release();
    consumer.release();
    assert.equal(text(consumer.tryReceive()), "two");
    consumer.release();
    assert.equal(consumer.tryReceive(), undefined);
    shared.close();
    ring.close();
  });
});

describe("peek and drain together", () => {
  after(cleanUpRings);

  it("a drain is done with a peeked message; a release after it takes no other one", () => {
    const { ring, consumer, shared } = holding("peeked", ["one", "two", "three"]);
    assert.equal(text(consumer.peek()), "one");
    assert.equal(
      consumer.drain((message) => assert.equal(text(message), "one"), 1),
      1,
    );
    consumer.release();
    assert.equal(text(consumer.tryReceive()), "two");
    shared.close();
    ring.close();
  });

  it("a peek within a handler is over with its message", () => {
    const { ring, consumer, shared } = holding("inside", ["one", "two", "three"]);
    const seen: string[] = [];
    consumer.drain((message) => {
      seen.push(text(message) ?? "");
      assert.equal(text(consumer.peek()), text(message));
    }, 1);
    consumer.release();
    consumer.drain((message) => seen.push(text(message) ?? ""));
    assert.deepEqual(seen, ["one", "two", "three"]);
    shared.close();
    ring.close();
  });
});

describe("acknowledgement", () => {
  after(cleanUpRings);

  it("comes with asking for the next message, not with getting one", () => {
    const { ring, consumer, shared } = holding("ask", ["one"]);
    consumer.tryReceive();
    assert.equal(shared.get(layout.TAIL), 0);
    assert.equal(consumer.tryReceive(), undefined);
    assert.equal(shared.get(layout.TAIL), 16);
    shared.close();
    ring.close();
  });

  it("never passes the message that is in use", () => {
    const { ring, producer, consumer, shared } = holding("use", []);
    for (let number = 0; number < 500; number++) {
      while (producer.trySend(new Uint8Array(number % 50)));
      const offset = consumer.peekAt();
      assert.ok(offset > 0);
      assert.ok(((consumer.position - shared.get(layout.TAIL)) | 0) >= 0, "acknowledged before release");
      consumer.release();
    }
    shared.close();
    ring.close();
  });

  it("lags while there is more to read, by an eighth of the ring at most and no less, at any position", () => {
    for (const start of [0, 2 ** 30 + 512, 2 ** 31 - 512]) {
      const { ring, name } = makeRing("lag", { capacity: 1024 });
      const shared = new RingBytes(name);
      shared.set(layout.TAIL, start);
      const [producer, consumer] = [ring.producer(), ring.consumer()];
      while (producer.trySend(new Uint8Array(8)));
      const tails = new Set<number>();
      for (let number = 0; number < 63; number++) {
        consumer.tryReceive();
        tails.add(shared.get(layout.TAIL));
        const lag = (consumer.position - shared.get(layout.TAIL)) | 0;
        assert.ok(lag >= 0 && lag < 1024 / 8 + 16, `${lag} bytes`);
      }
      assert.equal(tails.size, 8);
      shared.close();
      ring.close();
    }
  });

  it("comes with close, for what was received and not for what was only peeked", () => {
    const { ring, consumer, shared } = holding("close", ["one", "two"]);
    consumer.tryReceive();
    consumer.peek();
    consumer.close();
    assert.equal(shared.get(layout.TAIL), 16);
    const second = ring.consumer();
    assert.equal(second.position, 16);
    assert.equal(text(second.tryReceive()), "two");
    shared.close();
    ring.close();
  });
});

describe("drain", () => {
  after(cleanUpRings);

  it("hands out each message that is there, in order, and counts them", () => {
    const { ring, consumer, shared } = holding("drain", ["a", "bb", "", "ccc"]);
    const seen: string[] = [];
    assert.equal(
      consumer.drain((message) => seen.push(text(message) ?? "")),
      4,
    );
    assert.deepEqual(seen, ["a", "bb", "", "ccc"]);
    assert.equal(
      consumer.drain(() => assert.fail("there is none")),
      0,
    );
    assert.equal(shared.get(layout.TAIL), 16 + 16 + 8 + 16);
    shared.close();
    ring.close();
  });

  it("ends although a producer is as fast as its handler: after as many bytes as the ring holds", () => {
    for (const size of [4, 100]) {
      const { ring, producer, consumer, shared } = holding("endless", ["first"]);
      producer.fill(size, 1000, () => {});
      let handed = 0;
      const handle = () => {
        if (++handed < 10_000) producer.trySend(new Uint8Array(size));
      };
      const least = Math.floor(1024 / layout.recordSize(size));
      for (const count of [consumer.drain(handle), consumer.drainAt(handle)]) {
        assert.ok(count >= least && count <= least + 2, `${count} of ${size} bytes`);
      }
      shared.close();
      ring.close();
    }
  });

  it("stops at its maximum, and acknowledges what it handed out", () => {
    const { ring, consumer, shared } = holding("max", ["a", "b", "c"]);
    assert.equal(
      consumer.drain(() => {}, 2),
      2,
    );
    assert.equal(shared.get(layout.TAIL), 32);
    assert.equal(
      consumer.drain(() => {}, 0),
      0,
    );
    assert.equal(text(consumer.tryReceive()), "c");
    shared.close();
    ring.close();
  });

  for (const ordering of ["auto", "atomic"] as const) {
    it(`stops at its maximum also where that is more than it acknowledges at once (${ordering})`, () => {
      const { ring, producer, consumer } = makePair("most", { capacity: 1024, ordering });
      for (const max of [7, 8, 9, 16, 17, 40]) {
        producer.fillAt(8, 63, () => {});
        assert.equal(
          consumer.drainAt(() => {}, max),
          max,
        );
        assert.equal(
          consumer.drainAt(() => {}, 63),
          63 - max,
        );
      }
      ring.close();
    });
  }

  it("by offsets gives length and position too", () => {
    const { ring, consumer, shared } = holding("offsets", ["a", "bb"]);
    const seen: [string, number][] = [];
    consumer.drainAt((offset, length, position) => {
      seen.push([new TextDecoder().decode(consumer.u8.slice(offset, offset + length)), position]);
    });
    assert.deepEqual(seen, [
      ["a", 0],
      ["bb", 16],
    ]);
    shared.close();
    ring.close();
  });

  it("with a handler that throws passes that on; its message comes again, the earlier ones do not", () => {
    const { ring, consumer, shared } = holding("throws", ["a", "b", "c"]);
    const failure = new Error("not this one");
    const handler = (message: Uint8Array) => {
      if (text(message) === "b") throw failure;
    };
    assert.throws(() => consumer.drain(handler), failure);
    assert.equal(shared.get(layout.TAIL), 16);
    assert.throws(() => consumer.drain(handler), failure);
    assert.equal(text(consumer.tryReceive()), "b");
    assert.equal(consumer.drain(handler), 1);
    shared.close();
    ring.close();
  });

  it("takes no notice of a release in its handler, whatever the messages' lengths", () => {
    const { ring, producer, consumer } = makePair("released", { capacity: 1024 });
    for (const length of [8, 100, 8, 30]) producer.trySend(new Uint8Array(length).fill(5));
    const lengths: number[] = [];
    const count = consumer.drain((message) => {
      lengths.push(message.length);
      consumer.release();
    });
    assert.deepEqual([count, lengths], [4, [8, 100, 8, 30]]);
    for (const max of [Number.NaN, -1, 0.5]) assert.throws(() => consumer.drain(() => {}, max), RangeError);
    ring.close();
  });

  for (const ordering of ["auto", "atomic"] as const) {
    it(`goes on where it has stopped, whatever its handler does (${ordering})`, () => {
      const { ring, producer, consumer } = makePair("whatever", { capacity: 1024, ordering });
      const seen: string[] = [];
      const take = (offset: number, length: number, position: number) => {
        seen.push(`${text(consumer.u8.slice(offset, offset + length))}@${position}`);
      };
      for (const word of ["a", "bb", "a message of some length", "d", "e"]) producer.trySend(bytes(word));
      assert.equal(consumer.drainAt(take, 2), 2);
      const failing = (offset: number, length: number, position: number) => {
        take(offset, length, position);
        if (position === 64) throw new Error("of the handler");
      };
      assert.throws(() => consumer.drainAt(failing), /of the handler/);
      const receiving = (offset: number, length: number, position: number) => {
        take(offset, length, position);
        consumer.peek();
        if (position === 64) seen.push(`received ${text(consumer.tryReceive())}`);
      };
      assert.equal(consumer.drainAt(receiving), 2);
      const long = "a message of some length@32";
      assert.deepEqual(seen, ["a@0", "bb@16", long, "d@64", "d@64", "received d", "e@80"]);
      assert.equal(consumer.drainAt(take), 0);
      for (const word of ["f", "g", "h"]) producer.trySend(bytes(word));
      const taken: (string | undefined)[] = [];
      const receivingTwice = () => {
        for (let count = 0; count < 2; count++) taken.push(text(consumer.tryReceive()));
      };
      assert.equal(consumer.drainAt(receivingTwice), 2);
      assert.deepEqual(taken, ["f", "g", "h", undefined]);
      for (let number = 0; number < 500; number++) {
        producer.trySend(bytes(`${number}`.repeat(1 + (number % 7))));
        if (number % 9 === 0) assert.equal(consumer.drain(() => {}) > 0, true);
      }
      ring.close();
    });
  }

  it("takes no notice of a release of what the handler before has peeked", () => {
    const { ring, producer, consumer } = makePair("peeked", { capacity: 1024 });
    for (const length of [100, 8, 30, 8]) producer.trySend(new Uint8Array(length).fill(5));
    const lengths: number[] = [];
    const count = consumer.drain((message) => {
      consumer.release();
      lengths.push(message.length);
      assert.equal(consumer.peek()?.length, message.length);
    });
    assert.deepEqual([count, lengths], [4, [100, 8, 30, 8]]);
    producer.trySend(bytes("next"));
    assert.equal(text(consumer.tryReceive()), "next");
    ring.close();
  });

  it("refuses what is no handler and no number, also when there is nothing to hand out", () => {
    const { ring, producer, consumer } = makePair("no-handler", { capacity: 1024 });
    for (const held of [0, 1]) {
      if (held > 0) producer.trySend(bytes("kept"));
      for (const bad of [undefined, null, 5, "text", {}]) {
        const refused = { name: "TypeError", message: /the handler of drain must be a function, not/ };
        assert.throws(() => consumer.drain(bad as unknown as () => void), refused);
        assert.throws(() => consumer.drainAt(bad as unknown as () => void), refused);
      }
      for (const bad of [null, "1", {}, true]) {
        const refused = { name: "TypeError", message: /takes a number of messages, not/ };
        assert.throws(() => consumer.drain(() => {}, bad as unknown as number), refused);
      }
    }
    assert.equal(text(consumer.tryReceive()), "kept");
    ring.close();
  });

  it("goes on with messages that its handler sends", () => {
    const { ring, producer, consumer, shared } = holding("more", ["a"]);
    let sent = 0;
    assert.equal(
      consumer.drain(() => sent++ < 40 && producer.trySend(bytes("b"))),
      41,
    );
    shared.close();
    ring.close();
  });

  it("and a handler that receives by itself never see the same message twice", () => {
    const { ring, consumer, shared } = holding("nested", ["a", "b", "c", "d"]);
    const seen: string[] = [];
    consumer.drain((message) => {
      const word = text(message) ?? "";
      if (word === "b") consumer.tryReceive(); // takes the one that is being handled
      seen.push(word);
    });
    assert.deepEqual(seen, ["a", "b", "c", "d"]);
    assert.equal(consumer.tryReceive(), undefined);
    shared.close();
    ring.close();
  });

  for (const what of ["consumer", "ring"]) {
    for (const form of ["drain", "drainAt"]) {
      it(`ends when the handler of ${form} closes the ${what}`, async () => {
        const parameters = ["closeInDrain", uniqueName("closing"), what, form];
        const end = await runPeer(ownRuntime, peer, parameters, { timeoutMs: 10_000 });
        assert.equal(end.signal, null, "it never ended");
        assert.match(end.stdout, /^handled 1\n(1|EBADF)\nEBADF\n$/, end.stderr);
      });
    }

    it(`is EBADF, as every reading call, after the ${what} was closed between peek and release`, async () => {
      const parameters = ["closeWhilePeeking", uniqueName("peeking"), what];
      const end = await runPeer(ownRuntime, peer, parameters, { timeoutMs: 10_000 });
      assert.equal(end.signal, null, "it never ended");
      assert.equal(end.stdout, "EBADF\nEBADF\nEBADF\nEBADF\n", end.stderr);
    });
  }
});
