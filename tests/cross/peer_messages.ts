// Messages that prove themselves: size and bytes follow from a seed and a sequence number.

/** Where a message stands: both views over the same bytes, of which offset 0 is a multiple of 4. */
export interface Place {
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
}

/** Bytes of one's own, for messages that are not written in place. */
export function makePlace(size: number): Place {
  const buffer = new ArrayBuffer((size + 7) & ~7);
  return { u8: new Uint8Array(buffer), i32: new Int32Array(buffer) };
}

/** The finalizer of MurmurHash3: every bit of the input changes half of the output's. */
export function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

const GOLDEN = 0x9e3779b1 | 0;
const TAIL_SALT = 0x51ed270b;

/** What a ring takes up for a message: its header and the bytes, rounded up. Spelled out, so that it tests the ring's. */
export function recordBytes(size: number): number {
  return (size + 15) & ~7;
}

export class Messages {
  readonly #seed: number;
  readonly #largest: number;

  constructor(seed: number, largest: number) {
    this.#seed = seed | 0;
    this.#largest = largest;
  }

  get largest(): number {
    return this.#largest;
  }

  /** Mostly small ones; one in sixteen may have any size up to the largest, and some have just 0, 1 or the largest. */
  sizeOf(sequence: number): number {
    const random = mix(Math.imul(sequence, GOLDEN) ^ this.#seed) >>> 0;
    const kind = random & 15;
    const rest = random >>> 4;
    if (kind === 0) return rest % (this.#largest + 1);
    if (kind === 1) return [0, 1, this.#largest, this.#largest - 1][rest & 3] as number;
    return rest % (Math.min(kind <= 4 ? 1024 : 128, this.#largest) + 1);
  }

  #salt(sequence: number): number {
    return mix(sequence ^ Math.imul(this.#seed, 0x27d4eb2f));
  }

  /** Writes message `sequence` at the offset, a multiple of 4: its size. The first word is the number, masked. */
  write({ u8, i32 }: Place, offset: number, sequence: number): number {
    const size = this.sizeOf(sequence);
    const salt = this.#salt(sequence);
    const first = offset >> 2;
    const words = size >> 2;
    if (words > 0) i32[first] = sequence ^ this.#seed;
    for (let word = 1; word < words; word++) i32[first + word] = Math.imul(word ^ salt, GOLDEN) ^ salt;
    for (let byte = words << 2; byte < size; byte++) u8[offset + byte] = mix(salt ^ byte ^ TAIL_SALT);
    return size;
  }

  /** Whether what stands there is message `sequence`, every byte of it. */
  isRight({ u8, i32 }: Place, offset: number, length: number, sequence: number): boolean {
    if (length !== this.sizeOf(sequence)) return false;
    const salt = this.#salt(sequence);
    const first = offset >> 2;
    const words = length >> 2;
    if (words > 0 && i32[first] !== (sequence ^ this.#seed)) return false;
    for (let word = 1; word < words; word++) {
      if (i32[first + word] !== (Math.imul(word ^ salt, GOLDEN) ^ salt)) return false;
    }
    for (let byte = words << 2; byte < length; byte++) {
      if (u8[offset + byte] !== (mix(salt ^ byte ^ TAIL_SALT) & 255)) return false;
    }
    return true;
  }

  /** Which message it says it is; undefined where it is too short to say. */
  claimOf({ i32 }: Place, offset: number, length: number): number | undefined {
    return length < 4 ? undefined : ((i32[offset >> 2] ?? 0) ^ this.#seed) | 0;
  }
}

/** What went wrong with messages that came. */
export interface Faults {
  lost: number;
  reordered: number;
  torn: number;
  /** Right messages whose `position` is not where the one before ended. */
  misplaced: number;
}

/** Judges messages in the order of their coming. */
export class Judge {
  readonly faults: Faults = { lost: 0, reordered: 0, torn: 0, misplaced: 0 };
  readonly #messages: Messages;
  /** How many there were: the number of the next one. */
  next: number;
  /** Where the next one must stand, modulo 2 ** 32. */
  position: number;

  constructor(messages: Messages, next: number, position: number) {
    this.#messages = messages;
    this.next = next;
    this.position = position >>> 0;
  }

  /** `position` is undefined where the receiving side could not tell. */
  take(place: Place, offset: number, length: number, position: number | undefined): void {
    if (position !== undefined && position !== this.position) this.faults.misplaced++;
    this.position = ((position ?? this.position) + recordBytes(length)) >>> 0;
    if (this.#messages.isRight(place, offset, length, this.next)) this.next++;
    else this.#blame(place, offset, length);
  }

  #blame(place: Place, offset: number, length: number): void {
    const claim = this.#messages.claimOf(place, offset, length);
    if (claim === undefined || !this.#messages.isRight(place, offset, length, claim)) {
      this.faults.torn++;
      this.next++;
    } else if (claim < this.next) this.faults.reordered++;
    else {
      this.faults.lost += claim - this.next;
      this.next = claim + 1;
    }
  }
}
