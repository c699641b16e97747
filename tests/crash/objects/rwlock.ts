// The scene of RwLock: readers, writers, and who becomes the other; each may find a dead writer, and repair.

import { type ReadGuard, RwLock, type WriteGuard } from "../../../mod.ts";
import { sleep } from "../../support/wait.ts";
import { Alone, shortWait, unlessAborted } from "./alone.ts";
import { LOCKING, OUTSIDE, SHARING } from "./ledger.ts";
import type { Keeper, Player, Scene, Setting } from "./scene.ts";

const VERIFY = { timeoutMs: 5000 };

async function write(alone: Alone, guard: WriteGuard): Promise<void> {
  alone.enter(guard);
  await alone.change();
  alone.leave();
  guard.unlock();
}

/** Becomes a reader before it leaves. */
async function writeAndRead(alone: Alone, { place, words }: Setting, guard: WriteGuard): Promise<void> {
  alone.enter(guard);
  await alone.change();
  alone.leave();
  const reader = guard.downgrade();
  place.state = SHARING;
  place.reads = words;
  await alone.read(1);
  place.reads = 0;
  reader.unlock();
}

/** Usually leaves at once; or reads a second time, or becomes the writer. */
async function read(lock: RwLock, alone: Alone, setting: Setting, guard: ReadGuard): Promise<void> {
  const { place, random, words } = setting;
  if (guard.recovered) {
    alone.enter(guard);
    alone.leave();
    guard.unlock();
    return;
  }
  place.state = SHARING;
  place.reads = words;
  await alone.read(1 + random.below(3));
  const [again, writer] = [random.below(3) === 0, random.below(3) === 0];
  const second = again ? lock.tryRead() : undefined;
  if (second !== undefined) {
    await alone.read(1);
    second.unlock();
  }
  place.state = LOCKING; // a writer from an instant that only the lock knows
  const upgraded = writer ? await upgrade(guard, setting) : undefined;
  place.reads = 0;
  if (upgraded) await write(alone, upgraded);
  else guard.unlock();
}

function upgrade(guard: ReadGuard, setting: Setting): Promise<WriteGuard | undefined> | WriteGuard | undefined {
  const { random } = setting;
  return random.pick([
    () => guard.tryUpgrade(),
    () => guard.upgradeSync(),
    () => guard.upgradeSync(shortWait(setting)),
    () => guard.upgrade(),
    () => guard.upgrade(shortWait(setting)),
    () => unlessAborted(setting, (options) => guard.upgrade(options)),
  ])();
}

function open(setting: Setting): Player {
  const { name, place, random } = setting;
  const lock = RwLock.open(name);
  const alone = new Alone(setting);
  const readings: readonly (() => ReadGuard | undefined | Promise<ReadGuard | undefined>)[] = [
    () => lock.tryRead(),
    () => lock.readSync(),
    () => lock.readSync(shortWait(setting)),
    () => lock.read(),
    () => lock.read(shortWait(setting)),
    () => unlessAborted(setting, (options) => lock.read(options)),
  ];
  const writings: readonly (() => WriteGuard | undefined | Promise<WriteGuard | undefined>)[] = [
    () => lock.tryWrite(),
    () => lock.writeSync(),
    () => lock.writeSync(shortWait(setting)),
    () => lock.write(),
    () => lock.write(shortWait(setting)),
    () => unlessAborted(setting, (options) => lock.write(options)),
  ];
  return {
    async turn() {
      place.state = LOCKING;
      if (random.below(2) === 0) {
        const guard = await random.pick(readings)();
        if (guard) await read(lock, alone, setting, guard);
      } else {
        const guard = await random.pick(writings)();
        if (guard) await (random.below(3) === 0 ? writeAndRead(alone, setting, guard) : write(alone, guard));
      }
      place.state = OUTSIDE;
      if (random.below(3) === 0) await sleep(1); // writers starve where others always read, and readers are preferred
    },
    close: () => lock.close(),
  };
}

function make(setting: Setting, preferReaders: boolean): Keeper {
  const { ledger, name } = setting;
  const lock = RwLock.create(name, { preferReaders, unlinkOnClose: true });
  const alone = new Alone(setting);
  return {
    async verify() {
      const guard = await lock.write(VERIFY);
      if (guard) await write(alone, guard);
      else ledger.count("notGivenBack");
    },
    close: () => lock.close(),
  };
}

export const rwlock: Scene = { title: "rwlock", make: (setting) => make(setting, false), open };
export const readersFirst: Scene = { title: "rwlock, readers preferred", make: (setting) => make(setting, true), open };
