// Bytes that run code of the user's when they are asked for their length: a subclass, or a Proxy.

/** `length` bytes that run `run` each time they are asked how many they are; what they say then. */
export function runningBytes(length: number, run: () => unknown, says: () => unknown = () => length): Uint8Array {
  class Running extends Uint8Array {
    override get length(): number {
      run();
      return says() as number;
    }
  }
  return new Running(length).fill(7);
}

/** The same as a Proxy, which looks like bytes and is none. */
export function proxyBytes(length: number, run: () => unknown): Uint8Array {
  return new Proxy(new Uint8Array(length), {
    get(target, name) {
      run();
      return Reflect.get(target, name, target);
    },
  });
}
