// One struct in its place, one operation again and again: what the bar is about.
//
// In loops, because a single operation takes less than calling the function that holds it, which engines inline or not.
import { asNumber, struct } from "../../src/memory/struct/mod.ts";
import { NOW, type Row } from "./row.ts";

const COUNT = 1024;
/** No mapping is smaller. */
const PAGE_BYTES = 4096;

const Tick = struct({ timestamp: "u64", symbolId: "u32", price: "f64", volume: "u32" });
const Stamp = struct({ at: asNumber("u64") });

const buffer = new ArrayBuffer(PAGE_BYTES);
const u32 = new Uint32Array(buffer);
const f64 = new Float64Array(buffer);
const u64 = new BigUint64Array(buffer);
const tick = Tick.over(buffer);
const stampBuffer = new ArrayBuffer(PAGE_BYTES);
const stampU32 = new Uint32Array(stampBuffer);
const stamp = Stamp.over(stampBuffer);
const stamps = Array.from({ length: COUNT }, (_, index) => NOW + BigInt(index));

const row = (title: string, hand: () => unknown, ours: () => unknown): Row => ({ title, count: COUNT, hand, ours });

export const OPERATIONS: readonly Row[] = [
  row(
    "set and get a u32",
    () => {
      let sum = 0;
      for (let i = 0; i < COUNT; i++) {
        u32[6] = i;
        sum += u32[6];
      }
      return sum;
    },
    () => {
      let sum = 0;
      for (let i = 0; i < COUNT; i++) {
        tick.volume = i;
        sum += tick.volume;
      }
      return sum;
    },
  ),
  row(
    "set and get an f64",
    () => {
      let sum = 0;
      for (let i = 0; i < COUNT; i++) {
        f64[2] = i * 0.5;
        sum += f64[2];
      }
      return sum;
    },
    () => {
      let sum = 0;
      for (let i = 0; i < COUNT; i++) {
        tick.price = i * 0.5;
        sum += tick.price;
      }
      return sum;
    },
  ),
  row(
    "set three fields",
    () => {
      for (let i = 0; i < COUNT; i++) {
        u32[2] = i;
        f64[2] = i * 0.5;
        u32[6] = i;
      }
    },
    () => {
      for (let i = 0; i < COUNT; i++) {
        tick.symbolId = i;
        tick.price = i * 0.5;
        tick.volume = i;
      }
    },
  ),
  row(
    "get three fields, changed",
    () => {
      let sum = 0;
      for (let i = 0; i < COUNT; i++) {
        u32[6] = i;
        sum += u32[2] + f64[2] + u32[6];
      }
      return sum;
    },
    () => {
      let sum = 0;
      for (let i = 0; i < COUNT; i++) {
        tick.volume = i;
        sum += tick.symbolId + tick.price + tick.volume;
      }
      return sum;
    },
  ),
  row(
    "add to a u32",
    () => {
      for (let i = 0; i < COUNT; i++) u32[6] = (u32[6] + i) & 0xffff;
    },
    () => {
      for (let i = 0; i < COUNT; i++) tick.volume = (tick.volume + i) & 0xffff;
    },
  ),
  row(
    "set a u64, a bigint",
    () => {
      for (let i = 0; i < COUNT; i++) u64[0] = stamps[i];
    },
    () => {
      for (let i = 0; i < COUNT; i++) tick.timestamp = stamps[i];
    },
  ),
  row(
    "set and get a u64, a bigint",
    () => {
      let later = 0;
      for (let i = 0; i < COUNT; i++) {
        u64[0] = stamps[i];
        if (u64[0] > NOW) later++;
      }
      return later;
    },
    () => {
      let later = 0;
      for (let i = 0; i < COUNT; i++) {
        tick.timestamp = stamps[i];
        if (tick.timestamp > NOW) later++;
      }
      return later;
    },
  ),
  row(
    'set and get asNumber("u64")',
    () => {
      let sum = 0;
      for (let i = 0; i < COUNT; i++) {
        const value = 2 ** 40 + i;
        stampU32[0] = value >>> 0;
        stampU32[1] = value / 0x1_0000_0000;
        sum += stampU32[1] * 0x1_0000_0000 + stampU32[0];
      }
      return sum;
    },
    () => {
      let sum = 0;
      for (let i = 0; i < COUNT; i++) {
        stamp.at = 2 ** 40 + i;
        sum += stamp.at;
      }
      return sum;
    },
  ),
];
