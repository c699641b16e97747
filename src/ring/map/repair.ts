// Repair of a shared map whose writer was killed: the lists are sound at every instant, all else is found out again.

import * as layout from "./layout.ts";
import type { Recency } from "./recency.ts";
import type { MapSlots } from "./slots.ts";
import type { MapTable } from "./table.ts";

/** What the lists of a map say. */
interface Survey {
  /** For each link, 1 = an entry stands there. */
  readonly isUsed: Uint8Array;
  readonly count: number;
  readonly earliest: number;
}

/** Walks over all lists. Readers who were on their way begin anew: what was unlinked last may be used again soon. */
function survey(table: MapTable): Survey {
  const { i32 } = table;
  const isUsed = new Uint8Array(table.slots + 1);
  let [count, earliest] = [0, Number.POSITIVE_INFINITY];
  for (let bucket = table.firstBucket, number = 0; number < table.buckets; number++, bucket += 2) {
    Atomics.add(i32, bucket + 1, 1); // SYNC bucket
    for (let link = table.linkAt(bucket, 0); link !== layout.END; ) {
      if (isUsed[link] === 1) throw table.corrupted("two links lead to one slot");
      isUsed[link] = 1;
      count++;
      const at = table.at(link);
      if (table.expires(at) !== 0) earliest = Math.min(earliest, table.expires(at));
      link = table.linkAt(at + layout.NEXT / 4, 0);
    }
  }
  return { isUsed, count, earliest };
}

/**
 * Makes the map sound again, for the holder of the lock. Whoever is killed in the middle of it has done no harm: the next
 * one begins anew.
 */
export function repair(table: MapTable, slots: MapSlots, recency: Recency | undefined): void {
  const { isUsed, count, earliest } = survey(table);
  const claimed = table.i32[table.word(layout.FRESH)] as number;
  const fresh = Math.max(claimed >>> 0 <= table.slots ? claimed : table.slots, isUsed.lastIndexOf(1));
  slots.reset(fresh);
  for (let link = 1; link <= fresh; link++) {
    if (isUsed[link] === 0) slots.free(link);
    else if (recency !== undefined && !((table.f64[table.used + link] as number) > 0)) recency.touch(link);
  }
  Atomics.store(table.i32, table.word(layout.COUNT), count);
  table.f64[table.word(layout.EARLIEST) / 2] = earliest;
}
