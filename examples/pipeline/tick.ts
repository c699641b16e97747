// A market tick: 32 bytes, the MarketTick that a C++ peer would declare. Its padding carries the means of proof.
//
//   0  u64 timestamp, ns   8  u32 symbol   12  u32 sequence (padding in C++)
//  16  f64 price          24  u32 volume   28  i32 checksum (padding in C++)

import { seal } from "./checksum.ts";
import { getNanoseconds, setNanoseconds } from "./u64.ts";

export const TICK_SIZE = 32;

/** What the market says. */
export interface Quote {
  symbol: number;
  price: number;
  volume: number;
}

export function writeTick(view: DataView, offset: number, sequence: number, timestamp: number, quote: Quote): void {
  setNanoseconds(view, offset, timestamp);
  view.setUint32(offset + 8, quote.symbol, true);
  view.setUint32(offset + 12, sequence, true);
  view.setFloat64(offset + 16, quote.price, true);
  view.setUint32(offset + 24, quote.volume, true);
  seal(view, offset, TICK_SIZE);
}

export const tickTimestamp = (view: DataView, offset: number): number => getNanoseconds(view, offset);
export const tickSymbol = (view: DataView, offset: number): number => view.getUint32(offset + 8, true);
export const tickSequence = (view: DataView, offset: number): number => view.getUint32(offset + 12, true);
export const tickPrice = (view: DataView, offset: number): number => view.getFloat64(offset + 16, true);
export const tickVolume = (view: DataView, offset: number): number => view.getUint32(offset + 24, true);
