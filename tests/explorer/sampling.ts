// Sampling: the moments at which two acts interrupt a process, some of all that there are.

import process from "node:process";

const END = Number.POSITIVE_INFINITY;
/** Two acts come so many accesses apart; often the second one comes when the process has ended or sleeps. */
const DISTANCES = [0, 1, 2, 3, END, 4, 5, 6, END, 7, 9, 12, END, 16, 21, 30];

/** Plays with two acts at accesses of the main process; whether there was an access for the first of them. */
export type PlayAt = (moments: readonly [number, number]) => Promise<boolean>;

/**
 * Goes through all places for two acts, together or one after the other. It plays at each `stride`th place for the first,
 * others in each story, and with one for the second; at all of them where LINUX_IPC_EXPLORE is "all".
 */
export class Sampling {
  readonly #stride: number;
  readonly #isAll = process.env.LINUX_IPC_EXPLORE === "all";
  #stories = 0;
  plays = 0;

  constructor(stride: number) {
    this.#stride = stride;
  }

  /** `story` is what is played, for who reads of its failure. */
  async atEachPair(story: string, play: PlayAt): Promise<void> {
    this.#stories++;
    for (let first = 0, goesOn = true; goesOn; first++) {
      for (const distance of this.#distances(first)) {
        this.plays++;
        goesOn = await play([first, first + distance]).catch((error) => {
          throw new Error(`${story}, at accesses ${first} and ${first + distance}: ${error.message}`, { cause: error });
        });
      }
    }
  }

  #distances(first: number): readonly number[] {
    if (this.#isAll) return [...new Set(DISTANCES)];
    const isSampled = (first + this.#stories) % this.#stride === 0;
    return isSampled ? [DISTANCES[this.plays % DISTANCES.length] as number] : [];
  }
}
