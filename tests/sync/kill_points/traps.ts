// Traps: this process stops before and behind each of its stores to mapped memory, and each call that wakes or sleeps.
//
// The typed array constructors and Atomics of this realm are replaced: views of memory that is mapped from now on are
// Proxies, of which the library knows nothing. A compare-exchange that would fail stores nothing, and is no stop. What the
// shim does inside a call is one step.
//
// Meanwhile time passes only by looking at the clock, so that a busy machine ends no wait before its sleep begins; the
// sleep itself, until an instant that is over, is short.

import { environment } from "../../../src/runtime/environment.ts";
import { clockMonotonic } from "../../../src/sys/futex.ts";

type Words = Int32Array | Uint8Array | Float64Array | BigInt64Array;
type Call = (...values: number[]) => number;
type Operation = (array: object, ...rest: unknown[]) => unknown;

const real = { Int32Array, Uint8Array, Float64Array, BigInt64Array, Atomics };
const mapped = new WeakSet<ArrayBuffer>();
/** The true array behind each Proxy. */
const behind = new WeakMap<object, Words>();

let onStop: ((what: string) => void) | undefined;
let hasSlept = false;
/** In ns. */
let clock = 0;
/** What a look at the clock takes. */
const LOOK_NS = 10_000;

/** From now on `stop` runs before and behind each store, or nothing does. */
export function stopAtStores(stop: ((what: string) => void) | undefined): void {
  onStop = undefined;
  clock = clockMonotonic();
  hasSlept = false;
  onStop = stop;
}

function step<T>(what: string, store: () => T): T {
  onStop?.(`before ${what}`);
  const result = store();
  onStop?.(`behind ${what}`);
  return result;
}

const placeOf = (array: Words, index: number) =>
  `0x${(array.byteOffset + index * array.BYTES_PER_ELEMENT).toString(16)}`;

/** Methods that store into their array. */
const storing = new Set<unknown>(["set", "fill", "copyWithin"]);

function trapped<T extends Words>(array: T): T {
  const proxy = new Proxy(array, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (key === "subarray") return (begin: number, end?: number) => trapped(target.subarray(begin, end));
      if (!storing.has(key)) return value.bind(target);
      return (...parameters: unknown[]) =>
        step(`${String(key)} at ${placeOf(target, 0)}`, () => value.apply(target, parameters));
    },
    set: (target, key, value) =>
      step(`a store at ${placeOf(target, Number(key))}`, () => Reflect.set(target, key, value, target)),
  });
  behind.set(proxy, array);
  return proxy;
}

function trappingConstructor<T extends object>(original: T): T {
  return new Proxy(original, {
    construct(target, parameters) {
      const array = Reflect.construct(target as unknown as new () => Words, parameters) as Words;
      return mapped.has(parameters[0] as ArrayBuffer) ? trapped(array) : array;
    },
  });
}

/** Whether the operation leaves the word as it is. */
function isVain(name: string, array: Words, [index, expected]: readonly unknown[]): boolean {
  return name === "load" || (name === "compareExchange" && array[index as number] !== expected);
}

/** Atomics that know trapped arrays. */
const trappingAtomics = new Proxy(Atomics, {
  get(target, name) {
    const operation = Reflect.get(target, name) as Operation;
    if (typeof operation !== "function") return operation;
    return (array: object, ...rest: unknown[]) => {
      const found = behind.get(array);
      if (found === undefined || isVain(String(name), found, rest)) return operation(found ?? array, ...rest);
      return step(`${String(name)} at ${placeOf(found, rest[0] as number)}`, () => operation(found, ...rest));
    };
  },
});

function trapText(): void {
  const { encodeInto } = TextEncoder.prototype;
  TextEncoder.prototype.encodeInto = function (text, bytes) {
    const found = behind.get(bytes) as Uint8Array<ArrayBuffer> | undefined;
    if (found === undefined) return encodeInto.call(this, text, bytes);
    return step(`text at ${placeOf(found, 0)}`, () => encodeInto.call(this, text, found));
  };
}

/** How often a wait sleeps is chance: only its first sleep is a step. */
function stepToSleep(what: string, call: () => number): number {
  if (hasSlept) return call();
  hasSlept = true;
  return step(what, call);
}

function trapCalls(): void {
  const here = environment();
  const { calls, view } = here;
  const trappedCalls = Object.create(calls) as Record<string, Call>;
  const trap = (name: string, through: typeof stepToSleep) => {
    const call = (calls as unknown as Record<string, Call>)[name] as Call;
    trappedCalls[name] = (...values) => through(name, () => call(...values));
  };
  for (const name of ["futex_advance", "futex_wake"]) trap(name, step);
  for (const name of ["wait_event", "wait_event_among"]) trap(name, stepToSleep);
  trappedCalls.clock_monotonic = () => {
    if (onStop === undefined) return calls.clock_monotonic();
    clock += LOOK_NS;
    return clock;
  };
  const remember = (address: number, length: number) => {
    const buffer = view(address, length);
    if (buffer !== undefined) mapped.add(buffer);
    return buffer;
  };
  Object.assign(here, { calls: trappedCalls, view: remember });
}

trapCalls();
trapText();
Object.assign(globalThis, {
  Int32Array: trappingConstructor(real.Int32Array),
  Uint8Array: trappingConstructor(real.Uint8Array),
  Float64Array: trappingConstructor(real.Float64Array),
  BigInt64Array: trappingConstructor(real.BigInt64Array),
  Atomics: trappingAtomics,
});
