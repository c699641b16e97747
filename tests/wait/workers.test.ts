// Waits of Workers that are terminated: nobody is woken in their place, and nothing is locked for them.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { FileLock, Futex, FutexLock, SharedMemory } from "../../mod.ts";
import { queued } from "../support/asleep.ts";
import { cleanUp, least, ownRuntime, sleep, temporaryDirectory, uniqueName, until, within } from "../support/mod.ts";

const script = new URL("./worker_waits.ts", import.meta.url);
/** 100 ms until it comes up, and what a busy machine takes to end a thread. */
const LATE_MS = 500;
const isDeno = ownRuntime.name === "deno";

describe("a Worker that is terminated while it waits", () => {
  after(cleanUp);

  const skip = isDeno && "Deno ends no Worker that runs or blocks";
  it("and has been woken, and does not know, leaves that to another one", { timeout: 30_000, skip }, async () => {
    const memory = SharedMemory.create(uniqueName("woken"), { size: 4096, unlinkOnClose: true });
    const futex = Futex.over(memory, 0);
    const worker = new Worker(new URL("./worker_woken.ts", import.meta.url), { workerData: memory.name });
    const told = () => new Promise((resolve) => worker.once("message", resolve));
    await told();
    const other = futex.wait(0, { timeoutMs: 10_000 });
    await queued();
    worker.postMessage("be busy");
    await told();
    assert.equal(futex.wake(1), 1); // the Worker: it came first
    await sleep(20);
    await within(Promise.resolve(worker.terminate()), 10_000, "terminate");
    assert.equal(await other, "ok");
    memory.close();
  });

  for (const call of ["Futex.waitSync", "Futex.waitAnySync", "FutexLock.lockSync"]) {
    it(`and blocks in ${call} ends within 100 ms`, { timeout: 60_000, skip }, async () => {
      const memory = SharedMemory.create(uniqueName("blocks"), { size: 4096, unlinkOnClose: true });
      const guard = FutexLock.over(memory, 4).lockSync();
      const took = await least(LATE_MS, async () => {
        const worker = new Worker(new URL("./worker_blocks.ts", import.meta.url), {
          workerData: { name: memory.name, call },
        });
        await new Promise((resolve) => worker.once("message", resolve));
        await sleep(50);
        const begin = performance.now();
        await within(Promise.resolve(worker.terminate()), 10_000, "terminate");
        return performance.now() - begin;
      });
      guard.unlock();
      memory.close();
      assert.ok(took < LATE_MS, `${took} ms`);
    });
  }

  for (const blocks of [false, true]) {
    const skip = blocks && isDeno && "Deno ends no Worker that runs or blocks";
    it(`${blocks ? "and blocks" : "and awaits"} leaves every queue`, { timeout: 30_000, skip }, async () => {
      const memory = SharedMemory.create(uniqueName("worker"), { size: 4096, unlinkOnClose: true });
      const path = join(temporaryDirectory(), "file");
      writeFileSync(path, "");
      const file = FileLock.open(path);
      const guard = file.lockSync();
      const futex = Futex.over(memory, 0);
      for (let round = 0; round < 3; round++) {
        const worker = new Worker(script, { workerData: { name: memory.name, path, pid: process.pid, blocks } });
        await new Promise((resolve) => worker.once("message", resolve));
        await sleep(50);
        await within(Promise.resolve(worker.terminate()), 10_000, "terminate");
      }
      await until(() => futex.wake(10) === 0, "the Workers' places in the queue to be gone");
      guard?.unlock();
      await sleep(50);
      const stranger = FileLock.open(path);
      await until(() => stranger.tryLock() !== undefined, "free of Workers that are gone");
      for (const each of [stranger, file, memory]) each.close();
    });
  }
});
