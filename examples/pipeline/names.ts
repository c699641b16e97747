// The shared objects of a run: main makes them, and removes their names as soon as every stage has opened its own.

import process from "node:process";
import { SharedMemory, SpscRing } from "@linux-ipc/core";
import { Board } from "./board.ts";
import type { Names } from "./job.ts";
import { ORDER_SIZE } from "./order.ts";
import { TICK_SIZE } from "./tick.ts";

/** Some 10,000 messages: what comes in while a stage waits for a processor. */
const RING_CAPACITY_BYTES = 1 << 19;

const pid = process.pid;
export const NAMES: Names = {
  ticks: `/linux-ipc-ticks-${pid}`,
  orders: `/linux-ipc-orders-${pid}`,
  board: `/linux-ipc-board-${pid}`,
};

function createRing(name: string, maxMessageSize: number): void {
  SpscRing.create(name, { capacity: RING_CAPACITY_BYTES, maxMessageSize }).close();
}

/** Makes both rings and the board. */
export function createObjects(names: Names): Board {
  try {
    createRing(names.ticks, TICK_SIZE);
    createRing(names.orders, ORDER_SIZE);
    return Board.create(names.board);
  } catch (error) {
    removeNames(names);
    throw error;
  }
}

/** Who has an object open keeps it; nobody new can find it, and it goes with the last of them. */
export function removeNames(names: Names): void {
  for (const name of Object.values(names)) SharedMemory.unlink(name);
}
