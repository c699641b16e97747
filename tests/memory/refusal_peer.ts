// The peer of the refusal tests: opens, makes and removes what it may not, and says the message of each error.

import process from "node:process";
import {
  FileLock,
  Futex,
  LatestValue,
  MappedFile,
  Mutex,
  Participants,
  SharedMap,
  SharedMemory,
  SpscRing,
} from "../../mod.ts";

/** Becomes nobody, as servers do once they have opened what only root may. */
function giveUpRights(): void {
  process.setgroups?.([]);
  process.setgid?.(65534);
  process.setuid?.(65534);
}

const ways: Record<string, (name: string) => unknown> = {
  memory: (name) => SharedMemory.open(name),
  memoryToRead: (name) => SharedMemory.open(name, { readOnly: true }),
  ring: (name) => SpscRing.open(name),
  latest: (name) => LatestValue.open(name),
  map: (name) => SharedMap.open(name),
  mutex: (name) => Mutex.open(name),
  futex: (name) => Futex.open(name),
  futexToMake: (name) => Futex.openOrCreate(name),
  file: (path) => MappedFile.open(path),
  lock: (path) => FileLock.open(path),
  lockToMake: (path) => FileLock.open(path, { create: true }),
  unlink: (name) => SharedMemory.unlink(name),
  memoryToLeave: (name) => SharedMemory.openOrCreate(name, { size: 1, unlinkOnClose: true }).close(),
  mutexToLeave: (name) => Mutex.openOrCreate(name, { unlinkOnClose: true }).close(),
  mutexToMake: (name) => Mutex.create(name),
  memoryToMake: (name) => SharedMemory.openOrCreate(name, { size: 1 }),
  fileToMake: (path) => MappedFile.create(path, { size: 1 }),
  fileToSize: (path) => MappedFile.openOrCreate(path, { size: 1 }),
  joinWithoutRights: (name) => {
    const memory = SharedMemory.open(name);
    giveUpRights();
    Participants.over(memory, 0).join();
  },
  ringWithoutRights: (name) => {
    const memory = SharedMemory.open(name);
    giveUpRights();
    SpscRing.over(memory, 8192, { participants: Participants.over(memory, 0), capacity: 4096 });
  },
  /** Which must not drop the lock that this process has on it. */
  lockTwice: (path) => {
    const first = FileLock.open(path, { kind: "posix", readOnly: true });
    first.lockSync({ shared: true });
    try {
      return FileLock.open(path, { kind: "posix" });
    } finally {
      const other = FileLock.open(path, { readOnly: true });
      console.log(other.blocker({ shared: false }) === undefined ? "the lock is gone" : "the lock is there");
    }
  },
};

for (const request of process.argv.slice(2)) {
  const [way, name] = request.split("=");
  try {
    ways[way](name);
    console.log("no error");
  } catch (error) {
    console.log((error as Error).message);
  }
}
