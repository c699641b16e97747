// A modelled kernel: objects of the library run unchanged on traced memory, in processes that act between two accesses.
//
// The shim's calls are played here: to attach, to sleep, to wake, and the engine's watches. A sleep begins only while its
// word has the expected value, and ends by a wake-up or by the death of somebody whom it watches, never by itself: what the
// watchdog and the blocking waits find by looking again is not played, but for `lookAgain`. Each call is a step, as an
// access is: nobody is killed in its middle. Accesses take effect in program order, which the sleeper's membarrier makes
// true of the plain ones.

import { setImmediate } from "node:timers";
import * as layout from "../../src/memory/layout.ts";
import type { MemoryRegion } from "../../src/memory/memory_region.ts";
import { Participants } from "../../src/memory/participants.ts";
import type { Placement } from "../../src/memory/placement.ts";
import { environment } from "../../src/runtime/environment.ts";
import { SharedObject } from "../../src/sync/shared_object.ts";
import { errno } from "../../src/sys/errno.ts";
import { EVERYBODY } from "../../src/sys/futex.ts";
import { Crash, TracedMemory } from "./traced.ts";

/** Where the object lies, behind the table of participants. */
export const BASE = layout.PARTICIPANTS_SIZE;
/** Each process maps the memory somewhere else. */
const ADDRESSES = 2 ** 32;
/** Descriptors that are open nowhere; the number of its process is added to each. */
const DESCRIPTORS = 100_000;
/** Each process has a file of its own, also in another play: so the library takes its thread for none of the others'. */
let lastFile = 0;
/** A process that makes so many accesses runs in circles. */
const ACCESSES_MOST = 20_000;

/** Until all promises that are kept have been heard of. */
const heard = () => new Promise<void>((resolve) => setImmediate(resolve));

/** One process: a participant of its own. */
export class Process {
  readonly number: number;
  readonly placement: Placement;
  isDead = false;

  constructor(number: number, placement: Placement) {
    this.number = number;
    this.placement = placement;
  }

  get owner(): number {
    return this.placement.participants.owner;
  }
}

/** A word that the engine watches for a process. */
interface Watch {
  readonly process: Process;
  readonly offset: number;
  readonly isLife: boolean;
  readonly id: number;
  /** Undefined: nobody waits. */
  expected: number | undefined;
}

/** A thread that blocks. */
interface Sleeper {
  readonly offset: number;
  readonly lives: readonly number[];
  isRoused: boolean;
}

/** What somebody else does before the main process's access of that number, counted from 0. */
export interface Act {
  readonly moment: number;
  act(): void;
}

/** The memory of all plays, one after the other: rooms that are thrown away cost more than the plays. */
const room = new ArrayBuffer(BASE + 4096);
/** The kernel of the play that is on. */
let kernel: Kernel;
let deliver = () => {};

/** The memory, the processes that share it, and the kernel's part. */
export class Kernel {
  readonly memory: TracedMemory;
  readonly processes: Process[] = [];
  readonly #words: Int32Array;
  readonly #perSlot: readonly number[];
  /** The slot of each process, by its number. */
  readonly #slots = new Map<number, number>();
  readonly #watches: Watch[] = [];
  readonly #sleepers: Sleeper[] = [];
  readonly #told: number[] = [];
  readonly #objects: SharedObject[] = [];
  /** Lives that go on. */
  #going = 0;
  #main: Process | undefined;
  /** Its accesses so far. */
  #accesses = 0;
  #acts: Act[] = [];
  #failure: Error | undefined;

  /** `perSlot`: where in the object arrays lie that have a word for each slot. */
  constructor(perSlot: readonly number[] = []) {
    new Uint8Array(room).fill(0);
    this.memory = new TracedMemory(room);
    this.#words = new Int32Array(this.memory.buffer);
    this.#perSlot = perSlot;
    this.memory.onAccess = (maker, offset) => this.#step(maker as Process, offset);
    kernel = this;
  }

  /** Plays: the objects are made and used within `body`. Throws what went wrong in it, wherever that was caught. */
  async play<T>(body: () => Promise<T>): Promise<T> {
    try {
      const result = await this.memory.traceAsync(body);
      if (this.#failure !== undefined) throw this.#failure;
      return result;
    } catch (error) {
      throw this.#failure ?? error; // what was told first is why
    } finally {
      this.#end();
    }
  }

  /** Without giving anything back: the library is to forget what it watches. */
  #end(): void {
    for (const { placement } of this.processes) Object.assign(placement.memory, { size: 0 });
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0; // each makes errors for who might wait
    for (const object of this.#objects) object.close();
    Error.stackTraceLimit = stackTraceLimit;
  }

  /** A promise may be broken in the middle of the library's code: it is told at the end. */
  fail(message: string): void {
    this.#failure ??= new Error(message);
  }

  // -- processes -------------------------------------------------------------------------------------------------

  /** A new process, in a slot of its own or in that of somebody dead. */
  start(inSlotOf?: Process): Process {
    const number = this.processes.length + 1;
    const { buffer } = this.memory;
    const place = { buffer, address: number * ADDRESSES, size: buffer.byteLength };
    const nothing = { beforeClose() {}, afterClose() {}, close() {} };
    const file = { fd: DESCRIPTORS + number, fileOffset: ++lastFile * ADDRESSES };
    const memory: MemoryRegion = { ...place, ...file, ...nothing, name: "explored" };
    return this.#make(number, memory, inSlotOf);
  }

  #make(number: number, memory: MemoryRegion, inSlotOf: Process | undefined): Process {
    const process: Process = new Process(number, { memory, base: BASE } as Placement);
    this.#slots.set(number, inSlotOf === undefined ? this.#slots.size : (this.#slots.get(inSlotOf.number) as number));
    this.processes.push(process);
    return this.#as(process, () => {
      const participants = Participants.over(memory, 0);
      const rest = { participants, name: "explored", created: false, ownsMemory: false };
      Object.assign(process.placement, rest);
      participants.join();
      return process;
    });
  }

  /** What `process` makes of the memory: its accesses are its own. */
  make<T>(process: Process, make: (placement: Placement) => T, offset = 0): T {
    const placement = { ...process.placement, base: BASE + offset };
    const object = this.#as(process, () => make(placement));
    if (object instanceof SharedObject) this.#objects.push(object);
    return object;
  }

  #as<T>(process: Process, body: () => T): T {
    const { maker } = this.memory;
    this.memory.maker = process;
    try {
      return body();
    } finally {
      this.memory.maker = maker;
    }
  }

  /** Ends it: it accesses nothing any more, and the kernel marks its life word and wakes who watches that. */
  kill(process: Process): void {
    if (process.isDead) return;
    process.isDead = true;
    for (const watch of this.#watches) if (watch.process === process) watch.expected = undefined;
    const life = this.#slotAt(process) + layout.SLOT_LIFE_OFFSET;
    this.#words[life / 4] |= layout.OWNER_DIED;
    this.#wake(life);
  }

  #slotAt(process: Process): number {
    return (this.#slots.get(process.number) as number) * layout.SLOT_SIZE;
  }

  /** The word at a byte of the object, for who judges. */
  peek(offset: number): number {
    return this.#words[(BASE + offset) / 4] as number;
  }

  // -- playing ---------------------------------------------------------------------------------------------------

  /** A step of `who` that is no access, or that is one to the byte at `offset`. */
  #step(who: Process | undefined, offset: number): void {
    if (who?.isDead) throw new Crash();
    if (who === undefined || who !== this.#main || this.#isNobodys(offset)) return;
    if (this.#accesses === ACCESSES_MOST) {
      this.fail("runs in circles");
      this.kill(who);
    }
    const now = this.#accesses++;
    this.#main = undefined; // what it does meanwhile, as in a signal handler, does not count
    while (this.#acts[0] !== undefined && this.#acts[0].moment <= now) this.#acts.shift()?.act();
    this.#main = who;
    if (who.isDead) throw new Crash();
  }

  /** A word of a slot that nobody has had: before the look at it is as good as before the next access. */
  #isNobodys(offset: number): boolean {
    const slots = this.#slots.size;
    return this.#perSlot.some((array) => {
      const at = offset - BASE - array;
      return at >= slots * 4 && at < layout.PARTICIPANTS_COUNT * 4;
    });
  }

  /** Somewhere between two accesses, for code that makes none. */
  pass(process: Process): void {
    this.#step(process, -1);
  }

  /**
   * The main process begins, and the acts come at their moments; those that it does not reach come behind it, one after
   * the other. Whether it reached the first of them.
   */
  async run(main: Process, acts: readonly Act[], begin: () => void): Promise<boolean> {
    this.#main = main;
    this.#acts = [...acts];
    begin();
    await this.settle();
    const hasHappened = acts[0] !== undefined && this.#accesses > acts[0].moment;
    while (this.#acts.length > 0) {
      this.#acts.shift()?.act();
      await this.settle();
    }
    this.#main = undefined;
    return hasHappened;
  }

  /** Lets a process do something; its death is no error. */
  live(life: () => Promise<unknown>): void {
    this.#going++;
    const end = () => this.#going--;
    life().then(end, (error) => {
      end();
      if (!(error instanceof Crash)) this.#failure ??= error;
    });
  }

  /** Until all that was woken sleeps again. */
  async settle(): Promise<void> {
    for (let round = 0; round < 100; round++) {
      if (this.#going > 0) await heard();
      if (this.#told.length === 0) return;
      deliver();
    }
    this.fail("they wake each other without end");
  }

  /** Whether it awaits something in vain, and nothing has woken it yet. */
  sleeps(process: Process): boolean {
    return this.#watches.some((watch) => watch.process === process && watch.expected !== undefined && !watch.isLife);
  }

  // -- system calls ----------------------------------------------------------------------------------------------

  #at(address: number): { process: Process; offset: number } {
    const number = Math.floor(address / ADDRESSES);
    return { process: this.processes[number - 1] as Process, offset: address % ADDRESSES };
  }

  attach(fd: number): number {
    const number = fd - DESCRIPTORS;
    const slot = this.#slotAt(this.processes[number - 1] as Process) / 4;
    this.#words[slot + layout.SLOT_LIFE_OFFSET / 4] = number;
    this.#words[slot + layout.SLOT_GENERATION_OFFSET / 4] += 1;
    this.#words[slot + layout.SLOT_PREVIOUS_PID_OFFSET / 4] = this.#words[slot + layout.SLOT_PID_OFFSET / 4];
    this.#words[slot + layout.SLOT_PID_OFFSET / 4] = number;
    return number;
  }

  ownerOf(handle: number): number {
    const slot = this.#slots.get(handle) as number;
    const generation = this.#words[(slot * layout.SLOT_SIZE + layout.SLOT_GENERATION_OFFSET) / 4];
    return (generation << layout.OWNER_GENERATION_SHIFT) | (slot + 1);
  }

  /** Adds 1 and wakes: one step. */
  advance(address: number): number {
    const { process, offset } = this.#at(address);
    this.#step(process, offset);
    this.#words[offset / 4] += 1;
    return this.#wake(offset);
  }

  wake(address: number, count: number): number {
    const { process, offset } = this.#at(address);
    this.#step(process, offset);
    return this.#wake(offset, count);
  }

  #isDeadAt(life: number): boolean {
    return (this.#words[life / 4] & layout.OWNER_DIED) !== 0;
  }

  /** Wakes engines, one of each process, and threads, up to `count`. */
  #wake(offset: number, count = EVERYBODY): number {
    const watches = this.#watches.filter((watch) => watch.offset === offset && !watch.process.isDead);
    for (const watch of watches.slice(0, count)) this.#look(watch);
    const sleepers = this.#sleepers.filter((sleeper) => sleeper.offset === offset || sleeper.lives.includes(offset));
    for (const sleeper of sleepers.slice(0, Math.max(0, count - watches.length))) sleeper.isRoused = true;
    return Math.min(count, watches.length + sleepers.length);
  }

  /** As the engine, which was woken: tells the watch's process if its word has changed. */
  #look(watch: Watch): void {
    const { offset, isLife, expected, id } = watch;
    if (expected === undefined) return;
    if (isLife ? !this.#isDeadAt(offset) : this.#words[offset / 4] === expected) return;
    watch.expected = undefined;
    this.#told.push(id);
  }

  /** As the watchdog: finds what no wake-up has told, and all lives. */
  lookAgain(): void {
    for (const watch of this.#watches) this.#look(watch);
  }

  addWatch(address: number, lifeFor: number, id: number): number {
    this.#watches.push({ ...this.#at(address), isLife: lifeFor !== 0, id, expected: undefined });
    return this.#watches.length;
  }

  arm(handle: number, expected: number): number {
    const watch = this.#watches[handle - 1] as Watch;
    this.#step(watch.process, watch.offset);
    const value = this.#words[watch.offset / 4];
    if (watch.isLife ? this.#isDeadAt(watch.offset) : value !== expected) return 1;
    watch.expected = expected;
    return 0;
  }

  disarm(handle: number): number {
    (this.#watches[handle - 1] as Watch).expected = undefined;
    return 0;
  }

  /** The next watch that has fired. */
  take(): number {
    return this.#told.shift() ?? -1;
  }

  /** Blocks: the acts that are left come now, one after the other, until one of them rouses it. */
  sleep(address: number, expected: number, lives: readonly number[]): number {
    const { process, offset } = this.#at(address);
    this.#step(process, offset);
    if (this.#words[offset / 4] !== expected) return -errno.EAGAIN;
    const sleeper = { offset, lives: lives.map((life) => this.#at(life).offset), isRoused: false };
    if (sleeper.lives.some((life) => this.#isDeadAt(life))) return -errno.EOWNERDEAD;
    this.#sleepers.push(sleeper);
    this.#main = undefined;
    while (!sleeper.isRoused && this.#acts.length > 0) this.#acts.shift()?.act();
    this.#main = process;
    this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
    if (sleeper.isRoused) return 0;
    this.fail(`${process.number} blocks for ever`);
    this.kill(process);
    throw new Crash();
  }

  /** As `sleep`, over pairs in the scratch block: the eventcount, then the lives. */
  sleepAmong(pairs: number, count: number): number {
    const { scratchView, scratchAddress } = environment();
    const double = (index: number) => scratchView.getFloat64(pairs - scratchAddress + index * 8, true);
    const lives = Array.from({ length: count - 1 }, (_, index) => double(2 + 2 * index));
    return this.sleep(double(0), double(1), lives);
  }
}

/** From here on this process's shim only plays: no file of explorers uses it for anything else. */
function replaceCalls(): void {
  const here = environment();
  const played: Record<string, (...values: number[]) => number> = {
    participant_attach: (fd) => kernel.attach(fd),
    participant_bury: () => 0, // who is dead, is marked
    participant_owner: (handle) => kernel.ownerOf(handle),
    futex_advance: (address) => kernel.advance(address),
    futex_wake: (address, count) => kernel.wake(address, count),
    watch_add: (address, lifeFor, id) => kernel.addWatch(address, lifeFor, id),
    watch_arm: (handle, expected) => kernel.arm(handle, expected),
    watch_remove: (handle) => kernel.disarm(handle),
    watch_take: () => kernel.take(),
    wait_event: (address, expected, life) => kernel.sleep(address, expected, life === 0 ? [] : [life]),
    wait_event_among: (pairs, count) => kernel.sleepAmong(pairs, count),
    measure_wake: () => 0, // nobody spins
    membarrier: () => 0,
    membarrier_register: () => 0,
    fstat: () => -errno.EBADF,
  };
  const onWake = (callback: () => void) => {
    deliver = callback;
  };
  Object.assign(here, { calls: Object.assign(Object.create(here.calls), played), onWake, refWake() {} });
}

replaceCalls();
