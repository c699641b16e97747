// Anonymous memory: sealed, handed over by descriptor, its seals checked by the receiver.

import assert from "node:assert/strict";
import { openSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { SharedMemory } from "../../mod.ts";
import { errno } from "../../src/sys/errno.ts";
import * as sys from "../../src/sys/memory.ts";
import { cleanUp, mainRuntimes, objectPath, runPeer, temporaryDirectory, uniqueName } from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);
/** A second descriptor of the same memory, for calls that own what they get. */
const duplicate = (memory: SharedMemory) => sys.open(`/proc/self/fd/${memory.fd}`, sys.O_RDWR, 0);

describe("anonymous memory", () => {
  after(cleanUp);

  it("is zeros of the size that was asked, without a name", () => {
    const memory = SharedMemory.anonymous({ size: 5000 });
    assert.deepEqual([memory.size, memory.name, memory.created, memory.readOnly], [5000, undefined, true, false]);
    assert.ok(memory.bytes.every((byte) => byte === 0));
    memory.close();
    assert.equal(memory.size, 0);
  });

  it("shows its label to who looks at the process", () => {
    const [plain, labelled] = [SharedMemory.anonymous({ size: 1 }), SharedMemory.anonymous({ size: 1, label: "grid" })];
    assert.match(readlinkSync(`/proc/self/fd/${plain.fd}`), /memfd:linux-ipc\b/);
    assert.match(readlinkSync(`/proc/self/fd/${labelled.fd}`), /memfd:grid\b/);
    plain.close();
    labelled.close();
  });

  it("is sealed against any change of its size, and against changes of its seals", () => {
    const memory = SharedMemory.anonymous({ size: 4096 });
    assert.equal(sys.getSeals(memory.fd), sys.F_SEAL_SHRINK | sys.F_SEAL_GROW | sys.F_SEAL_SEAL);
    assert.equal(sys.ftruncate(memory.fd, 0), -1);
    assert.equal(sys.ftruncate(memory.fd, 8192), -1);
    assert.equal(sys.addSeals(memory.fd, sys.F_SEAL_WRITE), -1);
    assert.throws(() => memory.resize(8192), { name: "IpcError", code: "EPERM" });
    memory.bytes[4095] = 1;
    memory.close();
  });

  it("says so where it is resized, and how to make memory that can be", () => {
    const memory = SharedMemory.anonymous({ size: 4096 });
    const message =
      "Cannot resize shared memory: EPERM, operation not permitted " +
      "(its size is sealed; SharedMemory.anonymous({ size, seal: false }) makes memory that can be resized)";
    assert.throws(() => memory.resize(8192), { name: "IpcError", code: "EPERM", syscall: "ftruncate", message });
    memory.resize(4096);
    assert.equal(memory.size, 4096);
    memory.close();
  });

  it("without seals can grow", () => {
    const memory = SharedMemory.anonymous({ size: 4096, seal: false });
    assert.equal(sys.getSeals(memory.fd) & sys.F_SEAL_SHRINK, 0);
    memory.bytes[0] = 5;
    memory.resize(8192);
    assert.deepEqual([memory.size, memory.bytes[0]], [8192, 5]);
    memory.close();
  });

  it("has a descriptor that programs do not inherit by accident", () => {
    const memory = SharedMemory.anonymous({ size: 4096 });
    const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${memory.fd}`, "utf8"))?.[1];
    assert.ok(Number.parseInt(flags ?? "", 8) & 0o2000000, `flags are ${flags}`);
    memory.close();
  });

  for (const runtime of mainRuntimes) {
    it(`is shared with a ${runtime.name} process by its descriptor; shrinking it there is EPERM`, async () => {
      const memory = SharedMemory.anonymous({ size: 8192 });
      memory.bytes[0] = 77;
      // By a shell: runtimes differ in which descriptors they hand to their children.
      const wrapper = ["sh", "-c", 'exec "$@" 3<>"$0"', `/proc/${process.pid}/fd/${memory.fd}`];
      const end = await runPeer(runtime, peer, ["shrinkDescriptor", "-"], { wrapper });
      assert.equal(end.stdout, "EPERM\n8192 77\n", end.stderr);
      assert.equal(memory.bytes[1], 78);
      memory.close();
    });
  }
});

describe("fromDescriptor", () => {
  after(cleanUp);

  it("maps the same memory", () => {
    const memory = SharedMemory.anonymous({ size: 4096 });
    const second = SharedMemory.fromDescriptor(duplicate(memory));
    second.bytes[9] = 4;
    assert.equal(memory.bytes[9], 4);
    assert.deepEqual([second.created, second.size, second.name], [false, 4096, undefined]);
    memory.close();
    assert.equal(second.bytes[9], 4);
    second.close();
  });

  it("takes what the runtime has opened, again and again: its own table forgets what is closed here", () => {
    for (let turn = 0; turn < 3; turn++) {
      const memory = SharedMemory.anonymous({ size: 4096 });
      const path = `/proc/self/fd/${memory.fd}`;
      const second = SharedMemory.fromDescriptor(openSync(path, "r+"));
      second.close();
      assert.throws(() => SharedMemory.fromDescriptor(openSync(path, "r+"), { offset: 4096 }), RangeError);
      const third = SharedMemory.fromDescriptor(openSync(path, "r+"));
      for (const one of [third, memory]) one.close();
    }
  });

  it("owns the descriptor: close() closes it", () => {
    const memory = SharedMemory.anonymous({ size: 4096 });
    const fd = duplicate(memory);
    const second = SharedMemory.fromDescriptor(fd);
    assert.equal(second.fd, fd);
    second.close();
    assert.equal(typeof sys.fstat(fd), "number");
    memory.close();
  });

  it("refuses memory that its sender can still shrink, and closes it", () => {
    const memory = SharedMemory.anonymous({ size: 4096, seal: false });
    const fd = duplicate(memory);
    const expected = { name: "IpcError", code: "EPERM", message: /not sealed.*allowUnsealed/ };
    assert.throws(() => SharedMemory.fromDescriptor(fd), expected);
    assert.equal(typeof sys.fstat(fd), "number");
    memory.close();
  });

  it("takes unsealed memory when told to trust its sender", () => {
    const name = uniqueName("unsealed");
    SharedMemory.create(name, { size: 4096 }).close();
    const fd = sys.open(objectPath(name), sys.O_RDWR, 0);
    assert.throws(() => SharedMemory.fromDescriptor(sys.open(objectPath(name), sys.O_RDWR, 0)), { code: "EPERM" });
    const memory = SharedMemory.fromDescriptor(fd, { allowUnsealed: true });
    memory.bytes[0] = 1;
    memory.close();
  });

  it("opens a window or read-only, as open does", () => {
    const memory = SharedMemory.anonymous({ size: 8192 });
    memory.bytes[4096] = 6;
    const window = SharedMemory.fromDescriptor(duplicate(memory), { offset: 4096, length: 16, readOnly: true });
    assert.deepEqual([window.size, window.bytes[0], window.readOnly], [16, 6, true]);
    window.bytes[0] = 1;
    assert.equal(memory.bytes[4096], 6);
    window.close();
    memory.close();
  });

  it("of a closed descriptor is EBADF, of a pipe or a plain file EPERM", () => {
    assert.throws(() => SharedMemory.fromDescriptor(9999), { name: "IpcError", code: "EBADF" });
    const path = join(temporaryDirectory(), "plain");
    writeFileSync(path, "text");
    const fd = sys.open(path, sys.O_RDWR, 0);
    assert.throws(() => SharedMemory.fromDescriptor(fd), { code: "EPERM" });
    assert.equal(typeof sys.fstat(fd), "number");
  });

  it("closes the descriptor where the memory is not what is asked, and leaves it where the question is wrong", () => {
    const memory = SharedMemory.anonymous({ size: 4096 });
    const unknown = [{ readOnly: 1 }, { allowUnsealed: 1 }, { nope: 1 }, { offset: 5 }, { length: 0.5 }, null];
    for (const [list, closes] of [
      [[{ offset: 4096 }, { length: 8192 }], true],
      [unknown, false],
    ] as const) {
      for (const options of list) {
        const fd = duplicate(memory);
        assert.throws(() => SharedMemory.fromDescriptor(fd, options as object), JSON.stringify(options));
        assert.equal(sys.fstat(fd) === -errno.EBADF, closes, JSON.stringify(options));
        if (!closes) sys.close(fd);
      }
    }
    memory.close();
  });

  it("of memory without a size is refused at once", () => {
    const path = join(temporaryDirectory(), "empty");
    writeFileSync(path, "");
    const fd = sys.open(path, sys.O_RDWR, 0);
    assert.throws(() => SharedMemory.fromDescriptor(fd, { allowUnsealed: true }), { name: "IpcError" });
    assert.equal(typeof sys.fstat(fd), "number");
  });
});
