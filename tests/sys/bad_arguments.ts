// The peer of validate.test.ts: runs without a library, so that whatever reaches for it fails differently.

import { Peer, SharedMemory, SpscRing } from "../../mod.ts";

const name = "/linux-ipc-test-bad-arguments";
const bad = <T>(value: unknown) => value as T;
const huge = Number.MAX_SAFE_INTEGER;

/** What is refused, by the class of its error. */
const refused: Record<string, [string, () => unknown][]> = {
  TypeError: [
    ["create without options", () => SharedMemory.create(name, bad(undefined))],
    ["create with a name that is no string", () => SharedMemory.create(bad(5), { size: 1 })],
    ["create with a size that is no number", () => SharedMemory.create(name, { size: bad("4096") })],
    ["create with a mode that is no number", () => SharedMemory.create(name, { size: 1, mode: bad("0600") })],
    ["create with a flag that is no boolean", () => SharedMemory.create(name, { size: 1, unlinkOnClose: bad(1) })],
    ["create with an unknown option", () => SharedMemory.create(name, bad({ size: 1, lenght: 1 }))],
    ["open with an unknown option", () => SharedMemory.open(name, bad({ readonly: true }))],
    ["open with a flag that is no boolean", () => SharedMemory.open(name, { readOnly: bad("yes") })],
    ["open with null", () => SharedMemory.open(name, bad(null))],
    ["open with an offset that is no number", () => SharedMemory.open(name, { offset: bad("0") })],
    ["open with a length that is no number", () => SharedMemory.open(name, { length: bad("1") })],
    ["open with a timeout that is no number", () => SharedMemory.open(name, { timeoutMs: bad("1") })],
    ["openOrCreate without options", () => SharedMemory.openOrCreate(name, bad(undefined))],
    ["openOrCreate without a size", () => SharedMemory.openOrCreate(name, bad({}))],
    ["openOrCreate with an unknown option", () => SharedMemory.openOrCreate(name, bad({ size: 1, mod: 1 }))],
    ["anonymous without options", () => SharedMemory.anonymous(bad(undefined))],
    ["anonymous with an unknown option", () => SharedMemory.anonymous(bad({ size: 1, name }))],
    ["anonymous with a label that is no string", () => SharedMemory.anonymous({ size: 1, label: bad(5) })],
    ["anonymous with a label that holds NUL", () => SharedMemory.anonymous({ size: 1, label: "a\0b" })],
    ["anonymous with a seal that is no boolean", () => SharedMemory.anonymous({ size: 1, seal: bad("no") })],
    ["fromDescriptor of no number", () => SharedMemory.fromDescriptor(bad("3"))],
    ["fromDescriptor with an unknown option", () => SharedMemory.fromDescriptor(3, bad({ size: 1 }))],
    ["fromDescriptor with a flag that is no boolean", () => SharedMemory.fromDescriptor(3, { readOnly: bad(1) })],
    ["unlink of no string", () => SharedMemory.unlink(bad(undefined))],
    ["ring without options", () => SpscRing.create(name, bad(undefined))],
    ["ring with a capacity that is no number", () => SpscRing.create(name, { capacity: bad("64") })],
    ["ring with an unknown option", () => SpscRing.create(name, bad({ capacity: 64, size: 64 }))],
    ["ring with an ordering that is no string", () => SpscRing.create(name, { capacity: 64, ordering: bad(true) })],
    ["ring with a spin that is no number", () => SpscRing.create(name, { capacity: 64, spinMs: bad("1") })],
    ["ring with a flag that is no boolean", () => SpscRing.create(name, { capacity: 64, unlinkOnClose: bad(0) })],
    ["ring open with an unknown option", () => SpscRing.open(name, bad({ timeout: 1 }))],
    ["ring open with a timeout that is no number", () => SpscRing.open(name, { timeoutMs: bad(null) })],
    ["ring openOrCreate with an unknown option", () => SpscRing.openOrCreate(name, bad({ capacity: 64, size: 64 }))],
    ["byteSize without options", () => SpscRing.byteSize(bad(undefined))],
    ["byteSize with an unknown option", () => SpscRing.byteSize(bad({ capacity: 64, mode: 1 }))],
    ...[null, undefined, {}, 5, SharedMemory].map((participants): [string, () => unknown] => [
      `a Peer of a participant of ${participants}`,
      () => Peer.ofParticipant(bad(participants), 1),
    ]),
  ],
  RangeError: [
    ...["", "/", ".", "..", "/..", "a/b", "../a", "a b", "a\0b", "ä", "a\n", "//a", "x".repeat(201)].map(
      (wrong): [string, () => unknown] => [`name ${JSON.stringify(wrong)}`, () => SharedMemory.open(wrong)],
    ),
    ...[0, -1, 0.5, Number.NaN, 2 ** 48 + 1, Number.POSITIVE_INFINITY].flatMap((size): [string, () => unknown][] => [
      [`create of ${size} bytes`, () => SharedMemory.create(name, { size })],
      [`anonymous of ${size} bytes`, () => SharedMemory.anonymous({ size })],
      [`openOrCreate of ${size} bytes`, () => SharedMemory.openOrCreate(name, { size })],
    ]),
    ["mode 0o1777", () => SharedMemory.create(name, { size: 1, mode: 0o1777 })],
    ["openOrCreate with mode -1", () => SharedMemory.openOrCreate(name, { size: 1, mode: -1 })],
    ["negative timeout", () => SharedMemory.open(name, { timeoutMs: -1 })],
    ["offset that is not aligned", () => SharedMemory.open(name, { offset: 100 })],
    ["negative offset", () => SharedMemory.open(name, { offset: -4096 })],
    ["length 0", () => SharedMemory.open(name, { length: 0 })],
    ["descriptor -1", () => SharedMemory.fromDescriptor(-1)],
    ["descriptor 2 ** 31", () => SharedMemory.fromDescriptor(2 ** 31)],
    ...[0, 32, 63, 65, 96, 1000, 2 ** 31, huge, -64, 64.5].map((capacity): [string, () => unknown] => [
      `capacity ${capacity}`,
      () => SpscRing.create(name, { capacity }),
    ]),
    ...[0, -1, 57, 64, 1.5].map((maxMessageSize): [string, () => unknown] => [
      `maxMessageSize ${maxMessageSize} of 64`,
      () => SpscRing.create(name, { capacity: 64, maxMessageSize }),
    ]),
    ["byteSize of capacity 100", () => SpscRing.byteSize({ capacity: 100 })],
    ["ring with a bad name", () => SpscRing.create("a/b", { capacity: 64 })],
    ["ring with a bad mode", () => SpscRing.create(name, { capacity: 64, mode: 0o7777 })],
    ["ring with an unknown ordering", () => SpscRing.create(name, { capacity: 64, ordering: bad("relaxed") })],
    ["ring with a negative spin", () => SpscRing.create(name, { capacity: 64, spinMs: -1 })],
    ["ring open with a negative timeout", () => SpscRing.open(name, { timeoutMs: -1 })],
  ],
};

for (const [expected, cases] of Object.entries(refused)) {
  for (const [what, action] of cases) {
    try {
      action();
      console.log(`${what}: accepted`);
    } catch (error) {
      const { name: found, message } = error as Error;
      if (found !== expected) console.log(`${what}: ${found}, not ${expected}: ${message}`);
      else if (message.length < 10 || /undefined \(|Cannot (read|destructure)|is not a function/.test(message)) {
        console.log(`${what}: an accidental ${found}: ${message}`);
      }
    }
  }
}
console.log("checked");
