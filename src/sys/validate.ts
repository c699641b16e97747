// Checks of arguments, before any system call: TypeError for the wrong kind, RangeError for the wrong amount.

import { isArrayBuffer, isDataView, isUint8Array } from "./realm.ts";

/** Refuses option names that nobody knows: a misspelt option must not be ignored. */
export function checkOptions(options: object | undefined, known: readonly string[], what: string): void {
  if (options === undefined) return;
  if (options === null || typeof options !== "object")
    throw new TypeError(`${what} takes an options object, not ${describe(options)}`);
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new TypeError(`${what} has no option "${name}" (it has ${known.join(", ") || "none"})`);
  }
}

/** As checkOptions, where some option must be given. */
export function demandOptions(options: object | undefined, known: readonly string[], what: string): void {
  if (options === undefined) throw new TypeError(`${what} needs an options object (it has ${known.join(", ")})`);
  checkOptions(options, known, what);
}

/** A whole number between `least` and `most`. */
export function checkInteger(value: unknown, what: string, least: number, most: number): number {
  if (typeof value !== "number") throw new TypeError(`${what} must be a number, not ${describe(value)}`);
  if (!Number.isInteger(value) || value < least || value > most) {
    const range = least === most ? `${least}` : `a whole number from ${least} to ${most}`;
    throw new RangeError(`${what} must be ${range}, not ${value}`);
  }
  return value;
}

/** A number that is not negative; Infinity is one. */
export function checkDuration(value: unknown, what: string): number {
  if (typeof value !== "number")
    throw new TypeError(`${what} must be a number of milliseconds, not ${describe(value)}`);
  if (!(value >= 0)) throw new RangeError(`${what} must be 0 or more milliseconds, not ${value}`);
  return value;
}

export function checkBoolean(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw new TypeError(`${what} must be true or false, not ${describe(value)}`);
  return value;
}

export function checkFunction(value: unknown, what: string): void {
  if (typeof value !== "function") throw new TypeError(`${what} must be a function, not ${describe(value)}`);
}

export function checkString(value: unknown, what: string): void {
  if (typeof value !== "string") throw new TypeError(`${what} must be a string, not ${describe(value)}`);
}

/** One of a few strings. */
export function checkChoice(value: unknown, what: string, choices: readonly string[]): void {
  const message = `${what} must be ${choices.map((choice) => `"${choice}"`).join(" or ")}, not`;
  if (typeof value !== "string") throw new TypeError(`${message} ${describe(value)}`);
  if (!choices.includes(value)) throw new RangeError(`${message} "${value}"`);
}

/** Of typed arrays of any kind; throws where the bytes are gone. */
const elementOf = Uint8Array.prototype.at;

const MODE_MOST = 0o777;

/** Permission bits, as in chmod(2). */
export function checkMode(value: unknown): number {
  const isMode = typeof value !== "number" || (Number.isInteger(value) && value >= 0 && value <= MODE_MOST);
  if (isMode) return checkInteger(value, "mode", 0, MODE_MOST);
  const hint = /^[0-7]{3}$/.test(String(value)) ? ` (modes are octal: 0o${value})` : "";
  throw new RangeError(`mode must be a whole number from 0 to 0o777, not ${value}${hint}`);
}

/**
 * The bytes of any view or buffer, not copied. `what` calls it by its name in messages. Bytes that have gone are refused
 * here, in our words: a copy of them would throw the engine's, half-way through whatever it is for, or be an empty one.
 */
export function asBytes(data: unknown, what: string): Uint8Array {
  return data instanceof Uint8Array && data.length > 0 ? data : otherBytes(data, what);
}

/** A function of its own: so engines find the usual way short enough to inline (D34). */
function otherBytes(data: unknown, what: string): Uint8Array {
  const isBytes = ArrayBuffer.isView(data) || isArrayBuffer(data);
  if (!isBytes) throw new TypeError(`${what} must be an ArrayBuffer or a view of one, not ${describe(data)}`);
  if (!isThere(data)) throw new TypeError(`${what} must have its bytes: its buffer is detached, or ends before it`);
  if (isUint8Array(data)) return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

/**
 * Whether the bytes are `length`, as they have said. What says so may be a getter of the user's, or a Proxy's; no element
 * of a view can be, and so what was checked is what the engine will copy.
 */
export function isLengthOf(bytes: Uint8Array, length: number): boolean {
  const isNotMore = ArrayBuffer.isView(bytes) && typeof length === "number" && bytes[length] === undefined;
  return isNotMore && (length === 0 || bytes[length - 1] !== undefined);
}

/** Refuses bytes that are not `length`. */
export function checkLength(bytes: Uint8Array, length: number, what: string): void {
  if (isLengthOf(bytes, length)) return;
  throw new TypeError(`${what} must have as many bytes as its length says, ${describe(length)}`);
}

/** Whether a view or buffer still has its bytes: no length tells, since many views of what is gone say 0. */
function isThere(data: ArrayBufferView | ArrayBuffer): boolean {
  if (!ArrayBuffer.isView(data)) return !data.detached;
  try {
    return isDataView(data) ? data.byteLength >= 0 : elementOf.call(data as Uint8Array, 0) !== null;
  } catch {
    return false;
  }
}

/** By which classes make what `new` cannot. */
const WAYS = ["create", "open", "openOrCreate", "over", "anonymous", "fromDescriptor", "ofPid", "ofParticipant"];

function waysOf(Class: { readonly name: string }): string {
  const ways = WAYS.filter((way) => way in Class);
  return `${Class.name}.${ways.join(", ").replace(/, (\w+)$/, " or $1")}`;
}

/** For constructors that are called without what only their own class knows to give. */
export function refuseNew(Class: { readonly name: string }, ways: string = waysOf(Class)): never {
  throw new TypeError(`${withArticle(Class.name)} is not made by new: use ${ways}`);
}

/** "a ring", "an event", "an SPSC ring": the article goes by the sound. */
export function withArticle(noun: string): string {
  return /^([aei]|o(?!nce)|rw|SPSC)/i.test(noun) ? `an ${noun}` : `a ${noun}`;
}

/** A value for an error message: what it is, and which one. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" || typeof value === "function"
    ? withArticle(value.constructor?.name ?? typeof value)
    : `${typeof value} ${String(value)}`;
}

/** As describe, of what should be an instance: another copy of this library has a class of the same name. */
export function describeStranger(value: unknown, { name }: { readonly name: string }): string {
  const isNamesake = (value as object | undefined | null)?.constructor?.name === name;
  return isNamesake ? `${describe(value)} of another copy of this library` : describe(value);
}
