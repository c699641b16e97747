// Lingering: who awaits again and again looks for some turns of the event loop before it parks, as long as that pays.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Awaiting, type Parking } from "../../src/wait/awaiting.ts";
import { sleep, within } from "../support/mod.ts";

/** Long enough for many turns of a busy machine. */
const LONG_MS = 2000;

/** A queue that never hears of a change: what it finds it has looked for. */
function makeQueue(spinMs: number | undefined) {
  const there: number[] = [];
  let parks = 0;
  let wake: () => void = () => {};
  let looks = 0;
  const parking: Parking = {
    lingers: { spinMs },
    prepare: () => 0,
    park(_key, onChange) {
      parks++;
      wake = onChange;
      return true;
    },
    unpark() {},
  };
  const queue = new Awaiting(parking);
  const look = () => {
    looks++;
    return there.shift();
  };
  const counts = () => ({ parks, looks });
  const take = (options = {}, isRef = true) => queue.add(look, options, isRef);
  return { there, queue, counts, take, wake: () => wake() };
}

/** A wait that parks at once, as the first one does, and is given up. */
async function waitInVain(take: (options: object) => Promise<unknown>): Promise<void> {
  assert.equal(await take({ timeoutMs: 1 }), undefined);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a queue that lingers", () => {
  it("parks at its first wait, and finds later what comes within some turns", async () => {
    const { there, take, counts } = makeQueue(LONG_MS);
    await waitInVain(take);
    assert.equal(counts().parks, 1);
    for (let number = 1; number <= 100; number++) {
      const taken = take();
      for (let turns = number % 3; turns > 0; turns--) await turn();
      there.push(number);
      assert.equal(await within(taken, 5000, "what came"), number);
    }
    assert.equal(counts().parks, 1);
  });

  it("serves those who wait in order", async () => {
    const { there, take, counts } = makeQueue(LONG_MS);
    await waitInVain(take);
    const all = [take(), take(), take()];
    await turn();
    there.push(1, 2);
    assert.deepEqual(await within(Promise.all(all.slice(0, 2)), 5000, "two"), [1, 2]);
    there.push(3);
    assert.equal(await within(all[2] as Promise<unknown>, 5000, "the third"), 3);
    assert.equal(counts().parks, 1);
  });

  it("lingers more and more rarely where that is in vain", async () => {
    const { there, take, counts, wake } = makeQueue(2);
    const lingered: number[] = [];
    for (let wait = 0; wait < 40; wait++) {
      const before = counts();
      const taken = take();
      while (counts().parks === before.parks) await turn();
      if (counts().looks > before.looks + 2) lingered.push(wait); // more than before it prepares, and before it parks
      there.push(wait);
      wake();
      assert.equal(await taken, wait);
    }
    assert.deepEqual(lingered, [1, 4, 9, 18, 35]);
  });

  it("ends by abort, by timeout and by close, as one that has parked", async () => {
    const { queue, take } = makeQueue(LONG_MS);
    await waitInVain(take);
    const abort = new AbortController();
    const aborted = assert.rejects(take({ signal: abort.signal }), { name: "AbortError" });
    const late = take({ timeoutMs: 5 });
    await turn();
    abort.abort();
    await aborted;
    assert.equal(await within(late, 5000, "the timeout"), undefined);
    const closed = assert.rejects(take(), /gone/);
    await turn();
    queue.close(new Error("gone"));
    await closed;
    await sleep(5); // the last turn finds nobody
  });

  it("parks at once who keeps no process alive, and everybody without a spin", async () => {
    for (const [spinMs, isRef] of [
      [LONG_MS, false],
      [0, true],
    ] as const) {
      const { take, counts } = makeQueue(spinMs);
      for (let wait = 1; wait <= 10; wait++) {
        const taken = take({ timeoutMs: 1 }, isRef);
        assert.deepEqual(counts(), { parks: wait, looks: 3 * wait - 1 });
        assert.equal(await within(taken, 5000, "the timeout"), undefined); // after a last look
      }
    }
  });
});
