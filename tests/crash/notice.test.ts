// Corners of telling a death: several survivors, and successors that die while they attach.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Participants, PeerDiedError, SharedMemory, SpscRing } from "../../mod.ts";
import { cleanUp, least, ownRuntime, runPeer, runtimes, sleep, spawnPeer, uniqueName } from "../support/mod.ts";

const shared = new URL("./peer_shared.ts", import.meta.url);
const attach = new URL("./peer_attach.ts", import.meta.url);
const NOTICE_MS = 1000;

/** One dead producer of two rings; `other` has its eye on it but does not wait; `survivor` must be told: after how many ms. */
async function killTheProducerOfTwo(survivorWay: string): Promise<number> {
  const name = uniqueName("shared");
  const size = Participants.byteSize() + 2 * SpscRing.byteSize({ capacity: 1024 });
  const memory = SharedMemory.create(name, { size, unlinkOnClose: true });
  const start = async (way: string, which: number) => {
    const peer = spawnPeer(ownRuntime, shared, [way, name, which]);
    await peer.lineOf("ready");
    return peer;
  };
  const producer = await start("produce", 0);
  const other = await start("receiveOnce", 0);
  const survivor = await start(survivorWay, 1);
  try {
    await sleep(200);
    const begin = performance.now();
    producer.kill();
    assert.equal(await survivor.line(), String(producer.pid));
    return performance.now() - begin;
  } finally {
    for (const peer of [producer, other, survivor]) peer.kill();
    memory.close();
  }
}

async function assertNoticed(survivorWay: string): Promise<void> {
  const took = await least(NOTICE_MS, () => killTheProducerOfTwo(survivorWay));
  assert.ok(took < NOTICE_MS, `told after ${took} ms`);
}

/** Two predecessors die while attaching; the second while the survivor waits for a successor. */
async function killTwoWhileAttaching(side: "producer" | "consumer"): Promise<void> {
  const name = uniqueName("attach");
  const ring = SpscRing.create(name, { capacity: 64, unlinkOnClose: true });
  const wait = side === "producer" ? receiving(ring) : sending(ring);
  const diesAttaching = () => runPeer(ownRuntime, attach, [side, name]);
  try {
    await diesAttaching();
    await assert.rejects(wait(), PeerDiedError);
    const second = wait();
    const told = assert.rejects(second, PeerDiedError);
    await sleep(100);
    await diesAttaching();
    await told;
  } finally {
    ring.close();
  }
}

/** A predecessor that is to die meanwhile is still to be started. */
const timeoutMs = 30_000;

function receiving(ring: SpscRing): () => Promise<unknown> {
  const consumer = ring.consumer();
  return () => consumer.receive({ timeoutMs });
}

function sending(ring: SpscRing): () => Promise<unknown> {
  const producer = ring.producer();
  while (producer.trySend(new Uint8Array(8)));
  return () => producer.send(new Uint8Array(8), { timeoutMs });
}

describe("telling a death", () => {
  after(cleanUp);

  it("reaches an awaiting survivor though another process watches the same dead", () => assertNoticed("receive"));
  it("reaches a blocked one as well", () => assertNoticed("receiveSync"));
  it("tells a waiting consumer of a producer that died while it attached", () => killTwoWhileAttaching("producer"));
  it("tells a waiting producer of a consumer that died while it attached", () => killTwoWhileAttaching("consumer"));
  it(`tells of ${runtimes.length} deaths in a row, each once`, async () => {
    const name = uniqueName("row");
    const ring = SpscRing.create(name, { capacity: 64, unlinkOnClose: true });
    const consumer = ring.consumer();
    for (const runtime of runtimes) {
      await runPeer(runtime, attach, ["producer", name]);
      await assert.rejects(consumer.receive({ timeoutMs }), PeerDiedError);
      assert.equal(await consumer.receive({ timeoutMs: 20 }), undefined);
    }
    ring.close();
  });
});
