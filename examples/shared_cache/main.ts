// Asks for quotes through a cache that all runtimes share. Run it twice, under any two of them, and see who computed:
//
//   bun examples/shared_cache/main.ts
//   deno run -A examples/shared_cache/main.ts
//   node examples/shared_cache/main.ts [name [--clear]]
//
// The cache outlives its processes, as long as the machine is up; --clear removes it at the end.
import process from "node:process";
import { SharedMap } from "@linux-ipc/core";
import { cache, name, quote, runtime } from "./cache.ts";

for (const symbol of ["ACME", "GLOBEX", "INITECH", "ACME"]) {
  const { price, by } = quote(symbol);
  console.log(`${runtime}: ${symbol} ${price} computed by ${by}`);
}
console.log(`${cache.getCounter("hits") ?? 0} hits, ${cache.getCounter("misses") ?? 0} misses of all processes`);
cache.close();
if (process.argv.includes("--clear")) SharedMap.unlink(name);
