// The trading engine: for every tick one answer, an order or a pass.

import { COUNTERS } from "./board.ts";
import { isWhole } from "./checksum.ts";
import { nanoseconds } from "./clock.ts";
import { Latency } from "./latency.ts";
import { Outlet, openRing, receiveAll } from "./link.ts";
import { ORDER_SIZE, type Order, writeOrder } from "./order.ts";
import { Sequence } from "./sequence.ts";
import type { Stage, StageParts } from "./stage.ts";
import { Crossover } from "./strategy.ts";
import { TICK_SIZE, tickPrice, tickSequence, tickSymbol, tickTimestamp, tickVolume } from "./tick.ts";

export function makeEngine({ job, row, turn }: StageParts): Stage {
  const ticks = openRing(job.names.ticks).consumer();
  const outlet = new Outlet(openRing(job.names.orders).producer(), ORDER_SIZE, turn);
  const account = new Sequence(row.counters);
  const fromFeed = new Latency(row.hops[0]);
  const strategy = new Crossover();
  const order: Order = { timestamp: 0, tickTimestamp: 0, sequence: 0, symbol: 0, price: 0, quantity: 0 };
  let orders = 0;
  let sent = 0;

  const answer = () => {
    const offset = outlet.claim();
    order.timestamp = nanoseconds();
    writeOrder(outlet.view, offset, order);
    outlet.commit();
    row.counters[COUNTERS.sent] = ++sent;
    if (order.quantity !== 0) row.counters[COUNTERS.orders] = ++orders;
  };

  const onTick = (view: DataView, offset: number) => {
    const now = nanoseconds();
    if (!isWhole(view, offset, TICK_SIZE)) return account.seeTorn();
    order.sequence = tickSequence(view, offset);
    if (!account.see(order.sequence)) return;
    order.tickTimestamp = tickTimestamp(view, offset);
    order.symbol = tickSymbol(view, offset);
    order.price = tickPrice(view, offset);
    order.quantity = strategy.decide(order.symbol, order.price, tickVolume(view, offset));
    fromFeed.record(now - order.tickTimestamp);
    answer();
  };

  const run = () => {
    receiveAll(ticks, onTick, turn);
    outlet.close();
  };
  return { run, publish: () => fromFeed.publish() };
}
