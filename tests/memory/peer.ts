// The peer of the memory tests: one command a process; says in lines how far it is.

import {
  closeSync,
  openSync,
  read,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import {
  AnonymousMemory,
  cacheLineSize,
  hugePagePools,
  IpcError,
  lockMemory,
  MappedFile,
  Mutex,
  numa,
  Participants,
  prefault,
  SharedMemory,
} from "../../mod.ts";
import { Mapping } from "../../src/memory/mapping.ts";
import * as sys from "../../src/sys/memory.ts";

const [command, name, ...parameters] = process.argv.slice(2);
const numbers = parameters.map(Number);

const codeOf = (error: unknown) => (error instanceof IpcError ? error.code : String(error));

/** What the action answers, or the code of its error. */
function outcome(action: () => unknown): string {
  try {
    return String(action());
  } catch (error) {
    return codeOf(error);
  }
}

/** What the action answers, or the message of its error. */
function outcomeOf(action: () => unknown): string {
  try {
    return String(action());
  } catch (error) {
    return (error as Error).message;
  }
}

/** Resolves at the next line of input. */
function input(): Promise<string> {
  return new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));
}

/** Removing a name waits a second for who is in the middle of that, in pauses: ten, for tests on slow machines. */
function removePatiently(): void {
  const { wait } = Atomics;
  Atomics.wait = ((array: Int32Array, index: number, value: number, milliseconds?: number) =>
    wait(array, index, value, milliseconds === undefined ? undefined : 10 * milliseconds)) as typeof wait;
}

const commands: Record<string, () => void | Promise<void>> = {
  /** Whether an openOrCreate made the object; all racers start at the instant that they are told. */
  async openOrCreate() {
    SharedMemory.anonymous({ size: 4096 }).close(); // loads the library, so that the race is about the object
    console.log("ready");
    const start = Number(await input());
    await new Promise((resolve) => setTimeout(resolve, start - Date.now()));
    const memory = SharedMemory.openOrCreate(name, { size: numbers[0] });
    console.log(`${memory.created} ${memory.size} ${memory.bytes.every((byte) => byte === 0)}`);
    memory.close();
    process.exit();
  },

  /** Creates an object where each file has a name; then where that of its making is taken, or its own. */
  privateName() {
    const start = `.linux-ipc-${process.pid}-`;
    const all = () => readdirSync("/dev/shm").filter((one) => one.startsWith(start));
    const modeOf = (file: string) => (statSync(`/dev/shm/${file}`).mode & 0o777).toString(8);
    const create = (fill: (buffer: ArrayBuffer) => void) =>
      outcome(() => SharedMemory.createFilled(name, { size: 1, mode: 0o640 }, fill).bytes[0]);
    const { random } = Math;
    Math.random = () => 0.5;
    const taken = `/dev/shm/${start}${(0.5).toString(36).slice(2)}`;
    writeFileSync(taken, "\x05");
    console.log(`taken: ${create(() => {})} ${readFileSync(taken)[0]}`);
    rmSync(taken);
    Math.random = random;
    process.umask(0o077);
    const made = create((buffer) => {
      console.log(`making: ${all().map(modeOf).join()}`);
      new Uint8Array(buffer)[0] = 7;
    });
    console.log(`made: ${modeOf(name)} ${made}`);
    console.log(`again: ${create(() => {})}`);
    console.log(`left: ${all().length}`);
    SharedMemory.unlink(name);
  },

  /** Creates and unlinks without end, until it is killed. */
  createLoop() {
    console.log("started");
    for (let round = 0; ; round++) {
      const path = `${name}-${round % 4}`;
      SharedMemory.unlink(path);
      SharedMemory.createFilled(path, { size: numbers[0] }, (buffer) => new Uint8Array(buffer).fill(0xab)).close();
    }
  },

  /** Closes an object, and removes its name, when told to. */
  async closeUnlinking() {
    const memory = SharedMemory.openOrCreate(name, { size: 4096, unlinkOnClose: true });
    removePatiently();
    console.log("open");
    await input();
    memory.close();
    console.log("closed");
    process.exit();
  },

  /** Removes the name when told to. */
  async unlink() {
    SharedMemory.anonymous({ size: 4096 }).close(); // loads the library
    removePatiently();
    console.log("ready");
    await input();
    console.log(SharedMemory.unlink(name));
    process.exit();
  },

  /** Maps the object and tells what it finds when told to look. */
  async lookTwice() {
    const memory = SharedMemory.open(name, { readOnly: parameters[0] === "readOnly" });
    console.log(memory.bytes[0]);
    await input();
    console.log(memory.bytes[0]);
    process.exit();
  },

  /** Writes where a read-only opener should not. */
  strayWrite() {
    const memory = SharedMemory.open(name, { readOnly: true });
    memory.bytes.fill(99);
    console.log(memory.bytes[0], memory.readOnly);
    memory.close();
    console.log("alive");
  },

  /** Has its mapping cut under it by truncate(2). */
  truncated() {
    const memory = SharedMemory.create(name, { size: 4096 * 8, unlinkOnClose: true });
    memory.bytes.fill(1);
    truncateSync(`/dev/shm${name}`, 4096);
    const [kept, lost] = [memory.bytes[4095], memory.bytes[4096]];
    memory.bytes[4096 * 3] = 5;
    console.log(kept, lost, memory.bytes[4096 * 3], memory.lostPages);
    const sum = memory.bytes.reduce((total, byte) => total + byte, 0);
    console.log(sum, memory.lostPages);
    memory.close();
    console.log("alive", memory.lostPages);
  },

  /** Reserves memory. */
  reserves() {
    SharedMemory.create(name, { size: 8192, unlinkOnClose: true }).close();
    console.log("reserved");
  },

  /** Gets a SIGBUS that no instruction has caused. */
  async killedByBus() {
    SharedMemory.create(name, { size: 8192, unlinkOnClose: true }); // puts the guard in place
    SharedMemory.unlink(name);
    console.log("guarded");
    process.kill(process.pid, "SIGBUS");
    await new Promise((resolve) => setTimeout(resolve, 10_000));
  },

  /** Loses pages of a mapping that nobody guards. */
  unguarded() {
    const memory = SharedMemory.create(name, { size: 8192, unlinkOnClose: true }); // puts the guard in place
    const address = sys.mmap(8192, sys.PROT_READ | sys.PROT_WRITE, sys.MAP_SHARED, memory.fd, 0);
    const bytes = new Uint8Array(sys.view(address, 8192) as ArrayBuffer);
    SharedMemory.unlink(name);
    truncateSync(`/proc/self/fd/${memory.fd}`, 4096);
    console.log(bytes[0]);
    console.log(bytes[4096], "and lives");
  },

  /** Is closed while the runtime waits to read a file into it. */
  async closedInUse() {
    const memory = SharedMemory.create(name, { size: 8192, unlinkOnClose: true });
    const { bytes } = memory;
    const pipe = parameters[0];
    const fd = openSync(pipe, "r+");
    const isRead = new Promise((resolve) => read(fd, bytes, 4096, 1, null, resolve));
    memory.close();
    memory.close();
    bytes[0] = 5;
    console.log(bytes[0], memory.fd);
    writeFileSync(pipe, "x");
    await isRead;
    console.log(String.fromCharCode(bytes[4096]));
    while (bytes.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    console.log(bytes[0], memory.size);
  },

  /** The buffer moves to another owner, and its memory is closed, then cut. */
  transferred() {
    const memory = SharedMemory.create(name, { size: 8192, unlinkOnClose: true });
    const other = SharedMemory.open(name);
    memory.bytes[4096] = 5;
    const moved = new Uint8Array((memory.buffer as ArrayBuffer & { transfer(): ArrayBuffer }).transfer());
    memory.close();
    console.log(memory.size, memory.fd, moved[4096]);
    moved[4096] = 6;
    console.log(other.bytes[4096]);
    truncateSync(`/proc/self/fd/${other.fd}`, 0);
    console.log(moved[0], moved[4096]); // still guarded
    other.close();
  },

  /** Every second page is lost: between two of them there stays a mapping, until the kernel has no room for more. */
  scattered() {
    const [size, more] = numbers;
    const others = Array.from({ length: more }, () => SharedMemory.anonymous({ size: 4096 })); // a mapping each
    SharedMemory.create(name, { size: 4096, unlinkOnClose: true });
    truncateSync(`/dev/shm${name}`, size);
    const memory = SharedMemory.open(name);
    memory.bytes[5] = 7;
    truncateSync(`/dev/shm${name}`, 4096);
    let sum = 0;
    for (let offset = 4096; offset < memory.size; offset += 8192) sum += memory.bytes[offset];
    console.log(sum, memory.bytes[5], memory.lostPages >= memory.size / 8192);
    memory.bytes[0] = 9;
    console.log(SharedMemory.open(name).bytes[0]);
    for (const other of others) other.close();
  },

  /** Asks for as many bytes in each of the ways that make pages present at once; of a tmpfs at that path, too. */
  /** The first so many ways to ask for memory. */
  ways() {
    const [size] = numbers;
    const [, path, most] = parameters;
    const anonymous = () => AnonymousMemory.create({ size });
    const then = <Memory>(memory: Memory, act: (memory: Memory) => void): Memory => {
      act(memory);
      return memory;
    };
    const ways = [
      () => SharedMemory.anonymous({ size }),
      () => SharedMemory.anonymous({ size, hugePages: "try" }),
      () => SharedMemory.create(name, { size }),
      () => AnonymousMemory.create({ size, populate: true }),
      () => AnonymousMemory.create({ size, locked: true }),
      () => MappedFile.create(`/dev/shm${name}`, { size }),
      () => MappedFile.create(`${path}/reserved`, { size }),
      () => then(MappedFile.create(`${path}/grown`, { size: 4096 }), (file) => file.grow(size)),
      () => then(MappedFile.create(`${path}/sparse`, { size, sparse: true }), (file) => prefault(file)),
      () => then(anonymous(), (memory) => prefault(memory)),
      () => then(anonymous(), (memory) => lockMemory(memory)),
      anonymous,
    ];
    for (const way of ways.slice(0, Number(most))) {
      try {
        way().close();
        console.log("made");
      } catch (error) {
        console.log((error as Error).message);
      }
    }
  },

  /** Makes files larger than this process may, in each of the ways that there are; then small ones. */
  tooLarge() {
    const [most] = numbers;
    const blocked = () => /^SigBlk:\s*(\w+)$/m.exec(readFileSync("/proc/thread-self/status", "utf8"))?.[1];
    const before = blocked();
    const path = parameters[1];
    const file = MappedFile.create(path, { size: 4096 });
    const ways = (size: number) => [
      () => SharedMemory.anonymous({ size }),
      () => SharedMemory.create(name, { size, unlinkOnClose: true }),
      () => MappedFile.create(`${path}-reserved`, { size }),
      () => MappedFile.create(`${path}-sparse`, { size, sparse: true }),
    ];
    for (const way of [...ways(most + 1), () => file.grow(most + 1)]) console.log(outcome(way));
    for (const way of ways(4096)) way().close();
    file.grow(8192);
    console.log(blocked() === before ? "works again" : `${blocked()} are blocked, ${before} were`);
  },

  /** Maps an object more often than one chunk of the guards' table holds, and loses its pages. */
  manyGuards() {
    const first = SharedMemory.create(name, { size: 8192, unlinkOnClose: true });
    const attempt = () => ({ syscall: "mmap", doing: "map it once more" });
    const request = { fd: first.fd, offset: 0, length: 8192, readOnly: false, attempt };
    const maps = Array.from({ length: numbers[0] }, () => new Mapping(request)); // without a descriptor each
    const participants = Participants.over(first, 0);
    participants.join();
    truncateSync(`/dev/shm${name}`, 0);
    const last = maps.at(-1);
    console.log(last?.bytes[5000], last?.lostPages, maps[0].lostPages, participants.isDead(participants.owner));
    participants.close(); // writes into its own mapping of the table
    for (const map of maps) map.close();
    const again = Array.from({ length: numbers[0] }, () => new Mapping(request)); // all guards anew
    console.log(again.every((map) => map.lostPages === 0));
    for (const map of again) map.close();
    first.close();
  },

  /** Everybody looks at views of memory that is gone. */
  useAfterClose() {
    const memory = SharedMemory.create(name, { size: 8192, unlinkOnClose: true });
    const { bytes, buffer } = memory;
    const views = [new Uint8Array(buffer, 16, 64), new Float64Array(buffer), new DataView(buffer), bytes.subarray(5)];
    const words = new Int32Array(buffer);
    memory.close();
    for (let round = 0; round < 20_000; round++) {
      bytes[round % 8192] = round;
      words[round % 2048] = round;
      if (bytes[round % 8192] !== undefined || words[0] !== undefined) throw new Error("bytes are still there");
    }
    const lengths = views.map((view) => outcome(() => view.byteLength));
    console.log(memory.size, bytes.length, buffer.byteLength, lengths.map((text) => /^0$|Error/.test(text)).join());
    console.log(outcome(() => Atomics.load(words, 0)).replace(/Error.*/, "Error"));
    console.log(outcome(() => bytes.set([1])).replace(/Error.*/, "Error"));
  },

  /** On a small file system. */
  fill() {
    const size = numbers[0];
    console.log(outcome(() => SharedMemory.create(name, { size })));
    try {
      SharedMemory.create(name, { size });
    } catch (error) {
      console.log((error as Error).message);
    }
    console.log(outcome(() => SharedMemory.open(name)));
    const small = SharedMemory.create(name, { size: 65536 });
    console.log(
      outcome(() => small.resize(size)),
      small.size,
      small.bytes[65535],
    );
    small.close();
  },

  /** Tries to shrink what it got as descriptor 3. */
  shrinkDescriptor() {
    try {
      truncateSync("/proc/self/fd/3", 0);
      console.log("shrunk");
    } catch (error) {
      console.log((error as { code?: string }).code);
    }
    const memory = SharedMemory.fromDescriptor(3);
    console.log(memory.size, memory.bytes[0]);
    memory.bytes[1] = 78;
    memory.close();
  },

  /** Takes slots of the table at the start of the memory and holds them until it is killed. */
  async join() {
    const memory = SharedMemory.open(name);
    for (let count = 0; count < numbers[0]; count++) console.log(Participants.over(memory, 0).join());
    console.log("joined");
    await input();
  },

  /** Takes slots of the tables in turn; when told to, gives the first ones back and takes others. Says the owner ids. */
  async joinMany() {
    const memory = SharedMemory.open(name);
    const [count, tables, again] = numbers;
    const join = (index: number) => {
      const participants = Participants.over(memory, (index % tables) * Participants.byteSize());
      participants.join();
      return participants;
    };
    const say = (all: Participants[]) => console.log(all.map(({ owner }) => owner).join());
    const all = Array.from({ length: count }, (_, index) => join(index));
    say(all);
    await input();
    for (const participants of all.slice(0, again)) participants.close();
    say(Array.from({ length: again }, (_, index) => join(index)));
    await input();
  },

  /** Asks about owners without having joined. */
  askUnjoined() {
    const memory = SharedMemory.open(name);
    const participants = Participants.over(memory, 0);
    console.log(outcome(() => participants.isDead(numbers[0])));
    console.log(outcome(() => participants.isProvenDead(numbers[0])).slice(0, 40));
    participants.join();
    participants.close();
    console.log(outcome(() => participants.isProvenDead(numbers[0])).slice(0, 40));
    console.log("alive");
  },

  /** Takes descriptors until there are none. */
  exhaust() {
    const all: SharedMemory[] = [];
    const code = outcome(() => {
      for (;;) all.push(SharedMemory.anonymous({ size: 4096 }));
    });
    console.log(code, all.length);
    for (const memory of all) memory.close();
    SharedMemory.anonymous({ size: 4096 }).close();
    console.log("works again");
  },

  /** Asks the kernel's files without a descriptor to open them with, and once there is one again. */
  asksWithout() {
    AnonymousMemory.create({ size: 1 }).close(); // loads the library
    const open: number[] = [];
    outcomeOf(() => {
      for (;;) open.push(openSync("/dev/null", "r"));
    });
    const asks: (() => unknown)[] = [
      hugePagePools,
      numa.nodes,
      cacheLineSize,
      () => AnonymousMemory.create({ size: 2 ** 40, hugePages: "2MB" }),
      () => AnonymousMemory.create({ size: 1, hugePages: "try" }).size,
    ];
    const answers = asks.map(outcomeOf);
    for (const fd of open) closeSync(fd);
    for (const answer of answers) console.log(answer);
    console.log(numa.nodes()[0].totalBytes > 0, cacheLineSize() > 0);
  },

  /** Closes one memory and forgets another, and a held lock. */
  async forget() {
    let [round, last] = [0, 150];
    let said = 0;
    process.on("warning", ({ name: kind, message }) => {
      if (kind === "ExperimentalWarning") return; // node:ffi says that it is one
      console.log(kind, message);
      if (++said === 2) last = round + 30; // nothing else is said
    });
    const forget = () => {
      SharedMemory.create(`${name}-closed`, { size: 4096, unlinkOnClose: true }).close();
      SharedMemory.create(name, { size: 4096 });
      Mutex.create(`${name}-lock`).tryLock();
      Mutex.unlink(`${name}-lock`);
    };
    forget();
    const { gc, Bun } = globalThis as unknown as { gc?: () => void; Bun?: { gc(force: boolean): void } };
    for (; round < last; round++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      Bun?.gc(true);
      gc?.();
    }
  },

  /** Opens what is no memory. */
  openOdd() {
    console.log(outcome(() => SharedMemory.open(name, { timeoutMs: 50, readOnly: parameters[0] === "readOnly" }).size));
  },
};

await commands[command]();
