// A checksum over the words of a message: a torn one, half of one message and half of another, does not fit it.

/** FNV-1a over the 32-bit words in front of the last one; the last one holds the result. */
export function checksum(view: DataView, offset: number, size: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = offset; at < offset + size - 4; at += 4) hash = Math.imul(hash ^ view.getInt32(at, true), 0x01000193);
  return hash;
}

export function seal(view: DataView, offset: number, size: number): void {
  view.setInt32(offset + size - 4, checksum(view, offset, size), true);
}

export function isWhole(view: DataView, offset: number, size: number): boolean {
  return view.getInt32(offset + size - 4, true) === checksum(view, offset, size);
}
