// Awaiting: the queue of callers, under a parking lot that the test plays itself.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Awaiting, type Parking } from "../../src/wait/awaiting.ts";
import { sleep, within } from "../support/mod.ts";

/** Parks nobody really: the test says when something has changed. */
class FakeParking implements Parking {
  key = 0;
  prepared = 0;
  parked: (() => void) | undefined;
  /** Runs between prepare and park, as a peer that is faster would. */
  beforePark: () => void = () => {};
  hold: ((change: 1 | -1) => void) | undefined;

  prepare(): number {
    this.prepared++;
    return this.key;
  }

  park(key: number, onChange: () => void): boolean {
    this.beforePark();
    if (key !== this.key) return false;
    this.parked = onChange;
    return true;
  }

  unpark(): void {
    this.parked = undefined;
  }

  /** Something has changed. */
  change(): void {
    this.key++;
    const wake = this.parked;
    this.parked = undefined;
    wake?.();
  }
}

/** A queue whose callers take numbers from `there`. */
function makeQueue() {
  const parking = new FakeParking();
  const there: number[] = [];
  const queue = new Awaiting(parking);
  const take = (options = {}) => queue.add(() => there.shift(), options);
  const put = (...values: number[]) => {
    there.push(...values);
    parking.change();
  };
  return { parking, there, queue, take, put };
}

describe("awaiting", () => {
  it("resolves at once what can be had, and parks for nobody", async () => {
    const { parking, there, queue, take } = makeQueue();
    there.push(7);
    assert.equal(await take(), 7);
    assert.deepEqual([queue.size, parking.parked], [0, undefined]);
  });

  it("serves the next one where an attempt aborts its own wait, and counts none twice", async () => {
    const { parking, there, queue, take, put } = makeQueue();
    let holding = 0;
    parking.hold = (change) => {
      holding += change;
    };
    for (const result of [5, undefined]) {
      const controller = new AbortController();
      const first = queue.add(
        () => {
          if (there.shift() === undefined) return undefined;
          controller.abort("enough");
          return result;
        },
        { signal: controller.signal },
      );
      const second = take();
      put(6);
      await assert.rejects(first, (reason) => reason === "enough");
      put(7);
      assert.equal(await within(second, 1000, "the second caller"), 7);
      assert.deepEqual([queue.size, holding], [0, 0]);
    }
  });

  it("is closed from within an attempt: rejects all, and counts none twice", async () => {
    const { parking, there, queue, take, put } = makeQueue();
    let holding = 0;
    parking.hold = (change) => {
      holding += change;
    };
    const closing = queue.add(() => {
      if (there.length > 0) queue.close(new Error("closed"));
      return there.length > 0 ? 5 : undefined;
    }, {});
    const all = [closing, take()];
    put(7);
    for (const wait of all) await assert.rejects(within(wait, 1000, "the end"), { message: "closed" });
    assert.deepEqual([queue.size, holding], [0, 0]);
  });

  it("parks once for many callers, and serves them in order", async () => {
    const { parking, queue, take, put } = makeQueue();
    const all = [1, 2, 3].map(() => take());
    assert.equal(queue.size, 3);
    assert.ok(parking.parked);
    put(10);
    assert.equal(await all[0], 10);
    assert.ok(parking.parked, "nobody is parked for the second caller");
    put(20, 30);
    assert.deepEqual(await Promise.all(all), [10, 20, 30]);
    assert.deepEqual([queue.size, parking.parked], [0, undefined]);
  });

  it("looks again after it has prepared: a change in between is not slept through", async () => {
    const { parking, there, take } = makeQueue();
    parking.beforePark = () => {
      parking.beforePark = () => {};
      there.push(5);
      parking.key++;
    };
    assert.equal(await within(take(), 1000, "a change before parking"), 5);
    assert.equal(parking.parked, undefined);
  });

  it("leaves the event loop its turns while others change what it would sleep on, again and again", async () => {
    const { parking, take, put } = makeQueue();
    let looks = 0;
    parking.beforePark = () => {
      looks++;
      parking.key++;
    };
    const taken = take();
    for (let turn = 0; turn < 3; turn++) await sleep(1);
    assert.ok(looks > 64, `${looks} looks: it goes on by itself`);
    parking.beforePark = () => {};
    put(7);
    assert.equal(await within(taken, 5000, "the caller"), 7);
  });

  it("stays parked when a wake-up had no cause", async () => {
    const { parking, take, put } = makeQueue();
    const taking = take();
    for (let round = 0; round < 3; round++) {
      parking.change();
      assert.ok(parking.parked, "nobody is parked after a false wake-up");
    }
    put(1);
    assert.equal(await taking, 1);
  });

  it("rejects the first caller with what its attempt throws, and goes on to the next", async () => {
    const { queue, parking } = makeQueue();
    const failure = new Error("broken");
    let isBroken = false;
    const first = queue.add(() => {
      if (isBroken) throw failure;
      return undefined;
    }, {});
    const second = queue.add(() => (isBroken ? "fine" : undefined), {});
    isBroken = true;
    parking.change();
    await assert.rejects(first, failure);
    assert.equal(await second, "fine");
    assert.equal(queue.size, 0);
  });

  it("answers undefined to whose time is over, wherever they stand", async () => {
    const { parking, queue, take, put } = makeQueue();
    const [first, middle, last] = [take(), take({ timeoutMs: 10 }), take()];
    assert.equal(await middle, undefined);
    assert.equal(queue.size, 2);
    put(1, 2);
    assert.deepEqual(await Promise.all([first, last]), [1, 2]);
    const [early, late] = [take({ timeoutMs: 10 }), take()];
    assert.equal(await early, undefined);
    assert.ok(parking.parked);
    put(3);
    assert.equal(await late, 3);
  });

  it("unparks when the last caller has left", async () => {
    const { parking, take } = makeQueue();
    assert.equal(await take({ timeoutMs: 5 }), undefined);
    assert.equal(parking.parked, undefined);
    const controller = new AbortController();
    const taking = take({ signal: controller.signal });
    assert.ok(parking.parked);
    controller.abort();
    await assert.rejects(taking, { name: "AbortError" });
    assert.equal(parking.parked, undefined);
  });

  it("rejects at once when the signal is aborted already, and never attempts", async () => {
    const { queue } = makeQueue();
    const adding = queue.add(() => assert.fail("attempted"), { signal: AbortSignal.abort("no") });
    await assert.rejects(adding, (reason) => reason === "no");
  });

  it("rejects with the very reason, be it undefined or no error at all", async () => {
    const { take } = makeQueue();
    for (const reason of [null, 0, "text", { any: "thing" }]) {
      const controller = new AbortController();
      const taking = take({ signal: controller.signal });
      controller.abort(reason);
      await assert.rejects(taking, (caught) => caught === reason);
    }
  });

  it("closed rejects everybody, and stops their timers", async () => {
    const { parking, queue, take } = makeQueue();
    const all = [take(), take({ timeoutMs: 60_000 }), take({ signal: new AbortController().signal })];
    const reason = new Error("closed");
    queue.close(reason);
    for (const one of all) await assert.rejects(one, reason);
    assert.deepEqual([queue.size, parking.parked], [0, undefined]);
  });

  it("serves callers that come while it serves", async () => {
    const { there, queue, take, put } = makeQueue();
    const seen: unknown[] = [];
    const chain = async () => {
      for (let round = 0; round < 20; round++) seen.push(await take());
    };
    const chaining = Promise.all([chain(), chain()]);
    for (let value = 0; value < 40; value++) {
      put(value);
      await sleep(0);
    }
    await within(chaining, 5000, "the chains");
    assert.deepEqual(
      [...seen].sort((a, b) => Number(a) - Number(b)),
      Array.from({ length: 40 }, (_, index) => index),
    );
    assert.deepEqual([there.length, queue.size], [0, 0]);
  });

  it("takes ten thousand callers and lets each second one go, in good time", async () => {
    const { queue, put } = makeQueue();
    const controller = new AbortController();
    let value = 0;
    const attempt = () => (value > 0 ? value-- : undefined);
    const all = Array.from({ length: 10_000 }, (_, index) =>
      queue.add(attempt, index % 2 === 0 ? { signal: controller.signal } : {}).catch(() => "aborted"),
    );
    controller.abort();
    assert.equal(queue.size, 5000);
    value = 5000;
    put();
    const results = await within(Promise.all(all), 20_000, "ten thousand callers");
    assert.equal(results.filter((result) => result === "aborted").length, 5000);
  });

  it("rejects everybody where nobody can be parked, and serves those who come later", async () => {
    const { parking, take, put } = makeQueue();
    const refusal = new Error("too many words");
    let isFull = true;
    parking.beforePark = () => {
      if (isFull) throw refusal;
    };
    await assert.rejects(take(), refusal);
    isFull = false;
    const waits = [take(), take()];
    isFull = true;
    put(1); // the second one would have to be parked now
    assert.equal(await waits[0], 1);
    await assert.rejects(waits[1] as Promise<unknown>, refusal);
    isFull = false;
    const late = take();
    put(2);
    assert.equal(await late, 2);
  });

  it("says how many keep the process alive, until each has ended", async () => {
    const { parking, queue, there } = makeQueue();
    let held = 0;
    parking.hold = (change) => {
      held += change;
    };
    const add = (isRef: boolean, options = {}) => queue.add(() => there.shift(), options, isRef);
    there.push(1);
    assert.deepEqual([await add(true), held], [1, 0]);
    const [unref, first, timed] = [add(false), add(true), add(true, { timeoutMs: 5 })];
    assert.equal(held, 2);
    assert.deepEqual([await timed, held], [undefined, 1]);
    there.push(2);
    parking.change();
    assert.deepEqual([await unref, held], [2, 1]);
    queue.close(new Error("over"));
    await assert.rejects(first, /over/);
    assert.equal(held, 0);
  });

  it("takes a timeout as long as timers count, and a longer one for none", async () => {
    const { take, put } = makeQueue();
    for (const timeoutMs of [2 ** 31 - 1, 2 ** 31 - 0.5, 2 ** 31]) {
      const waiting = take({ timeoutMs });
      await sleep(3);
      put(7);
      assert.equal(await waiting, 7);
    }
  });

  it("looks once more at a timeout: what was there in time is taken, by who came first", async () => {
    const { queue, there, take } = makeQueue();
    const [first, second, third] = [take(), take({ timeoutMs: 5 }), take({ timeoutMs: 5 })];
    there.push(1, 2); // and the event loop has had no turn to be told
    assert.deepEqual(await within(Promise.all([first, second, third]), 5000, "all"), [1, 2, undefined]);
    assert.equal(queue.size, 0);
  });

  it("ends no wait before its time, fractions and all", async () => {
    const { take } = makeQueue();
    for (const timeoutMs of [0.4, 1.9, 3.7, 20]) {
      for (let count = 0; count < 20; count++) {
        const start = performance.now();
        assert.equal(await take({ timeoutMs }), undefined);
        const took = performance.now() - start;
        assert.ok(took >= timeoutMs, `${took} ms of ${timeoutMs}`);
      }
    }
  });
});
