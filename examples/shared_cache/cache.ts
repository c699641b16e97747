// The cache that all processes of the example share: what lies in it, and how it is opened.
import process from "node:process";
import { SharedMap } from "@linux-ipc/core";

/** A price as JSON; in a cache of the last 1000 symbols that anybody has asked for. */
export interface Quote {
  readonly symbol: string;
  readonly price: number;
  /** Who has computed it. */
  readonly by: string;
}

/** The runtime this is, without its version. */
export const runtime: string = navigator.userAgent.split(/[/ ]/)[0] as string;
export const name: string = process.argv[2] ?? "/linux-ipc-shared-cache";

/** Whoever comes first makes it; the others find it. */
export const cache: SharedMap = SharedMap.openOrCreate(name, { capacity: 1000, valueSize: 256, evict: "lru" });

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const TTL_MS = 60_000;

/** Stands for something slow: a database, another machine. */
function compute(symbol: string): Quote {
  const price = [...symbol].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) / 4;
  return { symbol, price, by: runtime };
}

/** From the cache if it is there, else computed and put there for everybody. */
export function quote(symbol: string): Quote {
  const found = cache.get(symbol);
  cache.increment(found === undefined ? "misses" : "hits");
  if (found !== undefined) return JSON.parse(decoder.decode(found)) as Quote;
  const computed = compute(symbol);
  cache.set(symbol, encoder.encode(JSON.stringify(computed)), { ttlMs: TTL_MS });
  return computed;
}
