// PeerWatch: the participant on the other side of a wait, watched for its death.

import { clearInterval, setInterval } from "node:timers";
import type { Participants } from "../memory/participants.ts";
import { Watch } from "./engine.ts";

/** How often the kernel's lock table is asked about an owner whom no robust list tells of. */
const ASK_EVERY_MS = 30;

/** Readers of a latest value take no slot: the shim asks no locks for them. */
const NOT_JOINED = 1;

/** Watches one owner at a time; owners change when roles pass on. */
export class PeerWatch {
  readonly #participants: Participants;
  #watch: Watch | undefined;
  #address = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(participants: Participants) {
    this.#participants = participants;
  }

  /** Calls back once when `owner` (0 = nobody) dies. False: it is dead already. */
  arm(owner: number, callback: () => void): boolean {
    this.disarm();
    if (owner === 0) return true;
    if (this.#participants.isDead(owner)) return false;
    if (this.#participants.needsAsking(owner)) return this.#ask(owner, callback);
    const address = this.#participants.lifeAddress(owner);
    if (address !== this.#address) {
      this.#forget(); // before the next one, which may be refused
      this.#watch = new Watch(address, { lifeFor: this.#participants.handle || NOT_JOINED });
      this.#address = address;
    }
    const isArmed = this.#watch?.arm(owner, callback) ?? true;
    return isArmed && !this.#participants.isDead(owner); // the slot may have passed on before it was armed
  }

  #ask(owner: number, callback: () => void): boolean {
    this.#timer = setInterval(() => {
      if (!this.#participants.isProvenDead(owner)) return;
      this.disarm();
      callback();
    }, ASK_EVERY_MS);
    this.#timer.unref(); // it is the wait that keeps the process alive, where it should
    return true;
  }

  disarm(): void {
    this.#watch?.disarm();
    if (this.#timer !== undefined) clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #forget(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#address = 0;
  }

  close(): void {
    this.disarm();
    this.#forget();
  }
}
