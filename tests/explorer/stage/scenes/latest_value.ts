// A latest value: each value that is read is whole and none is older than the one before; ends and deaths are told.

import type { Placement } from "../../../../src/memory/placement.ts";
import { geometryOf, writeGeometry } from "../../../../src/ring/latest_value/geometry.ts";
import { LatestValue } from "../../../../src/ring/latest_value/latest_value.ts";
import type { LatestValueReader } from "../../../../src/ring/latest_value/reader.ts";
import { PeerClosedError, PeerDiedError } from "../../../../src/sys/error.ts";
import { inTime, timeout, unlessAborted } from "../leaving.ts";
import type { Scene, Self } from "../scene.ts";

/** As few buffers as may be: a writer soon comes back to the one that somebody reads. */
const geometry = geometryOf({ size: 24, buffers: 4 });
const VALUES = 6;
/** How many `write` came back for, whether the writer surely had its role, and whether it may have given it back. */
const [WRITTEN, HAD_ROLE, CLOSES] = [0, 1, 2] as const;
/** By the order of the cast. */
const WRITER = 1;

const Latest = LatestValue as unknown as new (parts: object) => LatestValue;

class User {
  readonly latest: LatestValue;

  constructor(placement: Placement) {
    this.latest = new Latest({ placement, geometry, created: false, type: undefined, use: { spinMs: 0 } });
  }

  unref(): void {}
  close(): void {}
}

/** Each has another length, and its number in all bytes. */
const compose = (number: number) => new Uint8Array(4 * (1 + (number % 6))).fill(number);

/** The number of a whole value. */
function check(value: Uint8Array, last: number, { fail }: Self): number {
  const number = value[0] as number;
  const whole = compose(number);
  if (value.length !== whole.length || whole.some((byte, at) => byte !== value[at])) fail(`torn: ${value}`);
  if (number < last) fail(`${number} comes behind ${last}`);
  return number;
}

/** What the reader is told at the end. */
function checkEnd(error: unknown, last: number, { notes, isDead, fail }: Self): void {
  const isEnd = error instanceof PeerClosedError && notes[CLOSES] === 1;
  const isDeath = error instanceof PeerDiedError && isDead(WRITER);
  if (!isEnd && !isDeath) throw error;
  if (last < (notes[WRITTEN] as number)) fail(`it ends behind value ${last} of ${notes[WRITTEN]}`);
}

async function readAll(self: Self, next: () => Uint8Array | Promise<Uint8Array>): Promise<void> {
  let last = 0;
  try {
    for (;;) last = check(await next(), last + 1, self);
  } catch (error) {
    checkEnd(error, last, self);
  }
}

function readSome(reader: LatestValueReader, self: Self): void {
  let last = 0;
  for (let count = 0; count < 3; count++) {
    const value = reader.tryRead();
    if (value !== undefined) last = check(value, last, self);
  }
}

/** Two words of each, while nobody has copied them. */
function peekSome(reader: LatestValueReader, self: Self): void {
  for (let count = 0; count < 3; count++) {
    const offset = reader.peekAt();
    if (offset < 0) continue;
    const [first, second] = [reader.u8[offset] as number, reader.u8[offset + 3] as number];
    if (reader.confirm() && first !== second) self.fail(`torn: ${first} and ${second}`);
  }
}

export const scene: Scene<User> = {
  fill: (buffer, base) => writeGeometry(buffer, base, geometry),
  make: (placement) => new User(placement),
  lives: {
    writes({ latest }, self) {
      const writer = latest.writer();
      self.notes[HAD_ROLE] = 1;
      for (let number = 1; number <= VALUES; number++) {
        writer.write(compose(number));
        self.notes[WRITTEN] = number;
      }
      self.notes[CLOSES] = 1;
      writer.close();
    },
    reads: ({ latest }, self) => readSome(latest.reader(), self),
    "reads in place": ({ latest }, self) => peekSome(latest.reader(), self),
    "waits, blocking": ({ latest }, self) => {
      const reader = latest.reader();
      return readAll(self, () => reader.nextSync());
    },
    "waits, awaiting": ({ latest }, self) => {
      const reader = latest.reader().unref();
      return readAll(self, () => reader.next());
    },
    "waits, blocking with a timeout": ({ latest }, self) => {
      const reader = latest.reader();
      return readAll(self, () => inTime(reader.nextSync(timeout), self) ?? reader.nextSync());
    },
    "waits with a timeout": ({ latest }, self) => {
      const reader = latest.reader().unref();
      return readAll(self, async () => inTime(await reader.next(timeout), self) ?? (await reader.next()));
    },
    "waits with a signal": ({ latest }, self) => {
      const reader = latest.reader().unref();
      return readAll(self, async () => (await unlessAborted((options) => reader.next(options))) ?? reader.next());
    },
  },
  judge({ latest }, self) {
    const value = latest.reader().tryRead();
    const number = value === undefined ? 0 : check(value, 0, self);
    const written = self.notes[WRITTEN] as number;
    if (number !== written && !(self.isDead(WRITER) && number === written + 1))
      self.fail(`the last value is ${number}, of ${written}`);
    const hasCome = !self.isDead(WRITER) || self.notes[HAD_ROLE] === 1; // for another one, they wait
    if (hasCome && self.asleep.length > 0) self.fail(`${self.asleep} wait for ever`);
  },
};
