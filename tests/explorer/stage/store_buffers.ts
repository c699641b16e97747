// Store buffers: a player's stores reach the memory later than it makes them, in their order, as on x86-64 (x86-TSO).
//
// It sees its own at once. The others see them when it makes an atomic change or a call, sleeps, ends or is killed; when
// somebody's membarrier(2) reaches it; or when it has made so many more that the oldest gives way.

import type { Item, StoreOrder, Words } from "../traced.ts";
import { PLAYERS_MOST, type SharedStage } from "./stage.ts";

/** No processor's keeps more. */
export const STORES_MOST = 64;

/** In words. How many each player may keep, and whether barriers reach it; then a player: how many it keeps, and those. */
const [KEPT_MOST, HAS_BARRIERS] = [0, 1] as const;
const FIRST_PLAYER = 2;
const COUNT = 0;
const FIRST_STORE = 2;
/** A store: the byte that it goes to, of how many bytes it is, and these. */
const [AT, BYTES, VALUE] = [0, 1, 2] as const;
const STORE_WORDS = 4;
const PLAYER_WORDS = FIRST_STORE + (STORES_MOST + 1) * STORE_WORDS;

export function makeBuffers(): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * (FIRST_PLAYER + PLAYER_WORDS * (PLAYERS_MOST + 1)));
}

export interface StoreRules {
  /** How many stores a player may make before the others see them. */
  readonly kept: number;
  /** False: membarrier(2) does nothing. */
  readonly hasBarriers: boolean;
}

/** Those of all players, as one of them uses them. */
export class StoreBuffers implements StoreOrder {
  readonly #me: number;
  readonly #memory: Uint8Array;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  /** The bytes of one item. */
  readonly #item = new Uint8Array(8);

  constructor(me: number, { memory, stores }: SharedStage) {
    this.#me = me;
    this.#memory = new Uint8Array(memory);
    this.#words = new Int32Array(stores);
    this.#bytes = new Uint8Array(stores);
  }

  /** The leader's, before a play. */
  prepare({ kept, hasBarriers }: StoreRules): void {
    this.#words.fill(0);
    this.#words[KEPT_MOST] = kept;
    this.#words[HAS_BARRIERS] = hasBarriers ? 1 : 0;
  }

  #of(player: number): number {
    return FIRST_PLAYER + player * PLAYER_WORDS;
  }

  #countOf(player: number): number {
    return this.#words[this.#of(player) + COUNT] as number;
  }

  /** As its player sees it: what it has stored itself, or what is in the memory. */
  load(array: Words, index: number): Item | undefined {
    const count = this.#countOf(this.#me);
    if (count === 0 || !(index < array.length)) return array[index];
    const size = array.BYTES_PER_ELEMENT;
    const offset = array.byteOffset + index * size;
    const item = this.#item;
    item.set(this.#memory.subarray(offset, offset + size));
    for (let store = 0; store < count; store++) this.#lay(this.#storeOf(this.#me, store), item, offset, size);
    return viewOf(array, item.buffer)[0];
  }

  store(array: Words, index: number, value: Item): void {
    if (!(index < array.length)) return;
    const most = this.#words[KEPT_MOST] as number;
    if (most === 0) {
      array[index] = value as number;
      return;
    }
    const count = this.#countOf(this.#me);
    const store = this.#storeOf(this.#me, count);
    viewOf(array, this.#item.buffer)[0] = value as number;
    this.#words[store + AT] = array.byteOffset + index * array.BYTES_PER_ELEMENT;
    this.#words[store + BYTES] = array.BYTES_PER_ELEMENT;
    this.#bytes.set(this.#item, (store + VALUE) * 4);
    this.#words[this.#of(this.#me) + COUNT] = count + 1;
    if (count + 1 > most) this.#give(this.#me, 1);
  }

  #storeOf(player: number, index: number): number {
    return this.#of(player) + FIRST_STORE + index * STORE_WORDS;
  }

  /** What a store is to change among the `size` bytes from `offset` on. */
  #lay(store: number, target: Uint8Array, offset: number, size: number): void {
    const at = (this.#words[store + AT] as number) - offset;
    for (let byte = 0; byte < (this.#words[store + BYTES] as number); byte++) {
      const place = at + byte;
      if (place >= 0 && place < size) target[place] = this.#bytes[(store + VALUE) * 4 + byte] as number;
    }
  }

  /** The oldest ones reach the memory. */
  #give(player: number, stores: number): void {
    const count = this.#countOf(player);
    for (let store = 0; store < stores; store++)
      this.#lay(this.#storeOf(player, store), this.#memory, 0, this.#memory.length);
    this.#words.copyWithin(this.#storeOf(player, 0), this.#storeOf(player, stores), this.#storeOf(player, count));
    this.#words[this.#of(player) + COUNT] = count - stores;
  }

  /** Whether all that this one has stored is in the memory. */
  get isSettled(): boolean {
    return this.#countOf(this.#me) === 0;
  }

  /** All that this one has stored reaches the memory. */
  settle(player = this.#me): void {
    this.#give(player, this.#countOf(player));
  }

  /** As membarrier(2): all that anybody has stored does. */
  settleAll(): void {
    if (this.#words[HAS_BARRIERS] === 0) return;
    for (let player = 1; player <= PLAYERS_MOST; player++) this.settle(player);
  }
}

/** One item, of the kind of `array`. */
function viewOf(array: Words, buffer: ArrayBuffer): Words {
  return new (array.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => Words)(buffer, 0, 1);
}
