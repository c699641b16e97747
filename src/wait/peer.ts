// Peer: another process, or the holder of a role or lock: whether it lives, and a word when it dies.

import { Participants } from "../memory/participants.ts";
import { errno } from "../sys/errno.ts";
import { IpcError, PeerDiedError } from "../sys/error.ts";
import { clockMonotonic } from "../sys/futex.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../sys/inspect.ts";
import { checkInteger, describeStranger, refuseNew } from "../sys/validate.ts";
import { Awaiting } from "./awaiting.ts";
import { type AwaitOptions, checkAwaitOptions, deadlineOf, isPast, NEVER, type WaitOptions } from "./deadline.ts";
import { type Death, ParticipantDeath, ProcessDeath } from "./death.ts";
import { hold } from "./registry.ts";

/** A blocking wait comes up this often, in ns: worker.terminate() can end it, and a kernel without robust lists is asked. */
const COME_UP_EVERY_NS = 30_000_000;

/**
 * Somebody else who may die: a process, or the holder of a role (a ring's side, the writer of a latest value) or of a lock. The
 * kernel proves the death, within a millisecond; nothing is guessed by a timeout, and a stopped process (SIGSTOP) lives.
 *
 * A process is watched by a pidfd (one descriptor), which no later process of the same number can be mistaken for; one
 * that has ended but was not waited for by its parent (a zombie) is dead. The holder of a role is watched by its place
 * among the participants: a Worker's end counts too, and so does its closing in order. `close` when it is not needed any
 * more; a Peer of a role ends with the object it came from.
 *
 * @see https://man7.org/linux/man-pages/man2/pidfd_open.2.html
 * @example
 * ```ts
 * import { Peer } from "@linux-ipc/core";
 * import { spawn } from "node:child_process";
 * const child = spawn("cat"); // ends when its input does
 * const peer = Peer.ofPid(child.pid ?? 0);
 * console.log(peer.isAlive, await peer.died({ timeoutMs: 5 })); // true false
 * child.stdin.end();
 * console.log(await peer.died()); // true
 * peer.close();
 * ```
 */
export class Peer {
  /** Its process id, 0 when it is not known any more; of a participant: in its own pid namespace, for messages only. */
  readonly pid: number;
  readonly #death: Death;
  readonly #awaiting: Awaiting;
  readonly #onClose: () => void;
  readonly #isOver = () => (this.#death.isOver() ? true : undefined);
  #controller: AbortController | undefined;
  #isRef = true;
  #isOpen = true;

  private constructor(pid: number, death: Death, onClose: () => void) {
    if (onClose === undefined) refuseNew(Peer);
    this.pid = pid;
    this.#death = death;
    this.#onClose = onClose;
    this.#awaiting = new Awaiting({
      prepare: () => 0,
      park: (_key, onDeath) => death.arm(onDeath),
      unpark: () => death.disarm(),
      hold,
    });
  }

  /**
   * pidfd_open(2): the process that has this number at this moment. It is the one you mean if it is your child and was
   * not waited for, or if it tells you itself.
   *
   * @throws {IpcError} ESRCH no such process; EINVAL, or ENOENT from newer kernels: a thread that is not its process's
   * first; EMFILE; ENOSYS, EPERM
   */
  static ofPid(pid: number): Peer {
    checkInteger(pid, "pid", 1, 2 ** 31 - 1);
    return new Peer(pid, new ProcessDeath(pid), () => {});
  }

  /** The participant of this owner id, as `participants.join()` answers it. One that nobody can have is dead. */
  static ofParticipant(participants: Participants, owner: number): Peer {
    if (!(participants instanceof Participants))
      throw new TypeError(
        `participants must be made by Participants.over, not ${describeStranger(participants, Participants)}`,
      );
    checkInteger(owner, "owner", -(2 ** 31), 2 ** 32 - 1);
    const death = new ParticipantDeath(participants, owner);
    const peer: Peer = new Peer(participants.pidOf(owner), death, () => participants.memory.afterClose(peer));
    participants.memory.beforeClose(peer, () => peer.close());
    return peer;
  }

  #attempt(doing: string, hint?: string) {
    return { syscall: "poll", doing: `${doing} process ${this.pid || "(unknown)"}`, hint };
  }

  #closed(): IpcError {
    return new IpcError(errno.EBADF, this.#attempt("watch", "the Peer was closed"));
  }

  #deadlock(): IpcError {
    const hint = "only this thread could end the wait: await, or give a timeout";
    return new IpcError(errno.EDEADLK, this.#attempt("wait for", hint));
  }

  /** Whether it lives at this moment. After `close`: throws EBADF, as all below. */
  get isAlive(): boolean {
    if (!this.#isOpen) throw this.#closed();
    return !this.#death.isOver();
  }

  /**
   * Blocks this thread until it dies; false after the timeout.
   *
   * @throws {IpcError} EDEADLK without a timeout, where it is this thread's own participant, or this process
   */
  diedSync(options?: WaitOptions): boolean {
    const deadline = deadlineOf(options, "diedSync");
    while (this.isAlive) {
      if (isPast(deadline)) return false;
      if (deadline === NEVER && this.#death.isOurs()) throw this.#deadlock();
      const latest = clockMonotonic() + COME_UP_EVERY_NS;
      this.#death.sleep(deadline === NEVER ? latest : Math.min(deadline, latest));
    }
    return true;
  }

  /** Resolves when it dies; false after the timeout. An abort rejects with `signal.reason`, `close` with EBADF. */
  async died(options: AwaitOptions = {}): Promise<boolean> {
    checkAwaitOptions(options, "died");
    if (!this.isAlive) return true;
    return (await this.#awaiting.add(this.#isOver, options, this.#isRef)) ?? false;
  }

  /**
   * A signal that is aborted by its death, with a PeerDiedError as the reason: given to any wait, it ends that wait with
   * the typed error. Does not keep the process alive. Made at the first call, and good until `close`. Where the death
   * cannot be watched (no thread can be started), it is aborted with that error, and the next call makes another one.
   */
  deathSignal(): AbortSignal {
    if (!this.#isOpen) throw this.#closed();
    if (this.#controller !== undefined) return this.#controller.signal;
    const controller = new AbortController();
    const abort = () => controller.abort(new PeerDiedError(this.#attempt("wait for"), this.pid));
    this.#controller = controller;
    if (this.#death.isOver()) abort();
    else this.#awaiting.add(this.#isOver, undefined, false).then(abort, (error) => this.#failSignal(error));
    return controller.signal;
  }

  /** Whoever relies on a signal that nothing will abort waits for ever. After `close` that is what was asked for. */
  #failSignal(error: unknown): void {
    if (!this.#isOpen) return;
    const controller = this.#controller;
    this.#controller = undefined; // before its listeners run, who may ask for another one
    controller?.abort(error);
  }

  /** A pending `died` keeps the process alive (the default). Counts from the next one on. */
  ref(): this {
    this.#isRef = true;
    return this;
  }

  /** A pending `died` does not keep the process alive. Counts from the next one on. */
  unref(): this {
    this.#isRef = false;
    return this;
  }

  /** Stops watching: pending waits reject with EBADF. Twice is fine. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#awaiting.close(this.#closed());
    this.#death.close();
    this.#onClose();
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ pid: this.pid, closed: !this.#isOpen }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
