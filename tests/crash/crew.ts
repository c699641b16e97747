// The crew of a test that kills: processes that are started ahead, wait at a gate, work, are killed, and are replaced.

import { type Peer, type Random, type Runtime, until, within } from "../support/mod.ts";
import { type CrashLedger, PLACES_COUNT, STOP } from "./ledger.ts";
import { keepState } from "./state.ts";

const START_MS = 60_000;

/** What all tests that kill are told. */
export interface CrashOptions {
  readonly kills: number;
  readonly seed: number;
  readonly runtimes: readonly Runtime[];
  /** How many processes work at a time; `spares` more are started, or wait at the gate. */
  readonly size: number;
  readonly spares: number;
  /** Stop early, with fewer kills. */
  readonly seconds?: number;
  onProgress?(kills: number): void;
}

/** A process that may be killed. */
export interface Member {
  readonly peer: Peer;
  /** The name of its runtime, or C. */
  readonly kind: string;
  /** Of the ledger; the next process there comes much later. */
  readonly place: number;
}

export interface CrewOptions extends Pick<CrashOptions, "size" | "spares"> {
  readonly ledger: CrashLedger<string>;
  /** The shared objects, ledger included: what is kept when something goes wrong. */
  readonly objects: readonly string[];
  /** Starts a process for this place. */
  start(place: number): { peer: Peer; kind: string };
}

export class Crew {
  /** Those who have been let in, the oldest first. */
  readonly working: Member[] = [];
  /** How many were killed, by kind. */
  readonly killed: Record<string, number> = {};
  readonly #options: CrewOptions;
  readonly #waiting: Member[] = [];
  readonly #lasting: Peer[] = [];
  readonly #free = Array.from({ length: PLACES_COUNT }, (_, place) => place);

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#recruit();
  }

  /** One that is not killed and must end by itself at the end. */
  join(peer: Peer): void {
    this.#lasting.push(peer);
  }

  #recruit(): void {
    const { size, spares, ledger, start } = this.#options;
    while (this.working.length + this.#waiting.length < size + spares) {
      const place = this.#free.shift() as number;
      ledger.clear(place);
      this.#waiting.push({ ...start(place), place });
    }
  }

  /** Whoever was ready first is let in first. */
  #admit(): void {
    const { ledger, size } = this.#options;
    const ready = this.#waiting.filter(({ place }) => ledger.isReady(place));
    for (const member of ready.slice(0, Math.max(0, size - this.working.length))) {
      this.#waiting.splice(this.#waiting.indexOf(member), 1);
      this.working.push(member);
      ledger.openGate(member.place);
    }
  }

  get #peers(): Peer[] {
    return [...this.working, ...this.#waiting].map(({ peer }) => peer).concat(this.#lasting);
  }

  /** One that ends without being killed ends the run. */
  check(): void {
    for (const { child, stderr } of this.#peers) {
      const { exitCode, signalCode } = child;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`a process ended by itself (${signalCode ?? exitCode}): ${stderr}`);
    }
  }

  /** Lets in who is ready, until all who shall work do. */
  async fill(): Promise<void> {
    const isFull = () => {
      this.check();
      this.#admit();
      return this.working.length >= this.#options.size;
    };
    await until(isFull, "enough processes are ready", START_MS);
  }

  /** Kills them and starts others, who are let in by the next `fill`: until then the survivors are among themselves. */
  kill(...members: Member[]): void {
    this.check();
    for (const { peer } of members) peer.kill();
    for (const list of [this.working, this.#waiting])
      list.splice(0, list.length, ...list.filter((member) => !members.includes(member)));
    for (const { kind, peer, place } of members) {
      this.killed[kind] = (this.killed[kind] ?? 0) + 1;
      peer.ended.then(() => this.#free.push(place));
    }
    this.#recruit();
  }

  /** Any that is still starting, or waits at the gate. */
  pickSpare(random: Random): Member | undefined {
    return this.#waiting.length === 0 ? undefined : random.pick(this.#waiting);
  }

  /** Strikes until there were enough kills or the time is over; a strike answers how many it was. */
  async work(options: CrashOptions, strike: () => Promise<number>): Promise<number> {
    const { kills, seconds = Number.POSITIVE_INFINITY, onProgress } = options;
    const end = performance.now() + seconds * 1000;
    let done = 0;
    try {
      while (done < kills && performance.now() < end) {
        await this.fill();
        done += await strike();
        this.#checkFaults();
        onProgress?.(done);
      }
      await this.fill();
      return done;
    } catch (error) {
      const state = keepState(this.#options.objects, [...this.working, ...this.#waiting]);
      throw new Error(`after ${done} kills, seed ${options.seed}, state in ${state}`, { cause: error });
    }
  }

  /** The first fault ends the run, while everything is still as it was. */
  #checkFaults(): void {
    const found = Object.entries(this.#options.ledger.faults()).filter(([, count]) => count > 0);
    if (found.length > 0) throw new Error(found.map(([fault, count]) => `${fault}: ${count}`).join(", "));
  }

  /** Tells all who work to stop: they must end well. Those at the gate have done nothing yet, and are not let in. */
  async finish(): Promise<void> {
    this.#options.ledger.store(STOP, 1);
    for (const { peer } of this.#waiting.splice(0)) peer.kill();
    for (const peer of this.#peers) {
      const { code, signal, stderr } = await within(peer.ended, START_MS, "the end of a process");
      if (code !== 0) throw new Error(`a process ended with ${code ?? signal}: ${stderr}`);
    }
  }

  killAll(): void {
    for (const peer of this.#peers) peer.kill();
  }
}
