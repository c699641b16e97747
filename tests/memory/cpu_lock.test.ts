// Memory that is present and stays: prefault, mlock and its limits, advice; read-only memory stays shared through all.

import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import process from "node:process";
import { after, describe, it } from "node:test";
import {
  AnonymousMemory,
  advise,
  IpcError,
  lockMemory,
  type MappedMemory,
  prefault,
  SharedMemory,
  unlockMemory,
} from "../../mod.ts";
import { touch } from "../../src/memory/advice.ts";
import { compilePeer } from "../support/c_peer.ts";
import { cleanUp, ownRuntime, projectRoot, runPeer, spawnProgram, uniqueName } from "../support/mod.ts";
import { mappingFields } from "./huge_pages_pool.ts";

const peer = new URL("./cpu_peer.ts", import.meta.url);
const bad = <T>(value: unknown) => value as T;
const PAGE = 4096;

function mayLock(): boolean {
  const memory = AnonymousMemory.create({ size: 1 << 20 });
  try {
    lockMemory(memory);
    return true;
  } catch {
    return false;
  } finally {
    memory.close();
  }
}
const noLock = mayLock() ? false : "this process may not lock a MiB (RLIMIT_MEMLOCK)";
const noRoot = process.getuid?.() === 0 ? false : "needs root to give up its rights";

/**
 * KiB of the memory's own pages that are present, by proc_pid_pagemap(5). The Rss of its mapping would count the runtime's
 * pages too, where the kernel has joined the two.
 */
function resident({ address, size }: MappedMemory): number {
  const entries = new BigUint64Array(size / PAGE);
  const pagemap = openSync("/proc/self/pagemap", "r");
  readSync(pagemap, new Uint8Array(entries.buffer), 0, entries.byteLength, (address / PAGE) * 8);
  closeSync(pagemap);
  return (entries.filter((entry) => entry >> 63n === 1n).length * PAGE) / 1024;
}
const locked = (memory: MappedMemory): number => mappingFields(memory.address).Locked;

/** A writer's and a reader's view of the same memory; the reader's is private where it is read-only. */
function pair(size: number): [SharedMemory, SharedMemory] {
  const name = uniqueName("pair");
  const writer = SharedMemory.create(name, { size, unlinkOnClose: true });
  return [writer, SharedMemory.open(name, { readOnly: true })];
}

const presences: Record<string, (memory: MappedMemory) => void> = {
  prefault,
  "touch (kernels before 5.14)": (memory) => touch(memory, {}),
  lockMemory: (memory) => lockMemory(memory),
  "lockMemory, on fault": (memory) => lockMemory(memory, { onFault: true }),
};

describe("pages made present", () => {
  for (const [what, action] of Object.entries(presences)) {
    const skip = what.startsWith("lock") ? noLock : false;
    it(`${what}: changes no byte, and read-only memory still sees its writer`, { skip }, () => {
      const [writer, reader] = pair(64 << 10);
      writer.bytes.fill(5);
      action(reader);
      action(writer);
      assert.ok(reader.bytes.every((byte) => byte === 5) && writer.bytes.every((byte) => byte === 5));
      writer.bytes.fill(6);
      assert.ok(
        reader.bytes.every((byte) => byte === 6),
        "the reader has copies of its own",
      );
      reader.bytes[0] = 7;
      assert.equal(writer.bytes[0], 6);
      reader.close();
      writer.close();
    });
  }

  for (const [what, action] of Object.entries({ prefault, touch })) {
    it(`${what}: makes present the pages that the range touches, and no other`, () => {
      const memory = AnonymousMemory.create({ size: 1 << 20 });
      assert.equal(resident(memory), 0);
      action(memory, { offset: 4097, length: 4096 });
      assert.equal(resident(memory), 8);
      action(memory, {});
      assert.equal(resident(memory), 1024);
      memory.close();
    });
  }

  it("the options of AnonymousMemory do it at once", { skip: noLock }, () => {
    for (const [options, rss, held] of [
      [{}, 0, 0],
      [{ noReserve: true }, 0, 0],
      [{ populate: true }, 1024, 0],
      [{ populate: true, noReserve: true, shared: true }, 1024, 0],
      [{ locked: true }, 1024, 1024],
      [{ locked: true, shared: true }, 1024, 1024],
    ] as const) {
      const memory = AnonymousMemory.create({ size: 1 << 20, ...options });
      const found = resident(memory);
      assert.equal(found, rss, JSON.stringify(options));
      assert.equal(locked(memory), held, JSON.stringify(options));
      assert.deepEqual([memory.size, memory.readOnly, memory.bytes[1 << 19]], [1 << 20, false, 0]);
      memory.close();
    }
  });
});

describe("AnonymousMemory", () => {
  it("maps what is asked in the kernel's words", () => {
    const flagsOf = (memory: MappedMemory) => {
      const lines = readFileSync("/proc/self/maps", "utf8").trim().split("\n");
      const isWithin = (line: string) => {
        const [start, end] = line.split(/[- ]/, 2).map((address) => Number.parseInt(address, 16));
        return start <= memory.address && memory.address < end; // the kernel joins neighbours
      };
      return lines.find(isWithin)?.split(" ")[1];
    };
    const [own, shared] = [false, true].map((shared) => AnonymousMemory.create({ size: 1 << 20, shared }));
    assert.deepEqual([flagsOf(own), flagsOf(shared)], ["rw-p", "rw-s"]);
    own.close();
    shared.close();
  });

  it("noReserve maps more than there is, where the system counts", () => {
    const size = 2 ** 31;
    const memory = AnonymousMemory.create({ size, noReserve: true });
    memory.bytes[size - 1] = 1;
    assert.ok(resident(memory) <= 2048 + 4);
    memory.close();
  });

  it("close empties every view, twice is fine, and the memory is given back", () => {
    const memory = AnonymousMemory.create({ size: 1 << 20, populate: true });
    const { bytes, buffer, address } = memory;
    memory.close();
    memory.close();
    memory[Symbol.dispose]();
    assert.deepEqual([bytes.length, buffer.byteLength, memory.size, bytes[0]], [0, 0, 0, undefined]);
    assert.equal(mappingFields(address).Rss ?? 0, 0);
  });

  it("of what is closed at most 64 GiB of addresses stay empty", () => {
    const addresses = () => Number(/VmSize:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;
    const before = addresses();
    for (let round = 0; round < 100; round++) AnonymousMemory.create({ size: 2 ** 30, noReserve: true }).close();
    assert.ok(addresses() - before < 66 * 2 ** 30, `${addresses() - before} bytes more`);
  });

  const wrong: [string, string, () => unknown][] = [
    ["no options", "TypeError", () => AnonymousMemory.create(bad(undefined))],
    ["no size", "TypeError", () => AnonymousMemory.create(bad({}))],
    ["0 bytes", "RangeError", () => AnonymousMemory.create({ size: 0 })],
    ["2 ** 49 bytes", "RangeError", () => AnonymousMemory.create({ size: 2 ** 49 })],
    ["an unknown option", "TypeError", () => AnonymousMemory.create(bad({ size: 1, private: true }))],
    ["a flag that is no boolean", "TypeError", () => AnonymousMemory.create({ size: 1, shared: bad(1) })],
    ["unknown huge pages", "RangeError", () => AnonymousMemory.create({ size: 1, hugePages: bad("4MB") })],
    ["huge pages that are no word", "TypeError", () => AnonymousMemory.create({ size: 1, hugePages: bad(true) })],
    ["an inherited name", "RangeError", () => AnonymousMemory.create({ size: 1, hugePages: bad("toString") })],
    [
      "unreserved huge pages",
      "TypeError",
      () => AnonymousMemory.create({ size: 1, hugePages: "try", noReserve: true }),
    ],
    ["huge pages of SharedMemory", "RangeError", () => SharedMemory.anonymous({ size: 1, hugePages: bad("") })],
  ];
  for (const [what, name, action] of wrong) it(`refuses ${what}`, () => assert.throws(action, { name }));
});

describe("lockMemory", () => {
  after(cleanUp); // here, in the last group

  it("locks the pages that the range touches, and unlocks them", { skip: noLock }, () => {
    const memory = SharedMemory.anonymous({ size: 1 << 20 });
    lockMemory(memory);
    assert.equal(locked(memory), 1024);
    unlockMemory(memory, { offset: 0, length: 1 });
    assert.equal(mappingFields(memory.address).Locked, 0);
    assert.equal(mappingFields(memory.address + 4096).Locked, 1020);
    unlockMemory(memory);
    unlockMemory(memory);
    assert.equal(locked(memory), 0);
    memory.close();
  });

  it("on fault: locks pages when they come", { skip: noLock }, () => {
    const memory = AnonymousMemory.create({ size: 1 << 20 });
    lockMemory(memory, { onFault: true });
    assert.deepEqual([resident(memory), locked(memory)], [0, 0]);
    memory.bytes[0] = 1;
    assert.equal(locked(memory), 4);
    memory.close();
  });

  it("locked memory takes no advice to go, and says why", { skip: noLock }, () => {
    const memory = AnonymousMemory.create({ size: 1 << 20, locked: true });
    memory.bytes.fill(1);
    assert.throws(() => advise(memory, "dontneed"), {
      code: "EINVAL",
      message: /locked memory cannot be dropped: unlockMemory first/,
    });
    unlockMemory(memory);
    advise(memory, "dontneed", { offset: 1, length: 12_287 });
    assert.deepEqual([memory.bytes[0], memory.bytes[4096], memory.bytes[12_287], memory.bytes[12_288]], [1, 0, 0, 1]);
    advise(memory, "dontneed");
    assert.ok(memory.bytes.every((byte) => byte === 0));
    memory.close();
  });

  it("tells whoever may not how much may be locked, and leaves nothing locked", { skip: noRoot }, async () => {
    const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all"];
    for (const [limit, code] of [
      [65_536, "ENOMEM"],
      [0, "EPERM"],
    ] as const) {
      const limited = ["prlimit", `--memlock=${limit}`, ...nobody];
      const end = await runPeer(ownRuntime, peer, ["lock"], { wrapper: limited });
      const [refusal, left] = end.stdout.split("\n");
      const hint = `this process may lock ${limit} bytes; raise it with ulimit -l`;
      assert.ok(refusal.startsWith(`${code} mlock (${hint}`), `${end.stdout} ${end.stderr}`);
      assert.equal(left, "0");
    }
  });

  it("lockProcessMemory locks all, without touching what is only reserved; read-only memory stays shared", {
    skip: noLock,
  }, async () => {
    const end = await runPeer(ownRuntime, peer, ["lockProcess"]);
    assert.equal(end.stdout, "true true\n1\ntrue\n0\n", end.stderr);
  });

  it("lockProcessMemory lets the engine drop what it has collected, and the process end", {
    skip: noLock,
  }, async () => {
    const expose = { bun: "--expose-gc", deno: "--v8-flags=--expose-gc" };
    const parameters = [expose[ownRuntime.name as keyof typeof expose] ?? "--expose-gc"];
    const end = await runPeer(ownRuntime, peer, ["collectLocked"], { parameters });
    assert.deepEqual([end.code, end.signal, end.stdout, end.stderr], [0, null, "true\n", ""]);
  });

  it("lockProcessMemory leads the program's madvise(2) to locked pages; one without it is refused", {
    skip: noLock,
  }, async () => {
    const library = `${projectRoot}native/linux-ipc-${process.arch}.so`;
    const run = (parameters: string[]) =>
      spawnProgram(compilePeer("tests/memory/locked_pages_peer.c", { parameters }), [library]).ended;
    assert.equal((await run([])).stdout, "0 0 -1 0\n");
    assert.equal((await run(["-DQUIET"])).stdout, "-95 7\n"); // ENOTSUP
  });

  it("refuses what is closed or no memory", () => {
    const memory = AnonymousMemory.create({ size: 4096 });
    const message = 'lockMemory has no option "all" (it has offset, length, onFault)';
    assert.throws(() => lockMemory(memory, bad({ all: true })), { name: "TypeError", message });
    for (const action of [unlockMemory, prefault])
      assert.throws(() => action(memory, bad({ start: 0 })), {
        name: "TypeError",
        message: /a range has no option "s/,
      });
    assert.throws(() => lockMemory(memory, bad(null)), { name: "TypeError", message: /^lockMemory takes an options/ });
    assert.throws(() => lockMemory(memory, { onFault: bad(1) }), TypeError);
    assert.throws(() => lockMemory(memory, { offset: 4096 }), RangeError);
    assert.throws(() => unlockMemory(memory, { length: 4097 }), RangeError);
    memory.close();
    for (const action of [lockMemory, unlockMemory, prefault, (one: MappedMemory) => advise(one, "normal")]) {
      assert.throws(
        () => action(memory),
        (error) => error instanceof IpcError && error.code === "EBADF",
      );
      assert.throws(() => action(bad({ address: 1 })), TypeError);
    }
  });
});
