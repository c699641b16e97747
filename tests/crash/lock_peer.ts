// Locks and unlocks a mutex in all ways until it is killed, and notes in the ledger where it is. See lock_peer.c.

import process from "node:process";
import { Mutex, type MutexGuard } from "../../mod.ts";
import { pause } from "../../src/sys/futex.ts";
import { Random } from "../support/random.ts";
import * as at from "./lock_ledger.ts";

const [name, ledgerName, ...numbers] = process.argv.slice(2) as [string, string, ...string[]];
const [seat, kind, seed] = numbers.map(Number) as [number, number, number];
const mutex = Mutex.open(name);
const ledger = at.LockLedger.open(ledgerName);
const random = new Random(seed);
const { words } = ledger;
const state = ledger.seat(seat, at.SEAT_STATE);
const turns = ledger.seat(seat, at.SEAT_TURNS);

/** In possession: whoever is in here at the same time, or finds the two counters unequal, is a fault. */
async function critical(guard: MutexGuard): Promise<void> {
  const before = Atomics.exchange(words, at.INSIDE, process.pid);
  if (guard.recovered) {
    ledger.store(at.SECOND, ledger.load(at.FIRST));
    ledger.tell(guard.recovered.pid, kind);
    guard.repaired();
  } else if (before !== 0) Atomics.add(words, at.TWO_OWNERS, 1);
  if (ledger.load(at.FIRST) !== ledger.load(at.SECOND)) Atomics.add(words, at.TORN, 1);
  const next = (ledger.load(at.FIRST) + 1) | 0;
  ledger.store(at.FIRST, next);
  if (random.below(200) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  else pause(random.below(2000));
  ledger.store(at.SECOND, next);
  if (Atomics.compareExchange(words, at.INSIDE, process.pid, 0) !== process.pid) Atomics.add(words, at.TWO_OWNERS, 1);
}

const ways: readonly (() => MutexGuard | undefined | Promise<MutexGuard | undefined>)[] = [
  () => mutex.tryLock(),
  () => mutex.lockSync({ timeoutMs: random.below(3) }),
  () => mutex.lockSync(),
  () => mutex.lock({ timeoutMs: random.below(3) }),
  () => mutex.lock(),
  () => mutex.lock(),
];

ledger.store(ledger.seat(seat, at.SEAT_PID), process.pid);
while (ledger.load(at.STOP) === 0) {
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
