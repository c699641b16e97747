// Traced memory: the code under test runs unchanged, and stops at every access that it makes to one buffer.
//
// While `trace` runs, the typed array constructors and Atomics of this realm are replaced by ones that call `onAccess`
// before each load and store of the traced buffer. What `onAccess` does there (look, act as the other side, throw)
// happens between two accesses. A copy of many bytes is two accesses: the first half, and the rest. Methods that go over
// an array (fill, indexOf and so on) are not traced.

type Words = Int32Array | Uint8Array | Float64Array;
type Setter = (source: ArrayLike<number>, offset?: number) => void;
/** Called before an array is touched, with the index. */
type Touch = (array: Words, index: number) => void;

const real = { Int32Array, Uint8Array, Float64Array, BigUint64Array, BigInt64Array, Atomics };
/** What a traced array stands for: the true one, and what to call before it is touched. */
interface Behind {
  readonly array: Words;
  readonly touch: Touch;
}
/** Under this key a traced array tells it; a WeakMap of all arrays would keep the garbage collector busy. */
const BEHIND = Symbol("behind");

function tracedSet(array: Words, touch: Touch): Setter {
  return (source, offset = 0) => {
    const bytes = Array.from(source);
    const half = bytes.length >> 1;
    if (half > 0) {
      touch(array, offset);
      array.set(bytes.slice(0, half), offset);
    }
    touch(array, offset + half);
    array.set(bytes.slice(half), offset + half);
  };
}

function tracedSlice(array: Words, touch: Touch): (begin?: number, end?: number) => Words {
  return (begin = 0, end = array.length) => {
    touch(array, begin);
    const copy = array.slice(begin, end);
    const half = copy.length >> 1;
    if (half > 0) {
      touch(array, begin + half);
      copy.set(array.slice(begin + half, end), half);
    }
    return copy;
  };
}

/** Whether a key begins with a digit. */
const isIndex = (key: string | symbol) => typeof key === "string" && (key.charCodeAt(0) - 48) >>> 0 < 10;

function traced<T extends Words>(array: T, touch: Touch): T {
  const behind: Behind = { array, touch };
  return new Proxy(array, {
    get(target, key) {
      if (key === BEHIND) return behind;
      if (isIndex(key)) {
        touch(target, Number(key));
        return target[Number(key)];
      }
      if (key === "set") return tracedSet(target, touch);
      if (key === "slice") return tracedSlice(target, touch);
      if (key === "subarray") return (begin: number, end?: number) => traced(target.subarray(begin, end), touch);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set(target, key, value) {
      touch(target, Number(key));
      target[Number(key)] = value;
      return true;
    },
  });
}

/** A constructor that traces views of `buffer` and leaves all others alone. */
function tracingConstructor<T extends object>(original: T, buffer: ArrayBuffer, touch: () => Touch): T {
  return new Proxy(original, {
    construct(target, parameters) {
      const array = Reflect.construct(target as unknown as new () => Words, parameters) as Words;
      return parameters[0] === buffer ? traced(array, touch()) : array;
    },
  });
}

/** Atomics that know traced arrays. */
function tracingAtomics(): typeof Atomics {
  return new Proxy(real.Atomics, {
    get(target, name) {
      const operation: unknown = Reflect.get(target, name);
      if (typeof operation !== "function") return operation;
      return (array: object, ...rest: unknown[]) => {
        const found = (array as { [BEHIND]?: Behind })[BEHIND];
        found?.touch(found.array, rest[0] as number);
        return operation(found?.array ?? array, ...rest);
      };
    },
  });
}

export class TracedMemory {
  readonly buffer: ArrayBuffer;
  /** Runs before each access to the byte at `offset`, by a view that `maker` had made; undefined: accesses are free. */
  onAccess: ((maker: object | undefined, offset: number) => void) | undefined;
  /** Whose the views are that are made now. */
  maker: object | undefined;

  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer;
  }

  /** Runs `body` without stopping at its accesses: it is another process. */
  freely<T>(body: () => T): T {
    const { onAccess } = this;
    this.onAccess = undefined;
    try {
      return body();
    } finally {
      this.onAccess = onAccess;
    }
  }

  /** Views that `body` makes of the buffer are traced for ever, and must be used within `trace`. */
  trace<T>(body: () => T): T {
    const before = Object.fromEntries(Object.keys(real).map((name) => [name, Reflect.get(globalThis, name)]));
    this.#replace();
    try {
      return body();
    } finally {
      Object.assign(globalThis, before); // traced already, where it is called within a body
    }
  }

  /** The same for what goes on later. */
  async traceAsync<T>(body: () => Promise<T>): Promise<T> {
    this.#replace();
    try {
      return await body();
    } finally {
      Object.assign(globalThis, real);
    }
  }

  #replace(): void {
    const touch = (): Touch => {
      const { maker } = this;
      return (array, index) => this.onAccess?.(maker, array.byteOffset + index * array.BYTES_PER_ELEMENT);
    };
    Object.assign(globalThis, {
      Int32Array: tracingConstructor(real.Int32Array, this.buffer, touch),
      Uint8Array: tracingConstructor(real.Uint8Array, this.buffer, touch),
      Float64Array: tracingConstructor(real.Float64Array, this.buffer, touch),
      BigUint64Array: tracingConstructor(real.BigUint64Array, this.buffer, touch),
      BigInt64Array: tracingConstructor(real.BigInt64Array, this.buffer, touch),
      Atomics: tracingAtomics(),
    });
  }
}

/** Thrown at an access: here the process was killed. */
export class Crash extends Error {}

/**
 * Runs `body` and does `act` before its accesses of these numbers, counted from 0; accesses of `act` do not count.
 * Whether there was the first of them.
 */
export function actAt(memory: TracedMemory, indices: readonly number[], act: () => void, body: () => void): boolean {
  let count = 0;
  memory.onAccess = () => {
    if (indices.includes(count++)) memory.freely(act);
  };
  try {
    body();
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  } finally {
    memory.onAccess = undefined;
  }
  return count > (indices[0] ?? 0);
}

/** Kills `body` before its access number `index`; whether there was such an access. The dead run no `finally` either. */
export function crashAt(memory: TracedMemory, index: number, body: () => void): boolean {
  let count = 0;
  memory.onAccess = () => {
    if (count++ >= index) throw new Crash();
  };
  try {
    body();
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  } finally {
    memory.onAccess = undefined;
  }
  return count > index;
}
