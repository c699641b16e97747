// Claims: which parts of a file one FileLock holds or waits for. The kernel would let them convert each other silently.

/** A part of a file, from `start` up to, not including, `end`; Infinity is whatever the file grows to. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** A lock that is held, or waited for in the kernel. */
export interface Claim extends Part {
  readonly isShared: boolean;
  /** The kernel has given it. */
  isHeld: boolean;
}

export const overlap = (a: Part, b: Part) => a.start < b.end && b.start < a.end;

function without(part: Part, { start, end }: Part): Part[] {
  const pieces = [
    { start: part.start, end: Math.min(part.end, start) },
    { start: Math.max(part.start, end), end: part.end },
  ];
  return pieces.filter((piece) => piece.start < piece.end);
}

/** All claims of one FileLock. */
export class Claims {
  readonly #all: Claim[] = [];

  /** Whether one of them is in the way of this one. */
  conflict(wanted: Part & { isShared: boolean }): boolean {
    return this.#all.some((claim) => overlap(claim, wanted) && !(claim.isShared && wanted.isShared));
  }

  add(claim: Claim): void {
    this.#all.push(claim);
  }

  remove(claim: Claim): void {
    const index = this.#all.indexOf(claim);
    if (index >= 0) this.#all.splice(index, 1);
  }

  /** The pieces of it that no claim holds. Who only waits for them may wait for long, and keeps nobody else out. */
  unheld(part: Part): Part[] {
    let pieces = [part];
    for (const other of this.#all) {
      if (!other.isHeld || !overlap(other, part)) continue;
      pieces = pieces.flatMap((piece) => (overlap(piece, other) ? without(piece, other) : [piece]));
    }
    return pieces;
  }

  /** Takes all of them out. */
  clear(): Part[] {
    return this.#all.splice(0);
  }
}
