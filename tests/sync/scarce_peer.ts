// A peer of scarce.test.ts: does one thing where there is no thread, descriptor or signal more. COMMAND NAME [FLAG]

import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { FileLock, Futex, IpcError, Mutex, Peer, SharedMemory } from "../../mod.ts";

const [command, name, flag] = process.argv.slice(2) as [string, string, string];

const told = (error: unknown) => (error instanceof IpcError ? `${error.code} ${error.syscall}` : String(error));

async function outcome(action: () => unknown): Promise<string> {
  try {
    return `${await action()}`;
  } catch (error) {
    return told(error);
  }
}

/** Waits for a lock that another object holds; from the making of the file `flag` on no thread can be started. */
async function lockWithoutThreads(): Promise<void> {
  const holder = FileLock.open(name, { create: true });
  const file = FileLock.open(name);
  const guard = holder.lockSync();
  writeFileSync(flag, "");
  console.log(await outcome(() => file.lockSync()));
  console.log(await outcome(() => file.lock()));
  console.log(await outcome(() => file.tryLock()));
  rmSync(flag);
  guard.unlock();
  console.log(await outcome(() => typeof file.lockSync()));
}

/** What each says that needs a thread of its own, where none can be started. */
async function waitWithoutThreads(): Promise<void> {
  const message = (action: () => unknown) =>
    Promise.resolve()
      .then(action)
      .then(
        () => "nothing was thrown",
        (error: Error) => error.message,
      );
  const futex = Futex.over(SharedMemory.anonymous({ size: 4096 }), 0);
  const peer = Peer.ofPid(process.ppid);
  writeFileSync(flag, "");
  console.log(await message(() => Mutex.create(name)));
  console.log(await message(() => futex.wait(0)));
  console.log(await message(() => peer.died()));
  rmSync(flag);
  const holder = Mutex.create(name, { unlinkOnClose: true }); // its life is a thread's: that one can be started
  const other = Mutex.open(name);
  const guard = holder.lockSync();
  writeFileSync(flag, "");
  console.log(await message(() => other.lock()));
  guard.unlock();
  for (const mutex of [other, holder]) mutex.close();
}

/** Makes a mutex with a descriptor for its memory, and none for its slot. */
async function createWithoutDescriptors(): Promise<void> {
  Mutex.create(`${name}-first`, { unlinkOnClose: true }).close(); // the library is loaded
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync("/dev/null", "r"));
  } catch {
    // there are no more
  }
  closeSync(taken.pop() as number);
  const result = await outcome(() => Mutex.create(name));
  for (const fd of taken) closeSync(fd);
  console.log(result, existsSync(`/dev/shm${name}`));
}

/** The signal of a death that cannot be watched while there is no thread, and the next one. */
async function signalWithoutThreads(): Promise<void> {
  const child = spawn("sleep", ["100"]);
  const peer = Peer.ofPid(child.pid as number);
  const keepAlive = setInterval(() => {}, 1000); // no such signal does
  const tell = async (signal: AbortSignal) => {
    const isAborted = signal.aborted;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    console.log(isAborted, told(signal.reason));
  };
  writeFileSync(flag, "");
  await tell(peer.deathSignal());
  rmSync(flag);
  const next = tell(peer.deathSignal());
  child.kill("SIGKILL");
  await next;
  clearInterval(keepAlive);
}

/** Waits for a lock that another object holds, where no signal more may be queued, and gives up. */
async function giveUpWithoutSignals(): Promise<void> {
  const holder = FileLock.open(name, { create: true });
  const guard = holder.lockSync();
  const file = FileLock.open(name);
  console.log(await outcome(() => file.lockSync({ timeoutMs: 10 })));
  console.log(await outcome(() => file.lock({ timeoutMs: 10 })));
  const waiting = outcome(() => file.lock());
  file.close();
  console.log(await waiting);
  guard.unlock();
  console.log(await outcome(() => typeof holder.tryLock()));
  holder.close();
}

const commands: Record<string, () => Promise<void>> = {
  threads: lockWithoutThreads,
  waits: waitWithoutThreads,
  death: signalWithoutThreads,
  signals: giveUpWithoutSignals,
  descriptors: createWithoutDescriptors,
};
await commands[command]?.();
process.exit();
