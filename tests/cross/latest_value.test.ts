// The latest value between real processes: each runtime writes, all runtimes read at once, and nothing is ever torn.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { LatestValue } from "../../mod.ts";
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
import type { ValueJob, ValueResult } from "./latest_value_peer.ts";

const program = new URL("./latest_value_peer.ts", import.meta.url);
const COUNT = 60_000;
const { seed } = new Random();

interface Scene {
  readonly writer: Runtime;
  readonly readers: readonly Runtime[];
  readonly buffers?: number;
  readonly spinMs?: number;
}

/** The writer starts when every reader is there; what each reader says at the end. */
async function play({ writer, readers, buffers, spinMs }: Scene): Promise<ValueResult[]> {
  const name = uniqueName(`latest-${writer.name}`);
  const latest = LatestValue.create(name, { size: BOOK_BYTES, unlinkOnClose: true, ...(buffers && { buffers }) });
  const start = (runtime: Runtime, role: ValueJob["role"], number: number) =>
    spawnPeer(runtime, program, [JSON.stringify({ role, name, seed: seed + number, count: COUNT, spinMs })]);
  const reading = readers.map((runtime, index) => start(runtime, "read", index));
  const peers = [...reading];
  try {
    for (const peer of reading) await peer.lineOf("reading");
    peers.push(start(writer, "write", readers.length));
    const ends = await within(Promise.all(peers.map((peer) => peer.ended)), 120_000, "the end of all peers");
    for (const { code, stderr } of ends) assert.deepEqual([code, stderr], [0, ""]);
    return ends.slice(0, -1).map(({ stdout }) => JSON.parse(stdout.split("\n")[1] as string) as ValueResult);
  } finally {
    for (const peer of peers) peer.kill();
    latest.close();
  }
}

function assertWhole(results: readonly ValueResult[]): void {
  for (const { reads, ...rest } of results) {
    assert.deepEqual(rest, { torn: 0, misplaced: 0, last: COUNT, ended: true });
    assert.ok(reads > 0);
  }
}

describe(`latest value between processes (seed ${seed})`, () => {
  after(cleanUp);

  for (const writer of mainRuntimes) {
    it(`${writer.name} writes, all read: none torn, the last one seen`, async () => {
      assertWhole(await play({ writer, readers: mainRuntimes }));
    });
  }

  for (const writer of runtimes.slice(4)) {
    it(`${writer.name} writes and reads`, async () => {
      assertWhole(await play({ writer, readers: [writer] }));
    });
  }

  it("with as few buffers as possible, and without spinning", async () => {
    for (const writer of mainRuntimes.slice(0, 3)) {
      assertWhole(await play({ writer, readers: mainRuntimes.slice(0, 2), buffers: 4, spinMs: 0 }));
    }
  });
});
