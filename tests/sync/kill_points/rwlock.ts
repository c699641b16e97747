// Scenes of an RwLock: readers that die stop counting, a writer that dies is told to one.

import assert from "node:assert/strict";
import { type ReadGuard, RwLock, type WriteGuard } from "../../../mod.ts";
import {
  type AnyScene,
  Heirs,
  IN_VAIN,
  LIMIT_MS,
  rotate,
  type Scene,
  type Survivors,
  scene,
  soon,
  type Who,
} from "./scene.ts";

const timeout = { timeoutMs: LIMIT_MS };

/** Ways to take it that need no more than a look. */
const looks: readonly ((lock: RwLock, heirs: Heirs) => Promise<void>)[] = [
  (lock, heirs) => heirs.use(lock.tryWrite()),
  (lock, heirs) => heirs.use(lock.tryRead(), true),
  (lock, heirs) => heirs.use(lock.writeSync(timeout)),
  (lock, heirs) => heirs.use(lock.readSync(timeout), true),
  async (lock, heirs) => heirs.use(await soon(lock.write(), "write")),
  async (lock, heirs) => heirs.use(await soon(lock.read(), "read"), true),
];

/** One takes it, in one of the ways; then two read and one writes. */
async function takeOver(survivors: Survivors<RwLock>, who: Who, index: number): Promise<string> {
  const heirs = new Heirs();
  const [, writer] = survivors;
  await rotate(looks, index)(rotate(survivors, index), heirs);
  const told = heirs.told(who);
  const waits = survivors.map(async (lock) => {
    if (lock === writer) await heirs.use(await soon(lock.write(), "write"));
    else await heirs.use(await soon(lock.read(), "read"), true);
  });
  await Promise.all(waits);
  assert.equal(heirs.told(who), told, "a death is told once");
  for (const lock of survivors) await heirs.use(lock.tryWrite()); // nobody counts as a reader any more
  return told;
}

interface Waits {
  readonly read: Promise<ReadGuard>;
  readonly write: Promise<WriteGuard>;
}

/** As takeOver, where one waits to read already and one to write. */
async function follow(survivors: Survivors<RwLock>, { read, write }: Waits, who: Who): Promise<string> {
  const heirs = new Heirs();
  const isReader = soon(read, "a read that was awaited").then((guard) => heirs.use(guard, true));
  await Promise.all([isReader, soon(write, "a write that was awaited").then((guard) => heirs.use(guard))]);
  const told = heirs.told(who);
  assert.equal(await takeOver(survivors, who, 0), "nobody", "a death is told once");
  return told;
}

type RwLockScene<Held, Begun> = Omit<Scene<RwLock, Held, Begun>, "create" | "open">;

function ofRwLock<Held = undefined, Begun = undefined>(it: RwLockScene<Held, Begun>, preferReaders = false): AnyScene {
  const create = (name: string) => RwLock.create(name, { preferReaders, unlinkOnClose: true });
  return scene({ create, open: (name) => RwLock.open(name), ...it });
}

/** Holds it, and gives it back. */
function turnOf(guard: ReadGuard | WriteGuard | undefined, holding: () => void): void {
  holding();
  guard?.repaired();
  guard?.unlock();
}

const ofWriter = { outcomes: ["nobody", "victim", "nobody"], whileHolding: "victim" };
const ofRecovery = { outcomes: ["first", "victim", "nobody"], whileHolding: "victim" };
const ofReader = { outcomes: ["nobody"], whileHolding: "nobody" };
const judge: Scene<RwLock, unknown, unknown>["judge"] = (survivors, _, who, index) => takeOver(survivors, who, index);

const unlockOfWriter: RwLockScene<WriteGuard, Waits> = {
  title: "RwLock: unlock of a writer while others wait",
  prepare: (lock) => lock.writeSync(),
  begin: ([one, two]) => ({ read: one.read(), write: two.write() }),
  act: (_, guard, holding) => turnOf(guard, holding),
  judge: (survivors, waits, who) => follow(survivors, waits, who),
  outcomes: ["victim", "nobody"],
  whileHolding: "victim",
};

const downgradeOfWriter: RwLockScene<WriteGuard, Waits> = {
  ...unlockOfWriter,
  title: "RwLock: downgrade of a writer while others wait",
  act: (_, guard, holding) => turnOf(guard.downgrade(), holding),
  whileHolding: "nobody",
};

export const scenes: readonly AnyScene[] = [
  ofRwLock({
    title: "RwLock: write and unlock",
    act: (lock, _, holding) => turnOf(lock.writeSync(), holding),
    judge,
    ...ofWriter,
  }),
  ofRwLock({
    title: "RwLock: read and unlock",
    act: (lock, _, holding) => turnOf(lock.readSync(), holding),
    judge,
    ...ofReader,
  }),
  ofRwLock({
    title: "RwLock: read, upgrade and unlock",
    act: (lock, _, holding) => turnOf(lock.tryRead()?.tryUpgrade(), holding),
    judge,
    ...ofWriter,
  }),
  ofRwLock({
    title: "RwLock: write, downgrade and unlock",
    act: (lock, _, holding) => turnOf(lock.writeSync().downgrade(), holding),
    judge,
    outcomes: ["nobody", "victim", "nobody"],
    whileHolding: "nobody",
  }),
  ofRwLock<undefined, ReadGuard>({
    title: "RwLock: a writer that waits for a reader in vain",
    begin: ([lock]) => lock.readSync(),
    act: (lock) => void lock.writeSync(IN_VAIN),
    async judge(survivors, reader, who, index) {
      const heirs = new Heirs();
      await heirs.use(await soon(survivors[1].read(), "a read beside a reader"), true);
      reader.unlock();
      assert.equal(heirs.told(who), "nobody");
      return takeOver(survivors, who, index);
    },
    outcomes: ["nobody"],
  }),
  ofRwLock({
    title: "RwLock: recovery by a writer",
    first: (lock) => void lock.writeSync(),
    act: (lock, _, holding) => turnOf(lock.tryWrite(), holding),
    judge,
    ...ofRecovery,
  }),
  ofRwLock({
    title: "RwLock: recovery by a reader",
    first: (lock) => void lock.writeSync(),
    act: (lock, _, holding) => turnOf(lock.tryRead(), holding),
    judge,
    ...ofRecovery,
  }),
  ofRwLock({
    title: "RwLock: recovery that gives up",
    first: (lock) => void lock.writeSync(),
    act: (lock) => lock.writeSync().unlock({ unrecoverable: "beyond repair" }),
    async judge(survivors, _, who, index) {
      try {
        return await takeOver(survivors, who, index);
      } catch (error) {
        assert.match(String(error), /ENOTRECOVERABLE.*beyond repair/);
        for (const lock of survivors) assert.throws(() => lock.tryWrite(), /ENOTRECOVERABLE.*beyond repair/);
        for (const lock of survivors) assert.throws(() => lock.tryRead(), /ENOTRECOVERABLE.*beyond repair/);
        return "unrecoverable";
      }
    },
    outcomes: ["first", "victim", "unrecoverable"],
  }),
  ofRwLock(unlockOfWriter),
  ofRwLock({ ...unlockOfWriter, title: `${unlockOfWriter.title}, readers preferred` }, true),
  ofRwLock(downgradeOfWriter),
  ofRwLock({ ...downgradeOfWriter, title: `${downgradeOfWriter.title}, readers preferred` }, true),
  ofRwLock<ReadGuard, Waits>({
    title: "RwLock: unlock of a reader while others wait",
    prepare: (lock) => lock.readSync(),
    begin([one, two]) {
      const write = two.write();
      return { read: one.read(), write };
    },
    act: (_, guard, holding) => turnOf(guard, holding),
    judge: (survivors, waits, who) => follow(survivors, waits, who),
    ...ofReader,
  }),
];
