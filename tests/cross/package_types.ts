// The program of package.test.ts in TypeScript: what the types of the installed package say. It does not run.
import { type AwaitOptions, type OwnBytes, SpscRing } from "@linux-ipc/core";
import type * as memory from "@linux-ipc/core/memory";
import { bytes, SharedMemory, struct } from "@linux-ipc/core/memory";
import type * as rings from "@linux-ipc/core/ring";
import { LatestValue, type SharedMap } from "@linux-ipc/core/ring";
import type * as sync from "@linux-ipc/core/sync";
import type { Barrier, FileLock, FutexLock, Mutex, MutexGuard, RwLock, WriteGuard } from "@linux-ipc/core/sync";

export async function receive(options: AwaitOptions): Promise<Uint8Array | undefined> {
  using memory = SharedMemory.anonymous({ size: 4096 });
  const size: number = memory.size;
  const ring = SpscRing.create("/linux-ipc-never", { capacity: size });
  return ring.consumer().receive(options);
}

// @ts-expect-error: a capacity is a number, or the types are lost
export const ring: () => SpscRing = () => SpscRing.create("/linux-ipc-never", { capacity: "1" });

// @ts-expect-error: a lock is not a value
export const lock: () => Mutex = () => LatestValue.open("/linux-ipc-never");

/** Nor does completion offer what a program could not import. */
// @ts-expect-error: the library's own check of options
export type Check = typeof memory.checkCreation;
// @ts-expect-error: the library's own limit
export type Limit = typeof memory.SIZE_MAX;

/** Without a timeout there is a guard. */
export function locked(mutex: Mutex, rwlock: RwLock, file: FileLock, word: FutexLock, barrier: Barrier): number {
  for (const lock of [mutex, file, word]) lock.lockSync().unlock();
  for (const guard of [rwlock.readSync(), rwlock.writeSync({})]) guard.unlock();
  return barrier.arriveSync();
}

/** Nor is there a wait without one that ends with nothing. */
export async function received(consumer: rings.SpscConsumer, reader: rings.LatestValueReader, signal: AbortSignal) {
  const sizes = [consumer.receiveSync().length, (await consumer.receive()).length, reader.nextSync().length];
  return [...sizes, (await reader.next({ signal })).length, (await consumer.receive({ signal })).length];
}

/** With one there may be none, and so where nobody knows. */
export const mayFail = [
  // @ts-expect-error: it may be undefined
  (mutex: Mutex) => mutex.lockSync({ timeoutMs: 1 }).unlock(),
  // @ts-expect-error: it may be undefined
  (rwlock: RwLock) => rwlock.writeSync({ timeoutMs: 1 }).unlock(),
  (rwlock: RwLock, options: { timeoutMs?: number } | undefined) => rwlock.readSync(options)?.unlock(),
  // @ts-expect-error: it may be undefined
  (consumer: rings.SpscConsumer) => consumer.receiveSync({ timeoutMs: 1 }).length,
  // @ts-expect-error: it may be undefined
  async (reader: rings.LatestValueReader, options?: AwaitOptions) => (await reader.next(options)).length,
];

/** Whoever passes on options that may be missing. */
export async function passesOn(mutex: Mutex, rwlock: RwLock, file: FileLock, word: FutexLock, options?: AwaitOptions) {
  for (const lock of [mutex, file, word]) (await lock.lock(options))?.unlock();
  for (const guard of [await rwlock.read(options), await rwlock.write(options)]) guard?.unlock();
  // @ts-expect-error: it may be undefined
  (await mutex.lock(options)).unlock();
}

const Order = struct({ id: bytes(16), quantity: "u32" });

/** What is a copy goes wherever the web takes bytes of an ArrayBuffer, and nowhere else. */
export async function copies(map: SharedMap, ring: SpscRing, latest: LatestValue): Promise<ArrayBuffer[]> {
  const [consumer, reader, order] = [ring.consumer(), latest.reader(), Order.over(new ArrayBuffer(Order.size))];
  const all: (OwnBytes | undefined)[] = [
    map.get("a"),
    ...map.values(),
    ...[...map].map(([, value]) => value),
    consumer.tryReceive(),
    consumer.receiveSync(),
    await consumer.receive(),
    reader.tryRead(),
    reader.nextSync(),
    await reader.next(),
    Order.read(order).id,
  ];
  for await (const message of consumer) all.push(message);
  order.id = new Uint8Array(new SharedArrayBuffer(16)); // which may come from anywhere
  return all.map((one) => one?.buffer ?? new ArrayBuffer(0));
}

export const onTheWeb = [
  (value: OwnBytes) => new Blob([value]),
  (value: OwnBytes) => new Response(value),
  (value: OwnBytes) => crypto.subtle.digest("SHA-256", value),
];

/** Options that may be left out, but refuse the undefined of somebody who passes on what he was given. */
type Picky<Options> = Options extends unknown
  ? {
      [Name in keyof Options]-?: Record<never, never> extends Pick<Options, Name>
        ? { [Only in Name]: undefined } extends Pick<Options, Name>
          ? never
          : Name
        : never;
    }[keyof Options]
  : never;

type Creations =
  | Parameters<typeof Barrier.create>[1]
  | memory.ObjectCreateOptions
  | Parameters<typeof sync.Event.create>[1]
  | Parameters<typeof sync.RwLock.create>[1]
  | Parameters<typeof sync.Semaphore.create>[1]
  | memory.AnonymousMemoryOptions
  | memory.SharedMemoryAnonymousOptions
  | memory.SharedMemoryCreateOptions
  | memory.StructOptions
  | rings.LatestValueCreateOptions
  | rings.SharedMapCreateOptions
  | rings.SpscRingCreateOptions;

type Openings =
  | memory.ObjectOpenOptions
  | memory.ObjectOverOptions
  | Parameters<typeof FileLock.over>[1]
  | memory.MappedFileCreateOptions
  | memory.MappedFileGrowOptions
  | memory.MappedFileOpenOptions
  | memory.SharedMemoryDescriptorOptions
  | memory.SharedMemoryOpenOptions
  | rings.LatestValueOpenOptions
  | rings.LatestValueOverOptions
  | rings.SharedMapOpenOptions
  | rings.SharedMapOverOptions
  | rings.SpscRingOpenOptions
  | rings.SpscRingOverOptions
  | sync.FileLockOpenOptions;

type Uses =
  | AwaitOptions
  | Parameters<MutexGuard["unlock"]>[0]
  | Parameters<WriteGuard["unlock"]>[0]
  | memory.ByteRange
  | memory.LockMemoryOptions
  | memory.MappedFileSyncOptions
  | memory.cpu.AffinityOptions
  | memory.cpu.SchedulerOptions
  | memory.numa.NumaAllocOptions
  | memory.numa.NumaBindOptions
  | memory.numa.NumaPolicyRequest
  | rings.IterationOptions
  | rings.SharedMapWriteOptions
  | sync.FileLockAwaitOptions;

export const picky: Record<Picky<Creations> | Picky<Openings> | Picky<Uses>, never> = {};

/** With `exactOptionalPropertyTypes`, too, a timeout and a signal that may be undefined can be passed on. */
export const passedOn = [
  (mutex: Mutex, timeoutMs?: number, signal?: AbortSignal) => mutex.lock({ timeoutMs, signal }),
  (rwlock: RwLock, timeoutMs?: number) => rwlock.readSync({ timeoutMs })?.unlock(),
  (file: FileLock, signal?: AbortSignal) => file.lock({ signal }),
];
