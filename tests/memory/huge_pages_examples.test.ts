// The examples about memory run to their end under this runtime, and say what they found.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, ownRuntime, projectRoot, runPeer } from "../support/mod.ts";

const lines: Record<string, RegExp[]> = {
  huge_pages: [
    /^128 MB of ordinary pages: [\d.]+ ns/m,
    /^128 MB of (2MB|transparent|ordinary) pages: [\d.]+ ns[^\n]*\n$/m,
  ],
  numa: [/^Node 0: processors 0/m, /^This thread is pinned to processor \d+ of node \d+\.$/m],
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
