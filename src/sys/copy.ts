// Copies: what type they have; and by address: memcpy(3) in the shim, for more bytes than a loop copies well.

import { environment } from "../runtime/environment.ts";

/**
 * Bytes in a buffer of their own, an ArrayBuffer: a copy, which shares nothing with the memory that it was read from. Since
 * TypeScript 5.7 that is `Uint8Array<ArrayBuffer>`, as `Blob`, `Response` and `crypto.subtle` take it; before, `Uint8Array`.
 */
export type OwnBytes = ReturnType<Uint8Array["slice"]>;

/** What a call of `copyBytes` takes besides copying, in ns. */
export function copyCost(): number {
  return environment().callCost;
}

/**
 * Where the bytes of an array stand; 0 = nowhere. They stay there until its buffer is detached, which makes its length 0.
 * (Engines move only arrays whose `buffer` nobody has asked for: this asks.)
 */
export function addressOf(bytes: Uint8Array): number {
  return bytes.buffer.byteLength === 0 ? 0 : environment().addressOf(bytes);
}

/**
 * memcpy(3). Checks nothing: both ranges must lie in what is allocated or mapped at this moment. The cache lines at
 * `ahead`, from where as many bytes will probably be copied next, are fetched meanwhile; 0 = unknown.
 */
export function copyBytes(to: number, from: number, count: number, ahead: number): void {
  environment().calls.copy(to, from, count, ahead);
}
