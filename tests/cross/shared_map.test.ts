// One shared map and processes of all runtimes that write to it at once: counters are exact, and no value is torn.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { SharedMap } from "../../mod.ts";
import {
  cleanUp,
  mainRuntimes,
  Random,
  type Runtime,
  runtimes,
  spawnPeer,
  uniqueName,
  within,
} from "../support/mod.ts";
import { BOOK_BYTES } from "./latest_value_book.ts";
import type { MapJob, MapResult } from "./shared_map_peer.ts";

const program = new URL("./shared_map_peer.ts", import.meta.url);
const { seed } = new Random();

async function hammer(members: readonly Runtime[], count: number, evict?: "lru"): Promise<void> {
  const name = uniqueName("hammered");
  const size = { capacity: 2 + members.length + 10, keySize: 20, valueSize: BOOK_BYTES };
  const map = SharedMap.create(name, { ...size, evict, unlinkOnClose: true });
  map.increment("compared", 0);
  const start = (runtime: Runtime, index: number) =>
    spawnPeer(runtime, program, [JSON.stringify({ name, seed: seed + index, count } satisfies MapJob)]);
  const peers = members.map(start);
  try {
    for (const peer of peers) await peer.lineOf("ready");
    for (const peer of peers) peer.write("go");
    const ends = await within(Promise.all(peers.map((peer) => peer.ended)), 120_000, "the end of all peers");
    for (const { code, stderr } of ends) assert.deepEqual([code, stderr], [0, ""]);
    for (const { stdout } of ends) {
      const { torn, reads } = JSON.parse(stdout.split("\n")[1] as string) as MapResult;
      assert.equal(torn, 0);
      assert.ok(reads > 0);
    }
    assert.equal(map.getCounter("all"), members.length * count);
    assert.equal(map.getCounter("compared"), members.length * count);
    for (const { pid } of peers) assert.equal(map.getCounter(`own ${pid}`), count);
    assert.equal(map.size, [...map.keys()].length);
  } finally {
    for (const peer of peers) peer.kill();
    map.close();
  }
}

describe(`shared map between processes (seed ${seed})`, () => {
  after(cleanUp);

  it("all runtimes at once", () => hammer(mainRuntimes, 4000));
  it("all runtimes at once, with stamps of use", () => hammer(mainRuntimes, 4000, "lru"));
  it("all backends of Node at once", () => hammer(runtimes.slice(2), 2000));
});
