// Traced memory: the code under test runs unchanged, and stops at every access that it makes to one buffer.
//
// While `trace` runs, the typed array constructors and Atomics of this realm are replaced by ones that call `onAccess`
// before each load and store of the traced buffer. What `onAccess` does there (look, act as the other side, throw)
// happens between two accesses. A copy of many bytes is two accesses: the first half, and the rest. Methods that go over
// an array (fill, indexOf and so on) are not traced.

export type Words = Int32Array | Uint8Array | Float64Array | BigUint64Array | BigInt64Array;
export type Item = number | bigint;
type Setter = (source: ArrayLike<Item>, offset?: number) => void;

/** When stores reach the memory, and what loads see of them. */
export interface StoreOrder {
  load(array: Words, index: number): Item | undefined;
  store(array: Words, index: number, value: Item): void;
  /** All that was stored reaches the memory. */
  settle(): void;
}

/** At once: what is played is one step after the other. */
const inOrder: StoreOrder = {
  load: (array, index) => array[index],
  store(array, index, value) {
    array[index] = value as number;
  },
  settle() {},
};

/** How an array is used. */
interface Access extends StoreOrder {
  /** Called before the array is touched, with the index. */
  touch(array: Words, index: number): void;
}

const real = { Int32Array, Uint8Array, Float64Array, BigUint64Array, BigInt64Array, Atomics };
/** What a traced array stands for. */
interface Behind {
  readonly array: Words;
  readonly access: Access;
}
/** Under this key a traced array tells it; a WeakMap of all arrays would keep the garbage collector busy. */
const BEHIND = Symbol("behind");

function tracedSet(array: Words, access: Access): Setter {
  return (source, offset = 0) => {
    const elements = Array.from(source);
    const half = elements.length >> 1;
    for (const [index, element] of elements.entries()) {
      if (index === 0 || index === half) access.touch(array, offset + index);
      access.store(array, offset + index, element);
    }
    if (elements.length === 0) access.touch(array, offset);
  };
}

function tracedSlice(array: Words, access: Access): (begin?: number, end?: number) => Words {
  return (begin = 0, end = array.length) => {
    const copy = array.slice(begin, end);
    const half = copy.length >> 1;
    for (const index of copy.keys()) {
      if (index === 0 || index === half) access.touch(array, begin + index);
      copy[index] = access.load(array, begin + index) as number;
    }
    if (copy.length === 0) access.touch(array, begin);
    return copy;
  };
}

/** Whether a key begins with a digit. */
const isIndex = (key: string | symbol) => typeof key === "string" && (key.charCodeAt(0) - 48) >>> 0 < 10;

function traced<T extends Words>(array: T, access: Access): T {
  const behind: Behind = { array, access };
  return new Proxy(array, {
    get(target, key) {
      if (key === BEHIND) return behind;
      if (isIndex(key)) {
        access.touch(target, Number(key));
        return access.load(target, Number(key));
      }
      if (key === "set") return tracedSet(target, access);
      if (key === "slice") return tracedSlice(target, access);
      if (key === "subarray") return (begin: number, end?: number) => traced(target.subarray(begin, end), access);
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      access.settle();
      return value.bind(target);
    },
    set(target, key, value) {
      access.touch(target, Number(key));
      access.store(target, Number(key), value);
      return true;
    },
  });
}

/** A constructor that traces views of `buffer` and leaves all others alone. */
function tracingConstructor<T extends object>(original: T, buffer: ArrayBuffer, access: () => Access): T {
  return new Proxy(original, {
    construct(target, parameters) {
      const array = Reflect.construct(target as unknown as new () => Words, parameters) as Words;
      return parameters[0] === buffer ? traced(array, access()) : array;
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
        if (found === undefined) return operation(array, ...rest);
        const index = rest[0] as number;
        found.access.touch(found.array, index);
        if (name === "load") return found.access.load(found.array, index); // no fence on x86-64
        found.access.settle();
        return operation(found.array, ...rest);
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
  order: StoreOrder = inOrder;

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
    const access = (): Access => {
      const { maker, order } = this;
      return {
        touch: (array, index) => this.onAccess?.(maker, array.byteOffset + index * array.BYTES_PER_ELEMENT),
        load: (array, index) => order.load(array, index),
        store: (array, index, value) => order.store(array, index, value),
        settle: () => order.settle(),
      };
    };
    Object.assign(globalThis, {
      Int32Array: tracingConstructor(real.Int32Array, this.buffer, access),
      Uint8Array: tracingConstructor(real.Uint8Array, this.buffer, access),
      Float64Array: tracingConstructor(real.Float64Array, this.buffer, access),
      BigUint64Array: tracingConstructor(real.BigUint64Array, this.buffer, access),
      BigInt64Array: tracingConstructor(real.BigInt64Array, this.buffer, access),
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
