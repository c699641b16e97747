// Strings of fixed length: bytes(16) and text(64).

import type { OwnBytes } from "../../sys/copy.ts";
import { isUint8Array } from "../../sys/realm.ts";
import { checkInteger } from "../../sys/validate.ts";
import { Kind, type Refusal, type Way } from "./kind.ts";
import { SIZE_MAX_BYTES } from "./layout.ts";
import { show } from "./refuse.ts";

const encoder = new TextEncoder();
/** A byte order mark is a character like others. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A field of bytes that means something else: `decode` and `encode` say what. */
abstract class StringKind<Plain, Access = Plain> extends Kind<Plain, Access, Access> {
  readonly alignment = 1;
  readonly size: number;
  readonly label: string;

  constructor(name: string, size: number) {
    super();
    this.size = checkInteger(size, `the size of ${name}`, 1, SIZE_MAX_BYTES);
    this.label = `${name}(${size})`;
  }

  /** What an accessor shows of these bytes of the memory. */
  abstract decode(bytes: Uint8Array): Access;

  /** A value that shares nothing with these bytes. */
  abstract copy(bytes: Uint8Array): Plain;

  /** Exactly `size` bytes; undefined for what `problem` says something about. */
  abstract encode(value: unknown): Uint8Array | undefined;

  /** Why this value cannot be set. */
  abstract problem(value: unknown, label: string): Error;

  override shown(): Way<Access> {
    const { size } = this;
    return {
      get: ({ $view }, at) => this.decode(new Uint8Array($view.buffer, at, size)),
      set: ({ $view }, at, value, refusal) => {
        new Uint8Array($view.buffer, at, size).set(this.encode(value) ?? refusal.toSet(value));
      },
    };
  }

  whole(): Way<Plain, Access> {
    const { size } = this;
    return { ...this.shown(), get: ({ $view }, at) => this.copy(new Uint8Array($view.buffer, at, size)) };
  }

  refusal(label: string): Refusal {
    const refuse = (value: unknown): never => {
      throw this.problem(value, label);
    };
    return { toSet: refuse, toGet: refuse };
  }

  override get cDimensions(): string {
    return `[${this.size}]`;
  }
}

class BytesKind extends StringKind<OwnBytes, Uint8Array> {
  decode(bytes: Uint8Array): Uint8Array {
    return bytes;
  }

  copy(bytes: Uint8Array): OwnBytes {
    return Uint8Array.from(bytes);
  }

  encode(value: unknown): Uint8Array | undefined {
    return isUint8Array(value) && value.length === this.size ? value : undefined;
  }

  problem(value: unknown, label: string): Error {
    if (!isUint8Array(value))
      return new TypeError(`Cannot set ${label}: ${show(value)} is no Uint8Array, which ${this.label} takes`);
    return new RangeError(
      `Cannot set ${label}: the value has ${value.length} bytes, and ${this.label} takes ${this.size}`,
    );
  }

  cType(): string {
    return "uint8_t";
  }
}

class TextKind extends StringKind<string> {
  /** Up to the first NUL. A copy is decoded, because decoders refuse SharedArrayBuffers. */
  decode(bytes: Uint8Array): string {
    const end = bytes.indexOf(0);
    return decoder.decode(bytes.slice(0, end < 0 ? bytes.length : end));
  }

  copy(bytes: Uint8Array): string {
    return this.decode(bytes);
  }

  encode(value: unknown): Uint8Array | undefined {
    if (typeof value !== "string" || value.includes("\0")) return undefined;
    const utf8 = encoder.encode(value);
    if (utf8.length > this.size) return undefined;
    const whole = new Uint8Array(this.size);
    whole.set(utf8);
    return whole;
  }

  problem(value: unknown, label: string): Error {
    const verdict = `Cannot set ${label}: ${show(value)}`;
    if (typeof value !== "string") return new TypeError(`${verdict} is not a string, which ${this.label} takes`);
    if (value.includes("\0")) return new RangeError(`${verdict} holds a NUL, which ends a text`);
    const { length } = encoder.encode(value);
    return new RangeError(`${verdict} has ${length} bytes in UTF-8, more than ${this.label} holds`);
  }

  cType(): string {
    return "char";
  }
}

/**
 * A field of exactly `size` bytes: `uint8_t name[size]` in C.
 *
 * An accessor shows them in place, as a view of the memory; `read` gives a copy. Set to a Uint8Array of that length.
 *
 * @throws {RangeError} for a value of another length
 * @example
 * ```ts
 * import { bytes, struct } from "@linux-ipc/core";
 * const Order = struct({ id: bytes(16), quantity: "u32" });
 * const order = Order.over(new ArrayBuffer(Order.size));
 * order.id[0] = 7;
 * console.log(Order.read(order).id.length); // 16
 * ```
 */
export function bytes(size: number): Kind<OwnBytes, Uint8Array, Uint8Array> {
  return new BytesKind("bytes", size);
}

/**
 * A field of at most `size` bytes of UTF-8, filled up with NUL: `char name[size]` in C, where a text of full length has no
 * NUL behind it, as with strncpy(3).
 *
 * Read up to the first NUL; what is no UTF-8 becomes U+FFFD, as do unpaired surrogates when written.
 *
 * @throws {RangeError} for a text that is too long (it is never cut) or holds a NUL
 * @example
 * ```ts
 * import { struct, text } from "@linux-ipc/core";
 * const Instrument = struct({ name: text(8), lotSize: "u32" });
 * const instrument = Instrument.over(new ArrayBuffer(Instrument.size));
 * instrument.name = "AAPL";
 * console.log(instrument.name.length); // 4
 * ```
 */
export function text(size: number): Kind<string, string> {
  return new TextKind("text", size);
}
