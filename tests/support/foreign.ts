// Another realm: buffers and arrays that are instances of none of our classes, as in vm contexts and jsdom.

import { runInNewContext } from "node:vm";

/** The global object's classes in another realm of this very thread. */
export const foreign = runInNewContext("globalThis") as Pick<
  typeof globalThis,
  "ArrayBuffer" | "SharedArrayBuffer" | "DataView" | "Uint8Array" | "Uint8ClampedArray" | "Int8Array" | "Float64Array"
>;

/** A Uint8Array of that realm. */
export function foreignBytes(...bytes: readonly number[]): Uint8Array<ArrayBuffer> {
  return foreign.Uint8Array.from(bytes);
}

/** What is no Uint8Array, in either realm, however it looks. */
export function falseArrays(): object[] {
  const named = { [Symbol.toStringTag]: "Uint8Array", length: 4, byteLength: 4, byteOffset: 0 };
  return [
    Object.create(foreign.Uint8Array.prototype),
    { ...named, buffer: new foreign.ArrayBuffer(4) },
    new Proxy(foreignBytes(1, 2, 3, 4), {}),
    Object.setPrototypeOf(foreignBytes(1, 2, 3, 4), null),
    Object.setPrototypeOf(new foreign.Int8Array(4), foreign.Uint8Array.prototype),
    new foreign.Int8Array(4),
    new foreign.Uint8ClampedArray(4),
    new foreign.Float64Array(4),
    new foreign.DataView(new foreign.ArrayBuffer(4)),
    new foreign.ArrayBuffer(4),
  ];
}
