// Realms: what buffers and arrays are, whosever classes they are of. A vm context, a test environment such as jsdom's, and
// a frame have an ArrayBuffer and a Uint8Array of their own, of which none of ours is an instance.
//
// So kinds are told by what the engine keeps of an object, which its getters ask for: nothing that only looks so has it, nor
// a Proxy. `instanceof` comes first, because it is quicker and nearly always right. Signals and URLs are no engine's, and
// are what can be used as such, as for Node itself.

type Getter = (this: unknown) => unknown;

const getterOf = (prototype: object, name: PropertyKey) =>
  Object.getOwnPropertyDescriptor(prototype, name)?.get as Getter;

/** Of typed arrays the name of their kind, "Uint8Array"; undefined for all else. */
const kindOf = getterOf(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
/** These throw where they are asked for another kind of object. */
const lengthOfBuffer = getterOf(ArrayBuffer.prototype, "byteLength");
const lengthOfShared = getterOf(SharedArrayBuffer.prototype, "byteLength");

function answers(getter: Getter, value: unknown): boolean {
  try {
    getter.call(value);
    return true;
  } catch {
    return false;
  }
}

/** One that has lost its prototype has no length, and is of no use. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || (kindOf.call(value) === "Uint8Array" && "length" in (value as Uint8Array));
}

/** Of a view: whether it is of the one kind that has no elements. */
export function isDataView(view: ArrayBufferView): view is DataView {
  return kindOf.call(view) === undefined;
}

/** A shared one is none, here as in each realm. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return value instanceof ArrayBuffer || answers(lengthOfBuffer, value);
}

export function isSharedArrayBuffer(value: unknown): value is SharedArrayBuffer {
  return value instanceof SharedArrayBuffer || answers(lengthOfShared, value);
}

export function isAbortSignal(value: unknown): value is AbortSignal {
  if (value instanceof AbortSignal) return true;
  const { aborted, addEventListener, removeEventListener } = (value ?? {}) as Partial<AbortSignal>;
  if (typeof addEventListener !== "function" || typeof removeEventListener !== "function") return false;
  return typeof aborted === "boolean";
}

export function isUrl(value: unknown): value is URL {
  if (value instanceof URL) return true;
  const { href, protocol } = (value ?? {}) as Partial<URL>;
  return typeof href === "string" && typeof protocol === "string";
}
