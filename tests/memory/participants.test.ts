// Participants: slots, owner ids, and deaths that the kernel proves.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { after, describe, it } from "node:test";
import { IpcError, Participants, SharedMemory } from "../../mod.ts";
import {
  GENERATION_MASK,
  OWNER_DIED,
  SLOT_BOOT_OFFSET,
  SLOT_GENERATION_OFFSET,
  SLOT_LIFE_OFFSET,
  SLOT_SIZE,
} from "../../src/memory/layout.ts";
import { compilePeer } from "../support/c_peer.ts";
import {
  cleanUp,
  compileC,
  mainRuntimes,
  objectPath,
  ownRuntime,
  type Peer,
  projectRoot,
  runPeer,
  spawnPeer,
  spawnProgram,
  uniqueName,
  until,
} from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);
const SLOTS = 128;
/** The C peer uses only what attaches; the header becomes part of its source. */
const attachesOnly = { parameters: ["-Wno-unused-function"] };
const notRoot = process.getuid?.() === 0 ? false : "needs root to make a pid namespace";
const slotOf = (owner: number) => (owner & 1023) - 1;
const generationOf = (owner: number) => owner >>> 10;

function table(label: string): SharedMemory {
  return SharedMemory.create(uniqueName(label), { size: Participants.byteSize() });
}

describe("participants", () => {
  after(cleanUp);

  it("join once and have an owner id of 31 bits: generation, slot and one", () => {
    const memory = table("join");
    const participants = Participants.over(memory, 0);
    assert.equal(participants.owner, 0);
    const owner = participants.join();
    assert.equal(participants.join(), owner);
    assert.equal(participants.owner, owner);
    assert.ok(owner > 0 && owner < 2 ** 31);
    assert.equal(slotOf(owner), 0);
    assert.ok(generationOf(owner) > 0);
    assert.equal(participants.pidOf(owner), process.pid);
    participants.close();
    memory.close();
  });

  it("know themselves and others as living, and the closed as dead", () => {
    const memory = table("life");
    const [one, other] = [Participants.over(memory, 0), Participants.over(memory, 0)];
    const [first, second] = [one.join(), other.join()];
    assert.notEqual(first, second);
    for (const owner of [first, second]) {
      assert.deepEqual([one.isDead(owner), one.isProvenDead(owner), other.isProvenDead(owner)], [false, false, false]);
    }
    other.close();
    assert.deepEqual([one.isDead(second), one.isProvenDead(second)], [true, true]);
    assert.equal(one.isProvenDead(first), false);
    one.close();
    memory.close();
  });

  it("take ids that nobody can have for dead", () => {
    const memory = table("impossible");
    const participants = Participants.over(memory, 0);
    const owner = participants.join();
    const ungenerated = [0, 1, 7, 8, 100, 128, 1023]; // of slots that were never held, too
    const wrong = [...ungenerated, 0x7fffffff, -1, 129, (5 << 10) | 129, owner + 1024, (owner & ~1023) | 2, 1 << 10];
    for (const id of wrong) {
      assert.deepEqual([id, participants.isDead(id), participants.isProvenDead(id)], [id, true, true]);
      assert.equal(participants.pidOf(id), 0);
    }
    assert.equal(participants.isDead(owner | (1 << 31)), false); // the sign bit is the word's own
    participants.close();
    memory.close();
  });

  it("find dead who looks alive without its lock, once somebody joins: a file may outlive its kernel", () => {
    const memory = table("outlived");
    const words = new Int32Array(memory.buffer);
    const stale = [1, 5, 127].map((slot) => {
      words[(slot * SLOT_SIZE + SLOT_LIFE_OFFSET) / 4] = 4_000_000 + slot; // a thread that no kernel marks any more
      words[(slot * SLOT_SIZE + SLOT_GENERATION_OFFSET) / 4] = 7;
      return (7 << 10) | (slot + 1);
    });
    const first = Participants.over(memory, 0);
    assert.deepEqual(
      stale.map((owner) => first.isDead(owner)),
      [false, false, false],
    );
    const living = [first.join(), ...Array.from({ length: 3 }, () => Participants.over(memory, 0).join())];
    assert.deepEqual(
      stale.map((owner) => first.isDead(owner)),
      [true, true, true],
    );
    assert.deepEqual(
      living.map((owner) => first.isDead(owner)),
      [false, false, false, false],
    );
    memory.close();
  });

  it("get a new generation when a slot passes on", () => {
    const memory = table("generation");
    const owners = Array.from({ length: 20 }, () => {
      const participants = Participants.over(memory, 0);
      const owner = participants.join();
      participants.close();
      return owner;
    });
    assert.ok(owners.every((owner) => slotOf(owner) === 0));
    assert.equal(new Set(owners).size, 20);
    const last = Participants.over(memory, 0);
    last.join();
    for (const owner of owners) assert.equal(last.isProvenDead(owner), true);
    last.close();
    memory.close();
  });

  it("get the next generation, and any in a slot of another boot: what a power loss left may name the next one", () => {
    const memory = table("boot");
    const words = new Int32Array(memory.buffer);
    const join = () => {
      const participants = Participants.over(memory, 0);
      const generation = generationOf(participants.join());
      participants.close();
      return generation;
    };
    const compiled = compilePeer("tests/memory/participants_peer.c", attachesOnly);
    const joinInC = () => {
      const parameters = [objectPath(memory.name ?? ""), "1", "1", "0"];
      const { stdout } = spawnSync(compiled, parameters, { encoding: "utf8", input: "" });
      return generationOf(Number(stdout));
    };
    const boot = SLOT_BOOT_OFFSET / 4;
    for (const [one, other] of [
      [join, joinInC],
      [joinInC, join],
    ]) {
      const first = one();
      assert.notEqual(words[boot], 0);
      assert.deepEqual([other(), one()], [first + 1, first + 2]);
      words[boot] ^= 1;
      assert.notEqual(one(), first + 3);
      words[boot] = 0; // not known, as in tables of before
      words[SLOT_GENERATION_OFFSET / 4] = 1;
      assert.notEqual(one(), 2);
      words[SLOT_GENERATION_OFFSET / 4] = GENERATION_MASK; // the last one; 0 is nobody's
      assert.equal(one(), 1);
    }
    memory.close();
  });

  it("are 128 at most: one more is EUSERS with a hint, until somebody leaves", () => {
    const memory = table("full");
    const all = Array.from({ length: SLOTS }, () => Participants.over(memory, 0));
    const owners = all.map((participants) => participants.join());
    assert.deepEqual(
      owners.map(slotOf),
      owners.map((_, index) => index),
    );
    const late = Participants.over(memory, 0);
    assert.throws(() => late.join(), { name: "IpcError", code: "EUSERS", message: /128/ });
    all[77].close();
    assert.equal(slotOf(late.join()), 77);
    for (const participants of [...all, late]) participants.close();
    memory.close();
  });

  for (const runtime of mainRuntimes) {
    it(`of ${runtime.name} that are killed are dead when they have ended, and their slots are free`, async () => {
      const memory = table(`killed-${runtime.name}`);
      const own = Array.from({ length: SLOTS - 3 }, () => Participants.over(memory, 0));
      for (const participants of own) participants.join();
      const other = spawnPeer(runtime, peer, ["join", memory.name ?? "", 3]);
      const owners = [Number(await other.line()), Number(await other.line()), Number(await other.line())];
      assert.equal(await other.line(), "joined");
      const late = Participants.over(memory, 0);
      assert.throws(() => late.join(), { code: "EUSERS" });
      for (const owner of owners) {
        assert.equal(own[0].isProvenDead(owner), false);
        assert.equal(own[0].pidOf(owner), other.pid);
      }
      other.kill();
      await other.ended;
      assert.ok(owners.every((owner) => own[0].isDead(owner)));
      const successor = late.join();
      assert.equal(slotOf(successor), slotOf(owners[0]));
      assert.notEqual(successor, owners[0]);
      assert.equal(own[0].isProvenDead(owners[0]), true);
      for (const participants of [...own, late]) participants.close();
      memory.close();
    });
  }

  it("in another pid namespace are alive, and dead when they were killed", { skip: notRoot }, async () => {
    const memory = table("namespace");
    const own = Participants.over(memory, 0);
    own.join();
    const wrapper = ["unshare", "--pid", "--fork", "--kill-child"];
    const other = spawnPeer(ownRuntime, peer, ["join", memory.name ?? "", 1], { wrapper });
    const owner = Number(await other.line());
    assert.equal(await other.line(), "joined");
    assert.equal(own.isProvenDead(owner), false);
    assert.equal(own.pidOf(owner), 1);
    other.kill();
    await until(() => own.isDead(owner), "it is dead", 5000);
    assert.equal(own.isProvenDead(owner), true);
    own.close();
    memory.close();
  });

  it("that are stopped are not dead", async () => {
    const memory = table("stopped");
    const own = Participants.over(memory, 0);
    own.join();
    const other = spawnPeer(ownRuntime, peer, ["join", memory.name ?? "", 1]);
    const owner = Number(await other.line());
    other.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(own.isProvenDead(owner), false);
    other.kill("SIGKILL");
    await other.ended;
    await until(() => own.isDead(owner), "it is dead", 5000);
    own.close();
    memory.close();
  });

  it("are asked about others without having joined, and the process survives", async () => {
    const memory = table("unjoined");
    const own = Participants.over(memory, 0);
    const end = await runPeer(ownRuntime, peer, ["askUnjoined", memory.name ?? "", own.join()]);
    assert.equal(end.signal, null, `ended by ${end.signal}`);
    assert.match(end.stdout, /^false\n.*\n.*\nalive\n$/s, end.stderr);
    own.close();
    memory.close();
  });
});

/** The kernel walks so many robust list entries of a thread that ends (ROBUST_LIST_LIMIT). */
const WALKED = 2048;

describe("participants beyond what the kernel marks at a death", () => {
  after(cleanUp);
  const [COUNT, TABLES, AGAIN] = [WALKED + 50, 17, 100];

  async function killMany(start: (...parameters: (string | number)[]) => Peer): Promise<void> {
    const size = Participants.byteSize();
    const memory = SharedMemory.create(uniqueName("many"), { size: TABLES * size });
    const tables = Array.from({ length: TABLES }, (_, index) => Participants.over(memory, index * size));
    for (const table of tables) table.join();
    const other = start(memory.name ?? "", COUNT, TABLES, AGAIN);
    const owners = async () => (await other.line()).split(",").map(Number);
    const asked = (all: number[]) => all.filter((owner, index) => tables[index % TABLES].needsAsking(owner)).length;
    const isDead = (table: Participants, owner: number) =>
      table.needsAsking(owner) ? table.isProvenDead(owner) : table.isDead(owner);
    const dead = (all: number[]) => all.filter((owner, index) => isDead(tables[index % TABLES], owner)).length;
    const first = await owners();
    assert.deepEqual([first.length, asked(first), dead(first)], [COUNT, COUNT - WALKED, 0]);
    other.write("give some back");
    const later = await owners();
    assert.deepEqual([later.length, asked(later), dead(first), dead(later)], [AGAIN, 0, AGAIN, 0]);
    other.kill();
    await other.ended;
    assert.deepEqual([dead(first), dead(later)], [COUNT, AGAIN]);
    memory.close();
  }

  it("are seen to die like the others, and only they are asked about", () =>
    killMany((...parameters) => spawnPeer(ownRuntime, peer, ["joinMany", ...parameters])));

  it("are so in C too", () =>
    killMany((name, ...parameters) =>
      spawnProgram(compilePeer("tests/memory/participants_peer.c", attachesOnly), [
        objectPath(`${name}`),
        ...parameters.map(String),
      ]),
    ));
});

/** Preloaded, it says that pages are as large as they can be: what is aligned to these is aligned to smaller ones, too. */
const largePages = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
long sysconf(int name) {
  long (*next)(int) = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");
  return name == _SC_PAGESIZE ? 65536 : next(name);
}`;

describe("a table of participants", () => {
  after(cleanUp);

  const library = `${projectRoot}native/linux-ipc-${process.arch}.so`;
  const ways: [string, (path: string, count: number) => [string, ...string[]]][] = [
    ["the shim", (path, count) => [compilePeer("tests/memory/participants_shim_peer.c"), library, path, `${count}`]],
    [
      "C",
      (path, count) => {
        const compiled = compilePeer("tests/memory/participants_peer.c", attachesOnly);
        return [compiled, path, `${count}`, `${count}`, "0"];
      },
    ],
  ];
  for (const [who, command] of ways) {
    it(`may lie anywhere in a larger page, too, for ${who}: nothing but its slots is written`, () => {
      const [count, size] = [12, Participants.byteSize()];
      const memory = SharedMemory.create(uniqueName("pages"), { size: count * size });
      const [program, ...parameters] = command(objectPath(memory.name ?? ""), count);
      const env = { ...process.env, LD_PRELOAD: compileC(largePages, { shared: true }) };
      const { stdout, stderr } = spawnSync(program, parameters, { encoding: "utf8", input: "", env });
      const owners = stdout.trim().split(",").map(Number);
      assert.equal(owners.length, count, stderr);
      const words = new Int32Array(memory.buffer);
      const slots = owners.map((owner, index) => {
        const first = (index * size) / 4;
        const [life, generation] = [words[first + SLOT_LIFE_OFFSET / 4], words[first + SLOT_GENERATION_OFFSET / 4]];
        const rest = words.subarray(first + SLOT_SIZE / 4, first + size / 4);
        return [life, generation === generationOf(owner), rest.every((word) => word === 0)];
      });
      assert.deepEqual(slots, Array(count).fill([OWNER_DIED, true, true]));
      memory.close();
    });
  }

  it("loses nobody who joins while the watchdog and another thread mark the same dead one", () => {
    const memory = SharedMemory.create(uniqueName("watchdog"), { size: Participants.byteSize() });
    const peer = compilePeer("tests/memory/participants_watchdog_peer.c", { parameters: ["-rdynamic"] });
    const { stdout, stderr } = spawnSync(peer, [library, objectPath(memory.name ?? "")], { encoding: "utf8" });
    assert.equal(stdout, "slot 1 is alive\n", stderr);
    memory.close();
  });

  it("may lie anywhere in a memory, at a multiple of 128", () => {
    const memory = SharedMemory.create(uniqueName("anywhere"), { size: 65536 });
    const tables = [0, 8192 + 128, 3 * 8192].map((offset) => Participants.over(memory, offset));
    const owners = tables.map((participants) => participants.join());
    assert.deepEqual(owners.map(slotOf), [0, 0, 0]);
    assert.ok(tables.every((participants, index) => !participants.isProvenDead(owners[index])));
    for (const participants of tables) participants.close();
    memory.close();
  });

  it("that is not aligned or does not fit is a RangeError", () => {
    const memory = SharedMemory.anonymous({ size: 16384 });
    for (const offset of [1, 64, 8193, 8320, -128, 1 << 20, 0.5]) {
      assert.throws(() => Participants.over(memory, offset), RangeError);
    }
    assert.throws(() => Participants.over(memory, "0" as unknown as number), TypeError);
    memory.close();
  });

  it("in a window touches no byte outside of its own", () => {
    const whole = SharedMemory.create(uniqueName("window"), { size: 65536 });
    const window = SharedMemory.open(whole.name ?? "", { offset: 16384 });
    const inside = Participants.over(window, 8192);
    const owner = inside.join();
    assert.equal(inside.isProvenDead(owner), false);
    const same = Participants.over(whole, 16384 + 8192);
    same.join();
    assert.equal(same.isProvenDead(owner), false);
    assert.ok(
      whole.bytes.subarray(0, 24576).every((byte) => byte === 0),
      "bytes before the table were written",
    );
    for (const one of [inside, same, window, whole]) one.close();
  });

  it("in read-only memory cannot be joined", () => {
    const memory = table("readonly");
    const reader = SharedMemory.open(memory.name ?? "", { readOnly: true });
    const participants = Participants.over(reader, 0);
    assert.throws(
      () => participants.join(),
      (error) => error instanceof IpcError || error instanceof TypeError,
    );
    reader.close();
    memory.close();
  });
});
