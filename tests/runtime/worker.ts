// A Worker of the runtime tests: does what workerData says, and tells its parent.

import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { Futex, FutexLock, IpcError, MappedFile, Peer, SharedMemory, SpinLock, SpscRing } from "../../mod.ts";
import { withLayoutLock } from "../../src/memory/layout_lock.ts";
import { reserve } from "../../src/memory/reservation.ts";

const { task, name, rounds } = workerData as { task: string; name: string; rounds: number };
const tell = (text: string) => parentPort?.postMessage(text);

/** Each call puts a path into the scratch block and reads a struct back: another thread's would be noticed. */
function useScratch(): void {
  for (let round = 1; round <= rounds; round++) {
    const path = `${name}-${round}`;
    const memory = SharedMemory.create(path, { size: round, unlinkOnClose: true });
    if (SharedMemory.open(path).size !== round) throw new Error(`the size of ${path} is another's`);
    memory.close();
    try {
      SharedMemory.open(path);
      throw new Error(`${path} is still there`);
    } catch (error) {
      if (!(error instanceof IpcError) || error.path !== `/dev/shm${path}`) throw error;
    }
  }
  tell("done");
}

/** What it was about to do takes long, and it is terminated meanwhile. */
function staySo(): never {
  tell("at it");
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (;;) Atomics.wait(sleeper, 0, 0, 20);
}

const tasks: Record<string, () => void> = {
  useScratch,

  /** Holds the consumer's role and awaits. */
  awaitMessage() {
    SpscRing.open(name).consumer().receive();
    tell("waiting");
  },

  /** Watches a process, and closes nothing. */
  watch() {
    Peer.ofPid(process.pid).unref().died();
    tell("watching");
  },

  /** Opens a word by its name as each kind of them, and closes none of them. */
  openWords() {
    Futex.open(name);
    FutexLock.open(name);
    SpinLock.openOrCreate(name);
    tell("open");
  },

  /** Holds the producer's role and never awaits anything. */
  sendOne() {
    SpscRing.open(name)
      .producer()
      .trySend(new Uint8Array([7]));
    tell("sent");
    setInterval(() => {}, 1000);
  },

  /** Ends by itself, and closes nothing. */
  sendAndEnd() {
    SpscRing.open(name)
      .producer()
      .trySend(new Uint8Array([7]));
    tell("sent");
  },

  /** Answers each message by its first byte plus one, until the stream ends. */
  async echo() {
    const consumer = SpscRing.open(name).consumer();
    const producer = SpscRing.open(`${name}-back`).producer();
    tell("ready");
    for await (const message of consumer) await producer.send(new Uint8Array([message[0] + 1]));
    producer.close();
    tell("ended");
  },

  /** Blocks its thread for good. */
  block() {
    const consumer = SpscRing.open(name).consumer();
    tell("blocking");
    consumer.receiveSync();
  },

  /** Lays an object at the first byte. */
  lay() {
    withLayoutLock(SharedMemory.open(name), 0, staySo);
  },

  /** Makes a file on a disk longer. */
  grow() {
    const { fd } = MappedFile.open(name);
    const reservation = {
      fd,
      get size() {
        return staySo();
      },
    };
    reserve(reservation, () => ({ syscall: "posix_fallocate", doing: "grow" }));
  },

  /** Removes a name: opens the file, locks it, and looks whether the name is still its own. */
  remove() {
    const { encodeInto } = TextEncoder.prototype;
    let calls = 0;
    TextEncoder.prototype.encodeInto = function (text, bytes) {
      if (text === `/dev/shm${name}` && ++calls === 2) staySo();
      return encodeInto.call(this, text, bytes);
    };
    SharedMemory.unlink(name);
  },
};

tasks[task]();
