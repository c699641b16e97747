// Futex: waits and wake-ups between processes, exactly as futex(2) means them.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Futex, SharedMemory } from "../../mod.ts";
import { asleep, queued } from "../support/asleep.ts";
import {
  cleanUp,
  compileC,
  least,
  mainRuntimes,
  ownRuntime,
  runPeer,
  sleep,
  spawnPeer,
  spawnProgram,
  uniqueName,
  until,
  within,
} from "../support/mod.ts";
import { futexProgram } from "./futex_program.ts";

const peer = new URL("./futex_peer.ts", import.meta.url);

function make(label: string) {
  const memory = SharedMemory.create(uniqueName(label), { size: 8192, unlinkOnClose: true });
  return { memory, futex: Futex.over(memory, 128), name: memory.name as string };
}
const program = (name: string, ...words: (string | number)[]) =>
  spawnProgram(compileC(futexProgram), [name, 128, ...words].map(String));
/** What FUTEX_WAKE of a C program answers. */
const wakeByC = async (name: string, count: number) => Number((await program(name, "wake", count).ended).stdout);
/** Wakes until somebody was woken: a sleeper on its way to sleep is not in the queue yet. */
const wakeSurely = (futex: Futex) => until(() => futex.wake() === 1, "somebody to wake");
async function wakeUntil(futex: Futex, waiting: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = waiting.then(() => (isOver = true));
  await until(() => futex.wake() === 1 || isOver, "the other one");
  await over;
}

describe("a futex", () => {
  after(cleanUp);

  it("answers not-equal where the value differs, and timed-out where nobody wakes", async () => {
    const { memory, futex } = make("answers");
    futex.store(5);
    assert.equal(futex.waitSync(4), "not-equal");
    assert.equal(await futex.wait(4), "not-equal");
    const took = await least(1000, async () => {
      const begin = performance.now();
      assert.equal(futex.waitSync(5, { timeoutMs: 30 }), "timed-out");
      assert.equal(await futex.wait(5, { timeoutMs: 30 }), "timed-out");
      assert.equal(await futex.wait(5, { timeoutMs: 0 }), "timed-out");
      return performance.now() - begin;
    });
    assert.ok(took >= 59 && took < 1000, `${took} ms`);
    memory.close();
  });

  it("holds signed values and takes unsigned ones", async () => {
    const { memory, futex } = make("signs");
    futex.store(-1);
    assert.equal(futex.load(), -1);
    assert.equal(futex.waitSync(2 ** 32 - 1, { timeoutMs: 1 }), "timed-out");
    assert.equal(await futex.wait(-1, { timeoutMs: 1 }), "timed-out");
    assert.equal(futex.add(3), -1);
    assert.equal(futex.compareExchange(2, 9), 2);
    assert.equal(futex.exchange(4), 9);
    memory.close();
  });

  it("wakes an awaiting caller whose value has not changed", async () => {
    const { memory, futex } = make("plain");
    const waiting = futex.wait(0);
    await wakeSurely(futex);
    assert.equal(await within(waiting, 5000, "the wake-up"), "ok");
    assert.equal(futex.wake(), 0);
    memory.close();
  });

  it("tells an awaiting caller of a value that changed before it slept", async () => {
    const { memory, futex } = make("changed");
    for (let round = 0; round < 200; round++) {
      futex.store(round);
      const waiting = futex.wait(round);
      futex.store(round + 1);
      futex.wake();
      assert.match(await within(waiting, 5000, `round ${round}`), /^(ok|not-equal)$/);
    }
    memory.close();
  });

  it("counts awaiting callers one by one, and nobody when nobody waits", async () => {
    const { memory, futex, name } = make("counts");
    assert.equal(await wakeByC(name, 10), 0);
    const results: string[] = [];
    const waiting = Array.from({ length: 5 }, () => futex.wait(0).then((result) => results.push(result)));
    await queued();
    assert.equal(await wakeByC(name, 2), 2);
    await until(() => results.length === 2, "two woken");
    await queued();
    assert.equal(results.length, 2);
    assert.equal(await wakeByC(name, 10), 3);
    await within(Promise.all(waiting), 5000, "the others");
    assert.deepEqual(new Set(results), new Set(["ok"]));
    assert.equal(await wakeByC(name, 10), 0);
    memory.close();
  });

  it("that was awaited until a timeout or an abort swallows no wake-up", async () => {
    const { memory, futex, name } = make("idle");
    const controller = new AbortController();
    const aborted = futex.wait(0, { signal: controller.signal });
    assert.equal(await futex.wait(0, { timeoutMs: 5 }), "timed-out");
    controller.abort(new Error("enough"));
    await assert.rejects(aborted, /enough/);
    await queued();
    const sleeper = program(name, "wait", 0);
    await sleeper.line();
    await until(() => futex.wake(1) === 1, "the C program to sleep");
    assert.equal(await sleeper.line(), "0");
    memory.close();
  });

  it("passes on a wake-up that meets a caller at the instant of its abort", async () => {
    const { memory, futex } = make("passed-on");
    for (let round = 0; round < 60; round++) {
      futex.store(0);
      const controller = new AbortController();
      const leaving = futex.wait(0, { signal: controller.signal }).catch(() => "aborted");
      const staying = futex.wait(0);
      await sleep(2);
      futex.store(1); // who is not in the queue yet is not lost: it finds another value
      assert.ok(futex.wake() <= 1);
      controller.abort();
      if ((await leaving) !== "aborted") await within(wakeUntil(futex, staying), 5000, `woken in round ${round}`);
      else assert.match(await within(staying, 5000, `round ${round}`), /^(ok|not-equal)$/);
    }
    memory.close();
  });

  it("with a C program on the other side wakes and is woken, blocking and awaiting", async () => {
    const { memory, futex, name } = make("c");
    const sleeper = program(name, "wait", 0);
    await sleeper.line();
    await wakeSurely(futex);
    assert.equal(await sleeper.line(), "0");
    assert.equal((await program(name, "wait", 7).ended).stdout.split("\n")[1], "11"); // EAGAIN
    const waiting = futex.wait(0);
    await queued();
    assert.equal(await wakeByC(name, 1), 1);
    assert.equal(await waiting, "ok");
    memory.close();
  });

  for (const runtime of mainRuntimes) {
    it(`wakes a ${runtime.name} process that blocks, and one that awaits`, async () => {
      const { memory, futex, name } = make(`runtime-${runtime.name}`);
      for (const form of ["waitSync", "wait"]) {
        const other = spawnPeer(runtime, peer, [name, form]);
        assert.equal(await other.line(), "waiting");
        await wakeSurely(futex);
        assert.equal(await other.line(), "ok");
        assert.equal((await other.ended).code, 0);
      }
      memory.close();
    });
  }

  it("of several is told by its index, blocking and awaiting", async () => {
    const { memory, futex, name } = make("any");
    const all = Array.from({ length: 128 }, (_, index) => Futex.over(memory, 4 * index));
    const waits = all.map((each) => [each, 0] as const);
    all[7].store(1);
    assert.deepEqual(Futex.waitAnySync(waits), { result: "not-equal", index: 7 });
    assert.deepEqual(await Futex.waitAny(waits), { result: "not-equal", index: 7 });
    all[7].store(0);
    assert.deepEqual(Futex.waitAnySync(waits, { timeoutMs: 10 }), { result: "timed-out", index: -1 });
    const waiting = Futex.waitAny(waits);
    await queued();
    assert.equal(await wakeByC(name, 1), 1);
    const { result, index } = await within(waiting, 5000, "one of many");
    assert.equal(result, "ok");
    assert.ok(index <= 32, `${index}`); // beyond 64 waits a wake-up may come without cause
    await until(() => futex.wake() === 0, "the other waits to leave");
    const few = [all[100], all[32]].map((each) => [each, 0] as const);
    const two = Futex.waitAny(few);
    await queued();
    assert.equal(await wakeByC(name, 1), 1);
    assert.deepEqual(await two, { result: "ok", index: 1 });
    await until(() => all[100].wake() === 0, "the other wait to leave");
    memory.close();
  });

  it("of more than have a thread each is told by its own index, too", async () => {
    const { memory } = make("wide");
    const futexes = Array.from({ length: 128 }, (_, index) => Futex.over(memory, 1024 + 4 * index));
    for (const woken of [127, 100, 70, 20]) {
      const waiting = Futex.waitAny(futexes.map((futex) => [futex, 0] as const));
      await wakeSurely(futexes[woken] as Futex);
      assert.deepEqual(await within(waiting, 5000, "the wake-up"), { result: "ok", index: woken });
    }
    memory.close();
  });

  it("wakes whoever blocks on several", async () => {
    const { memory, futex, name } = make("any-sync");
    const other = spawnPeer(ownRuntime, peer, [name, "waitAnySync"]);
    assert.equal(await other.line(), "waiting");
    await wakeSurely(futex);
    assert.equal(await other.line(), "ok 1");
    memory.close();
  });

  it("rejects pending waits when its memory closes, and says so of later calls", async () => {
    const { memory, futex } = make("closed");
    const waiting = [futex.wait(0), futex.wait(0), Futex.waitAny([[futex, 0]])];
    await queued();
    memory.close();
    for (const each of waiting) await assert.rejects(each, { code: "EBADF" });
    for (const call of [() => futex.load(), () => futex.wake(), () => futex.waitSync(0)]) {
      assert.throws(call, { code: "EBADF" });
    }
    await assert.rejects(futex.wait(0), { code: "EBADF" });
  });

  it("that was awaited when its memory closed swallows no wake-up", async () => {
    const { memory, name } = make("closing");
    // where one processor has to do it all, the thread that waited comes late
    const wrapper = ["chrt", "-b", "0", "taskset", "-c", "0"];
    const closer = spawnPeer(ownRuntime, peer, [name, "closing"], { wrapper });
    assert.equal(await closer.line(), "waiting");
    for (let round = 0; round < 6; round++) {
      closer.write("again");
      assert.equal(await closer.line(), "queued");
      const behind = program(name, "wait", 0);
      await behind.line();
      await asleep(behind.pid);
      closer.write("close");
      assert.equal(await closer.line(), "1");
      await within(behind.ended, 3000, `the one behind, in round ${round},`);
    }
    closer.kill();
    memory.close();
  });

  it("follows a memory that grows; whoever waits then is told that the old mapping has gone", async () => {
    const { memory, futex } = make("grown");
    futex.store(3);
    const waiting = futex.wait(3);
    memory.resize(16_384);
    await assert.rejects(waiting, { code: "EBADF" });
    assert.equal(futex.load(), 3);
    assert.equal(await futex.wait(3, { timeoutMs: 5 }), "timed-out");
    memory.close();
  });

  it("unref'd lets its process end, ref'd keeps it", async () => {
    const { memory, futex, name } = make("ref");
    const end = await runPeer(ownRuntime, peer, [name, "unref"]);
    assert.deepEqual([end.code, end.stdout], [0, "waiting\n"]);
    const other = spawnPeer(ownRuntime, peer, [name, "wait"]);
    await other.line();
    await sleep(150);
    assert.equal(other.child.exitCode, null);
    await wakeSurely(futex);
    assert.equal((await other.ended).code, 0);
    memory.close();
  });

  it("passes a wake-up on that reaches a caller who has left, also where its memory is closed at once", async () => {
    const { memory } = make("passed-on");
    const words = Array.from({ length: 16 }, (_, index) => index * 4);
    const futexes = words.map((offset) => Futex.over(memory, offset));
    for (let round = 0; round < 12; round++) {
      const leavers = words.map((offset) => {
        const [mine, controller] = [SharedMemory.open(memory.name as string), new AbortController()];
        const wait = Futex.over(mine, offset).wait(0, { signal: controller.signal });
        return { mine, controller, ended: Promise.allSettled([wait]) };
      });
      await queued();
      const others = futexes.map((futex) => futex.wait(0, { timeoutMs: 10_000 }));
      await queued();
      for (const [index, { mine, controller }] of leavers.entries()) {
        assert.equal(futexes[index]?.wake(1), 1); // who leaves: it came first
        controller.abort(new Error("left"));
        mine.close();
      }
      for (const [index, { ended }] of leavers.entries()) {
        const [{ status }] = await ended;
        if (status === "fulfilled") futexes[index]?.wake(1);
        assert.equal(await others[index], "ok");
      }
    }
    memory.close();
  });

  it("serves hundreds of awaiting callers, each wake-up at least one", { timeout: 60_000 }, async () => {
    const { memory, futex } = make("hundreds");
    const futexes = Array.from({ length: 1000 }, (_, index) => Futex.over(memory, 4 * index));
    const done = futexes.map(() => false);
    const waiting = futexes.map(async (each, index) => {
      while (each.load() === 0) await each.wait(0);
      done[index] = true;
    });
    await queued();
    for (const each of futexes) {
      each.store(1);
      each.wake();
    }
    await within(Promise.all(waiting), 20_000, "a thousand waits").catch((error) => {
      throw new Error(`${error.message}: ${done.filter((yes) => !yes).length} left`);
    });
    assert.equal(futex.wake(Number.POSITIVE_INFINITY), 0);
    memory.close();
  });

  it("refuses what is no place, no value, no count", async () => {
    const { memory, futex } = make("refused");
    assert.throws(() => Futex.over(memory, 2), RangeError);
    assert.throws(() => Futex.over(memory, 8192), RangeError);
    for (const bad of [undefined, {}, memory.bytes, new Uint8Array(8)])
      assert.throws(() => Futex.over(bad as SharedMemory, 0), TypeError);
    const readOnly = SharedMemory.open(memory.name as string, { readOnly: true });
    assert.throws(() => Futex.over(readOnly, 0), TypeError);
    readOnly.close();
    futex.store(2 ** 32 - 1);
    const uses = [
      (value: number) => futex.store(value),
      (value: number) => futex.exchange(value),
      (value: number) => futex.add(value),
      (value: number) => futex.compareExchange(value, 0),
      (value: number) => futex.compareExchange(-1, value),
      (value: number) => futex.waitSync(value),
    ];
    for (const use of uses) {
      for (const bad of [undefined, null, "1", 1n, true, {}])
        assert.throws(() => use(bad as number), /must be a number/);
      for (const bad of [0.5, 2 ** 32, -(2 ** 31) - 1, Number.NaN]) assert.throws(() => use(bad), RangeError);
    }
    assert.equal(futex.load(), -1);
    assert.throws(() => futex.wake(-1), RangeError);
    assert.throws(() => futex.waitSync(0, { timeout: 5 } as object), TypeError);
    await assert.rejects(futex.wait(0, { timeoutMs: -5 }), RangeError);
    assert.throws(() => Futex.waitAnySync([]), RangeError);
    assert.throws(() => Futex.waitAnySync(Array(129).fill([futex, 0])), RangeError);
    for (const bad of [[{}, 0], {}, futex])
      assert.throws(() => Futex.waitAnySync([bad as [Futex, number]]), /takes a list of \[futex, expected\]/);
    memory.close();
    assert.throws(() => Futex.over(memory, 0), { code: "EBADF" });
  });
});
