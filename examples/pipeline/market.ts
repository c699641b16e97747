// A market of our own: eight symbols whose prices wander, the same in every run and every runtime.

import type { Quote } from "./tick.ts";

export const SYMBOLS = ["ALFA", "BRAV", "CHAR", "DELT", "ECHO", "FOXT", "GOLF", "HOTL"] as const;
const CENT = 0.01;

/** xorshift32: small, and made of integer operations that are the same everywhere. */
export function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** The next quote at each call, in an object that is used again. */
export function makeMarket(seed = 2463534242): () => Quote {
  const random = makeRandom(seed);
  const cents = SYMBOLS.map((_, symbol) => 2_000 + 3_000 * symbol);
  const quote: Quote = { symbol: 0, price: 0, volume: 0 };
  return () => {
    const symbol = random(SYMBOLS.length);
    const next = Math.max(100, (cents[symbol] ?? 0) + random(7) - 3);
    cents[symbol] = next;
    quote.symbol = symbol;
    quote.price = next * CENT;
    quote.volume = 100 * (1 + random(10));
    return quote;
  };
}
