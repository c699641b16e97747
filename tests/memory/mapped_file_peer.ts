// The peer of the mapped-file tests: one command a process; says in lines how far it is.

import { readFileSync, rmSync, statfsSync, truncateSync } from "node:fs";
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
    sparse.close();
  },
};

await commands[command]();
