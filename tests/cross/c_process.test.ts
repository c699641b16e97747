// linux_ipc.h in a process with several threads, or with a child; and what its arguments may be.

import assert from "node:assert/strict";
import process from "node:process";
import { after, afterEach, describe, it } from "node:test";
import { Barrier, Event, Mutex, SharedMemory } from "../../mod.ts";
import { sleepsOf } from "../support/asleep.ts";
import { compilePeer } from "../support/c_peer.ts";
import { cleanUp, compileC, spawnProgram, uniqueName, until } from "../support/mod.ts";
import { closeAll, closing, make } from "../sync/scene.ts";
import { launcher } from "../wait/refused_launcher.ts";
import { EINVAL } from "./c_caller.ts";

const program = () => compilePeer("tests/cross/process_peer.c");

async function ask(command: string, parameters: readonly string[]): Promise<string> {
  const end = await spawnProgram(command, [...parameters]).ended;
  assert.equal(end.code, 0, `${end.signal} ${end.stderr}`);
  return end.stdout;
}

describe("a process of linux_ipc.h", () => {
  afterEach(closeAll);
  after(cleanUp);

  it("arrives at a barrier by one thread, and no slower one of it takes that back", async () => {
    const { name } = make(Barrier, "c-phases", { parties: 2 });
    assert.equal(await ask(program(), ["phases", name]), "2 2 2\n");
  });

  it("is not mistaken for a child of the same number, in a pid namespace of its own", {
    skip: process.getuid?.() !== 0 && "needs root for a pid namespace",
  }, async () => {
    const { name } = make(Mutex, "c-namesake");
    // so that the program is number 1 there, as its child will be in the next one
    assert.equal(await ask("unshare", ["--pid", "--fork", program(), "namesake", name]), "3 recovered\n");
  });

  it("looks again soon where membarrier(2) is refused, since a wake-up may be missed", async () => {
    const { name, it: mutex } = make(Mutex, "c-refused");
    const { name: eventName, it: event } = make(Event, "c-refused-event");
    const guard = mutex.tryLock();
    const wrapper = [compileC(launcher), "membarrier=EPERM", "--"];
    for (const [kind, object, call, end] of [
      ["MUTX", name, "lock -1", () => guard?.unlock()],
      ["EVNT", eventName, "wait -1", () => event.set()],
    ] as const) {
      const c = spawnProgram(compilePeer("tests/cross/call_peer.c"), [kind, object], { wrapper });
      assert.equal(await c.line(), "0");
      c.write(call);
      const before = sleepsOf(c.pid);
      await until(() => sleepsOf(c.pid) > before + 100, "a look every 2 ms", 3000);
      end();
      assert.equal(await c.line(), "0");
    }
  });

  it("closes in one plugin what another one has opened", { timeout: 60_000 }, async () => {
    const { name, it: mutex } = make(Mutex, "c-plugins");
    const source = "tests/cross/plugin_peer.c";
    const plugin = (letter: string) =>
      compilePeer(source, { shared: true, parameters: [`-DPLUGIN=${letter}`, "-Wl,-z,nodelete"] });
    const end = await spawnProgram(compilePeer(source, { parameters: ["-ldl"] }), [plugin("A"), plugin("B"), name])
      .ended;
    assert.equal(end.stdout, "closed\n", `${end.signal} ${end.stderr}`);
    assert.ok(mutex.tryLock()?.recovered);
  });

  it("joins and leaves to the end in a thread that is cancelled meanwhile, which keeps no lock of the others", async () => {
    const { name } = make(Mutex, "c-cancelled");
    assert.equal(await ask(program(), ["cancelled", name]), "0 0 1 0 slot 1\n"); // slot 0 is ours
  });

  it("joins a table only where one can be", async () => {
    const memory = closing(SharedMemory.create(uniqueName("c-places"), { size: 16384, unlinkOnClose: true }));
    const answers = [...Array(3).fill("0"), ...Array(7).fill(EINVAL)];
    assert.equal(await ask(program(), ["places", memory.name as string]), `${answers.join(" ")} \n`);
  });

  it("gives a reason in whole characters", async () => {
    const { name, it: mutex } = make(Mutex, "c-reason");
    assert.equal(await ask(program(), ["reason", name]), "0\n");
    const isCutCleanly = ({ message }: Error) => message.includes("é".repeat(55)) && !message.includes("\ufffd");
    assert.throws(() => mutex.tryLock(), isCutCleanly);
  });

  it("wakes nobody by a count of nothing, and waits for ever where a timeout goes beyond all times", async () => {
    assert.equal(await ask(program(), ["edges"]), "0 0 -1\n");
  });
});
