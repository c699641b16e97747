// The feed handler: turns a market, ours or a recorded one, into ticks at the asked pace.

import { COMMAND, COUNTERS } from "./board.ts";
import { nanoseconds, sleep } from "./clock.ts";
import type { Job } from "./job.ts";
import { Outlet, openRing, TURN_MS } from "./link.ts";
import { makeMarket } from "./market.ts";
import { type Recording, readRecording } from "./recording.ts";
import type { Stage, StageParts } from "./stage.ts";
import { type Quote, TICK_SIZE, writeTick } from "./tick.ts";

/** Ticks that are published together when more than one is due. */
const BATCH = 64;

interface Source {
  /** The quote of each tick, one after the other. */
  next(): Quote;
  /** When the tick of this number is due, ns after the start. */
  due(index: number): number;
}

/** Over and over; between the last row and the first one lies an average gap. */
function replay({ quotes, times }: Recording): Source {
  const length = (times.at(-1) ?? 0) * (1 + 1 / Math.max(1, times.length - 1));
  let index = 0;
  return {
    next: () => quotes[index++ % quotes.length] as Quote,
    due: (number) => Math.floor(number / times.length) * length + (times[number % times.length] as number),
  };
}

function makeSource({ feed, rate }: Job): Source {
  const source = feed === undefined ? { next: makeMarket(), due: () => 0 } : replay(readRecording(feed));
  if (rate === undefined) return source;
  return { next: source.next, due: rate === 0 ? () => 0 : (index) => (index * 1e9) / rate };
}

export function makeFeed({ job, board, row, turn }: StageParts): Stage {
  const source = makeSource(job);
  const outlet = new Outlet(openRing(job.names.ticks).producer(), TICK_SIZE, turn);
  const ticks = job.ticks ?? Number.POSITIVE_INFINITY;
  const length = (job.seconds ?? Number.POSITIVE_INFINITY) * 1e9;
  let sequence = 0;

  const send = () => {
    const offset = outlet.claim();
    writeTick(outlet.view, offset, sequence, nanoseconds(), source.next());
    outlet.commit();
    row.counters[COUNTERS.sent] = ++sequence;
  };

  /** Sends what is due by now, up to a batch. */
  const sendDue = (elapsed: number) => {
    const most = Math.min(ticks, sequence + BATCH);
    outlet.batch(() => {
      while (sequence < most && source.due(sequence) <= elapsed) send();
    });
  };

  const run = () => {
    const begin = nanoseconds();
    while (sequence < ticks && board.command === COMMAND.go) {
      const elapsed = nanoseconds() - begin;
      if (elapsed >= length) break;
      const early = source.due(sequence) - elapsed;
      if (early > 0) sleep(Math.min(early / 1e6, TURN_MS));
      else sendDue(elapsed);
      turn();
    }
    outlet.close();
  };
  return { run };
}
