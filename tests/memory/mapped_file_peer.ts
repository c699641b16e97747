// The peer of the mapped-file tests: one command a process; says in lines how far it is.

import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { IpcError, MappedFile } from "../../mod.ts";

const [command, path, ...parameters] = process.argv.slice(2);
const numbers = parameters.map(Number);

/** What the action answers, or the code of its error. */
function outcome(action: () => unknown): string {
  try {
    return String(action());
  } catch (error) {
    return error instanceof IpcError ? error.code : String(error);
  }
}

/** Bytes that root may still take of the file system that holds the path. */
const freeBytes = () => statfsSync(path).bfree * statfsSync(path).bsize;

/** What an action answers, and what has become otherwise: the length of a file, what it takes, what the disk has free. */
function effect(name: string, action: () => unknown): string {
  const state = () => [statSync(name).size, statSync(name).blocks * 512, freeBytes()];
  const before = state();
  const result = outcome(action);
  // A file may keep a block of its own for where its bytes lie.
  const changed = state().map((value, index) => (Math.abs(value - before[index]) > 8192 ? value - before[index] : 0));
  return `${result} ${changed.join()}`;
}

/** What this process has locked, in kB. */
const lockedKb = () => Number(/^VmLck:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);

/** Resolves at the next line of input. */
function input(): Promise<string> {
  return new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));
}

const commands: Record<string, () => void | Promise<void>> = {
  /** Tells the first byte, sets the second, and tells the third when told to look. */
  async exchange() {
    const file = MappedFile.open(path);
    console.log(file.bytes[0]);
    file.bytes[1] = 2;
    console.log("written");
    await input();
    console.log(file.bytes[2]);
    file.close();
    process.exit();
  },

  /** Counts up in the file's first words, without end, and never syncs. */
  count() {
    const file = MappedFile.openOrCreate(path, { size: numbers[0] });
    const words = new Int32Array(file.buffer);
    const start = words[0];
    console.log(start);
    for (let value = start + 1; ; value++) {
      for (const index of [0, words.length - 1]) words[index] = value;
      if (value === start + 1000) console.log("counting");
    }
  },

  /** Opens or creates at the instant that all racers are told. */
  async openOrCreate() {
    console.log("ready");
    const start = Number(await input());
    await new Promise((resolve) => setTimeout(resolve, start - Date.now()));
    const file = MappedFile.openOrCreate(path, { size: numbers[0] });
    console.log(`${file.created} ${file.size} ${file.bytes.every((byte) => byte === 0)}`);
    file.close();
    process.exit();
  },

  /** Creates and removes without end, until it is killed. */
  createLoop() {
    console.log("started");
    for (;;) {
      MappedFile.create(path, { size: numbers[0] }).close();
      rmSync(path);
    }
  },

  /** Lives through a file that is cut under its mapping. */
  cut() {
    const file = MappedFile.open(path);
    truncateSync(path, 0);
    console.log(file.bytes[0], file.bytes[file.size - 1], file.lostPages);
    file.bytes[5000] = 9;
    console.log(
      file.bytes[5000],
      outcome(() => file.sync()),
      outcome(() => file.advise("willneed")),
    );
    file.grow(file.size);
    console.log(
      file.lostPages,
      file.bytes[5000],
      outcome(() => file.sync()),
    );
    file.close();
    console.log("alive");
  },

  /** Grows a locked file beyond what may be locked, then within it; numbers are pages. */
  growLocked() {
    const file = MappedFile.create(path, { size: numbers[0] * 4096, locked: true });
    const { bytes } = file;
    bytes[0] = 5;
    for (const pages of numbers) {
      const result = outcome(() => file.grow(pages * 4096));
      console.log(result, file.size / 4096, bytes.length / 4096, file.bytes[0], lockedKb() / 4);
    }
    file.close();
  },

  /** Grows a locked file beyond what its file system can have, after somebody has cut it; in kB. */
  growCut() {
    const file = MappedFile.create(path, { size: 1 << 20, locked: true });
    truncateSync(path, 8192);
    console.log(
      lockedKb(),
      outcome(() => file.grow(numbers[0])),
      file.size,
      lockedKb(),
    );
    file.close();
  },

  /** Syncs a file that was there, twice, and one that is made now. */
  syncNames() {
    const [old, made] = [MappedFile.open(`${path}/old`), MappedFile.create(`${path}/made`, { size: 1 })];
    for (const file of [old, old, made]) console.log(outcome(() => file.sync()));
    for (const file of [old, made]) file.close();
  },

  /** Asks a disk for more than it has, in each of the ways that there are. */
  fullDisk() {
    const [file, empty] = [MappedFile.create(`${path}/grown`, { size: 1 << 20 }), `${path}/empty`];
    writeFileSync(empty, "");
    const free = freeBytes();
    const much = free + (1 << 20);
    console.log(effect(file.path, () => file.grow(file.size + much)));
    console.log(effect(empty, () => MappedFile.openOrCreate(empty, { size: much })));
    console.log(effect(empty, () => MappedFile.create(`${path}/new`, { size: much })));
    console.log(effect(empty, () => MappedFile.create(empty, { size: much })));
    try {
      file.grow(file.size + much);
    } catch (error) {
      const [, told, asked] = /has (\d+) bytes free of \d+, (\d+) asked/.exec(String(error)) ?? [];
      console.log(Number(told) === free, Number(asked) === much);
    }
    // The figures let this pass, but the file system keeps some of it for itself.
    console.log(effect(file.path, () => file.grow(file.size + freeBytes())));
    console.log(effect(empty, () => MappedFile.openOrCreate(empty, { size: freeBytes() })));
    console.log(effect(empty, () => MappedFile.create(`${path}/new`, { size: freeBytes() })));
    console.log(outcome(() => MappedFile.openOrCreate(empty, { size: 8192 }).size));
    file.close();
  },

  /** Grows a file into space that somebody has reserved behind its end, with less than that free beside it. */
  reservedBehind() {
    const file = MappedFile.create(`${path}/behind`, { size: 4096 });
    const most = Math.floor(freeBytes() / 4 / 4096) * 4096;
    execFileSync("fallocate", ["-n", "-l", String(most * 3), file.path]);
    console.log(effect(file.path, () => file.grow(file.size + most * 5)));
    console.log(
      outcome(() => file.grow(most * 3)),
      file.size === most * 3,
      statSync(file.path).size === most * 3,
    );
    file.close();
  },

  /** Asks for more than the disk has, again and again, until it is told to end. */
  async growTooFar() {
    const file = MappedFile.create(path, { size: 4096 });
    const codes = new Set<string>();
    let isOver = false;
    input().then(() => (isOver = true));
    console.log("growing");
    while (!isOver) {
      for (let round = 0; round < 5; round++) codes.add(outcome(() => file.grow(statSync(path).size + freeBytes())));
      await new Promise((resolve) => setTimeout(resolve));
    }
    console.log([...codes].join());
    file.close();
    process.exit();
  },

  /** Makes a file longer by so many pages, one by one, and tells how many are there afterwards. */
  growBeside() {
    const file = MappedFile.open(path);
    const [pages] = numbers;
    for (let page = 1; page <= pages; page++) {
      file.grow((page + 1) * 4096);
      file.bytes[page * 4096] = 7;
    }
    const kept = Array.from({ length: pages }, (_, index) => file.bytes[(index + 1) * 4096]).filter(
      (byte) => byte === 7,
    );
    console.log(kept.length, statSync(path).size === file.size, file.lostPages);
    file.close();
  },

  /** Fills a file system of 1 MiB. */
  full() {
    const free = () => statfsSync(path).bavail * statfsSync(path).bsize;
    const [before, name] = [free(), `${path}/big`];
    console.log(
      outcome(() => MappedFile.create(name, { size: 2 << 20 })),
      free() === before,
    );
    const file = MappedFile.create(name, { size: 4096 });
    console.log(
      outcome(() => file.grow(2 << 20)),
      file.size,
      free() >= before - 8192,
    );
    file.close();
    const sparse = MappedFile.create(`${path}/sparse`, { size: 2 << 20, sparse: true });
    console.log(
      outcome(() => sparse.sync()),
      sparse.lostPages,
    );
    sparse.bytes.fill(1);
    console.log(
      sparse.lostPages > 0,
      outcome(() => sparse.sync()),
    );
    try {
      sparse.sync();
    } catch (error) {
      console.log((error as Error).message);
    }
    sparse.close();
  },
};

await commands[command]();
