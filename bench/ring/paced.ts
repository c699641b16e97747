// One message at a time: who sends when, and what the receiver notes. Rings and sockets share it.
import { nowNs } from "./clock.ts";
import type { Job } from "./job.ts";
import type { Samples } from "./samples.ts";

export const STAMPED_SIZE = 32;
export const NANOSECONDS_PER_MS = 1e6;

/** What a message is for: to warm up, to be measured, or to end the trial. */
const WARM_UP = 0;
const MEASURED = 1;
const END = 2;

/** A 32-byte message that carries the time of its sending and what it is for. */
export class StampedMessage {
  readonly bytes = new Uint8Array(STAMPED_SIZE);
  readonly #view = new DataView(this.bytes.buffer);

  #make(purpose: number): Uint8Array {
    this.#view.setFloat64(8, purpose, true);
    this.#view.setFloat64(0, nowNs(), true);
    return this.bytes;
  }

  warmUp(): Uint8Array {
    return this.#make(WARM_UP);
  }

  stamp(): Uint8Array {
    return this.#make(MEASURED);
  }

  end(): Uint8Array {
    return this.#make(END);
  }
}

function viewOf(message: Uint8Array): DataView {
  return new DataView(message.buffer, message.byteOffset, message.byteLength);
}

export function isEnd(message: Uint8Array): boolean {
  return viewOf(message).getFloat64(8, true) === END;
}

/** Notes how old each message is when it is seen. */
export class AgeRecorder {
  readonly #samples: Samples;

  constructor(samples: Samples) {
    this.#samples = samples;
  }

  /** False for the last message. `now` is taken by the caller as soon as it runs again. */
  note(message: Uint8Array, now: number): boolean {
    const view = viewOf(message);
    const purpose = view.getFloat64(8, true);
    if (purpose === MEASURED) this.#samples.add(now - view.getFloat64(0, true));
    return purpose !== END;
  }
}

/** Half of each round trip, where both sides wait for the other. */
export class HalfTripRecorder {
  readonly #samples: Samples;
  readonly #begin: number;
  readonly #end: number;
  #before = 0;

  constructor(samples: Samples, job: Job) {
    this.#samples = samples;
    this.#begin = nowNs() + job.warmUpMs * NANOSECONDS_PER_MS;
    this.#end = this.#begin + job.measureMs * NANOSECONDS_PER_MS;
  }

  start(): void {
    this.#before = nowNs();
  }

  /** False when the time is over. */
  stop(): boolean {
    const now = nowNs();
    if (this.#before >= this.#begin) this.#samples.add((now - this.#before) / 2);
    return now < this.#end;
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Sends at the job's pace until its time is over; the sender's loop is idle between two messages. While warming up it
 * sends in every turn of the loop, so that the code of both sides is compiled when the measurement begins.
 */
export async function sendAtPace(job: Job, send: (bytes: Uint8Array) => unknown): Promise<void> {
  const message = new StampedMessage();
  const begin = performance.now() + job.warmUpMs;
  while (performance.now() < begin) {
    await turn();
    await send(message.warmUp());
  }
  while (performance.now() < begin + job.measureMs) {
    await pause(job.paceMs);
    await send(message.stamp());
  }
  await send(message.end());
}
