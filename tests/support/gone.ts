// Bytes that are gone: what is left of an array when its buffer was transferred.

/** An array whose buffer somebody has taken away. */
export function goneBytes(): Uint8Array {
  const gone = new Uint8Array(4).fill(7);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  return gone;
}
