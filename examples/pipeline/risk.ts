// The risk manager: the last to see every tick, and the one who says yes or no to orders.

import { COUNTERS } from "./board.ts";
import { isWhole } from "./checksum.ts";
import { nanoseconds } from "./clock.ts";
import { Latency } from "./latency.ts";
import { Limits } from "./limits.ts";
import { openRing, receiveAll } from "./link.ts";
import {
  ORDER_SIZE,
  orderPrice,
  orderQuantity,
  orderSequence,
  orderSymbol,
  orderTickTimestamp,
  orderTimestamp,
} from "./order.ts";
import { Sequence } from "./sequence.ts";
import type { Stage, StageParts } from "./stage.ts";

export function makeRisk({ job, row, turn }: StageParts): Stage {
  const orders = openRing(job.names.orders).consumer();
  const account = new Sequence(row.counters);
  const fromEngine = new Latency(row.hops[0]);
  const fromFeed = new Latency(row.hops[1]);
  const limits = new Limits();

  const decide = (view: DataView, offset: number, quantity: number) => {
    const verdict = limits.check(orderSymbol(view, offset), orderPrice(view, offset), quantity);
    const counter = COUNTERS[verdict];
    row.counters[counter] = (row.counters[counter] ?? 0) + 1;
    row.counters[COUNTERS.orders] = (row.counters[COUNTERS.orders] ?? 0) + 1;
  };

  const onOrder = (view: DataView, offset: number) => {
    const now = nanoseconds();
    if (!isWhole(view, offset, ORDER_SIZE)) return account.seeTorn();
    if (!account.see(orderSequence(view, offset))) return;
    fromEngine.record(now - orderTimestamp(view, offset));
    fromFeed.record(now - orderTickTimestamp(view, offset));
    const quantity = orderQuantity(view, offset);
    if (quantity !== 0) decide(view, offset, quantity);
  };

  const publish = () => {
    fromEngine.publish();
    fromFeed.publish();
  };
  return { run: () => receiveAll(orders, onOrder, turn), publish };
}
