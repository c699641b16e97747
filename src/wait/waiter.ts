// Waiter: how one side of an object waits, blocking or awaiting, for the other side to publish or to die.

import { clearTimeout, setTimeout } from "node:timers";
import { lostPagesHint, type MemoryRegion } from "../memory/memory_region.ts";
import type { Participants } from "../memory/participants.ts";
import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { clockMonotonic, waitEvent, waitEventAmong } from "../sys/futex.ts";
import { loadOrdered } from "../sys/ordering.ts";
import { Awaiting, type PendingTurn } from "./awaiting.ts";
import { type AwaitOptions, isPast, NEVER } from "./deadline.ts";
import { Watch } from "./engine.ts";
import { longestSleep, notifyAll, prepareToSleep, SLEEPERS } from "./eventcount.ts";
import { PeerWatch } from "./peer_watch.ts";
import { hold } from "./registry.ts";
import { rest, spin, spinBudget } from "./spin.ts";

/** Without robust lists a blocking wait asks the kernel's lock table this often, in ns. */
const ASK_EVERY_NS = 30_000_000;
/** A blocking wait comes up this often, in ns, so that worker.terminate() can end it and lost pages are noticed. */
const COME_UP_EVERY_NS = 100_000_000;

export interface WaiterParts {
  readonly memory: MemoryRegion;
  readonly participants: Participants;
  /** Byte offset of the eventcount that this side sleeps on. */
  readonly own: number;
  /** Byte offset of the eventcount that the other side sleeps on; `own` where all sleep on one word. */
  readonly peers: number;
  /** Announces a sleeper in the eventcount at `own`: the value to sleep on. Sets its bit and nothing else unless given. */
  readonly prepare?: () => number;
  /** The owner word of the other side's role at this moment; 0 = nobody, or one whose death has been told. */
  readonly peer: () => number;
  /**
   * Where any of several may end the wait, by its doing or its death: all their owner words, ours too if we do. Undefined:
   * nobody is in the way, so that there is nothing to sleep on; `attempt` must succeed then, unless somebody comes
   * meanwhile.
   */
  readonly allPeers?: () => readonly number[] | undefined;
  readonly spinMs: number | undefined;
}

/** `attempt` functions answer undefined for "not yet", and throw what should end the wait. */
export class Waiter {
  readonly #parts: WaiterParts;
  readonly #words: Int32Array;
  readonly #prepare: () => number;
  readonly #peerWatches: PeerWatch[] = [];
  /** Whose doings or deaths may end the sleep that was announced last. */
  #owners: readonly number[] = [];
  #watch: Watch | undefined;
  #isRef = true;
  #timer: NodeJS.Timeout | undefined;
  readonly #awaiting: Awaiting;

  constructor(parts: WaiterParts) {
    this.#parts = parts;
    this.#words = new Int32Array(parts.memory.buffer, 0, Math.floor(parts.memory.size / 4));
    this.#prepare = parts.prepare ?? (() => prepareToSleep(this.#words, parts.own / 4));
    this.#awaiting = new Awaiting({
      lingers: { spinMs: parts.spinMs },
      prepare: () => this.#announce(),
      park: (key, onChange) => this.#park(key, onChange),
      unpark: () => this.#unpark(),
      hold,
    });
  }

  /** Wakes the other side, if it sleeps. */
  notify(): void {
    const { memory, peers } = this.#parts;
    notifyAll(this.#words, peers / 4, memory.address + peers);
  }

  /** What a vain look costs: so many turns of a loop, as many as for all waits unless given. */
  pause(turns?: number): void {
    rest(turns);
  }

  /**
   * Blocks this thread until `attempt` answers; undefined at the deadline.
   *
   * @throws {IpcError} EDEADLK without a deadline, where only this thread could end the wait
   */
  waitSync<T>(attempt: () => T | undefined, deadline: number): T | undefined {
    const budget = spinBudget(this.#parts.spinMs, deadline);
    for (let isQuiet = false; ; ) {
      const spins = isQuiet ? 0 : budget;
      let result = spin(attempt, deadline === NEVER ? spins : Math.min(spins, deadline - clockMonotonic()));
      if (result !== undefined || isPast(deadline)) return result;
      const key = this.#announce();
      result = attempt();
      if (result !== undefined) return result;
      if (deadline === NEVER) this.#refuseDeadlock();
      this.#sleep(key, deadline);
      isQuiet = loadOrdered(this.#words, this.#parts.own / 4) === key; // it has only come up for a look
      result = attempt();
      const lost = this.#lost();
      if (lost !== undefined) throw lost;
      if (result !== undefined) return result;
    }
  }

  /** Somebody has cut the file: what we see instead are zeros of our own, which nobody else sees. */
  #lost(): IpcError | undefined {
    const { name = "anonymous memory", lostPages } = this.#parts.memory;
    const hint = lostPagesHint(lostPages);
    if (hint === undefined) return undefined;
    return new IpcError(errno.EBADMSG, { syscall: "futex_wait", doing: `wait for ${name}`, path: name, hint });
  }

  /** All whose doing or death could end the wait are of this thread, which would sleep. */
  #refuseDeadlock(): void {
    const { memory, participants } = this.#parts;
    if (this.#owners.length === 0 || !this.#owners.every((owner) => participants.isOfThisThread(owner))) return;
    const name = memory.name ?? "anonymous memory";
    const hint = "only this thread could end the wait: await, or give a timeout";
    throw new IpcError(errno.EDEADLK, { syscall: "futex_wait", doing: `wait for ${name}`, path: memory.name, hint });
  }

  /** Whose deaths may end it. Ours ends this process, or its memory, and nobody is left to be told. */
  get #others(): readonly number[] {
    const { owner: me } = this.#parts.participants;
    return this.#owners.includes(me) ? this.#owners.filter((owner) => owner !== me) : this.#owners;
  }

  #sleep(key: number, deadline: number): void {
    const { memory, participants, own } = this.#parts;
    const others = this.#others;
    const asks = others.some((owner) => participants.needsAsking(owner));
    const latest = clockMonotonic() + Math.min(longestSleep(), asks ? ASK_EVERY_NS : COME_UP_EVERY_NS);
    const until = deadline === NEVER ? latest : Math.min(deadline, latest);
    const lives = new Set(others.map((owner) => participants.lifeAddress(owner))); // at most 127: of each slot, but ours
    lives.delete(0);
    if (lives.size > 1) waitEventAmong(memory.address + own, key, [...lives], until);
    else waitEvent(memory.address + own, key, lives.values().next().value ?? 0, until);
  }

  /** Resolves with what `attempt` answers, or undefined after the timeout. Never blocks; callers are served in order. */
  wait<T>(
    attempt: () => T | undefined,
    options: AwaitOptions | undefined,
    pendingTurn?: PendingTurn,
  ): Promise<T | undefined> {
    return this.#awaiting.add(attempt, options, this.#isRef, pendingTurn);
  }

  /** Whether somebody awaits already: a newcomer must queue behind. */
  get isAwaited(): boolean {
    return this.#awaiting.size > 0;
  }

  /**
   * Whom to watch is asked before the last look: who leaves between the two is found by that look, and who is killed
   * behind it, before it wakes anybody, is still on the list. Who comes between the two is not: the sleep is good only
   * because somebody on the list, or this participant itself, was in the way behind the announcement, and wakes us when
   * it leaves. Where nobody was, the key is one that the word has no more.
   */
  #announce(): number {
    const { peer, allPeers } = this.#parts;
    const key = this.#prepare();
    const owners = allPeers === undefined ? [peer()] : allPeers();
    this.#owners = owners ?? [];
    return owners === undefined ? key & ~SLEEPERS : key;
  }

  #park(key: number, onChange: () => void): boolean {
    const { memory, own } = this.#parts;
    const change = () => {
      this.#unpark();
      const lost = this.#lost();
      if (lost === undefined) onChange();
      else this.#awaiting.close(lost);
    };
    this.#watch ??= new Watch(memory.address + own);
    if (this.#watch.arm(key, change) && this.#armPeers(change)) {
      const longest = longestSleep();
      if (longest !== Number.POSITIVE_INFINITY) this.#timer = setTimeout(change, longest / 1e6).unref();
      return true;
    }
    this.#unpark();
    return false;
  }

  /** False: one of them is dead already. */
  #armPeers(change: () => void): boolean {
    const { participants } = this.#parts;
    const others = this.#others;
    while (this.#peerWatches.length < others.length) this.#peerWatches.push(new PeerWatch(participants));
    return others.every((owner, index) => this.#peerWatches[index].arm(owner, change));
  }

  #unpark(): void {
    this.#watch?.disarm();
    for (const watch of this.#peerWatches) watch.disarm();
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Whether pending waits keep the process alive; they do unless told otherwise. Counts from the next wait on. */
  set isRef(yes: boolean) {
    this.#isRef = yes;
  }

  /** Rejects what is pending and forgets the words, before the memory goes: its object closes with the memory. */
  close(reason: Error): void {
    this.#awaiting.close(reason);
    this.#watch?.close();
    this.#watch = undefined;
    for (const watch of this.#peerWatches) watch.close();
  }
}
