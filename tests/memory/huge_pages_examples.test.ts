// The examples about memory run to their end under this runtime, and say what they found.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { numa } from "../../mod.ts";
import { getMempolicy } from "../../src/sys/numa.ts";
import { cleanUp, ownRuntime, projectRoot, runPeer } from "../support/mod.ts";

/** What the NUMA example says behind its first lines: the error, where these calls are refused; all of it on one node. */
function numaLines(): RegExp[] {
  if (typeof getMempolicy(0, 0) === "number") return [/: E[A-Z]+, .*\n$/];
  const nodes = numa.nodes().map(({ id }) => id);
  if (nodes.length > 1) return [/^Shared memory, interleaved: \d+ pages on node/m];
  return [
    `16 MB of our own, all on node ${nodes}`,
    `Shared memory, bound to node ${nodes}: \\d+ pages on node ${nodes}`,
    `Shared memory, interleaved: \\d+ pages on node ${nodes}`,
  ].map((line) => new RegExp(`^${line}\\.$`, "m"));
}

const lines: Record<string, RegExp[]> = {
  huge_pages: [
    /^128 MB of ordinary pages: [\d.]+ ns/m,
    /^128 MB of (2MB|transparent|ordinary) pages: [\d.]+ ns[^\n]*\n$/m,
  ],
  numa: [/^Node 0: processors 0/m, /^This thread is pinned to processor \d+ of node \d+\.$/m, ...numaLines()],
};

describe("examples about memory", () => {
  after(cleanUp);

  for (const [name, expected] of Object.entries(lines)) {
    it(`examples/${name}.ts`, async () => {
      const end = await runPeer(ownRuntime, `${projectRoot}examples/${name}.ts`);
      assert.deepEqual([end.code, end.stderr], [0, ""]);
      for (const line of expected) assert.match(end.stdout, line);
    });
  }
});
