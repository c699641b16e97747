// The engine's answer to a tick: 40 bytes, one for each tick, so that the risk manager can account for all of them.
//
//   0  u64 timestamp, ns   8  u64 timestamp of the tick   16  u32 sequence of the tick   20  u32 symbol
//  24  f64 price          32  i32 quantity: > 0 buy, < 0 sell, 0 pass                    36  i32 checksum

import { seal } from "./checksum.ts";
import { getNanoseconds, setNanoseconds } from "./u64.ts";

export const ORDER_SIZE = 40;

export interface Order {
  timestamp: number;
  tickTimestamp: number;
  sequence: number;
  symbol: number;
  price: number;
  quantity: number;
}

export function writeOrder(view: DataView, offset: number, order: Order): void {
  setNanoseconds(view, offset, order.timestamp);
  setNanoseconds(view, offset + 8, order.tickTimestamp);
  view.setUint32(offset + 16, order.sequence, true);
  view.setUint32(offset + 20, order.symbol, true);
  view.setFloat64(offset + 24, order.price, true);
  view.setInt32(offset + 32, order.quantity, true);
  seal(view, offset, ORDER_SIZE);
}

export const orderTimestamp = (view: DataView, offset: number): number => getNanoseconds(view, offset);
export const orderTickTimestamp = (view: DataView, offset: number): number => getNanoseconds(view, offset + 8);
export const orderSequence = (view: DataView, offset: number): number => view.getUint32(offset + 16, true);
export const orderSymbol = (view: DataView, offset: number): number => view.getUint32(offset + 20, true);
export const orderPrice = (view: DataView, offset: number): number => view.getFloat64(offset + 24, true);
export const orderQuantity = (view: DataView, offset: number): number => view.getInt32(offset + 32, true);
