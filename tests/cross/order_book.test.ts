// The example of the persistent order book: whole after each kill of its writer, under every runtime.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, mainRuntimes, projectRoot, runPeer } from "../support/mod.ts";

describe("examples/order_book", () => {
  after(cleanUp);

  for (const runtime of mainRuntimes) {
    it(`under ${runtime.name}`, async () => {
      const end = await runPeer(runtime, `${projectRoot}examples/order_book/main.ts`, [], { timeoutMs: 30_000 });
      assert.deepEqual([end.code, end.stderr], [0, ""], end.stdout);
      const kept = [...end.stdout.matchAll(/^Killed after (\d+) updates: the book is whole\.$/gm)].map(([, n]) => n);
      const found = [...end.stdout.matchAll(/found (?:a new book|a book with (\d+) updates)\.$/gm)].map(([, n]) => n);
      assert.equal(kept.length, 3);
      assert.deepEqual(found, [undefined, kept[0], kept[1]]);
    });
  }
});
