// A process that is killed between its change and its wake-up: whoever waits for the change is not left asleep.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Barrier, Event, Semaphore } from "../../mod.ts";
import { cleanUp, mainRuntimes, ownRuntime, runPeer, sleep, spawnPeer, uniqueName } from "../support/mod.ts";
import { untilSomebodySleeps } from "./sleepers.ts";

const waiter = new URL("./peer_lost_wake.ts", import.meta.url);
const killed = new URL("./peer_killed_waking.ts", import.meta.url);
/** Blocking waits look ten times a second, the watchdog once a second; the rest is for slow machines. */
const NOTICE_MS = 10_000;

const options = { unlinkOnClose: true };
const objects = {
  event: (name: string) => [Event.create(name, options)],
  turnstile: (name: string) => [Event.create(name, { ...options, autoReset: true })],
  semaphore: (name: string) => [Semaphore.create(name, { ...options, value: 0 })],
  barrier: (name: string) => [Barrier.create(name, { ...options, parties: 2 })],
};

/** Starts somebody who waits, then somebody who is killed on the way to waking it. */
async function killWaking(runtime: (typeof mainRuntimes)[number], kind: keyof typeof objects, form: string) {
  const name = uniqueName(`${kind}-${runtime.name}`);
  const made = objects[kind](name);
  const asleep = spawnPeer(runtime, waiter, [kind, form, name]);
  try {
    assert.equal(await asleep.line(), "waiting");
    await untilSomebodySleeps(name);
    await sleep(150); // past its last look
    const { signal } = await runPeer(ownRuntime, killed, [kind, name]);
    assert.equal(signal, "SIGKILL", `${kind}: it found nobody to wake`);
    assert.equal(await asleep.line(NOTICE_MS), "woken", kind);
  } finally {
    asleep.kill();
    for (const object of made) object.close();
  }
}

describe("who is killed between its change and its wake-up", () => {
  after(cleanUp);

  for (const runtime of mainRuntimes) {
    it(`leaves no ${runtime.name} process asleep, be it blocked or awaiting`, async () => {
      const kinds = Object.keys(objects) as (keyof typeof objects)[];
      await Promise.all([
        ...kinds.map((kind) => killWaking(runtime, kind, "await")),
        killWaking(runtime, "event", "sync"),
      ]);
    });
  }

  it("leaves none asleep whose engine was idle before", () => killWaking(ownRuntime, "event", "late"));
});
