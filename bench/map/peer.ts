// One process of the measurement of SharedMap: one operation on one of the maps, as fast as it can.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { SharedMap } from "../../mod.ts";

export interface MapBenchJob {
  readonly library: "shared-map" | "shared-map-lru" | "lmdb";
  readonly way: string;
  readonly measureMs: number;
}

const KEYS = 10_000;
const VALUE_BYTES = 64;
const BLOCK = 1000;
/** Visits all keys, with no two neighbours in a row. */
const STRIDE = 7919;

const job = JSON.parse(process.argv[2] as string) as MapBenchJob;
const madeKeys = Array.from({ length: KEYS }, (_, index) => `user:${String(index).padStart(8, "0")}`);
/**
 * As they come out of a message. V8 reads a string that was put together by way of its parts, 20 ns more a get, until it
 * has collected once: the figures would depend on when that was.
 */
const keys = JSON.parse(JSON.stringify(madeKeys)) as string[];
const value = new Uint8Array(VALUE_BYTES).fill(7);
const target = new Uint8Array(VALUE_BYTES);

interface Opened {
  readonly ways: Record<string, (key: string) => unknown>;
  close(): void | Promise<void>;
}

function openOurs(): Opened {
  const evict = job.library === "shared-map-lru" ? "lru" : undefined;
  const size = { capacity: KEYS, valueSize: VALUE_BYTES };
  const map = SharedMap.create(`/linux-ipc-bench-${process.pid}-map`, { ...size, evict, unlinkOnClose: true });
  for (const key of keys) map.set(key, value);
  const ways = {
    get: (key: string) => map.get(key),
    getInto: (key: string) => map.getInto(key, target),
    set: (key: string) => map.set(key, value),
  };
  return { ways, close: () => map.close() };
}

/** In memory too, and without waiting for a disk: the fastest that it can be. */
async function openLmdb(): Promise<Opened> {
  const { open } = await import("lmdb");
  const folder = mkdtempSync(join("/dev/shm", `linux-ipc-bench-${process.pid}-`));
  const database = open<Uint8Array, string>({
    path: join(folder, "data"),
    encoding: "binary",
    noSync: true,
    mapSize: 2 ** 26,
  });
  database.transactionSync(() => {
    for (const key of keys) database.putSync(key, value);
  });
  const ways = {
    get: (key: string) => database.getBinary(key),
    getInto: (key: string) => database.getBinaryFast(key),
    set: (key: string) => database.putSync(key, value),
  };
  const close = async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  };
  return { ways, close };
}

/** Goes on behind the key of this number; the number of the last one. */
function runBlock(operation: (key: string) => unknown, start: number): number {
  let at = start;
  for (let count = 0; count < BLOCK; count++) {
    at = (at + STRIDE) % KEYS;
    operation(keys[at] as string);
  }
  return at;
}

function nanosecondsOf(operation: (key: string) => unknown): number {
  const samples: number[] = [];
  let at = 0;
  for (const end = performance.now() + job.measureMs / 2; performance.now() < end; ) at = runBlock(operation, at);
  for (let before = performance.now(), end = before + job.measureMs; before < end; ) {
    at = runBlock(operation, at);
    const after = performance.now();
    samples.push(((after - before) * 1e6) / BLOCK);
    before = after;
  }
  samples.sort((left, right) => left - right);
  return samples[samples.length >> 1] as number;
}

const { ways, close } = job.library === "lmdb" ? await openLmdb() : openOurs();
const p50 = nanosecondsOf(ways[job.way] as (key: string) => unknown);
await close();
console.log(JSON.stringify({ p50 }));
process.exit(0);
