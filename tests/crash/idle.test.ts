// An idle survivor: told of its peer's death within 100 ms, and not of a peer that is only stopped.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { SpscRing } from "../../mod.ts";
import { clockMonotonic } from "../../src/sys/futex.ts";
import {
  cleanUp,
  least,
  mainRuntimes,
  type Peer,
  Random,
  runtimeNamed,
  runtimes,
  sleep,
  spawnPeer,
  uniqueName,
  within,
} from "../support/mod.ts";

const program = new URL("./peer_idle.ts", import.meta.url);
const NOTICE_MS = 100;
const random = new Random();

/** Ways to wait, and what the other side is then. */
const ways = { receive: "produce", iterate: "produce", receiveSync: "produce", send: "consume", sendSync: "consume" };
type Way = keyof typeof ways;

interface Scene {
  readonly survivor: Peer;
  readonly victim: Peer;
}

/** A survivor that waits for an idle victim. */
async function play<T>(runtime: string, way: Way, act: (scene: Scene) => Promise<T>): Promise<T> {
  const name = uniqueName(`idle-${runtime}-${way}`);
  const ring = SpscRing.create(name, { capacity: 256, unlinkOnClose: true });
  const victim = spawnPeer(random.pick(mainRuntimes), program, [ways[way], name]);
  const survivor = spawnPeer(runtimeNamed(runtime), program, [way, name]);
  try {
    await Promise.all([victim.lineOf("attached"), survivor.lineOf("waiting")]);
    await sleep(200); // it is asleep now
    const result = await act({ survivor, victim });
    const end = await within(survivor.ended, 10_000, "the end of the survivor");
    assert.deepEqual([end.code, end.stderr], [0, ""]);
    return result;
  } finally {
    survivor.kill();
    victim.kill("SIGKILL");
    ring.close();
  }
}

/** After how many ms it is told. */
async function killAndMeasure({ survivor, victim }: Scene): Promise<number> {
  const killedAt = clockMonotonic();
  victim.kill();
  const { dead, instant } = JSON.parse(await survivor.line(10_000));
  assert.equal(dead, victim.pid);
  return (instant - killedAt) / 1e6;
}

async function stopAndGoOn({ survivor, victim }: Scene): Promise<void> {
  victim.kill("SIGSTOP");
  const line = survivor.line(10_000);
  const first = await Promise.race([line, sleep(400)]);
  assert.equal(first, undefined, "a stopped peer is not a dead one");
  victim.kill("SIGCONT");
  victim.write("go on");
  assert.equal(JSON.parse(await line).got, true);
}

describe(`idle survivors (seed ${random.seed})`, () => {
  after(cleanUp);

  describe(`a death is told within ${NOTICE_MS} ms`, () => {
    for (const runtime of runtimes) {
      for (const way of Object.keys(ways) as Way[]) {
        it(`${runtime.name}, ${way}`, async () => {
          const tookMs = await least(NOTICE_MS, () => play(runtime.name, way, killAndMeasure));
          assert.ok(tookMs < NOTICE_MS, `told after ${tookMs} ms`);
        });
      }
    }
  });

  // side by side: nothing here is a matter of time
  describe("SIGSTOP is not death, and after SIGCONT it goes on", { concurrency: 4 }, () => {
    for (const runtime of mainRuntimes) {
      for (const way of ["receive", "receiveSync", "send", "sendSync"] as const) {
        it(`${runtime.name}, ${way}`, () => play(runtime.name, way, stopAndGoOn));
      }
    }
  });
});
