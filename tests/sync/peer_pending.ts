// Awaits something that does not come, and does or does not want to live for it. ref|unref NAME [TIMEOUT]

import { unlinkSync } from "node:fs";
import process from "node:process";
import { Barrier, Condition, Event, FileLock, FutexLock, Mutex, Once, RwLock, Semaphore } from "../../mod.ts";

const [ref, prefix, timeout] = process.argv.slice(2) as [string, string, string | undefined];
const options = timeout === undefined ? undefined : { timeoutMs: Number(timeout) };
const isUnref = ref === "unref";
/** Objects live on: a lock that nobody refers to may still be held. */
const held: unknown[] = [];

const ways: Record<string, (name: string) => Promise<unknown>> = {
  async mutex(name) {
    const mutex = Mutex.create(name, { unlinkOnClose: true });
    held.push(mutex, mutex.tryLock());
    if (isUnref) mutex.unref();
    return mutex.lock(options ?? {});
  },
  async read(name) {
    const lock = RwLock.create(name, { unlinkOnClose: true });
    held.push(lock, lock.tryWrite());
    if (isUnref) lock.unref();
    return lock.read(options ?? {});
  },
  async write(name) {
    const lock = RwLock.create(name, { unlinkOnClose: true });
    held.push(lock, lock.tryRead());
    if (isUnref) lock.unref();
    return lock.write(options ?? {});
  },
  async semaphore(name) {
    const semaphore = Semaphore.create(name, { value: 0, unlinkOnClose: true });
    held.push(semaphore);
    if (isUnref) semaphore.unref();
    return semaphore.acquire(options);
  },
  async event(name) {
    const event = Event.create(name, { unlinkOnClose: true });
    held.push(event);
    if (isUnref) event.unref();
    return event.wait(options);
  },
  async barrier(name) {
    const barrier = Barrier.create(name, { parties: 2, unlinkOnClose: true });
    held.push(barrier);
    if (isUnref) barrier.unref();
    barrier.join();
    return barrier.arrive(options);
  },
  async once(name) {
    const once = Once.create(name, { unlinkOnClose: true });
    held.push(once);
    if (isUnref) once.unref();
    void once.run(() => new Promise(() => {}));
    return once.run(() => {}, options);
  },
  async file(name) {
    const path = `/dev/shm${name}`;
    const [file, holder] = [FileLock.open(path, { create: true }), FileLock.open(path)];
    held.push(file, holder, holder.tryLock());
    unlinkSync(path);
    if (isUnref) file.unref();
    return file.lock(options ?? {});
  },
  async word(name) {
    const lock = FutexLock.create(name, { unlinkOnClose: true });
    held.push(lock, lock.tryLock());
    FutexLock.unlink(name);
    if (isUnref) lock.unref();
    return lock.lock(options ?? {});
  },
  async condition(name) {
    const mutex = Mutex.create(`${name}-m`, { unlinkOnClose: true });
    const condition = Condition.create(name, { unlinkOnClose: true });
    held.push(mutex, condition);
    if (isUnref) condition.unref();
    const guard = mutex.tryLock();
    return guard && (await condition.wait(guard, options)).notified;
  },
};

/** One after the other: each must keep the process alive by itself. */
async function waitForEach(): Promise<void> {
  for (const [kind, wait] of Object.entries(ways)) {
    await wait(`${prefix}-${kind}`);
    console.log(kind);
  }
}

console.log("waiting");
if (isUnref) for (const [kind, wait] of Object.entries(ways)) void wait(`${prefix}-${kind}`);
else void waitForEach();
