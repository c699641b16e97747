// Participants: a table in shared memory of those who are attached to it, each proven alive by the kernel.

import { pageSize } from "../sys/advice.ts";
import { errno } from "../sys/errno.ts";
import { check, IpcError, NO_THREAD } from "../sys/error.ts";
import { BY_DESCRIPTION, EXCLUSIVE, fileLockTest, UNLOCK } from "../sys/file_lock.ts";
import { clockMonotonic, membarrierRegister } from "../sys/futex.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../sys/inspect.ts";
import {
  participantAttach,
  participantBury,
  participantDead,
  participantDetach,
  participantOwner,
} from "../sys/participant.ts";
import { refuseNew, withArticle } from "../sys/validate.ts";
import { Dependents } from "./dependents.ts";
import { JoinedHere } from "./joined_here.ts";
import { LaidRange } from "./laid_range.ts";
import * as layout from "./layout.ts";
import { checkPlace, type MemoryRegion } from "./memory_region.ts";
import { ParticipantTable, slotOf } from "./participant_table.ts";
import { coveringLockHint } from "./record_lock.ts";
import { reopeningHint } from "./refusal.ts";

const NOUN = "table of participants";

/** Of the looks that find an owner alive, one in so many asks for the time, */
const LOOKS_PER_CLOCK = 16;
/** and so often, in ns, the kernel's lock table is asked. */
const ASK_EVERY_NS = 250_000_000;

/**
 * A table of who is attached. Locks and roles that lie in the same memory name their owners by it.
 *
 * `join()` takes a slot for this process (or Worker); the kernel marks it when the process ends, however it ends.
 * A table is 8192 zero bytes anywhere in a `SharedMemory` or `MappedFile`, at a multiple of 128; it holds 128
 * participants at a time. Memory of explicit huge pages (`hugePages: "2MB"`) takes none, and so none of the objects;
 * transparent ones are fine. Objects made by name bring their own table, in which each `open` takes a slot.
 *
 * Slots are record locks on bytes of the file, and so is the right to lay an object: do not lock a file that holds any of
 * this by fcntl(2), lockf(3) or `FileLock` of kind "ofd" or "posix". Nobody could join any more (EUSERS), and locks of
 * kind "posix" would be dropped here. `FileLock` of kind "flock", or of another file, is fine.
 *
 * @example
 * ```ts
 * import { Participants, SharedMemory } from "@linux-ipc/core";
 * const memory = SharedMemory.anonymous({ size: 16384 });
 * const participants = Participants.over(memory, 0);
 * console.log(participants.isDead(participants.join())); // false
 * participants.close();
 * memory.close();
 * ```
 */
export class Participants {
  readonly #memory: MemoryRegion;
  readonly #offset: number;
  readonly #table: ParticipantTable;
  readonly #dependents = new Dependents();
  #handle = 0;
  #owner = 0;
  readonly #joinedHere: JoinedHere;
  /** While it has joined, nothing else is laid over the table. */
  readonly #range: LaidRange;
  #looks = 0;
  #nextAsk = 0;

  private constructor(memory: MemoryRegion, offset: number) {
    if (memory?.beforeClose === undefined) refuseNew(Participants);
    this.#memory = memory;
    this.#offset = offset;
    this.#table = new ParticipantTable(memory.buffer, offset);
    this.#joinedHere = new JoinedHere(memory, offset);
    this.#range = new LaidRange(memory, NOUN, offset);
    this.#range.check(layout.PARTICIPANTS_SIZE);
    this.#leaveInTime();
  }

  #leaveInTime(): void {
    this.#memory.beforeClose(this, () => this.close());
  }

  /** Bytes that a table needs. */
  static byteSize(): number {
    return layout.PARTICIPANTS_SIZE;
  }

  /**
   * The table at `byteOffset` of the memory; zeros are an empty one.
   *
   * @throws {RangeError} `byteOffset` is not a multiple of 128, the table does not fit, or an object is open there
   * @throws {TypeError} memory that nobody else can map
   * @throws {IpcError} EBADF the memory is closed
   */
  static over(memory: MemoryRegion, byteOffset: number): Participants {
    checkPlace(memory, byteOffset, layout.PARTICIPANTS_SIZE, NOUN);
    return new Participants(memory, byteOffset);
  }

  /**
   * Takes a slot, once; the owner id: generation << 10 | slot + 1. Until `close` nothing else is laid over the table here.
   *
   * @throws {RangeError} an object has been laid over it since
   * @throws {IpcError} EUSERS all 128 slots are held by the living, or by a record lock over the file; EACCES the memory
   * is read-only, or not this user's any more; EBADF it is closed, or mapped anew since; EINVAL it has explicit huge pages
   */
  join(): number {
    if (this.#handle !== 0) return this.#owner;
    const doing = `attach to ${this.#memory.name ?? "anonymous memory"}`;
    if (this.#table.words.length === 0) {
      const hint = "the memory is closed, or has been mapped anew since: lay the table again";
      throw new IpcError(errno.EBADF, { syscall: "mmap", doing, hint });
    }
    const { fd, fileOffset, readOnly } = this.#memory;
    if (readOnly) {
      const hint = "the memory is read-only: nobody would see it";
      throw new IpcError(errno.EACCES, { syscall: "mmap", doing, hint });
    }
    this.#range.check(layout.PARTICIPANTS_SIZE);
    const result = participantAttach(fd, fileOffset + this.#offset, layout.PARTICIPANTS_COUNT);
    this.#handle = check(result, () => ({ syscall: "fcntl", doing, hint: this.#hintOn(-result) }));
    this.#owner = participantOwner(this.#handle);
    this.#joinedHere.add(this.#owner);
    this.#range.claim();
    this.#leaveInTime();
    membarrierRegister(); // peers that go to sleep may ask for a barrier here
    return this.#owner;
  }

  #hintOn(number: number): string | undefined {
    const { fd, pageSize: bytes = 0 } = this.#memory;
    if (number === errno.EACCES) return reopeningHint(fd);
    if (number === errno.EAGAIN) return `${NO_THREAD}, or all memory is to be locked and no more may be (ulimit -l)`;
    if (number === errno.EUSERS) return `it has ${layout.PARTICIPANTS_COUNT} slots, and ${this.#holders()}`;
    if (number !== errno.EINVAL || bytes <= pageSize(-1)) return undefined;
    return `the table is mapped by ordinary pages, which cannot be had of huge ones (${bytes} bytes): use other memory`;
  }

  /** Who keeps all slots from us: the living, or a lock of a stranger. */
  #holders(): string {
    const table = this.#memory.fileOffset + this.#offset;
    for (let slot = 0; slot < layout.PARTICIPANTS_COUNT; slot++) {
      const hint = coveringLockHint(this.#memory.fd, table + slot * layout.SLOT_SIZE);
      if (hint !== undefined) return hint;
    }
    return "all are held by live processes";
  }

  /** Where the table lies. @internal */
  get memory(): MemoryRegion {
    return this.#memory;
  }

  /**
   * Refuses an object over another mapping than the table's, or over the table itself.
   *
   * @internal
   */
  checkNeighbour(buffer: ArrayBuffer, start: number, size: number, noun: string): void {
    if (this.#table.words.buffer !== buffer) {
      const hint = "these lie over another memory, or over this one before it was mapped anew";
      throw new TypeError(`${withArticle(noun)} needs participants in its own memory: ${hint}`);
    }
    if (start >= this.#offset + layout.PARTICIPANTS_SIZE || start + size <= this.#offset) return;
    const table = `bytes ${this.#offset} to ${this.#offset + layout.PARTICIPANTS_SIZE}`;
    throw new RangeError(
      `${withArticle(noun)} of ${size} bytes at byte ${start} would lie over its participants, ${table}`,
    );
  }

  /** This participant's owner id, 0 before `join`. */
  get owner(): number {
    return this.#owner;
  }

  /**
   * Whether the owner has joined in this very thread, by whichever object: blocking, it would wait for itself.
   *
   * @internal
   */
  isOfThisThread(owner: number): boolean {
    return this.#joinedHere.has(owner);
  }

  /** Whether the owner is known to be dead: two loads. An id that nobody can have is dead. */
  isDead(owner: number): boolean {
    return this.#table.isDead(owner);
  }

  /**
   * As isDead, for who asks again and again. Where the words say "alive", the kernel's lock table has its say, too: always
   * for an owner without a robust list, and for others from time to time. The kernel walks a robust list at a death and
   * marks word by word, but only up to one that it cannot reach: that of a file which somebody has cut short meanwhile.
   */
  isFoundDead(owner: number): boolean {
    if (this.isDead(owner)) return true;
    if (this.needsAsking(owner)) return this.isProvenDead(owner);
    if (++this.#looks % LOOKS_PER_CLOCK !== 0 || clockMonotonic() < this.#nextAsk) return false;
    this.#nextAsk = clockMonotonic() + ASK_EVERY_NS;
    if (this.#handle === 0) return this.isProvenDead(owner);
    participantBury(this.#handle);
    return this.isDead(owner);
  }

  /** Of this participant, as the shim knows it; 0 before `join`. @internal */
  get handle(): number {
    return this.#handle;
  }

  /** As isDead, and asks the kernel's lock table where the words say "alive". */
  isProvenDead(owner: number): boolean {
    if (this.isDead(owner)) return true;
    if (this.#handle === 0) return this.#isUnlocked(owner);
    return participantDead(this.#handle, owner & layout.OWNER_MASK) === 1;
  }

  /** As the shim asks for those who have joined. The holder has a descriptor of its own, so that ours sees its lock. */
  #isUnlocked(owner: number): boolean {
    const { fd, fileOffset } = this.#memory;
    const byte = fileOffset + this.#offset + slotOf(owner) * layout.SLOT_SIZE;
    const found = fileLockTest(fd, BY_DESCRIPTION + EXCLUSIVE, byte, 1);
    return typeof found !== "number" && found.type === UNLOCK; // if it has passed on, the owner is as dead
  }

  /** Where the owner's life word stands in this process; 0 for an id that nobody can have. */
  lifeAddress(owner: number): number {
    const slot = slotOf(owner);
    return slot < 0 ? 0 : this.#memory.address + this.#offset + slot * layout.SLOT_SIZE + layout.SLOT_LIFE_OFFSET;
  }

  /** Whether only isProvenDead can tell of this owner's death: its kernel refuses robust lists, or its list was full. */
  needsAsking(owner: number): boolean {
    return this.#table.needsAsking(owner);
  }

  /**
   * Whether somebody lives who has joined under that boot: then it is this kernel's, by whatever id we see it.
   *
   * @internal
   */
  hasLivingOf(boot: number): boolean {
    return this.#table.ownersOf(boot).some((owner) => !this.isProvenDead(owner));
  }

  /**
   * The owner's process id in its own pid namespace, also where one newcomer has its slot meanwhile: after a restart that
   * is usually who asks. 0 when it is not known any more. For messages only.
   */
  pidOf(owner: number): number {
    return this.#table.pidOf(owner);
  }

  /**
   * `action` closes what lies in the same memory and carries our owner id: it runs before the slot is given back, and so
   * before the memory goes.
   *
   * @internal
   */
  beforeClose(dependent: object, action: () => void): void {
    this.#dependents.add(dependent, action);
    this.#leaveInTime();
  }

  /**
   * It has closed by itself.
   *
   * @internal
   */
  afterClose(dependent: object): void {
    this.#dependents.delete(dependent);
  }

  /**
   * Closes the objects that were laid with it, then gives the slot back: whatever still carries the owner id belongs to a
   * dead one from now on. Joining again makes another participant.
   */
  close(): void {
    this.#dependents.close();
    this.#memory.afterClose(this);
    if (this.#handle === 0) return;
    this.#joinedHere.delete(this.#owner);
    this.#range.release();
    participantDetach(this.#handle);
    this.#handle = 0;
    this.#owner = 0;
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ memory: this.#memory.name, offset: this.#offset, owner: this.#owner }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
