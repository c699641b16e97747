// Closing shared memory: every view is empty afterwards, nothing crashes, and nothing is left.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  openSync,
  read,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { SharedMemory } from "../../mod.ts";
import {
  cleanUp,
  objectExists,
  objectPath,
  ownRuntime,
  runPeer,
  temporaryDirectory,
  uniqueName,
} from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);

const openCount = () => readdirSync("/proc/self/fd").length;
/** Mappings of files in /dev/shm: one that got its name later is shown as `/dev/shm/#<inode> (deleted)`. */
const mappedCount = () => readFileSync("/proc/self/maps", "utf8").split(" /dev/shm/").length - 1;

describe("close", () => {
  after(cleanUp);

  it("empties every view of the memory", () => {
    const memory = SharedMemory.create(uniqueName("views"), { size: 4096 });
    const { bytes, buffer } = memory;
    const [words, part, view] = [new Int32Array(buffer), bytes.subarray(10, 20), new DataView(buffer, 8)];
    memory.close();
    assert.deepEqual([bytes.length, words.length, part.length, buffer.byteLength], [0, 0, 0, 0]);
    assert.equal(bytes[0], undefined);
    assert.throws(() => view.getUint8(0), Error);
    assert.deepEqual([memory.size, memory.bytes.length, memory.fd], [0, 0, -1]);
  });

  it("may be called twice, by any of its names", () => {
    const memory = SharedMemory.create(uniqueName("twice"), { size: 4096 });
    const successor = () => SharedMemory.anonymous({ size: 4096 });
    memory.close();
    const other = successor(); // may have got the same descriptor and address
    memory.close();
    memory[Symbol.dispose]();
    const message = /^Cannot resize shared memory .*: EBADF, .* \(it was closed in this process\)$/;
    assert.throws(() => memory.resize(8192), { code: "EBADF", message });
    other.bytes[0] = 1;
    assert.equal(other.bytes[0], 1);
    assert.equal(statSync(`/proc/self/fd/${other.fd}`).size, 4096); // still open
    other.close();
  });

  it("leaves the object by its name, with its bytes", () => {
    const name = uniqueName("stays");
    const memory = SharedMemory.create(name, { size: 10 });
    memory.bytes.fill(7);
    memory.close();
    const again = SharedMemory.open(name);
    assert.ok(again.bytes.every((byte) => byte === 7));
    again.close();
  });

  it("survives any later access, in compiled code too", async () => {
    const end = await runPeer(ownRuntime, peer, ["useAfterClose", uniqueName("late")]);
    assert.equal(end.signal, null, end.stderr);
    assert.equal(end.stdout, "0 0 0 true,true,true,true\nTypeError\nTypeError\n", end.stderr);
  });

  it("leaves mapped what somebody has transferred: it would be a crash", async () => {
    const end = await runPeer(ownRuntime, peer, ["transferred", uniqueName("transferred")]);
    assert.equal(end.signal, null, end.stderr);
    assert.equal(end.stdout, "0 -1 5\n6\n0 0\n", end.stderr);
  });

  const notBun = ownRuntime.name !== "bun" && "only Bun keeps a buffer that it is using";
  it("while the runtime is about to read a file into it leaves it mapped until then", { skip: notBun }, async () => {
    const pipe = join(temporaryDirectory(), "pipe");
    execFileSync("mkfifo", [pipe]);
    const end = await runPeer(ownRuntime, peer, ["closedInUse", uniqueName("used"), pipe]);
    assert.equal(end.signal, null, end.stderr);
    assert.equal(end.stdout, "5 -1\nx\nundefined 0\n", end.stderr);
  });

  it("lets nothing else stand where the runtime is still about to write", async () => {
    const pipe = join(temporaryDirectory(), "late");
    execFileSync("mkfifo", [pipe]);
    const fd = openSync(pipe, "r+");
    const memory = SharedMemory.anonymous({ size: 8192 });
    const isRead = new Promise((resolve) => read(fd, memory.bytes, 0, 8192, null, resolve));
    await setTimeout(100); // a thread waits in read(2)
    memory.close();
    const others = Array.from({ length: 8 }, () => SharedMemory.anonymous({ size: 8192 }));
    writeFileSync(pipe, "late");
    await isRead;
    closeSync(fd);
    for (const other of others) {
      assert.ok(other.bytes.every((byte) => byte === 0));
      other.close();
    }
  });

  it("gives back descriptors and address space", () => {
    const before = [openCount(), mappedCount()];
    for (let round = 0; round < 500; round++) {
      const memory = SharedMemory.create(uniqueName("leak"), { size: 4096, unlinkOnClose: true });
      const second = SharedMemory.open(memory.name ?? "");
      second.bytes[round] = round;
      assert.equal(mappedCount(), before[1] + 2);
      second.close();
      memory.close();
    }
    assert.equal(mappedCount(), before[1]);
    assert.ok(Math.abs(openCount() - before[0]) < 10, `${openCount()} descriptors after, ${before[0]} before`);
  });

  it("gives back what a failed call had taken", () => {
    const name = uniqueName("failed");
    const kept = SharedMemory.create(name, { size: 4096 });
    const before = [openCount(), mappedCount()];
    for (let round = 0; round < 200; round++) {
      assert.throws(() => SharedMemory.create(name, { size: 1 << 20 }), { code: "EEXIST" });
      assert.throws(() => SharedMemory.open(name, { offset: 4096 }), RangeError);
      assert.throws(() => SharedMemory.openOrCreate(name, { size: 8192 }), { code: "EINVAL" });
    }
    assert.equal(mappedCount(), before[1]);
    assert.ok(Math.abs(openCount() - before[0]) < 10, `${openCount()} descriptors after, ${before[0]} before`);
    kept.close();
  });
});

describe("unlinkOnClose", () => {
  after(cleanUp);

  it("removes the name at close", () => {
    const name = uniqueName("gone");
    const memory = SharedMemory.create(name, { size: 1, unlinkOnClose: true });
    assert.ok(objectExists(name));
    memory.close();
    assert.equal(objectExists(name), false);
  });

  it("spares a successor of the same name", () => {
    const name = uniqueName("successor");
    const first = SharedMemory.create(name, { size: 1, unlinkOnClose: true });
    SharedMemory.unlink(name);
    const second = SharedMemory.create(name, { size: 1 });
    first.close();
    assert.ok(objectExists(name));
    second.close();
  });

  it("spares what else may have the name, even a link to the object, and does not hang on it", () => {
    for (const replace of [symlinkSync, (_: string, path: string) => execFileSync("mkfifo", [path])]) {
      const name = uniqueName("replaced");
      const memory = SharedMemory.create(name, { size: 1, unlinkOnClose: true });
      const path = objectPath(name);
      renameSync(path, `${path}-moved`);
      replace(`${path}-moved`, path);
      memory.close();
      assert.ok(objectExists(name));
    }
  });

  it("is content when the name is gone already", () => {
    const memory = SharedMemory.create(uniqueName("earlier"), { size: 1, unlinkOnClose: true });
    SharedMemory.unlink(memory.name ?? "");
    memory.close();
  });

  it("also holds for one that openOrCreate has opened", () => {
    const name = uniqueName("opened");
    SharedMemory.create(name, { size: 16 }).close();
    const opened = SharedMemory.openOrCreate(name, { size: 16, unlinkOnClose: true });
    assert.equal(opened.created, false);
    opened.close();
    assert.equal(objectExists(name), false);
  });

  it("still holds after a resize", () => {
    const name = uniqueName("resized");
    const memory = SharedMemory.create(name, { size: 16, unlinkOnClose: true });
    memory.resize(4096);
    memory.close();
    assert.equal(objectExists(name), false);
  });
});
