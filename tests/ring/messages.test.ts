// Messages: every size, full and empty, around the end of the ring, against a model.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { SpscRing } from "../../mod.ts";
import { falseArrays, foreign, proxyBytes, Random, runningBytes, uniqueName } from "../support/mod.ts";
import { byteOf, bytes, cleanUpRings, makePair, messageOf, text } from "./bytes.ts";

/** What a message takes up, by the contract: 8 bytes more than it has, rounded up to 8. */
const space = (size: number) => Math.ceil((size + 8) / 8) * 8;

describe("messages", () => {
  after(cleanUpRings);

  it("come out as they went in, in order, with their sizes", () => {
    const { ring, producer, consumer } = makePair("order", { capacity: 1024 });
    for (const word of ["first", "", "second", "x"]) assert.equal(producer.trySend(bytes(word)), true);
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(() => text(consumer.tryReceive())),
      ["first", "", "second", "x", undefined],
    );
    ring.close();
  });

  it("may have any size from 0 to the greatest, wherever they start in the ring", () => {
    const capacity = 256;
    for (const maxMessageSize of [1, 7, 8, 100, 128, 239, 240]) {
      const { ring, producer, consumer } = makePair("sizes", { capacity, maxMessageSize });
      for (let number = 0; number < 2000; number++) {
        const size = number % (maxMessageSize + 1);
        assert.ok(producer.trySend(messageOf(number, size)), `no room for ${size} in an empty ring`);
        const message = consumer.tryReceive();
        assert.equal(message?.length, size);
        assert.equal(consumer.length, size);
        assert.ok(message?.every((byte, index) => byte === byteOf(number, index)));
        assert.equal(consumer.tryReceive(), undefined); // acknowledges
      }
      ring.close();
    }
  });

  it("larger than the greatest size are a RangeError with the limit, and change nothing", () => {
    const { ring, producer, consumer } = makePair("large", { capacity: 256, maxMessageSize: 100 });
    assert.deepEqual([ring.capacity, ring.maxMessageSize], [256, 100]);
    assert.throws(() => producer.trySend(new Uint8Array(101)), {
      name: "RangeError",
      message: /0 to 100 bytes \(its maxMessageSize, .*101/,
    });
    assert.throws(() => producer.sendSync(new Uint8Array(101)), RangeError);
    assert.equal(consumer.tryReceive(), undefined);
    assert.equal(producer.position, 0);
    ring.close();
  });

  it("have half of the capacity at most unless said", () => {
    const { ring, producer } = makePair("half", { capacity: 4096 });
    assert.equal(ring.maxMessageSize, 2048);
    assert.equal(producer.trySend(new Uint8Array(2048)), true);
    assert.throws(() => producer.trySend(new Uint8Array(2049)), RangeError);
    ring.close();
  });

  it("of any kind of view or buffer are sent as their bytes", () => {
    const { ring, producer, consumer } = makePair("kinds", { capacity: 1024 });
    const buffer = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer;
    const kinds = [
      buffer,
      new Uint8Array(buffer, 2, 3),
      new DataView(buffer, 4),
      new Int16Array(buffer, 2, 2),
      Buffer.from("\x09"),
    ];
    for (const kind of kinds) producer.trySend(kind);
    const received = kinds.map(() => [...(consumer.tryReceive() ?? [])]);
    assert.deepEqual(received, [[1, 2, 3, 4, 5, 6, 7, 8], [3, 4, 5], [5, 6, 7, 8], [3, 4, 5, 6], [9]]);
    for (const wrong of ["text", 5, null, undefined, [1]]) {
      assert.throws(() => producer.trySend(wrong as unknown as Uint8Array), TypeError);
    }
    ring.close();
  });

  it("are bytes that are there: what was transferred away is refused, also where it was sent before", async () => {
    const { ring, producer, consumer } = makePair("gone", { capacity: 4096 });
    const refused = { name: "TypeError", message: /^a message must have its bytes/ };
    for (const size of [4, 300]) {
      for (const isSent of [false, true]) {
        const array = new Uint8Array(size);
        if (isSent) assert.equal(producer.trySend(array) && producer.trySend(array), true);
        structuredClone(array.buffer, { transfer: [array.buffer] });
        assert.throws(() => producer.trySend(array), refused);
        assert.throws(() => producer.sendSync(array), refused);
        await assert.rejects(producer.send(array), refused);
      }
      assert.deepEqual(
        [consumer.drain(() => {}), producer.trySend(new Uint8Array(0)), consumer.drain(() => {})],
        [2, true, 1],
      );
    }
    ring.close();
  });

  it("are copies: neither side sees what the other does to its own", () => {
    const { ring, producer, consumer } = makePair("copies", { capacity: 1024 });
    const sent = Uint8Array.of(1, 2, 3);
    producer.trySend(sent);
    sent.fill(9);
    const received = consumer.tryReceive();
    for (let round = 0; round < 100; round++) {
      producer.trySend(new Uint8Array(100).fill(7));
      consumer.tryReceive();
    }
    assert.deepEqual([...(received ?? [])], [1, 2, 3]);
    ring.close();
  });

  it("can be received into a target; one that is too small is a RangeError and loses nothing", () => {
    const { ring, producer, consumer } = makePair("into", { capacity: 1024 });
    const target = new Uint8Array(4);
    assert.equal(consumer.tryReceiveInto(target), -1);
    producer.trySend(Uint8Array.of(1, 2, 3));
    producer.trySend(Uint8Array.of(4, 5, 6, 7, 8));
    producer.trySend(new Uint8Array(0));
    assert.equal(consumer.tryReceiveInto(target), 3);
    assert.deepEqual([...target], [1, 2, 3, 0]);
    assert.throws(() => consumer.tryReceiveInto(target), { name: "RangeError", message: /5 bytes.*4/ });
    assert.deepEqual([...(consumer.tryReceive() ?? [])], [4, 5, 6, 7, 8]);
    assert.equal(consumer.tryReceiveInto(target), 0);
    ring.close();
  });

  it("are received into a Uint8Array and nothing else, also when there are none", () => {
    const { ring, producer, consumer } = makePair("targets", { capacity: 1024 });
    const refused = { name: "TypeError", message: /to a Uint8Array, not / };
    const wrong = [undefined, null, 5, "text", {}, [1, 2, 3], new Float64Array(8)];
    const refuse = () => {
      for (const target of wrong)
        assert.throws(() => consumer.tryReceiveInto(target as unknown as Uint8Array), refused, String(target));
    };
    refuse();
    for (const length of [0, 3, 300]) {
      producer.trySend(new Uint8Array(length));
      refuse();
      assert.equal(consumer.tryReceiveInto(new Uint8Array(300)), length);
    }
    ring.close();
  });

  it("are sent from and received into arrays of another realm, and nothing that only looks so", async () => {
    const { ring, producer, consumer } = makePair("realm", { capacity: 8192 });
    for (const length of [0, 3, 300, 2000]) {
      const sent = foreign.Uint8Array.from({ length }, (_, index) => byteOf(1, index));
      const target = new foreign.Uint8Array(2000);
      const { buffer } = sent;
      for (const data of [sent, buffer, new foreign.DataView(buffer)]) {
        assert.equal(producer.trySend(data), true);
        await producer.send(data);
        for (let turn = 0; turn < 2; turn++) {
          assert.equal(consumer.tryReceiveInto(target), length);
          assert.deepEqual([...target.subarray(0, length)], [...sent]);
        }
      }
      for (const other of falseArrays()) assert.throws(() => consumer.tryReceiveInto(other as Uint8Array), TypeError);
    }
    ring.close();
  });

  it("fill the ring to its last eight bytes, and then it is full", () => {
    for (const capacity of [64, 128, 4096]) {
      const { ring, producer, consumer } = makePair("full", { capacity });
      for (let round = 0; round < 5; round++) {
        for (let used = 16; used < capacity; used += 16) assert.equal(producer.trySend(messageOf(used, 8)), true);
        assert.equal(producer.trySend(new Uint8Array(0)), true); // the last eight bytes are for the mark behind it
        assert.equal(producer.trySend(new Uint8Array(0)), false);
        assert.equal(producer.claimAt(0), -1);
        assert.equal(producer.claim(0), undefined);
        assert.equal(
          consumer.drain(() => {}),
          capacity / 16,
        );
        assert.equal(consumer.tryReceive(), undefined);
      }
      ring.close();
    }
  });

  it("of the greatest size possible take the whole ring, again and again", () => {
    const { ring, producer, consumer } = makePair("whole", { capacity: 64, maxMessageSize: 48 });
    for (let number = 0; number < 100; number++) {
      assert.equal(producer.trySend(messageOf(number, 48)), true);
      assert.equal(producer.trySend(new Uint8Array(0)), false);
      assert.deepEqual(consumer.tryReceive(), messageOf(number, 48));
      assert.equal(consumer.tryReceive(), undefined);
    }
    ring.close();
  });

  it("are those of the sender also when the two sides opened the ring by its name", () => {
    const name = uniqueName("named");
    const ring = SpscRing.create(name, { capacity: 1024, unlinkOnClose: true });
    const [one, other] = [SpscRing.open(name), SpscRing.open(name)];
    assert.deepEqual([ring.created, one.created, one.capacity, one.maxMessageSize], [true, false, 1024, 512]);
    const [producer, consumer] = [one.producer(), other.consumer()];
    producer.trySend(bytes("through"));
    assert.equal(text(consumer.tryReceive()), "through");
    for (const open of [one, other, ring]) open.close();
  });
});

interface Sent {
  number: number;
  size: number;
  position: number;
}

/** Random sends and receives against a queue of plain arrays. */
class Comparison {
  readonly #pair: ReturnType<typeof makePair>;
  readonly #model: Sent[] = [];
  readonly #random: Random;
  readonly #capacity: number;
  readonly #maxMessageSize: number;
  #number = 0;
  #position = 0;
  /** Bytes that are taken up for certain, and those that may be, because they are not acknowledged yet. */
  #used = 0;
  #lagging = 0;

  constructor(random: Random, capacity: number, maxMessageSize: number) {
    this.#random = random;
    this.#capacity = capacity;
    this.#maxMessageSize = maxMessageSize;
    this.#pair = makePair("fuzz", { capacity, maxMessageSize });
  }

  #what(): string {
    return `seed ${this.#random.seed}, ${this.#capacity} and ${this.#maxMessageSize} bytes, message ${this.#number}`;
  }

  send(): void {
    const greatest = this.#random.below(4) === 0 ? this.#maxMessageSize : Math.min(this.#maxMessageSize, 40);
    const size = this.#random.below(greatest + 1);
    const needed = this.#used + space(size);
    if (!this.#pair.producer.trySend(messageOf(this.#number, size))) {
      assert.ok(needed + this.#lagging > this.#capacity - 8, `full too early: ${this.#what()}`);
      return;
    }
    assert.ok(needed <= this.#capacity - 8, `overfull: ${this.#what()}`);
    this.#model.push({ number: this.#number++, size, position: this.#position });
    this.#used = needed;
    this.#position = (this.#position + space(size)) >>> 0;
  }

  receive(): void {
    const { consumer } = this.#pair;
    const message = consumer.tryReceive();
    const expected = this.#model.shift();
    if (expected === undefined) {
      assert.equal(message, undefined, this.#what());
      this.#lagging = 0;
      return;
    }
    assert.deepEqual(message, messageOf(expected.number, expected.size), this.#what());
    assert.equal(consumer.position, expected.position, this.#what());
    this.#used -= space(expected.size);
    // By contract an eighth of the ring, and the message that is in hand.
    this.#lagging = Math.min(this.#lagging, this.#capacity / 8 + space(this.#maxMessageSize)) + space(expected.size);
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      if (this.#random.below(2) === 0) this.send();
      else this.receive();
    }
    this.#pair.ring.close();
  }
}

describe("bytes that run code when they are asked how many they are", () => {
  after(cleanUpRings);

  it("may send and receive before they are sent themselves: messages do not mix", () => {
    for (const size of [8, 400]) {
      const { ring, producer, consumer } = makePair("running", { capacity: 4096 });
      const inner = messageOf(1, 400);
      const outer = runningBytes(size, () => {
        assert.equal(producer.trySend(inner), true);
        assert.deepEqual(consumer.tryReceive(), inner);
      });
      assert.equal(producer.trySend(outer), true);
      assert.deepEqual(consumer.tryReceive(), new Uint8Array(size).fill(7));
      assert.equal(consumer.tryReceive(), undefined);
      ring.close();
    }
  });

  it("may close the producer: then the message is EBADF, and nothing of it in the ring", () => {
    for (const size of [8, 400]) {
      const { ring, producer, consumer } = makePair("running-close", { capacity: 4096 });
      const outer = runningBytes(size, () => {
        if (isClosed) return;
        isClosed = true;
        producer.close();
        ring.producer().trySend(bytes("successor"));
      });
      let isClosed = false;
      assert.throws(() => producer.trySend(outer), { code: "EBADF" });
      assert.deepEqual([text(consumer.tryReceive()), consumer.tryReceive()], ["successor", undefined]);
      ring.close();
    }
  });

  it("are refused, or as many as they say, where they are not so many: nothing is written beside", () => {
    const { ring, producer, consumer } = makePair("lying", { capacity: 4096 });
    const liar = (length: number, says: unknown) =>
      runningBytes(
        length,
        () => {},
        () => says,
      );
    for (const says of [2048, -1, 7.5, Number.NaN, "x"])
      assert.throws(() => producer.trySend(liar(8, says)), /^(TypeError|RangeError)/, `${says}`);
    for (const says of [300, 399, 401]) assert.throws(() => producer.trySend(liar(400, says)), TypeError);
    assert.throws(() => producer.trySend(proxyBytes(8, () => {})), TypeError);
    assert.throws(() => producer.commit(), RangeError, "nothing is claimed");
    for (const says of [0, 7, 9, 20]) {
      producer.trySend(liar(8, says));
      assert.equal(producer.trySend(bytes("sound")), true);
      assert.deepEqual(
        consumer.tryReceive(),
        Uint8Array.from({ length: says }, (_, index) => (index < 8 ? 7 : 0)),
      );
      assert.equal(text(consumer.tryReceive()), "sound");
    }
    assert.equal(consumer.tryReceive(), undefined);
    ring.close();
  });
});

describe("a ring behaves as a queue", () => {
  after(cleanUpRings);
  const random = new Random();

  for (const [capacity, maxMessageSize] of [
    [64, 1],
    [64, 48],
    [128, 64],
    [1024, 512],
    [1024, 1008],
    [65536, 3000],
  ]) {
    it(`of ${capacity} bytes with messages of up to ${maxMessageSize}, in random order of sends and receives`, () => {
      new Comparison(random, capacity, maxMessageSize).run(6000);
    });
  }

  it("also when it publishes by atomic stores", () => {
    const name = uniqueName("atomic");
    const ring = SpscRing.create(name, { capacity: 256, ordering: "atomic", unlinkOnClose: true });
    const [producer, consumer] = [ring.producer(), SpscRing.open(name, { ordering: "atomic" }).consumer()];
    for (let number = 0; number < 3000; number++) {
      assert.equal(producer.trySend(messageOf(number, number % 100)), true);
      assert.deepEqual(consumer.tryReceive(), messageOf(number, number % 100));
    }
    ring.close();
  });
});
