// MappedCopy: bytes between mapped memory and arrays of the caller, in the way that is fastest for their number.
//
// `set` is a call of 50 ns, and out of mapped memory it needs a view of its source, which costs twice as much again. So
// few bytes are copied by loops, and many by the shim, to and from an array that comes again: it also fetches what will be
// copied next, which another core has written. For one that comes once `set` is the quickest way in.

import { Buffer } from "node:buffer";
import { copiesWideWords } from "../sys/compiled.ts";
import { addressOf, copyBytes, copyCost } from "../sys/copy.ts";
import { isUint8Array } from "../sys/realm.ts";
import { checkLength, describe, isLengthOf } from "../sys/validate.ts";

/**
 * V8 copies 64 bits at a time through BigInts that it never makes; JavaScriptCore would make them, and copies 32. Doubles
 * are for no engine: NaNs lose their bits. A constant of this module, which V8 folds (D34).
 */
const hasWideWords = copiesWideWords;
const WORD_SHIFT = hasWideWords ? 3 : 2;
const WORD_BYTES = 1 << WORD_SHIFT;
/** Beyond these a call is faster than the loop. */
const LOOP_IN_MOST = hasWideWords ? 128 : 64;
const LOOP_OUT_MOST = hasWideWords ? 1024 : 64;
/** Out of the memory the shim is, sooner: beyond so many bytes for each ns that its call takes. */
const LOOP_OUT_PER_NS = 12;
/** Beyond so many bytes a call is faster than a loop over bytes. */
const BYTEWISE_MOST = 64;
/** What `set` takes besides copying, in ns. */
const SET_COST = 50;
/** Nothing is known of what will be copied next. */
export const NOWHERE = -1;
/** No address yet: a double from the start, as addresses are (D34). */
const UNKNOWN = Number.NaN;

type Getter = (this: Uint8Array) => unknown;

/** What the engine says of a typed array, and not its class: a getter of the user's would run in the middle of a copy. */
function engineGetter(name: "buffer" | "byteOffset" | "byteLength"): Getter {
  return Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)?.get as Getter;
}

const bufferOf = engineGetter("buffer");
const offsetOf = engineGetter("byteOffset");
const sizeOf = engineGetter("byteLength");

type Place = Pick<Uint8Array, "buffer" | "byteOffset" | "byteLength">;

/** Of an array of a class of the user's, or of another realm. The engine's getters called so take 20 ns more. */
function placeOf(array: Uint8Array): Place {
  return {
    buffer: bufferOf.call(array) as ArrayBuffer,
    byteOffset: offsetOf.call(array) as number,
    byteLength: sizeOf.call(array) as number,
  };
}

/** Arrays of this class, and Buffers, have no getters but the engine's. */
const Ours = Uint8Array;

/** The whole words there, whatever their kind: they are only ever copied. None where it is not aligned. */
function wordsOf({ buffer, byteOffset, byteLength }: Place): Int32Array {
  const count = byteOffset % WORD_BYTES === 0 ? Math.floor(byteLength / WORD_BYTES) : 0;
  if (hasWideWords) return new BigUint64Array(buffer, count === 0 ? 0 : byteOffset, count) as unknown as Int32Array;
  return new Int32Array(buffer, count === 0 ? 0 : byteOffset, count);
}

/** For what is no Uint8Array of ours: elements of other kinds would be counted as if they were bytes. */
export function checkForeignArray(array: unknown): void {
  if (!(ArrayBuffer.isView(array) && isUint8Array(array)))
    throw new TypeError(`bytes are copied from and to a Uint8Array, not ${describe(array)}`);
}

/** Refuses a target that is too short for the bytes that were meant for it. */
export function refuseTarget(target: Uint8Array, length: number, what: string): never {
  throw new RangeError(`${what} has ${length} bytes, the target only ${target.length}`);
}

/** Copies from and to one memory. Allocates nothing, if the other array is the same as last time. */
export class MappedCopy {
  private readonly u8: Uint8Array;
  private readonly bytes: Buffer;
  private readonly words: Int32Array;
  /** Where the memory is. */
  private readonly address: number;
  /** Longer copies are calls, which take a hint `ahead`. */
  readonly loopOutMost: number;
  /** Whether the shim copies faster than `set` into the memory, too. */
  private readonly isAddressedIn: boolean;
  /** The last array of the caller's that came twice, and its words: most programs use one again and again. */
  private other: Uint8Array;
  private otherWords: Int32Array;
  /** What was copied in last and has come once: to make words of a fresh array each time takes longer than `set`. */
  private once: Uint8Array;
  /** The last array of a copy that is too long for a loop, and where it is: asked when it comes a second time. */
  private far: Uint8Array;
  private farAddress = UNKNOWN;

  /** `u8`: the memory, a view that begins where its buffer begins. */
  constructor(u8: Uint8Array) {
    this.u8 = u8;
    this.bytes = Buffer.from(u8.buffer, 0, u8.byteLength);
    this.words = wordsOf(u8);
    this.other = new Uint8Array(0);
    this.otherWords = wordsOf(this.other);
    this.once = this.other;
    this.far = this.other;
    this.address = addressOf(u8);
    const cost = copyCost();
    this.loopOutMost = Math.min(LOOP_OUT_MOST, LOOP_OUT_PER_NS * cost);
    this.isAddressedIn = cost < SET_COST;
  }

  /**
   * The `length` bytes from `start` on, a multiple of 8, to the start of `target`, which is at least as long. `ahead`: from
   * where as many will probably be copied next.
   */
  out(start: number, length: number, target: Uint8Array, ahead = NOWHERE): void {
    if (length > this.loopOutMost) {
      this.longOut(start, length, target, ahead);
      return;
    }
    if (target !== this.other) this.take(target);
    const from = this.words;
    const to = this.otherWords;
    const first = hasWideWords ? start / 8 : start >>> 2;
    const count = Math.min(length >> WORD_SHIFT, to.length);
    for (let index = 0; index < count; index++) to[index] = from[first + index] as number;
    if (count * WORD_BYTES < length) this.restOut(start, count * WORD_BYTES, length, target);
  }

  /**
   * How many bytes `source` has, for `in`. Asked once, and before anything is claimed for them: it may be a getter of the
   * user's, and so may be all that is asked here. Who says less than is there, or more, gets so many bytes, or is refused.
   */
  lengthOf(source: Uint8Array): number {
    const { length } = source;
    if (length > LOOP_IN_MOST) checkLength(source, length, "what is copied");
    else if (source !== this.other) this.meet(source, length);
    return length;
  }

  /** The `length` bytes of `source`, as `lengthOf` has told, to `start`, a multiple of 8, where there is room for it. */
  in(source: Uint8Array, start: number, length: number): void {
    if (length > LOOP_IN_MOST) {
      this.longIn(source, start, length);
      return;
    }
    const { u8 } = this;
    if (source !== this.other) {
      u8.set(source, start);
      return;
    }
    const from = this.otherWords;
    const to = this.words;
    const first = hasWideWords ? start / 8 : start >>> 2;
    const count = Math.min(length >> WORD_SHIFT, from.length);
    for (let index = 0; index < count; index++) to[first + index] = from[index] as number;
    for (let index = count * WORD_BYTES; index < length; index++) u8[start + index] = source[index] as number;
  }

  /** The lengths are asked anew each time: that of an array that was detached, and is no longer where it was, is 0. */
  private longOut(start: number, length: number, target: Uint8Array, ahead: number): void {
    const { address, u8 } = this;
    const isAddressed = this.isAddressed(target) && length <= target.length && start + length <= u8.length;
    if (isAddressed) copyBytes(this.farAddress, address + start, length, ahead < 0 ? 0 : address + ahead);
    else if (hasWideWords) target.set(u8.subarray(start, start + length));
    else this.bytes.copy(target, 0, start, start + length); // JavaScriptCore has a copy that needs no view
  }

  private longIn(source: Uint8Array, start: number, length: number): void {
    const { address, u8 } = this;
    const isAddressed = this.isAddressedIn && this.isAddressed(source) && start + length <= u8.length;
    if (isAddressed) copyBytes(address + start, this.farAddress, length, 0);
    else u8.set(source, start);
  }

  /** Whether the array has come before and `farAddress` is where it is. */
  private isAddressed(array: Uint8Array): boolean {
    if (array !== this.far) {
      if (!(array instanceof Uint8Array)) checkForeignArray(array);
      this.far = array;
      this.farAddress = UNKNOWN;
      return false;
    }
    if (!(this.farAddress >= 0)) this.farAddress = addressOf(array);
    return this.farAddress > 0;
  }

  /** The bytes from `done` on: those behind the last whole word, or all where the target is not aligned. */
  private restOut(start: number, done: number, length: number, target: Uint8Array): void {
    const { u8 } = this;
    if (length - done > BYTEWISE_MOST) target.set(u8.subarray(start + done, start + length), done);
    else for (let index = done; index < length; index++) target[index] = u8[start + index] as number;
  }

  /** A source that may be a fresh one each time. One that does not tell its true length is never copied by `set`. */
  private meet(source: Uint8Array, length: number): void {
    if (source === this.once || !(source instanceof Uint8Array) || !isLengthOf(source, length)) this.take(source);
    else this.once = source;
  }

  private take(other: Uint8Array): void {
    if (!(other instanceof Uint8Array && ArrayBuffer.isView(other))) checkForeignArray(other);
    this.other = other;
    const isOurs = other.constructor === Ours || other.constructor === Buffer; // for a prototype V8 calls out, 10 ns
    this.otherWords = wordsOf(isOurs ? other : placeOf(other));
  }
}
