// Prints a recording of our own market, always the same one: node examples/pipeline/sample.ts > examples/ticks.csv

import process from "node:process";
import { makeMarket, makeRandom, SYMBOLS } from "./market.ts";

const ROWS = 5000;
/** 5 January 2026, 14:30 UTC: the bell rings in New York. */
const BEGIN = 1_767_623_400_000_000_000n;

/** Ticks come in bursts, some microseconds apart, and then there are milliseconds of silence. */
function makeGap(): () => number {
  const random = makeRandom(88172645);
  return () => (random(8) === 0 ? 500_000 + random(6_500_000) : 1_000 + random(50_000));
}

const [next, gap] = [makeMarket(), makeGap()];
const lines = ["timestamp,symbol,price,volume"];
for (let row = 0, elapsed = 0; row < ROWS; row++, elapsed += gap()) {
  const { symbol, price, volume } = next();
  lines.push(`${BEGIN + BigInt(elapsed)},${SYMBOLS[symbol]},${price.toFixed(2)},${volume}`);
}
process.stdout.write(`${lines.join("\n")}\n`);
