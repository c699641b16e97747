// Many structs in a loop, where moving the accessor costs, too; and plain objects. For information: no bar.
import { array, struct } from "../../src/memory/struct/mod.ts";
import { NOW, type Row } from "./row.ts";

const COUNT = 1024;

const Tick = struct({ timestamp: "u64", symbolId: "u32", price: "f64", volume: "u32" });
const Book = struct({ sequence: "u32", best: Tick, levels: array("f64", 8) });

const buffer = new ArrayBuffer(COUNT * Tick.size);
const u32 = new Uint32Array(buffer);
const f64 = new Float64Array(buffer);
const u64 = new BigUint64Array(buffer);
const ticks = Tick.overArray(buffer);
const cursor = Tick.cursor(buffer);
const bookBuffer = new ArrayBuffer(4096); // a page
const bookU32 = new Uint32Array(bookBuffer);
const bookF64 = new Float64Array(bookBuffer);
const book = Book.over(bookBuffer);
const LEVELS = 20;
const Level = struct({ price: "f64", quantity: "u32" });
const Depth = struct({ sequence: "u64", symbolId: "u32", levels: array(Level, LEVELS) });
const depthBuffer = new ArrayBuffer(Depth.size);
const depthU32 = new Uint32Array(depthBuffer);
const depthF64 = new Float64Array(depthBuffer);
const depthU64 = new BigUint64Array(depthBuffer);
const depth = {
  sequence: NOW,
  symbolId: 7,
  levels: Array.from({ length: LEVELS }, (_, index) => ({ price: index * 0.5, quantity: index })),
};
const plain = { timestamp: NOW, symbolId: 7, price: 1.5, volume: 100 };

const row = (title: string, hand: () => unknown, ours: () => unknown): Row => ({ title, count: COUNT, hand, ours });

const scan = row(
  "array: move, get three",
  () => {
    let sum = 0;
    for (let i = 0; i < COUNT; i++) if (u32[i * 8 + 2] < 8) sum += f64[i * 4 + 2] * u32[i * 8 + 6];
    return sum;
  },
  () => {
    let sum = 0;
    for (let i = 0; i < COUNT; i++) {
      const tick = ticks.at(i);
      if (tick.symbolId < 8) sum += tick.price * tick.volume;
    }
    return sum;
  },
);

const fill = row(
  "array: move, set three",
  () => {
    for (let i = 0; i < COUNT; i++) {
      u32[i * 8 + 2] = i & 7;
      f64[i * 4 + 2] = 1.5;
      u32[i * 8 + 6] = i;
    }
  },
  () => {
    for (let i = 0; i < COUNT; i++) {
      const tick = ticks.at(i);
      tick.symbolId = i & 7;
      tick.price = 1.5;
      tick.volume = i;
    }
  },
);

const seek = row(
  "cursor: seek, set three, get three",
  () => {
    let sum = 0;
    for (let offset = 0; offset < COUNT * 32; offset += 32) {
      u32[(offset >> 2) + 2] = offset & 7;
      f64[(offset >> 3) + 2] = 1.5;
      u32[(offset >> 2) + 6] = offset;
      sum += f64[(offset >> 3) + 2] * u32[(offset >> 2) + 6] + u32[(offset >> 2) + 2];
    }
    return sum;
  },
  () => {
    let sum = 0;
    for (let offset = 0; offset < COUNT * 32; offset += 32) {
      const tick = cursor.seek(offset);
      tick.symbolId = offset & 7;
      tick.price = 1.5;
      tick.volume = offset;
      sum += tick.price * tick.volume + tick.symbolId;
    }
    return sum;
  },
);

const nested = row(
  "nested: set and get book.best",
  () => {
    let sum = 0;
    for (let i = 0; i < COUNT; i++) {
      bookU32[8] = i;
      sum += bookF64[3] + bookU32[8];
    }
    return sum;
  },
  () => {
    let sum = 0;
    for (let i = 0; i < COUNT; i++) {
      const { best } = book;
      best.volume = i;
      sum += best.price + best.volume;
    }
    return sum;
  },
);

const elements = row(
  "array field: get elements",
  () => {
    let sum = 0;
    for (let i = 0; i < COUNT; i++) sum += bookF64[5 + (i & 7)];
    return sum;
  },
  () => {
    let sum = 0;
    for (let i = 0; i < COUNT; i++) sum += book.levels.at(i & 7);
    return sum;
  },
);

const read = row(
  "plain objects: read",
  () => {
    let last: unknown;
    for (let i = 0; i < COUNT; i++) {
      last = { timestamp: u64[i * 4], symbolId: u32[i * 8 + 2], price: f64[i * 4 + 2], volume: u32[i * 8 + 6] };
    }
    return last;
  },
  () => {
    let last: unknown;
    for (let i = 0; i < COUNT; i++) last = Tick.read(buffer, i * 32);
    return last;
  },
);

const write = row(
  "plain objects: write",
  () => {
    for (let i = 0; i < COUNT; i++) {
      u64[i * 4] = plain.timestamp;
      u32[i * 8 + 2] = plain.symbolId;
      f64[i * 4 + 2] = plain.price;
      u32[i * 8 + 6] = plain.volume;
    }
  },
  () => {
    for (let i = 0; i < COUNT; i++) Tick.write(buffer, i * 32, plain);
  },
);

const readDepth = row(
  "plain objects: read a book of 20 levels",
  () => {
    let last: unknown;
    for (let i = 0; i < COUNT; i++) {
      const levels: unknown[] = [];
      for (let at = 2; at < 2 + LEVELS * 2; at += 2)
        levels.push({ price: depthF64[at], quantity: depthU32[at * 2 + 2] });
      last = { sequence: depthU64[0], symbolId: depthU32[2], levels };
    }
    return last;
  },
  () => {
    let last: unknown;
    for (let i = 0; i < COUNT; i++) last = Depth.read(depthBuffer);
    return last;
  },
);

const writeDepth = row(
  "plain objects: write a book of 20 levels",
  () => {
    for (let i = 0; i < COUNT; i++) {
      depthU64[0] = depth.sequence;
      depthU32[2] = depth.symbolId;
      for (let index = 0; index < LEVELS; index++) {
        const { price, quantity } = depth.levels[index];
        depthF64[2 + index * 2] = price;
        depthU32[6 + index * 4] = quantity;
      }
    }
  },
  () => {
    for (let i = 0; i < COUNT; i++) Depth.write(depthBuffer, 0, depth);
  },
);

export const LOOPS: readonly Row[] = [scan, fill, seek, nested, elements, read, write, readDepth, writeDepth];
