// Death: the end of a process or of a participant, as the kernel proves it; what a Peer is made of.

import process from "node:process";
import { OWNER_GENERATION_SHIFT, OWNER_MASK, SLOT_GENERATION_OFFSET, SLOT_LIFE_OFFSET } from "../memory/layout.ts";
import type { Participants } from "../memory/participants.ts";
import { POLLIN, pidfdOpen, poll } from "../sys/descriptor.ts";
import { errno } from "../sys/errno.ts";
import { check } from "../sys/error.ts";
import { waitEvent } from "../sys/futex.ts";
import { close } from "../sys/memory.ts";
import { disown, own } from "../sys/owned.ts";
import { DescriptorWatch } from "./descriptor_watch.ts";
import { PeerWatch } from "./peer_watch.ts";

/** Somebody's death. */
export interface Death {
  /** Whether it has happened. */
  isOver(): boolean;
  /** Whether nobody but this thread could bring it about: asleep, it would wait for itself. */
  isOurs(): boolean;
  /** Calls back once when it happens. False: it has happened already. Does not keep the process alive. */
  arm(callback: () => void): boolean;
  disarm(): void;
  /** Blocks until it happens, or the instant, or without cause. */
  sleep(until: number): void;
  close(): void;
}

/** Whether pidfd_open was given another thread than a process's first: EINVAL, and ENOENT (Linux 6.18, say). */
const isThread = (result: number) => result === -errno.EINVAL || result === -errno.ENOENT;

/** The end of the process that has this number now, by a descriptor that no later process of that number can have. */
export class ProcessDeath implements Death {
  readonly #pid: number;
  readonly #fd: number;
  /** It ends with its Worker; 0 or less: there was no memory for that. */
  readonly #owned: number;
  #watch: DescriptorWatch | undefined;

  constructor(pid: number) {
    this.#pid = pid;
    const fd = pidfdOpen(pid);
    const hint = isThread(fd) ? "it is a thread that is not its process's first: give the process's number" : undefined;
    this.#fd = check(fd, () => ({ syscall: "pidfd_open", doing: `watch process ${pid}`, hint }));
    this.#owned = own(this.#fd);
  }

  isOver(): boolean {
    return poll(this.#fd, POLLIN, 0) > 0;
  }

  /** No thread of a process sees its end. */
  isOurs(): boolean {
    return this.#pid === process.pid;
  }

  arm(callback: () => void): boolean {
    if (this.isOver()) return false;
    this.disarm();
    this.#watch = new DescriptorWatch(this.#fd, POLLIN, callback);
    return true;
  }

  disarm(): void {
    this.#watch?.close();
    this.#watch = undefined;
  }

  sleep(until: number): void {
    poll(this.#fd, POLLIN, until);
  }

  close(): void {
    this.disarm();
    if (this.#owned > 0) disown(this.#owned);
    close(this.#fd);
  }
}

/** The end of a participant: of its process or Worker, or its leaving in order. */
export class ParticipantDeath implements Death {
  readonly #participants: Participants;
  readonly #owner: number;
  readonly #watch: PeerWatch;

  constructor(participants: Participants, owner: number) {
    this.#participants = participants;
    this.#owner = owner & OWNER_MASK;
    this.#watch = new PeerWatch(participants);
    participants.join(); // who asks the kernel must be one of them
  }

  isOver(): boolean {
    return this.#participants.isProvenDead(this.#owner);
  }

  isOurs(): boolean {
    return this.#participants.isOfThisThread(this.#owner);
  }

  arm(callback: () => void): boolean {
    return this.#watch.arm(this.#owner, callback);
  }

  disarm(): void {
    this.#watch.disarm();
  }

  /** On the slot's generation, which changes when somebody else takes it, and on its life word. */
  sleep(until: number): void {
    const life = this.#participants.lifeAddress(this.#owner);
    if (life === 0) return;
    const generation = life - SLOT_LIFE_OFFSET + SLOT_GENERATION_OFFSET;
    waitEvent(generation, this.#owner >>> OWNER_GENERATION_SHIFT, life, until);
  }

  close(): void {
    this.#watch.close();
  }
}
