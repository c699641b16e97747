// A shared map: what is read is whole, what is written stays, counters are exact, and no slot is lost.

import type { Placement } from "../../../../src/memory/placement.ts";
import { layEmpty, type MapGeometry } from "../../../../src/ring/map/geometry.ts";
import { MapTable } from "../../../../src/ring/map/table.ts";
import { MapWriting } from "../../../../src/ring/map/writing.ts";
import type { Scene, Self } from "../scene.ts";

/** All keys meet in two buckets. */
const geometry: MapGeometry = { capacity: 2, keySize: 4, valueSize: 16, isLru: false };
/** Sleeps end by wake-ups alone. */
const WRITE_TIMEOUT_MS = 60_000;
/** How often the counter was counted up for sure, and from the next word on, who has set its own key for sure. */
const [COUNTED, HAS_SET] = [0, 1] as const;
const users = [1, 2, 3] as const;

class View extends MapWriting {}

class User {
  readonly view: View;

  constructor(placement: Placement) {
    const { memory, base, name } = placement;
    this.view = new View(new MapTable(memory, base, geometry, name), placement, WRITE_TIMEOUT_MS);
  }

  unref(): void {}
  close(): void {}
}

/** Of each user another length, and its number in all bytes. */
const compose = (number: number) => new Uint8Array(4 * number).fill(number);

function check(value: Uint8Array | undefined, allowed: readonly number[], { fail }: Self): void {
  if (value === undefined) return;
  const number = value[0] as number;
  const isWhole = value.length === 4 * number && value.every((byte) => byte === number);
  if (!isWhole || !allowed.includes(number)) fail(`torn, or nobody's: ${value}`);
}

function count({ view }: User, { notes }: Self): void {
  view.increment("n");
  notes[COUNTED] = (notes[COUNTED] as number) + 1;
}

export const scene: Scene<User> = {
  fill: (buffer, base) => layEmpty(buffer, base, geometry),
  make: (placement) => new User(placement),
  lives: {
    "sets its own key"({ view }, self) {
      view.set(`k${self.number}`, compose(self.number));
      self.notes[HAS_SET + self.number] = 1;
      const value = view.get(`k${self.number}`);
      if (value === undefined) self.fail("what was set is not there");
      check(value, [self.number], self);
    },
    "sets the same key twice"({ view }, self) {
      view.set("k", compose(self.number));
      view.set("k", compose(self.number));
    },
    "sets and removes"({ view }, { number }) {
      view.set("k", compose(number));
      view.delete("k");
    },
    "counts twice"(user, self) {
      count(user, self);
      count(user, self);
    },
    "reads twice"({ view }, self) {
      check(view.get("k"), users, self);
      check(view.get("k1"), [1], self);
    },
    "goes through all"({ view }, self) {
      for (const [key, value] of view) check(value, key === "k" ? users : [Number(key.slice(1))], self);
    },
  },
  judge({ view }, self) {
    if (self.asleep.length > 0) self.fail(`${self.asleep} wait for ever`);
    for (const user of users) {
      const value = view.get(`k${user}`);
      if (self.notes[HAS_SET + user] === 1 && value === undefined) self.fail(`what ${user} has set is gone`);
      check(value, [user], self);
    }
    check(view.get("k"), users, self);
    checkCounter(view, self);
    checkSlots(view, self);
  },
};

/** Who was killed may have counted, and not come back. */
function checkCounter(view: View, { notes, isDead, fail }: Self): void {
  const bytes = view.get("n");
  const counted = bytes === undefined ? 0 : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true));
  const most = (notes[COUNTED] as number) + (users.some(isDead) ? 1 : 0);
  if (counted < (notes[COUNTED] as number) || counted > most) fail(`${counted} were counted, of ${notes[COUNTED]}`);
}

/** It takes as many entries as ever, and many writes. */
function checkSlots(view: View, { fail }: Self): void {
  view.clear();
  for (let turn = 0; turn < 40; turn++) view.set(`s${turn % geometry.capacity}`, compose(1));
  if (view.size !== geometry.capacity) fail(`${view.size} entries after ${geometry.capacity} were set`);
}
