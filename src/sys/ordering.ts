// Ordered loads and stores: what a loop or a publisher needs of Atomics, at the price of plain ones on x86-64.

import process from "node:process";
import { isJavaScriptCore } from "../runtime/javascript.ts";

/**
 * Any array may be part of this one, for all that an engine knows: after a store to it, it loads other words anew. More than
 * 64 bytes stand where V8 does not move them, and code then holds their address.
 */
const barrier = new Int32Array(32);
/** x86-64 performs loads in the order of the program; there Atomics.load adds only the order of the compiler's. */
const inOrder = process.arch === "x64"; // V8 folds no constant that is exported
export const isInOrder = inOrder;
/** Where an Atomics.load would be an exchange, which writes. */
const loadsByExchange = isJavaScriptCore;

/** Nobody else sees it. */
const privateWord = new Int32Array(1);

/**
 * Orders all accesses before it with all behind it, on any processor. What stands before does not pass the store, what
 * stands behind does not pass the exchange's load, and these two keep their order. (With LSE the exchange alone would do;
 * without, its load may come before what stands before it, and its store after what stands behind.)
 */
function fullFence(): void {
  Atomics.store(privateWord, 0, 0);
  Atomics.exchange(privateWord, 0, 0);
}

/** Orders plain loads before it with loads behind it, and stores with stores: nothing to do on x86-64. */
export function fence(): void {
  if (!inOrder) fullFence();
}

/** An ordered load for processors that may do loads in another order. */
function loadOutOfOrder(words: Int32Array | Uint8Array, index: number): number {
  if (loadsByExchange) {
    fullFence();
    const value = words[index];
    fullFence();
    return value;
  }
  return index >>> 0 < words.length ? Atomics.load(words, index) : words[index]; // which is undefined
}

/**
 * The word at `index`, loaded now: neither kept from an earlier load, nor moved over others that stand before or behind.
 *
 * It is for polling what another process writes, and for memory that was opened with `readOnly` it is the only such load:
 * in Bun, Atomics.load may be an exchange, and this write gives the process a copy of the page, which never changes again.
 * Elsewhere Atomics.load is a call of 10 to 40 ns, and the exchange takes the cache line away from whoever is about to
 * write it. On x86-64 this is a plain load that the engine cannot move, on other processors Atomics.load, or in Bun a plain
 * load between two fences. It waits for nothing and checks nothing: an index outside the array is undefined, as
 * `words[index]` is.
 *
 * @example
 * ```ts
 * import { loadOrdered, SharedMemory } from "@linux-ipc/core";
 * const memory = SharedMemory.create("/linux-ipc-example-poll", { size: 4096, unlinkOnClose: true });
 * const same = SharedMemory.open("/linux-ipc-example-poll", { readOnly: true }); // usually in another process
 * const words = new Int32Array(same.buffer);
 * new Int32Array(memory.buffer)[0] = 7;
 * while (loadOrdered(words, 0) !== 7);
 * console.log(words[0]); // 7
 * same.close();
 * memory.close();
 * ```
 */
export function loadOrdered(words: Int32Array, index: number): number {
  if (!inOrder) return loadOutOfOrder(words, index);
  barrier[0] = index;
  return words[index];
}

/** Stores a word behind all earlier stores, as every store on x86-64; what is loaded later may be loaded before it. */
export function storeOrdered(words: Int32Array, index: number, value: number): void {
  if (inOrder) words[index] = value;
  else Atomics.store(words, index, value);
}

/** As loadOrdered, for a byte: engines are at their best where a function sees one kind of array. */
export function loadByteOrdered(bytes: Uint8Array, index: number): number {
  if (!inOrder) return loadOutOfOrder(bytes, index);
  barrier[0] = index;
  return bytes[index];
}
