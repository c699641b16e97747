// One struct in its place, one operation a call: what the bar is about.
import { asNumber, struct } from "../../src/memory/struct/mod.ts";
import { NOW, type Row } from "./row.ts";

const Tick = struct({ timestamp: "u64", symbolId: "u32", price: "f64", volume: "u32" });
const Stamp = struct({ at: asNumber("u64") });

const buffer = new ArrayBuffer(64);
const u32 = new Uint32Array(buffer);
const f64 = new Float64Array(buffer);
const u64 = new BigUint64Array(buffer);
const tick = Tick.over(buffer);
const stampBuffer = new ArrayBuffer(8);
const stampU32 = new Uint32Array(stampBuffer);
const stamp = Stamp.over(stampBuffer);

/** Changes with every call, so that nothing can be computed once and for all. */
let next = 0;
const step = (): number => {
  next = (next + 1) & 1023;
  return next;
};
const stamps = Array.from({ length: 1024 }, (_, index) => NOW + BigInt(index));

const row = (title: string, hand: () => unknown, ours: () => unknown): Row => ({ title, count: 1, hand, ours });

export const OPERATIONS: readonly Row[] = [
  row(
    "set and get a u32",
    () => {
      u32[6] = step();
      return u32[6];
    },
    () => {
      tick.volume = step();
      return tick.volume;
    },
  ),
  row(
    "set and get an f64",
    () => {
      f64[2] = step() * 0.5;
      return f64[2];
    },
    () => {
      tick.price = step() * 0.5;
      return tick.price;
    },
  ),
  row(
    "set three fields",
    () => {
      u32[2] = step();
      f64[2] = next * 0.5;
      u32[6] = next;
    },
    () => {
      tick.symbolId = step();
      tick.price = next * 0.5;
      tick.volume = next;
    },
  ),
  row(
    "get three fields, changed",
    () => {
      u32[6] = step();
      return u32[2] + f64[2] + u32[6];
    },
    () => {
      tick.volume = step();
      return tick.symbolId + tick.price + tick.volume;
    },
  ),
  row(
    "add to a u32",
    () => {
      u32[6] = (u32[6] + step()) & 0xffff;
    },
    () => {
      tick.volume = (tick.volume + step()) & 0xffff;
    },
  ),
  row(
    "set a u64, a bigint",
    () => {
      u64[0] = stamps[step()];
    },
    () => {
      tick.timestamp = stamps[step()];
    },
  ),
  row(
    "set and get a u64, a bigint",
    () => {
      u64[0] = stamps[step()];
      return u64[0] > NOW;
    },
    () => {
      tick.timestamp = stamps[step()];
      return tick.timestamp > NOW;
    },
  ),
  row(
    'set and get asNumber("u64")',
    () => {
      const value = 2 ** 40 + step();
      stampU32[0] = value >>> 0;
      stampU32[1] = value / 0x1_0000_0000;
      return stampU32[1] * 0x1_0000_0000 + stampU32[0];
    },
    () => {
      stamp.at = 2 ** 40 + step();
      return stamp.at;
    },
  ),
];
