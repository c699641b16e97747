// A reader-writer lock: a writer is alone, and who comes after its death is told of it, once.

import { RWLOCK_READERS } from "../../../../src/sync/layout.ts";
import { RwLock } from "../../../../src/sync/rwlock.ts";
import type { ReadGuard, WriteGuard } from "../../../../src/sync/rwlock_guards.ts";
import { inTime, timeout, unlessAborted, unlessClosed } from "../leaving.ts";
import type { Scene, Self } from "../scene.ts";
import { checkRecovered } from "./mutex.ts";

/** Who is alone inside, whose deaths have been told, who reads (a bit each), and whether somebody stays inside. */
const [ALONE, TOLD, READERS, STAYS] = [0, 1, 2, 3] as const;

/** Somebody living who reads, but this one. */
function anotherReader({ notes, number, isDead }: Self): number | undefined {
  const all = [1, 2, 3, 4].filter((user) => ((notes[READERS] as number) & (1 << user)) !== 0);
  return all.find((user) => user !== number && !isDead(user));
}

function checkNotBeside(self: Self): void {
  const alone = self.notes[ALONE] as number;
  if (alone !== 0 && !self.isDead(alone)) self.fail(`${self.number} is inside beside ${alone}, who writes`);
}

function enterAlone(guard: WriteGuard | ReadGuard, self: Self): void {
  checkNotBeside(self);
  const reader = anotherReader(self);
  if (reader !== undefined) self.fail(`${self.number} writes beside ${reader}, who reads`);
  checkRecovered(guard.recovered, self.notes[ALONE] as number, TOLD, self);
  guard.repaired();
  self.notes[ALONE] = self.number;
  self.pass();
}

/** A reader that is told of a death is alone. */
function enter(guard: ReadGuard, self: Self): void {
  if (guard.recovered !== undefined) enterAlone(guard, self);
  else enterBeside(self);
}

function enterBeside(self: Self): void {
  checkNotBeside(self);
  checkRecovered(undefined, self.notes[ALONE] as number, TOLD, self);
  self.notes[READERS] = (self.notes[READERS] as number) | (1 << self.number);
  self.pass();
}

function noteLeft({ notes, number }: Self): void {
  if (notes[ALONE] === number) notes[ALONE] = 0;
  notes[READERS] = (notes[READERS] as number) & ~(1 << number);
}

function leave(guard: ReadGuard | WriteGuard, self: Self): void {
  noteLeft(self);
  guard.unlock();
}

/** From an instant that only the words know it reads beside others. */
function downgrade(guard: WriteGuard, self: Self): void {
  enterAlone(guard, self);
  noteLeft(self);
  const reader = guard.downgrade();
  enterBeside(self);
  leave(reader, self);
}

function read(guard: ReadGuard | undefined, self: Self): void {
  if (guard === undefined) return;
  enter(guard, self);
  leave(guard, self);
}

function write(guard: WriteGuard | undefined, self: Self): void {
  if (guard === undefined) return;
  enterAlone(guard, self);
  leave(guard, self);
}

/** After an upgrade that was refused it still reads. */
function writeOrLeave(writer: WriteGuard | undefined, reader: ReadGuard, self: Self): void {
  if (writer !== undefined) noteLeft(self);
  if (writer !== undefined) write(writer, self);
  else leave(reader, self);
}

function makeScene(preferReaders: boolean): Scene<RwLock> {
  return {
    fill: (buffer, base) => RwLock.kind.fill?.({ preferReaders }, buffer, base),
    perSlot: [RWLOCK_READERS],
    make: (placement) => new RwLock(placement),
    lives: {
      "tries to read": (lock, self) => read(lock.tryRead(), self),
      "tries to write": (lock, self) => write(lock.tryWrite(), self),
      "reads, blocking": (lock, self) => read(lock.readSync(), self),
      "writes, blocking": (lock, self) => write(lock.writeSync(), self),
      "reads, awaiting": async (lock, self) => read(await lock.read(), self),
      "writes, awaiting": async (lock, self) => write(await lock.write(), self),
      "reads, blocking with a timeout": (lock, self) => read(inTime(lock.readSync(timeout), self), self),
      "writes, blocking with a timeout": (lock, self) => write(inTime(lock.writeSync(timeout), self), self),
      "reads with a timeout": async (lock, self) => read(inTime(await lock.read(timeout), self), self),
      "writes with a timeout": async (lock, self) => write(inTime(await lock.write(timeout), self), self),
      "reads with a signal": async (lock, self) => read(await unlessAborted((options) => lock.read(options)), self),
      "writes with a signal": async (lock, self) => write(await unlessAborted((options) => lock.write(options)), self),
      "reads, and closes": async (lock, self) => read(await unlessClosed(lock, () => lock.read()), self),
      "writes, and closes": async (lock, self) => write(await unlessClosed(lock, () => lock.write()), self),
      /** Among others: where it is told of a death it is alone, and leaves. */
      "reads, and stays"(lock, self) {
        let guard = lock.readSync();
        for (; guard.recovered !== undefined; guard = lock.readSync()) read(guard, self);
        enter(guard, self);
        self.notes[STAYS] = 1;
      },
      "writes, and stays"(lock, self) {
        enterAlone(lock.writeSync(), self);
        self.notes[STAYS] = 1;
      },
      async "upgrades with a timeout"(lock, self) {
        const guard = await lock.read();
        enter(guard, self);
        if (guard.recovered !== undefined) leave(guard, self);
        else writeOrLeave(await guard.upgrade(timeout), guard, self);
      },
      async upgrades(lock, self) {
        const guard = await lock.read();
        enter(guard, self);
        if (guard.recovered === undefined) writeOrLeave(await guard.upgrade(), guard, self);
        else leave(guard, self);
      },
      "upgrades, blocking"(lock, self) {
        const guard = lock.readSync();
        enter(guard, self);
        if (guard.recovered === undefined) writeOrLeave(guard.upgradeSync(), guard, self);
        else leave(guard, self);
      },
      "downgrades, blocking": (lock, self) => downgrade(lock.writeSync(), self),
      "downgrades, awaiting": async (lock, self) => downgrade(await lock.write(), self),
      "tries to upgrade"(lock, self) {
        const guard = lock.readSync();
        enter(guard, self);
        if (guard.recovered === undefined) writeOrLeave(guard.tryUpgrade(), guard, self);
        else leave(guard, self);
      },
    },
    judge(lock, self) {
      if (self.asleep.length > 0) self.fail(`${self.asleep} wait for ever`);
      if (self.notes[STAYS] === 1) return;
      const guard = lock.tryWrite();
      if (guard === undefined) self.fail("it is held at the end");
      else enterAlone(guard, self);
    },
  };
}

export const scene = makeScene(false);
export const readersFirst = makeScene(true);
