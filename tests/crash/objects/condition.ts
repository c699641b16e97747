// The scene of Mutex and Condition: a round that advances in possession, and those who wait for that.
//
//   words  of the mutex (alone.ts) | ROUND
//
// Who dies between the change and the notification has the mutex, and who is told of the death notifies.

import { Condition, Mutex, type MutexGuard } from "../../../mod.ts";
import { Alone, shortWait, unlessAborted } from "./alone.ts";
import { LOCKING, OUTSIDE } from "./ledger.ts";
import type { Keeper, Player, Scene, Setting } from "./scene.ts";

const ROUND = 3;
const VERIFY = { timeoutMs: 5000 };
const names = ({ name }: Setting) => ({ mutex: `${name}-mutex`, condition: `${name}-condition` });

/** The mutex and what it protects. */
class Rounds {
  readonly mutex: Mutex;
  readonly #condition: Condition;
  readonly #alone: Alone;
  readonly #setting: Setting;

  constructor(setting: Setting, mutex: Mutex, condition: Condition) {
    this.#setting = setting;
    this.mutex = mutex;
    this.#condition = condition;
    this.#alone = new Alone(setting);
  }

  get #round(): number {
    return this.#setting.ledger.load(this.#setting.words + ROUND);
  }

  enter(guard: MutexGuard): void {
    if (this.#alone.enter(guard)) this.#condition.notifyAll();
  }

  leave(guard: MutexGuard): void {
    this.#alone.leave();
    guard.unlock();
  }

  async advance(): Promise<void> {
    await this.#alone.change();
    this.#setting.ledger.add(this.#setting.words + ROUND);
    this.#condition.notifyAll();
  }

  /** The mutex, taken again; undefined: aborted, and it may not be held. */
  #wait(guard: MutexGuard) {
    const condition = this.#condition;
    const setting = this.#setting;
    return setting.random.pick([
      () => condition.waitSync(guard),
      () => condition.waitSync(guard, shortWait(setting)),
      () => condition.wait(guard),
      () => condition.wait(guard),
      () => condition.wait(guard, shortWait(setting)),
      () => unlessAborted(setting, (options) => condition.wait(guard, options)),
    ])();
  }

  /** Waits for the next round, or less long. Whether the mutex is held again. */
  async wait(held: MutexGuard): Promise<MutexGuard | undefined> {
    const round = this.#round;
    let guard = held;
    this.#setting.place.progress(); // it has seen this round, and waits for the next one
    while (this.#round === round) {
      this.#alone.leave();
      const result = await this.#wait(guard);
      if (result === undefined) return undefined;
      guard = result.guard;
      this.enter(guard);
      if (!result.notified) break;
    }
    return guard;
  }

  close(): void {
    this.#condition.close();
    this.mutex.close();
  }
}

function open(setting: Setting): Player {
  const { place, random } = setting;
  const { mutex, condition } = names(setting);
  const rounds = new Rounds(setting, Mutex.open(mutex), Condition.open(condition));
  const ways = [() => rounds.mutex.lockSync(), () => rounds.mutex.lock()];
  return {
    async turn() {
      place.state = LOCKING;
      const guard = await random.pick(ways)();
      rounds.enter(guard);
      let held: MutexGuard | undefined = guard;
      if (random.below(4) === 0) await rounds.advance();
      else held = await rounds.wait(guard);
      if (held) rounds.leave(held);
      place.state = OUTSIDE;
    },
    close: () => rounds.close(),
  };
}

function make(setting: Setting): Keeper {
  const { ledger } = setting;
  const { mutex, condition } = names(setting);
  const options = { unlinkOnClose: true };
  const rounds = new Rounds(setting, Mutex.create(mutex, options), Condition.create(condition, options));
  const advance = async (onNudge?: () => void) => {
    const guard = await rounds.mutex.lock(VERIFY);
    if (guard === undefined) return ledger.count("notGivenBack");
    rounds.enter(guard);
    await rounds.advance();
    onNudge?.(); // nobody waits for the round after this one yet
    rounds.leave(guard);
  };
  return { nudge: advance, verify: () => advance(), close: () => rounds.close() };
}

export const condition: Scene = { title: "condition", make, open };
