// Locks and unlocks a mutex in all ways until it is killed, and notes in the ledger where it is. See lock_peer.c.

import process from "node:process";
import { Mutex, type MutexGuard } from "../../mod.ts";
import { pause } from "../../src/sys/futex.ts";
import { Random } from "../support/random.ts";
import { STOP } from "./ledger.ts";
import * as at from "./lock_ledger.ts";

const [name, ledgerName, ...numbers] = process.argv.slice(2) as [string, string, ...string[]];
const [place, kind, seed] = numbers.map(Number) as [number, number, number];
const mutex = Mutex.open(name);
const ledger = at.openLockLedger(ledgerName);
const random = new Random(seed);
const { words } = ledger;
const state = ledger.place(place, at.STATE);
const turns = ledger.place(place, at.TURNS);

/** In possession: whoever is in here at the same time, or finds the two counters unequal, is a fault. */
async function critical(guard: MutexGuard): Promise<void> {
  const before = Atomics.exchange(words, at.INSIDE, process.pid);
  if (guard.recovered) {
    ledger.store(at.SECOND, ledger.load(at.FIRST));
    at.tell(ledger, guard.recovered.pid, kind);
    guard.repaired();
  } else if (before !== 0) ledger.count("twoOwners");
  if (ledger.load(at.FIRST) !== ledger.load(at.SECOND)) ledger.count("torn");
  const next = (ledger.load(at.FIRST) + 1) | 0;
  ledger.store(at.FIRST, next);
  if (random.below(200) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  else pause(random.below(2000));
  ledger.store(at.SECOND, next);
  if (Atomics.compareExchange(words, at.INSIDE, process.pid, 0) !== process.pid) ledger.count("twoOwners");
}

const ways: readonly (() => MutexGuard | undefined | Promise<MutexGuard | undefined>)[] = [
  () => mutex.tryLock(),
  () => mutex.lockSync({ timeoutMs: random.below(3) }),
  () => mutex.lockSync(),
  () => mutex.lock({ timeoutMs: random.below(3) }),
  () => mutex.lock(),
  () => mutex.lock(),
];

ledger.enter(place);
while (ledger.load(STOP) === 0) {
  ledger.store(state, at.LOCKING);
  const guard = await random.pick(ways)();
  if (guard) {
    ledger.store(state, at.HOLDING);
    await critical(guard);
    ledger.store(state, at.UNLOCKING);
    guard.unlock();
  }
  ledger.store(state, at.OUTSIDE);
  ledger.store(turns, ledger.load(turns) + 1);
}
mutex.close();
ledger.close();
