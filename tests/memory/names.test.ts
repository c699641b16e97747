// Names of shared memory: what is one, what is not, and what lies in wait under one.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { SharedMemory } from "../../mod.ts";
import { objectPath as pathOfName } from "../../src/memory/name.ts";
import {
  cleanUp,
  objectExists,
  objectPath,
  ownObjects,
  ownRuntime,
  runPeer,
  temporaryDirectory,
  uniqueName,
} from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);

describe("a name", () => {
  after(cleanUp);

  it("is the same object with and without its leading slash", () => {
    const name = uniqueName("slash");
    const made = SharedMemory.create(name, { size: 1, unlinkOnClose: true });
    const opened = SharedMemory.open(name.slice(1));
    made.bytes[0] = 9;
    assert.equal(opened.bytes[0], 9);
    assert.deepEqual([made.name, opened.name], [name, name.slice(1)]);
    made.close();
    opened.close();
  });

  it("may be a single character", () => {
    assert.deepEqual([pathOfName("a"), pathOfName("/7")], ["/dev/shm/a", "/dev/shm/7"]);
  });

  it("may have letters, digits, dot, underscore and hyphen, and 200 of them", () => {
    const base = uniqueName("Az09._-");
    for (const name of [base, `${base}..`, base.padEnd(201, "x")]) {
      SharedMemory.create(name, { size: 1, unlinkOnClose: true }).close();
      assert.equal(objectExists(name), false);
    }
  });

  it("that could leave /dev/shm, or that C would cut short, is a RangeError that shows it", () => {
    const long = uniqueName("long").padEnd(202, "x");
    for (const name of [
      "",
      "/",
      ".",
      "..",
      "/.",
      "/..",
      "a/b",
      "/a/b",
      "../etc",
      "//a",
      "a\0b",
      "a b",
      "ü",
      "a\n",
      long,
    ]) {
      const expected = {
        name: "RangeError",
        message: new RegExp(`name ${JSON.stringify(name).replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}`),
      };
      assert.throws(() => SharedMemory.create(name, { size: 1 }), expected);
      assert.throws(() => SharedMemory.open(name), RangeError);
      assert.throws(() => SharedMemory.openOrCreate(name, { size: 1 }), RangeError);
      assert.throws(() => SharedMemory.unlink(name), RangeError);
    }
    assert.deepEqual(ownObjects(), []);
  });

  it("that is a symbolic link is ELOOP, and what it leads to stays as it was", () => {
    const name = uniqueName("link");
    const target = join(temporaryDirectory(), "target");
    writeFileSync(target, "secret");
    symlinkSync(target, objectPath(name));
    for (const readOnly of [false, true]) {
      assert.throws(() => SharedMemory.open(name, { readOnly }), { name: "IpcError", code: "ELOOP" });
    }
    assert.throws(() => SharedMemory.create(name, { size: 1 }), { code: "EEXIST" });
    assert.throws(() => SharedMemory.openOrCreate(name, { size: 1 }), { code: "ELOOP" });
    assert.equal(lstatSync(target).size, 6);
  });

  it("that is a dangling symbolic link is not followed either", () => {
    const name = uniqueName("dangling");
    const target = join(temporaryDirectory(), "nothing");
    symlinkSync(target, objectPath(name));
    assert.throws(() => SharedMemory.create(name, { size: 1 }), { code: "EEXIST" });
    assert.throws(() => SharedMemory.openOrCreate(name, { size: 1 }), { code: "ELOOP" });
    assert.equal(lstatSync(target, { throwIfNoEntry: false }), undefined);
  });

  it("that is a directory is refused", () => {
    const name = uniqueName("directory");
    mkdirSync(objectPath(name));
    for (const readOnly of [false, true])
      assert.throws(() => SharedMemory.open(name, { readOnly }), { code: "EISDIR" });
    assert.throws(() => SharedMemory.open(name, { readOnly: true }), { name: "IpcError" });
    rmdirSync(objectPath(name));
  });

  it("that is a FIFO is refused, and nobody hangs on it", async () => {
    const name = uniqueName("fifo");
    execFileSync("mkfifo", [objectPath(name)]);
    for (const how of ["", "readOnly"]) {
      const end = await runPeer(ownRuntime, peer, ["openOdd", name, how], { timeoutMs: 20_000 });
      assert.equal(end.signal, null, `open(${how}) hung`);
      assert.match(end.stdout, /^E[A-Z]+\n$/);
    }
  });
});

describe("unlink", () => {
  after(cleanUp);

  it("removes the name and tells that there was one; those who have it mapped keep it", () => {
    const name = uniqueName("unlink");
    const memory = SharedMemory.create(name, { size: 4096 });
    assert.equal(SharedMemory.unlink(name), true);
    assert.equal(objectExists(name), false);
    memory.bytes[0] = 4;
    assert.equal(memory.bytes[0], 4);
    assert.throws(() => SharedMemory.open(name), { code: "ENOENT" });
    memory.close();
  });

  it("of a name that is not there answers false", () => {
    assert.equal(SharedMemory.unlink(uniqueName("never")), false);
  });

  it("of what is no object, and cannot be removed, says so", () => {
    const name = uniqueName("folder");
    mkdirSync(objectPath(name));
    assert.throws(() => SharedMemory.unlink(name), { name: "IpcError", code: "EISDIR", syscall: "shm_unlink" });
    rmdirSync(objectPath(name));
  });

  it("frees the name at once: a new object of that name is another one", () => {
    const name = uniqueName("again");
    const first = SharedMemory.create(name, { size: 16 });
    first.bytes[0] = 1;
    SharedMemory.unlink(name);
    const second = SharedMemory.create(name, { size: 16 });
    assert.equal(second.bytes[0], 0);
    assert.equal(first.bytes[0], 1);
    first.close();
    second.close();
  });
});
