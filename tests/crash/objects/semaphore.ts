// The scene of owned permits: who has one takes a seat, of which there are as many as permits.
//
//   words  for each seat: the mark of who sits there, and number of its turn; 0 = free
//
// A seat is given up before its permit. So who has a permit and finds all seats taken in one and the same instant, which
// two equal looks prove, is one too many.

import { Semaphore } from "../../../mod.ts";
import { shortWait, unlessAborted, work } from "./alone.ts";
import { isDoomed, OUTSIDE, SHARING } from "./ledger.ts";
import type { Keeper, Player, Scene, Setting } from "./scene.ts";

const PERMITS = 3;
const MARK_BITS = 7;

const markIn = (seat: number) => seat & ((1 << MARK_BITS) - 1);

class Seats {
  readonly #setting: Setting;
  #turn = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  #read(): number[] {
    const { ledger, words } = this.#setting;
    return Array.from({ length: PERMITS }, (_, seat) => ledger.load(words + seat));
  }

  /** For who has a permit. Answers how to give the seat up. */
  take(): () => void {
    const { ledger, words, place } = this.#setting;
    this.#turn = (this.#turn + 1) % 2 ** 24;
    const own = (this.#turn << MARK_BITS) | place.mark;
    for (;;) {
      const seats = this.#read();
      const index = seats.findIndex((seat) => seat === 0 || isDoomed(ledger, markIn(seat)));
      const found = seats[index] ?? -1;
      if (index >= 0 && Atomics.compareExchange(ledger.words, words + index, found, own) === found)
        return () => Atomics.compareExchange(ledger.words, words + index, own, 0);
      if (index < 0 && this.#read().every((seat, at) => seat === seats[at])) {
        ledger.count("tooMany");
        return () => {};
      }
    }
  }

  /** The place may be somebody else's soon. */
  bury(place: number): void {
    const { ledger, words } = this.#setting;
    this.#read().forEach((seat, index) => {
      if (markIn(seat) === place + 1) Atomics.compareExchange(ledger.words, words + index, seat, 0);
    });
  }
}

function open(setting: Setting): Player {
  const { name, place, random } = setting;
  const semaphore = Semaphore.open(name);
  const seats = new Seats(setting);
  const ways: readonly (() => boolean | undefined | Promise<boolean | undefined>)[] = [
    () => semaphore.tryAcquire(),
    () => semaphore.acquireSync(),
    () => semaphore.acquireSync(shortWait(setting)),
    () => semaphore.acquire(),
    () => semaphore.acquire(shortWait(setting)),
    () => unlessAborted(setting, (options) => semaphore.acquire(options)),
  ];
  return {
    async turn() {
      if (!(await random.pick(ways)())) return;
      place.state = SHARING;
      const taken = [seats.take()];
      await work(setting);
      if (random.below(3) === 0 && semaphore.tryAcquire()) taken.push(seats.take());
      await work(setting);
      for (const giveUp of taken) giveUp();
      semaphore.release(taken.length);
      place.state = OUTSIDE;
    },
    close: () => semaphore.close(),
  };
}

function make(setting: Setting): Keeper {
  const { ledger, name } = setting;
  const semaphore = Semaphore.create(name, { value: PERMITS, owned: true, unlinkOnClose: true });
  const seats = new Seats(setting);
  return {
    bury: (place) => seats.bury(place),
    async verify() {
      if (semaphore.value !== PERMITS) ledger.count("notGivenBack");
    },
    close: () => semaphore.close(),
  };
}

export const semaphore: Scene = { title: "semaphore, owned", make, open };
