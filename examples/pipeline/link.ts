// How a stage sends and receives: in place where it can, spinning a little and then asleep where it must wait.

import { availableParallelism } from "node:os";
import { PeerClosedError, type SpscConsumer, type SpscProducer, SpscRing } from "@linux-ipc/core";
import { STAGES } from "./job.ts";

/** The longest wait before a stage looks around: is main alive, is there news for the board? */
export const TURN_MS = 20;
const BATCH = 256;
/** Where the stages must share processors, one that spins for long keeps the next one from running. */
const SHORT_SPIN_MS = 0.02;

/** A ring that spins for as long as suits the machine: as measured, if there is a processor for everybody. */
export function openRing(name: string): SpscRing {
  return SpscRing.open(name, availableParallelism() > STAGES.length ? {} : { spinMs: SHORT_SPIN_MS });
}

/** Sends messages of one size. Usage: write at `claim()` of `view`, then `commit()`. */
export class Outlet {
  readonly #ring: SpscProducer;
  readonly #spare: Uint8Array;
  readonly #spareView: DataView;
  readonly #turn: () => void;
  view: DataView;

  /** `turn` runs again and again while the ring is full. */
  constructor(ring: SpscProducer, size: number, turn: () => void) {
    this.#ring = ring;
    this.#spare = new Uint8Array(size);
    this.#spareView = new DataView(this.#spare.buffer);
    this.#turn = turn;
    this.view = ring.view;
  }

  /** Where to write: in the ring itself, or beside it while it is full. */
  claim(): number {
    const offset = this.#ring.claimAt(this.#spare.length);
    this.view = offset < 0 ? this.#spareView : this.#ring.view;
    return Math.max(0, offset);
  }

  commit(): void {
    if (this.view === this.#spareView) this.#waitForRoom();
    else this.#ring.commit();
  }

  #waitForRoom(): void {
    while (!this.#ring.sendSync(this.#spare, { timeoutMs: TURN_MS })) this.#turn();
  }

  /** What `action` sends is published at once when it returns. */
  batch(action: () => void): void {
    this.#ring.cork();
    action();
    this.#ring.uncork();
  }

  /** End of the stream. */
  close(): void {
    this.#ring.close();
  }
}

/** Hands each message to `handle` until the sender has closed. `turn` runs every now and then, messages or not. */
export function receiveAll(
  ring: SpscConsumer,
  handle: (view: DataView, offset: number) => void,
  turn: () => void,
): void {
  const { view } = ring;
  const handleInPlace = (offset: number) => handle(view, offset);
  try {
    for (;;) {
      while (ring.drainAt(handleInPlace, BATCH) === BATCH) turn();
      const message = ring.receiveSync({ timeoutMs: TURN_MS });
      if (message !== undefined) handle(new DataView(message.buffer), 0);
      turn();
    }
  } catch (error) {
    if (!(error instanceof PeerClosedError && ring.ended)) throw error;
  }
}
