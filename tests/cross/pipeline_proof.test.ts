// The pipeline's proof is worth something: what is lost, torn or doubled does show.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Board, COUNTERS } from "../../examples/pipeline/board.ts";
import { isWhole } from "../../examples/pipeline/checksum.ts";
import { ORDER_SIZE, orderQuantity, orderTickTimestamp, writeOrder } from "../../examples/pipeline/order.ts";
import { Sequence } from "../../examples/pipeline/sequence.ts";
import { TICK_SIZE, tickSequence, tickTimestamp, writeTick } from "../../examples/pipeline/tick.ts";
import { judge } from "../../examples/pipeline/verdict.ts";
import { SharedMemory } from "../../mod.ts";
import { cleanUp, uniqueName } from "../support/mod.ts";

const TIMESTAMP = 2 ** 52 + 2 ** 31 + 1;
const quote = { symbol: 3, price: 101.25, volume: 400 };

function tick(sequence: number): DataView {
  const view = new DataView(new ArrayBuffer(TICK_SIZE));
  writeTick(view, 0, sequence, TIMESTAMP, quote);
  return view;
}

function countersAfter(sequences: readonly number[]): number[] {
  const counters = new Float64Array(Object.keys(COUNTERS).length);
  const account = new Sequence(counters);
  for (const sequence of sequences) account.see(sequence);
  return [COUNTERS.received, COUNTERS.lost, COUNTERS.duplicated].map((index) => counters[index] ?? 0);
}

/** A board as after a run of ten ticks and two orders, and then as `spoil` makes it. */
function complaintsAfter(spoil: (board: Board) => void): readonly string[] {
  const name = uniqueName("board");
  const board = Board.create(name);
  SharedMemory.unlink(name);
  const { feed, engine, risk } = board.rows;
  for (const counters of [feed.counters, engine.counters]) counters[COUNTERS.sent] = 10;
  for (const counters of [engine.counters, risk.counters]) {
    counters[COUNTERS.received] = 10;
    counters[COUNTERS.orders] = 2;
  }
  risk.counters[COUNTERS.accepted] = 1;
  risk.counters[COUNTERS.overPosition] = 1;
  spoil(board);
  const { complaints } = judge(board);
  board.close();
  return complaints;
}

describe("pipeline: the proof", () => {
  after(cleanUp);
  it("keeps a tick as a C++ peer would read it", () => {
    const view = tick(0xfffffffe);
    assert.equal(tickSequence(view, 0), 0xfffffffe);
    assert.equal(tickTimestamp(view, 0), TIMESTAMP);
    assert.equal(view.getBigUint64(0, true), BigInt(TIMESTAMP));
    assert.deepEqual([view.getUint32(8, true), view.getFloat64(16, true), view.getUint32(24, true)], [3, 101.25, 400]);
  });

  it("keeps an order, a sale too", () => {
    const view = new DataView(new ArrayBuffer(ORDER_SIZE));
    const order = { timestamp: 5, tickTimestamp: TIMESTAMP, sequence: 7, symbol: 1, price: 2.5, quantity: -300 };
    writeOrder(view, 0, order);
    assert.equal(orderQuantity(view, 0), -300);
    assert.equal(orderTickTimestamp(view, 0), TIMESTAMP);
    assert.ok(isWhole(view, 0, ORDER_SIZE));
  });

  it("sees every changed bit, and the halves of two ticks", () => {
    for (let bit = 0; bit < TICK_SIZE * 8; bit++) {
      const view = tick(1);
      view.setUint8(bit >> 3, view.getUint8(bit >> 3) ^ (1 << (bit & 7)));
      assert.equal(isWhole(view, 0, TICK_SIZE), false, `bit ${bit}`);
    }
    const torn = tick(1);
    for (let at = 16; at < TICK_SIZE; at++) torn.setUint8(at, tick(2).getUint8(at));
    assert.equal(isWhole(torn, 0, TICK_SIZE), false);
  });

  it("counts gaps and repetitions, also where numbers begin anew", () => {
    assert.deepEqual(countersAfter([0, 1, 2]), [3, 0, 0]);
    assert.deepEqual(countersAfter([0, 1, 5]), [3, 3, 0]);
    assert.deepEqual(countersAfter([0, 1, 1, 0, 2]), [3, 0, 2]);
    assert.deepEqual(countersAfter([0x7fffffff, 0xfffffffe, 0xffffffff, 0]), [4, 0x7fffffff + 0x7ffffffe, 0]);
  });

  it("complains of nothing when all is well, and of each thing that is not", () => {
    assert.deepEqual(
      complaintsAfter(() => {}),
      [],
    );
    const spoilt = (row: "feed" | "engine" | "risk", counter: keyof typeof COUNTERS, value: number) =>
      complaintsAfter(({ rows }) => {
        rows[row].counters[COUNTERS[counter]] = value;
      }).join();
    assert.match(spoilt("feed", "sent", 11), /1 ticks were lost between feed and engine/);
    assert.match(spoilt("engine", "lost", 2), /2 ticks were lost between feed and engine/);
    assert.match(spoilt("risk", "received", 9), /1 ticks were lost between engine and risk manager/);
    assert.match(spoilt("engine", "sent", 9), /has not answered every tick/);
    assert.match(spoilt("risk", "torn", 1), /torn/);
    assert.match(spoilt("engine", "duplicated", 1), /came twice/);
    assert.match(spoilt("risk", "accepted", 0), /has not decided about every order/);
    assert.match(spoilt("feed", "sent", 0), /no tick was sent/);
  });
});
