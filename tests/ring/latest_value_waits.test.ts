// Waiting for a newer value: three forms, timeouts and aborts, the writer's end.

import assert from "node:assert/strict";
import process from "node:process";
import { after, describe, it } from "node:test";
import { LatestValue, SharedMemory, type ValueType } from "../../mod.ts";
import { OBJECT_OFFSET, PARTICIPANTS_OFFSET } from "../../src/memory/layout.ts";
import { Participants } from "../../src/memory/participants.ts";
import { mainRuntimes, ownRuntime, runPeer, sleep, spawnPeer, uniqueName, until, within } from "../support/mod.ts";
import { bytes, cleanUpValues, makeBoth, makeLatest, text } from "./latest_value_parts.ts";

const peer = new URL("./latest_value_peer.ts", import.meta.url);

describe("next", () => {
  after(cleanUpValues);

  it("resolves to what is there, and then only to what is newer", async () => {
    const { latest, writer, reader } = makeBoth("newer", { size: 16 });
    writer.write(bytes("there"));
    assert.equal(text(await reader.next()), "there");
    const waiting = reader.next();
    assert.equal(await Promise.race([waiting, sleep(30)]), undefined);
    writer.write(bytes("newer"));
    assert.equal(text(await within(waiting, 5000, "next")), "newer");
    latest.close();
  });

  it("wakes every reader", async () => {
    const { latest, writer } = makeBoth("all", { size: 16 });
    const readers = Array.from({ length: 10 }, () => latest.reader());
    const all = readers.map((reader) => reader.next());
    await sleep(5);
    writer.write(bytes("news"));
    assert.deepEqual((await within(Promise.all(all), 5000, "all")).map(text), Array(10).fill("news"));
    latest.close();
  });

  it("serves pending calls in their order, each with a value of its own", async () => {
    const { latest, writer, reader } = makeBoth("order", { size: 16 });
    const order: string[] = [];
    const all = [1, 2, 3].map((number) => reader.next().then((value) => order.push(`${number}${text(value)}`)));
    for (const [index, value] of ["a", "b", "c"].entries()) {
      writer.write(bytes(value));
      await until(() => order.length > index, `one is given ${value}`);
    }
    await within(Promise.all(all), 5000, "all");
    assert.deepEqual(order, ["1a", "2b", "3c"]);
    latest.close();
  });

  it("answers undefined after its timeout, and rejects when aborted", async () => {
    const { latest, writer, reader } = makeBoth("timeout", { size: 16 });
    for (const timeoutMs of [0, 30]) assert.equal(await reader.next({ timeoutMs }), undefined);
    const controller = new AbortController();
    const waiting = reader.next({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await assert.rejects(waiting, { message: "enough" });
    await assert.rejects(reader.next({ signal: controller.signal }), { message: "enough" });
    await assert.rejects(reader.next({ timeoutMs: -1 }), RangeError);
    await assert.rejects(reader.next({ timeout: 5 } as never), TypeError);
    writer.write(bytes("after"));
    assert.equal(text(await reader.next()), "after");
    latest.close();
  });

  it("rejects with EBADF when it is closed here", async () => {
    const { latest, reader } = makeBoth("closed", { size: 16 });
    const [first, second] = [reader.next(), latest.reader().next()];
    reader.close();
    await assert.rejects(first, { code: "EBADF" });
    await assert.rejects(reader.next(), { code: "EBADF" });
    latest.close();
    await assert.rejects(second, { code: "EBADF" });
  });
});

describe("a process", () => {
  after(cleanUpValues);

  it("ends when only an unref'd next is pending, and lives on for one that is ref'd again", async () => {
    for (const [isRef, timeoutMs, stdout] of [
      [0, 60_000, "waiting\n"],
      [1, 300, "waiting\nanswered\n"],
    ] as const) {
      const end = await runPeer(ownRuntime, peer, ["pending", uniqueName("pending"), isRef, timeoutMs]);
      assert.deepEqual([end.code, end.signal, end.stdout], [0, null, stdout], end.stderr);
    }
  });
});

describe("nextSync", () => {
  after(cleanUpValues);

  it("gives what is newer, or undefined after its timeout", () => {
    const { latest, writer, reader } = makeBoth("sync", { size: 16 });
    writer.write(bytes("there"));
    assert.equal(text(reader.nextSync()), "there");
    for (const timeoutMs of [0, 0.5, 40]) {
      const begin = performance.now();
      assert.equal(reader.nextSync({ timeoutMs }), undefined);
      assert.ok(performance.now() - begin >= timeoutMs - 0.1);
    }
    assert.throws(() => reader.nextSync({ timeoutMs: -1 }), RangeError);
    latest.close();
  });

  it("gives what a type reads as null, as the other forms do", async () => {
    const type: ValueType<number | null> = {
      size: 4,
      read: (memory, byteOffset) => memory.getUint32(byteOffset) || null,
      write: (memory, byteOffset, value) => memory.setUint32(byteOffset, value ?? 0),
    };
    const latest = LatestValue.create<number | null, number | null>(uniqueName("null"), { type, unlinkOnClose: true });
    const [writer, reader] = [latest.writer(), latest.reader()];
    writer.write(null);
    assert.deepEqual([reader.nextSync({ timeoutMs: 0 }), reader.tryRead()], [null, null]);
    writer.write(null);
    assert.equal(await reader.next({ timeoutMs: 0 }), null);
    latest.close();
  });

  it("is woken by a process of any runtime", () => {
    for (const runtime of mainRuntimes) {
      const { name, latest } = makeLatest(`woken-${runtime.name}`, { size: 16, spinMs: 0 });
      const reader = latest.reader();
      spawnPeer(runtime, peer, ["writeLater", name, 3, 30]);
      const seen: number[] = [];
      for (;;) {
        try {
          seen.push(reader.nextSync({ timeoutMs: 30_000 })?.[0] ?? -1);
        } catch (error) {
          assert.equal((error as { code?: string }).code, "EPIPE");
          break;
        }
      }
      assert.equal(seen.at(-1), 3, `${runtime.name}: ${seen}`);
      assert.deepEqual(seen, [...new Set(seen)].sort());
      latest.close();
    }
  });
});

describe("the writer's end", () => {
  after(cleanUpValues);

  it("an orderly close ends waits after the last value, until a successor comes", async () => {
    const { latest, writer, reader } = makeBoth("orderly", { size: 16 });
    writer.write(bytes("last"));
    writer.close();
    assert.equal(reader.ended, false);
    assert.equal(text(await reader.next()), "last");
    assert.equal(reader.ended, true);
    await assert.rejects(reader.next(), { name: "PeerClosedError", code: "EPIPE" });
    assert.throws(() => reader.nextSync(), { name: "PeerClosedError" });
    assert.equal(text(reader.tryRead()), "last");
    const waiting = latest.reader();
    assert.equal(text(await waiting.next()), "last", "for a new reader it is new");
    const next = latest.writer();
    assert.equal(reader.ended, false);
    assert.equal(reader.nextSync({ timeoutMs: 1 }), undefined);
    next.write(bytes("more"));
    assert.equal(text(reader.nextSync()), "more");
    latest.close();
  });

  it("is told to who waits meanwhile", async () => {
    const { latest, writer, reader } = makeBoth("meanwhile", { size: 16 });
    const waiting = reader.next();
    await sleep(5);
    writer.close();
    await assert.rejects(within(waiting, 5000, "the end"), { code: "EPIPE" });
    latest.close();
  });

  it("iteration skips what came in between, and ends when the writer closes", async () => {
    const { latest, writer, reader } = makeBoth("iterate", { size: 16 });
    const seen: string[] = [];
    const done = (async () => {
      for await (const value of reader) seen.push(text(value) ?? "");
    })();
    for (const [index, value] of ["a", "b", "c"].entries()) {
      for (let again = 0; again < 10; again++) writer.write(bytes(`${value}${again}`));
      await until(() => seen.length > index, `a value of ${value} is seen`);
    }
    writer.close();
    await within(done, 5000, "the end of the iteration");
    assert.deepEqual(seen, ["a9", "b9", "c9"]);
    latest.close();
  });

  it("iteration is ended by close() of the reader, quietly, while it waits and while its body runs", async () => {
    for (const isWaiting of [true, false]) {
      const { latest, writer, reader } = makeBoth("closed", { size: 16 });
      writer.write(bytes("a"));
      const seen: (string | undefined)[] = [];
      const iterating = (async () => {
        for await (const value of reader) {
          seen.push(text(value));
          if (!isWaiting) reader.close();
        }
      })();
      if (isWaiting) setTimeout(() => latest.close(), 20);
      await within(iterating, 5000, "close");
      assert.deepEqual(seen, ["a"]);
      await assert.rejects(reader[Symbol.asyncIterator]().next(), { code: "EBADF" }, "closed before");
      latest.close();
    }
  });

  it("iteration by values() ends with an abort, and takes no value then", async () => {
    const { latest, writer, reader } = makeBoth("values", { size: 16 });
    writer.write(bytes("a"));
    const controller = new AbortController();
    const seen: string[] = [];
    const iterating = (async () => {
      for await (const value of reader.values({ signal: controller.signal })) seen.push(text(value) ?? "");
    })();
    setTimeout(() => controller.abort("enough"), 20);
    await assert.rejects(within(iterating, 5000, "abort"), (reason) => reason === "enough");
    writer.write(bytes("b"));
    assert.deepEqual([seen, text(reader.tryNext())], [["a"], "b"]);
    assert.throws(() => reader.values({ timeoutMs: 5 } as object), TypeError);
    assert.throws(() => reader.values({ signal: 5 as unknown as AbortSignal }), TypeError);
    latest.close();
  });

  it("iteration ends also where a successor has come before it could ask again", async () => {
    const { latest, writer, reader } = makeBoth("successor", { size: 16 });
    const { next } = reader;
    reader.next = ((options) =>
      next.call(reader, options).catch((error) => {
        latest.writer().write(bytes("next"));
        throw error;
      })) as typeof next;
    const seen: string[] = [];
    const done = (async () => {
      for await (const value of reader) seen.push(text(value) ?? "");
    })();
    setTimeout(() => writer.close(), 20);
    await within(done, 5000, "the end of the iteration");
    assert.deepEqual([seen, text(reader.tryNext())], [[], "next"]);
    latest.close();
  });

  it("a death is told once, within moments; the value stays", async () => {
    for (const runtime of mainRuntimes) {
      const { name, latest } = makeLatest(`death-${runtime.name}`, { size: 16 });
      const [reader, late] = [latest.reader(), latest.reader()];
      assert.equal(latest.holder(), undefined);
      const writing = spawnPeer(runtime, peer, ["writeAndStay", name]);
      assert.equal(text(await within(reader.next(), 30_000, "the value")), "alive");
      const holder = latest.holder();
      assert.deepEqual([holder?.pid, holder?.isAlive], [writing.pid, true]);
      const waiting = reader.next();
      await sleep(20);
      const before = process.cpuUsage();
      await sleep(200);
      const { user, system } = process.cpuUsage(before);
      assert.ok(user + system < 100_000, `waiting takes ${user + system} us of 200000`);
      writing.kill();
      await assert.rejects(within(waiting, 5000, "the death"), { name: "PeerDiedError", pid: writing.pid });
      assert.equal(await reader.next({ timeoutMs: 20 }), undefined, "told once");
      assert.deepEqual([holder?.isAlive, latest.holder()?.pid], [false, writing.pid]);
      assert.equal(text(late.nextSync()), "alive");
      assert.throws(() => late.nextSync(), { name: "PeerDiedError" });
      const next = latest.writer();
      next.write(bytes("again"));
      assert.deepEqual([text(await reader.next()), reader.version], ["again", 2]);
      assert.equal(latest.holder()?.pid, process.pid);
      next.close();
      assert.equal(latest.holder(), undefined);
      latest.close();
      assert.throws(() => latest.holder(), { code: "EBADF" });
    }
  });
});

describe("read-only memory", () => {
  after(cleanUpValues);

  it("can be read, but not waited on and not written", async () => {
    const { name, latest, writer } = makeBoth("read-only", { size: 16 });
    writer.write(bytes("one"));
    const memory = SharedMemory.open(name, { readOnly: true });
    const participants = Participants.over(memory, PARTICIPANTS_OFFSET);
    const same = LatestValue.over(memory, OBJECT_OFFSET, { participants });
    const reader = same.reader();
    assert.deepEqual([same.size, text(reader.tryRead())], [16, "one"]);
    writer.write(bytes("two"));
    assert.equal(text(reader.tryNext()), "two");
    assert.equal(reader.tryNext(), undefined);
    for (let round = 1; round <= 30_000; round++) {
      // engines that have compiled all of it must not write to it either
      writer.write(new Uint8Array([round & 255]));
      assert.equal(reader.tryNext()?.[0], round & 255);
      reader.peekAt();
      assert.equal(reader.confirm() && !reader.ended, true);
    }
    assert.throws(() => reader.nextSync(), { code: "EACCES" });
    await assert.rejects(reader.next(), { code: "EACCES" });
    assert.throws(() => same.writer(), { code: "EACCES" });
    assert.throws(() => same.holder(), { code: "EACCES" });
    same.close();
    memory.close();
    latest.close();
  });

  it("is enough to open one by name", async () => {
    const { name, latest, writer } = makeBoth("read-only-name", { size: 16 });
    const same = LatestValue.open(name, { readOnly: true });
    const reader = same.reader();
    writer.write(bytes("one"));
    assert.equal(text(reader.tryNext()), "one");
    assert.equal(reader.tryNext(), undefined);
    assert.throws(() => reader.nextSync({ timeoutMs: 0 }), { code: "EACCES" });
    await assert.rejects(reader.next(), { code: "EACCES" });
    assert.throws(() => same.writer(), { code: "EACCES" });
    assert.throws(() => LatestValue.open(name, { readOnly: 1 as never }), TypeError);
    same.close();
    latest.close();
  });
});
