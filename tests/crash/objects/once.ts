// The scene of Once: a row of them, done one after the other, each by exactly one process and to its end.
//
//   words   ROUND, number of the once that is to be done
//   memory  participants | for each once, which come again and again: its 128 bytes | INSIDE, mark of its initialiser
//           | 1 = made, by an initialiser that came to its end | RAN, how many said that they had done it

import { Once, Participants, SharedMemory } from "../../../mod.ts";
import { pause } from "../../../src/sys/futex.ts";
import { sleep } from "../../support/wait.ts";
import { shortWait, unlessAborted, work } from "./alone.ts";
import { isDoomed, OUTSIDE, SHARING } from "./ledger.ts";
import type { Keeper, Player, Scene, Setting } from "./scene.ts";

/** So many that nobody is still at one when it is wiped, half a row later. */
const ROW = 8192;
const STRIDE = 256;
const [INSIDE, MADE, RAN] = [0, 1, 2] as const;

const failure = new Error("could not be made");

class Row {
  readonly #memory: SharedMemory;
  readonly #participants: Participants;
  readonly #words: Int32Array;
  readonly #setting: Setting;

  constructor(memory: SharedMemory, setting: Setting) {
    this.#memory = memory;
    this.#participants = Participants.over(memory, 0);
    this.#words = new Int32Array(memory.buffer);
    this.#setting = setting;
  }

  static size(): number {
    return Participants.byteSize() + ROW * STRIDE;
  }

  #offset(round: number): number {
    return Participants.byteSize() + (round % ROW) * STRIDE;
  }

  #word(round: number, word: number): number {
    return this.#offset(round) / 4 + 32 + word;
  }

  #begin(round: number): void {
    const { ledger, place } = this.#setting;
    place.state = SHARING;
    const before = Atomics.exchange(this.#words, this.#word(round, INSIDE), place.mark);
    if (before !== 0 && !isDoomed(ledger, before)) ledger.count("twoAtIt");
    Atomics.store(this.#words, this.#word(round, MADE), 0);
  }

  /** Now and then it fails, and the next one has to. */
  #end(round: number): void {
    const { random, place, ledger } = this.#setting;
    const fails = random.below(8) === 0;
    if (!fails) Atomics.store(this.#words, this.#word(round, MADE), 1);
    const inside = Atomics.compareExchange(this.#words, this.#word(round, INSIDE), place.mark, 0);
    if (inside !== place.mark) ledger.count("twoAtIt");
    place.state = OUTSIDE;
    if (fails) throw failure;
  }

  #run(once: Once, round: number): boolean | undefined | Promise<boolean | undefined> {
    const setting = this.#setting;
    const inOneGo = () => {
      this.#begin(round);
      pause(setting.random.below(2000));
      this.#end(round);
    };
    const awaiting = async () => {
      this.#begin(round);
      await work(setting);
      this.#end(round);
    };
    return setting.random.pick([
      () => once.runSync(inOneGo),
      () => once.runSync(inOneGo, shortWait(setting)),
      () => once.run(awaiting),
      () => once.run(awaiting, shortWait(setting)),
      () => unlessAborted(setting, (options) => once.run(awaiting, options)),
    ])();
  }

  async turn(): Promise<void> {
    const { ledger, words } = this.#setting;
    const round = ledger.load(words);
    const once = Once.over(this.#memory, this.#offset(round), { participants: this.#participants });
    try {
      const ran = await this.#run(once, round);
      if (ran && Atomics.add(this.#words, this.#word(round, RAN), 1) !== 0) ledger.count("ranTwice");
    } catch (error) {
      if (error !== failure) throw error;
    }
    const { isDone } = once;
    once.close();
    if (!isDone) return;
    if (Atomics.load(this.#words, this.#word(round, MADE)) !== 1) ledger.count("undone");
    if (Atomics.compareExchange(ledger.words, words, round, round + 1) === round) await this.#advance(round);
  }

  /** Wipes one that is far away. */
  async #advance(round: number): Promise<void> {
    const begin = this.#offset(round + ROW / 2) / 4;
    this.#words.fill(0, begin, begin + STRIDE / 4);
    if (round % 16 === 0) await sleep(1);
  }

  close(): void {
    this.#participants.close();
    this.#memory.close();
  }
}

function open(setting: Setting): Player {
  const row = new Row(SharedMemory.open(setting.name), setting);
  return { turn: () => row.turn(), close: () => row.close() };
}

function make({ name }: Setting): Keeper {
  const memory = SharedMemory.create(name, { size: Row.size(), unlinkOnClose: true });
  return { close: () => memory.close() };
}

export const once: Scene = { title: "once", make, open };
